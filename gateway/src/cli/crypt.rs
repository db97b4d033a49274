//! `sealgate encrypt`, `decrypt` and `rewrap`.

use clap::Args;
use sealgate_sdk::wire::transit::{CiphertextAnswer, PlaintextAnswer};
use sealgate_sdk::{Client, Decrypt, Encrypt, Encrypted, Rewrap, SecretBytes, SecretText};

use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Format};
use super::payload::Payload;
use super::progress::Spinner;

/// Which key, in which mount.
#[derive(Debug, Args)]
struct KeyPlace {
    /// Name of the key
    key: String,
    /// Path of the transit mount
    #[arg(long, value_name = "PATH", default_value = "transit")]
    mount: String,
    /// Context of a derived key, as plain text
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
}

/// Plaintext in, ciphertext out.
#[derive(Debug, Args)]
pub struct EncryptArgs {
    #[command(flatten)]
    place: KeyPlace,
    /// Text to bind the ciphertext to; it must be given again to decrypt
    #[arg(long, value_name = "TEXT")]
    associated_data: Option<String>,
    /// Version of the key to encrypt with [default: the latest]
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u32).range(1..))]
    key_version: Option<u32>,
    #[command(flatten)]
    payload: Payload,
}

/// Ciphertext in, plaintext out.
#[derive(Debug, Args)]
pub struct DecryptArgs {
    #[command(flatten)]
    place: KeyPlace,
    /// Text that the ciphertext was bound to
    #[arg(long, value_name = "TEXT")]
    associated_data: Option<String>,
    #[command(flatten)]
    payload: Payload,
}

/// Ciphertext in, ciphertext out.
#[derive(Debug, Args)]
pub struct RewrapArgs {
    #[command(flatten)]
    place: KeyPlace,
    /// Text that the ciphertext was bound to, and is bound to again; OpenBao and Vault do not
    /// rewrap such
    #[arg(long, value_name = "TEXT")]
    associated_data: Option<String>,
    /// Version of the key to encrypt with [default: the latest]
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u32).range(1..))]
    key_version: Option<u32>,
    #[command(flatten)]
    payload: Payload,
}

impl EncryptArgs {
    pub(super) async fn perform(self, client: &Client, format: Format) -> Result<Exit, Failure> {
        let transit = client.transit(&self.place.mount)?;
        let plaintext = self.payload.read()?;
        let mut item = Encrypt::new(plaintext.expose());
        if let Some(context) = &self.place.context {
            item = item.context(context);
        }
        if let Some(data) = &self.associated_data {
            item = item.associated_data(data);
        }
        if let Some(version) = self.key_version {
            item = item.version(version);
        }
        let spinner = Spinner::start("Encrypting", plaintext.len());
        let encrypted = transit.encrypt(&self.place.key, item).await?;
        drop(spinner);
        self.payload.write(&ciphertext(format, encrypted))
    }
}

impl DecryptArgs {
    pub(super) async fn perform(self, client: &Client, format: Format) -> Result<Exit, Failure> {
        let transit = client.transit(&self.place.mount)?;
        let ciphertext = self.payload.read_ciphertext()?;
        let mut item = Decrypt::new(&ciphertext);
        if let Some(context) = &self.place.context {
            item = item.context(context);
        }
        if let Some(data) = &self.associated_data {
            item = item.associated_data(data);
        }
        let spinner = Spinner::start("Decrypting", ciphertext.len());
        let plaintext = transit.decrypt(&self.place.key, item).await?;
        drop(spinner);
        self.payload.write(&match format {
            Format::Table => plaintext,
            Format::Json => {
                let plaintext = SecretText::from_base64_of(plaintext.expose());
                output::json(&PlaintextAnswer { plaintext })
            }
        })
    }
}

impl RewrapArgs {
    pub(super) async fn perform(self, client: &Client, format: Format) -> Result<Exit, Failure> {
        let transit = client.transit(&self.place.mount)?;
        let old = self.payload.read_ciphertext()?;
        let mut item = Rewrap::new(&old);
        if let Some(context) = &self.place.context {
            item = item.context(context);
        }
        if let Some(data) = &self.associated_data {
            item = item.associated_data(data);
        }
        if let Some(version) = self.key_version {
            item = item.version(version);
        }
        let spinner = Spinner::start("Rewrapping", old.len());
        let encrypted = transit.rewrap(&self.place.key, item).await?;
        drop(spinner);
        self.payload.write(&ciphertext(format, encrypted))
    }
}

/// A ciphertext is text, so it ends in a newline.
fn ciphertext(
    format: Format,
    Encrypted {
        ciphertext,
        version,
    }: Encrypted,
) -> SecretBytes {
    match format {
        Format::Table => SecretBytes::new(ciphertext + "\n"),
        Format::Json => output::json(&CiphertextAnswer {
            ciphertext,
            key_version: version,
        }),
    }
}
