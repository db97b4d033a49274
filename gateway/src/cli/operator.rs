//! `sealgate operator`: the people who hold the shares.

use clap::{Args, Subcommand};
use sealgate_sdk::wire::sys::InitAnswer;
use sealgate_sdk::{Client, SecretText};
use serde::Serialize;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Format, Table};
use super::{share, status};

/// Initialise, unseal or seal.
#[derive(Debug, Args)]
pub struct OperatorArgs {
    #[command(subcommand)]
    command: OperatorCommand,
}

#[derive(Debug, Subcommand)]
enum OperatorCommand {
    /// Make the keys of a new installation, and show their shares and the root token once
    #[command(
        long_about = "Make the keys of a new installation, and show their shares and the \
                            root token once.\n\nGive each share to another person. Whoever has \
                            as many as the threshold can unseal; with fewer, nobody can, ever."
    )]
    Init {
        /// Into how many shares to split the seal key
        #[arg(long, value_name = "N", default_value_t = 5,
              value_parser = clap::value_parser!(u32).range(1..=255))]
        key_shares: u32,
        /// How many of the shares unseal
        #[arg(long, value_name = "N", default_value_t = 3,
              value_parser = clap::value_parser!(u32).range(1..=255))]
        key_threshold: u32,
    },
    /// Give one share; the server unseals when it has enough of them
    #[command(
        long_about = "Give one share; the server unseals when it has enough of \
                            them.\n\nWithout an argument, the share is asked for in the terminal \
                            and not shown."
    )]
    Unseal {
        /// The share in base64 or hexadecimal, or "-" to read it from standard input; other
        /// users of this machine can see an argument
        #[arg(value_name = "SHARE")]
        share: Option<SecretText>,
        /// Make the server forget the shares given so far
        #[arg(long, conflicts_with = "share")]
        reset: bool,
    },
    /// Close the keyring until it is unsealed again
    Seal,
}

/// What programs that read the peers' `operator init -format=json` expect.
#[derive(Serialize)]
struct Born<'a> {
    unseal_keys_b64: &'a [SecretText],
    unseal_keys_hex: &'a [SecretText],
    unseal_shares: u32,
    unseal_threshold: u32,
    recovery_keys_b64: Option<&'a [SecretText]>,
    recovery_keys_hex: Option<&'a [SecretText]>,
    recovery_keys_shares: u32,
    recovery_keys_threshold: u32,
    root_token: &'a SecretText,
}

impl OperatorArgs {
    pub(super) async fn perform(self, client: &Client, format: Format) -> Result<Exit, Failure> {
        match self.command {
            OperatorCommand::Init {
                key_shares,
                key_threshold,
            } => {
                let answer = client.sys().init(key_shares, key_threshold).await?;
                show_birth(format, &answer, key_shares, key_threshold)?;
            }
            OperatorCommand::Unseal { reset: true, .. } => {
                let seal = client.sys().reset_unseal().await?;
                output::show(format, &seal, || status::table(client, &seal))?;
            }
            OperatorCommand::Unseal { share, .. } => {
                let seal = client.sys().unseal(&share::read(share)?).await?;
                output::show(format, &seal, || status::table(client, &seal))?;
            }
            OperatorCommand::Seal => {
                client.sys().seal().await?;
                output::say(format, "The server is sealed.")?;
            }
        }
        Ok(Exit::Done)
    }
}

fn show_birth(
    format: Format,
    answer: &InitAnswer,
    shares: u32,
    threshold: u32,
) -> Result<(), Failure> {
    let born = Born {
        unseal_keys_b64: &answer.keys_base64,
        unseal_keys_hex: &answer.keys,
        unseal_shares: shares,
        unseal_threshold: threshold,
        recovery_keys_b64: None,
        recovery_keys_hex: None,
        recovery_keys_shares: 0,
        recovery_keys_threshold: 0,
        root_token: &answer.root_token,
    };
    output::show(format, &born, || {
        (1..)
            .zip(&answer.keys_base64)
            .fold(Table::default(), |table, (number, share): (u32, _)| {
                table.row(format!("Share {number}"), share.expose())
            })
            .row("Root token", answer.root_token.expose())
    })?;
    output::say(
        format,
        &format!(
            "\nThis is shown only once. Keep the shares in different places: {threshold} of \
             {shares} unseal the\nserver, and without that many its keys are lost. Next, give \
             {threshold} of them, each with\n`sealgate operator unseal`."
        ),
    )
}
