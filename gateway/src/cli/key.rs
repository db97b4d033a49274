//! `sealgate key`: administration of keys.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use sealgate_sdk::wire::lenient;
use sealgate_sdk::wire::transit::{ConfigureKey, CreateKey, Key, KeyVersion};
use sealgate_sdk::{Client, Transit};

use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Format, Table};

/// What to do with which key.
#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
    /// Path of the transit mount
    #[arg(long, global = true, value_name = "PATH", default_value = "transit")]
    mount: String,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Create a key; one that exists is left as it is
    Create {
        /// Name of the key
        name: String,
        #[command(flatten)]
        settings: CreateArgs,
    },
    /// Show a key's settings and versions
    Read {
        /// Name of the key
        name: String,
    },
    /// List the names of all keys
    List,
    /// Add a version, which then encrypts by default
    Rotate {
        /// Name of the key
        name: String,
    },
    /// Change a key's settings; what is not given stays as it is
    #[command(override_usage = "sealgate key config [OPTIONS] <NAME>")]
    Config {
        /// Name of the key
        name: String,
        #[command(flatten)]
        change: ConfigArgs,
    },
    /// Remove old versions for good; what they encrypted is lost
    Trim {
        /// Name of the key
        name: String,
        /// The oldest version to keep; it must be no newer than both minimum versions
        #[arg(long, value_name = "VERSION")]
        min_available_version: u32,
    },
    /// Take one version out of use until it is enabled
    Disable(VersionArgs),
    /// Put one version into use again, and call off its destruction
    Enable(VersionArgs),
    /// Disable one version and delete its bytes after the key's destroy-wait
    Destroy(VersionArgs),
    /// Delete a key for good, if its settings allow it; what it encrypted is lost
    Delete {
        /// Name of the key
        name: String,
    },
}

