//! Arguments of `sealgate server`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use sealgate_sdk::SecretText;

/// How to run the server: from a configuration file, or for trying out.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// Configuration file (TOML)
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "dev",
        conflicts_with = "dev"
    )]
    pub config: Option<PathBuf>,
    /// Run for trying out: keys in a temporary directory, unsealed, over plain HTTP
    #[arg(long)]
    pub dev: bool,
    /// Address to listen on with --dev; must be of this machine's loopback
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        conflicts_with = "config",
        default_value = "127.0.0.1:8200"
    )]
    pub listen: SocketAddr,
    /// Root token to use with --dev, instead of a random one
    #[arg(long, value_name = "TOKEN", conflicts_with = "config")]
    pub dev_root_token_id: Option<SecretText>,
}
