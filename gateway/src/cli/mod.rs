//! The command line: every command but `server` is an ordinary client of a running server.

mod completions;
mod connection;
mod crypt;
mod exit;
mod failure;
mod key;
mod migrate;
mod operator;
mod output;
mod payload;
mod progress;
pub mod rewrap_file;
mod server;
mod share;
mod status;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use connection::ClientArgs;
pub use server::ServerArgs;

use exit::Exit;
use failure::Failure;

const ABOUT_EVERYTHING: &str = "\
Environment:
  SEALGATE_ADDR    address of the server, such as https://sealgate.example:8200
  SEALGATE_TOKEN   token to authenticate with
  SEALGATE_CACERT  PEM file of the certificate authority to trust
  Where one is not set, the VAULT_ and then the BAO_ variable of the same name is taken.

Exit codes:
  0  done (for `status`: the server is unsealed)
  1  not done: wrong usage, refused, or no answer
  2  the server is sealed";

/// Encryption as a service: the server, and the commands to use and operate it.
#[derive(Debug, Parser)]
#[command(name = "sealgate", version, after_long_help = ABOUT_EVERYTHING)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Which server to ask, and how to show its answer.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Server(ServerArgs),
    /// A command that asks a running server.
    #[command(flatten)]
    Client(ClientCommand),
}

/// The commands that [`run`] performs.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Show whether the server is initialised and unsealed
    #[command(
        after_long_help = "Exits with 0 if the server is unsealed, 2 if it is sealed, 1 if \
                                 it does not answer."
    )]
    Status,
    /// Initialise, unseal and seal the server
    Operator(operator::OperatorArgs),
    /// Administer keys
    Key(key::KeyArgs),
    /// Encrypt bytes
    Encrypt(crypt::EncryptArgs),
    /// Decrypt a ciphertext
    Decrypt(crypt::DecryptArgs),
    /// Encrypt a ciphertext anew, with a newer version of its key
    #[command(
        long_about = "Encrypt a ciphertext anew, with a newer version of its key.\n\nThe \
                      plaintext does not leave the server."
    )]
    Rewrap(crypt::RewrapArgs),
    /// Rewrap every ciphertext of a file: lines, CSV columns or JSON lines
    #[command(long_about = rewrap_file::ABOUT)]
    RewrapFile(Box<rewrap_file::RewrapFileArgs>),
    /// Copy keys from a Vault or OpenBao server, and prove that they work here
    #[command(long_about = migrate::ABOUT)]
    Migrate(migrate::MigrateArgs),
    /// Print a script that completes commands in a shell
    Completions(completions::CompletionsArgs),
}

impl Cli {
    /// Reads the process's arguments. Help and usage errors are printed here; what is left to do
    /// then is to exit with the given code.
    pub fn from_arguments() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|error| {
            // There is nobody left to tell if this fails.
            let _ = error.print();
            // Clap would exit with 2, which says "sealed" here.
            if error.use_stderr() {
                Exit::Failed.into()
            } else {
                Exit::Done.into()
            }
        })
    }
}

/// Performs one command. Results go to standard output, errors with advice to standard error.
pub async fn run(args: &ClientArgs, command: ClientCommand) -> ExitCode {
    match perform(args, command).await {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.report();
            failure.exit().into()
        }
    }
}

async fn perform(args: &ClientArgs, command: ClientCommand) -> Result<Exit, Failure> {
    if let ClientCommand::Completions(completions) = command {
        return completions.print();
    }
    let client = args.client()?;
    match command {
        ClientCommand::Status => status::show(&client, args.format).await,
        ClientCommand::Operator(operator) => operator.perform(&client, args.format).await,
        ClientCommand::Key(key) => key.perform(&client, args.format).await,
        ClientCommand::Encrypt(encrypt) => encrypt.perform(&client, args.format).await,
        ClientCommand::Decrypt(decrypt) => decrypt.perform(&client, args.format).await,
        ClientCommand::Rewrap(rewrap) => rewrap.perform(&client, args.format).await,
        ClientCommand::RewrapFile(rewrap) => rewrap.perform(&client, args.format).await,
        ClientCommand::Migrate(migrate) => migrate.perform(&client, args.format).await,
        ClientCommand::Completions(_) => unreachable!("performed above, without a client"),
    }
}

#[cfg(test)]
mod tests;