#[derive(Debug, Args)]
struct VersionArgs {
    /// Name of the key
    name: String,
    /// Number of the version
    version: u32,
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// Algorithm: aes128-gcm96, aes256-gcm96, chacha20-poly1305, xchacha20-poly1305 or another
    /// that the server knows [default: aes256-gcm96]
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Derive a key of its own for each context
    #[arg(long)]
    derived: bool,
    /// Give the same ciphertext for the same plaintext and context
    #[arg(long, requires = "derived")]
    convergent_encryption: bool,
    /// Let the key's bytes be exported
    #[arg(long)]
    exportable: bool,
    /// Let a backup in plaintext be taken
    #[arg(long)]
    allow_plaintext_backup: bool,
    /// Rotate by itself after this time, such as 24h or 30d; 0 is never
    #[arg(long, value_name = "TIME", value_parser = period)]
    auto_rotate_period: Option<u64>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct ConfigArgs {
    /// The oldest version that still decrypts
    #[arg(long, value_name = "VERSION")]
    min_decryption_version: Option<u32>,
    /// The oldest version that may be asked to encrypt; 0 sets no limit
    #[arg(long, value_name = "VERSION")]
    min_encryption_version: Option<u32>,
    /// Let the key be deleted
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    deletion_allowed: Option<bool>,
    /// Let the key's bytes be exported; cannot be taken back
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    exportable: Option<bool>,
    /// Let a backup in plaintext be taken; cannot be taken back
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true")]
    allow_plaintext_backup: Option<bool>,
    /// Rotate by itself after this time, such as 24h or 30d; 0 is never
    #[arg(long, value_name = "TIME", value_parser = period)]
    auto_rotate_period: Option<u64>,
    /// Let only the latest version and this many before it decrypt; 0 sets no limit
    #[arg(long, value_name = "VERSIONS")]
    min_decryption_lag: Option<u32>,
    /// Messages that a version may encrypt; 0 is as many as its type allows
    #[arg(long, value_name = "NUMBER")]
    max_encryptions: Option<u64>,
    /// Rotate by itself after this many messages; 0 is half of what a version may encrypt
    #[arg(long, value_name = "NUMBER")]
    auto_rotate_after: Option<u64>,
    /// Time between the order to destroy a version and its destruction, such as 24h or 30d
    #[arg(long, value_name = "TIME", value_parser = period)]
    destroy_wait: Option<u64>,
}

impl KeyArgs {
    pub(super) async fn perform(self, client: &Client, format: Format) -> Result<Exit, Failure> {
        let transit = client.transit(&self.mount)?;
        match self.command {
            KeyCommand::List => list(&transit, format).await?,
            KeyCommand::Delete { name } => {
                transit.delete_key(&name).await?;
                output::say(format, &format!("Key {name} is deleted."))?;
            }
            KeyCommand::Create { name, settings } => {
                show(format, &transit.create_key(&name, &settings.into()).await?)?;
            }
            KeyCommand::Read { name } => show(format, &transit.read_key(&name).await?)?,
            KeyCommand::Rotate { name } => show(format, &transit.rotate_key(&name).await?)?,
            KeyCommand::Config { name, change } => {
                show(format, &transit.configure_key(&name, &change.into()).await?)?;
            }
            KeyCommand::Disable(VersionArgs { name, version }) => {
                transit.disable_key_version(&name, version).await?;
                output::say(format, &format!("Version {version} of {name} is disabled."))?;
            }
            KeyCommand::Enable(VersionArgs { name, version }) => {
                transit.enable_key_version(&name, version).await?;
                output::say(format, &format!("Version {version} of {name} is enabled."))?;
            }
            KeyCommand::Destroy(VersionArgs { name, version }) => {
                transit.destroy_key_version(&name, version).await?;
                let said = "is disabled, and destroyed when the key's destroy-wait is over.";
                output::say(format, &format!("Version {version} of {name} {said}"))?;
            }
            KeyCommand::Trim {
                name,
                min_available_version,
            } => {
                show(
                    format,
                    &transit.trim_key(&name, min_available_version).await?,
                )?;
            }
        }
        Ok(Exit::Done)
    }
}

impl From<CreateArgs> for CreateKey {
    fn from(args: CreateArgs) -> Self {
        // Switches that are not set are left to the server.
        Self {
            kind: args.kind,
            derived: args.derived.then_some(true),
            convergent_encryption: args.convergent_encryption.then_some(true),
            exportable: args.exportable.then_some(true),
            allow_plaintext_backup: args.allow_plaintext_backup.then_some(true),
            auto_rotate_period: args.auto_rotate_period,
            key_size: None,
        }
    }
}

impl From<ConfigArgs> for ConfigureKey {
    fn from(args: ConfigArgs) -> Self {
        Self {
            min_decryption_version: args.min_decryption_version,
            min_encryption_version: args.min_encryption_version,
            deletion_allowed: args.deletion_allowed,
            exportable: args.exportable,
            allow_plaintext_backup: args.allow_plaintext_backup,
            auto_rotate_period: args.auto_rotate_period,
            min_decryption_lag: args.min_decryption_lag,
            max_encryptions: args.max_encryptions,
            auto_rotate_after: args.auto_rotate_after,
            destroy_wait: args.destroy_wait,
        }
    }
}

async fn list(transit: &Transit, format: Format) -> Result<(), Failure> {
    let names = transit.list_keys().await?;
    match format {
        Format::Table => names.iter().try_for_each(|name| output::say(format, name)),
        Format::Json => output::print(output::json(&names).expose()),
    }
}

fn show(format: Format, key: &Key) -> Result<(), Failure> {
    output::show(format, key, || {
        // Zero sets no limit of its own, but what cannot decrypt does not encrypt either.
        let oldest_encrypting = key.min_encryption_version.max(key.min_decryption_version);
        let rotates = match key.auto_rotate_period {
            0 => "never".to_owned(),
            seconds => format!("after {seconds} s"),
        };
        let table = Table::default()
            .row("Name", &key.name)
            .row("Type", &key.kind)
            .switch("Derived", key.derived)
            .switch("Convergent", key.convergent_encryption == Some(true))
            .switch("Exportable", key.exportable)
            .switch("Plaintext backup", key.allow_plaintext_backup)
            .switch("Deletion allowed", key.deletion_allowed)
            .row_of(
                "Deleted",
                key.soft_deleted.then_some("yes, until it is restored"),
            )
            .row("Rotates by itself", rotates)
            .row(
                "Decrypts from",
                format!("version {}", key.min_decryption_version),
            )
            .row("Encrypts from", format!("version {oldest_encrypting}"))
            .row("Latest version", key.latest_version);
        key.keys.iter().fold(table, |table, (number, version)| {
            table.row(format!("Version {number}"), created(version))
        })
    })
}

fn created(version: &KeyVersion) -> String {
    match version {
        KeyVersion::Symmetric(seconds) => i64::try_from(*seconds)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map_or_else(|| seconds.to_string(), |time| time.to_string()),
        KeyVersion::External(reference) => format!("elsewhere: {reference}"),
        KeyVersion::Asymmetric { creation_time, .. } => creation_time.clone(),
    }
}

fn period(text: &str) -> Result<u64, &'static str> {
    let period = if text.is_empty() {
        None
    } else {
        lenient::parse_seconds(text)
    };
    period.ok_or("give seconds, or a number with d, h, m or s, such as 24h")
}
