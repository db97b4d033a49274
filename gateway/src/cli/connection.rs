//! Which server to ask, and as whom.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use sealgate_sdk::{Client, ClientBuilder, SecretText};

use super::failure::Failure;
use super::output::Format;

/// The options that all client commands share.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Client options")]
pub struct ClientArgs {
    /// Address of the server [default: SEALGATE_ADDR, else http://127.0.0.1:8200]
    #[arg(long, global = true, value_name = "URL")]
    pub address: Option<String>,
    /// PEM file of the certificate authority to trust [default: SEALGATE_CACERT]
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// File that holds the token, for those who do not set SEALGATE_TOKEN
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// How to show the answer
    #[arg(long, global = true, value_enum, default_value_t)]
    pub format: Format,
}

impl ClientArgs {
    /// A client with the settings of the environment, where no option says otherwise.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        let mut builder = ClientBuilder::from_env();
        if let Some(address) = &self.address {
            builder = builder.address(address);
        }
        if let Some(path) = &self.ca_cert {
            builder = builder.ca_file(path);
        }
        if let Some(path) = &self.token_file {
            let file = fs::read_to_string(path)
                .map(SecretText::new)
                .map_err(|source| Failure::Read {
                    what: path.display().to_string(),
                    source,
                })?;
            builder = builder.token(file.expose().trim().to_owned());
        }
        Ok(builder.build()?)
    }
}
