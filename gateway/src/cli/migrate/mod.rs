//! `sealgate migrate`: keys move from a Vault or OpenBao transit mount into this one.
//!
//! For each key: plan, sample at the source, back up, restore, prove with the samples. Nothing is
//! ever deleted, on either side, so the command can be repeated after an interruption.

mod plan;
mod proof;
mod report;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::{env, fs};

use clap::Args;
use http::Uri;
use sealgate_sdk::wire::transit::{ConfigureKey, Key};
use sealgate_sdk::{Client, ClientBuilder, Error, SecretText, Transit};

use self::plan::{Obstacle, Step};
use self::proof::{Mismatch, Samples};
use self::report::{Outcome, Report, Row};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Format, visible};
use super::progress::Bar;

const TOKEN_VARIABLE: &str = "SEALGATE_FROM_TOKEN";

pub(super) const ABOUT: &str = "\
Copy keys from a Vault, OpenBao or Sealgate transit mount into this server.

Each key is taken with all its versions, by backup and restore, and keeps its name. Before the \
copy, the source encrypts (or signs) a sample with every version that it still uses; after it, \
this server must decrypt (or verify) every sample. Nothing is deleted, neither there nor here. \
Keys that were copied before and prove equal are left alone, so an interrupted migration is \
simply repeated.";

const AFTER: &str = "\
A key can only be backed up where its settings \"exportable\" and \"allow_plaintext_backup\" are \
on. --allow-backup switches them on at the source; neither server can switch them off again, and \
the copy has them, too.

Let nobody rotate keys at the source from now until its clients have moved.

Environment:
  SEALGATE_FROM_TOKEN  token of the source

Exit codes:
  0  every key was moved, now or before (with --dry-run: could be moved)
  1  some key was not moved, or was moved and could not be proved; the table says which and why
  2  this server or the source is sealed";

/// From where, which keys, and how boldly.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER)]
pub struct MigrateArgs {
    /// Keys to move [default: all keys of the source's mount]
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// Address of the server that has the keys
    #[arg(long, value_name = "URL")]
    from: String,
    /// File that holds the source's token, for those who do not set SEALGATE_FROM_TOKEN
    #[arg(long, value_name = "FILE")]
    from_token_file: Option<PathBuf>,
    /// PEM file of the certificate authority to trust at the source [default: the system's]
    #[arg(long, value_name = "FILE")]
    from_ca_cert: Option<PathBuf>,
    /// Path of the transit mount at the source
    #[arg(long, value_name = "PATH", default_value = "transit")]
    from_mount: String,
    /// Path of the transit mount here; it must exist
    #[arg(long, value_name = "PATH", default_value = "transit")]
    to_mount: String,
    /// Let keys be backed up that the source protects from it; cannot be taken back
    #[arg(long)]
    allow_backup: bool,
    /// Only say what would be done; change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Why a key was not dealt with.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    /// The others may fare better.
    #[error("{0}")]
    ThisKey(String),
    /// The others would fare the same.
    #[error(transparent)]
    Everything(Failure),
}

impl MigrateArgs {
    pub(super) async fn perform(self, client: &Client, format: Format) -> Result<Exit, Failure> {
        let source = self.source()?;
        let from = source.transit(&self.from_mount)?;
        let to = client.transit(&self.to_mount)?;
        for address in [source.address(), client.address()] {
            if is_exposed(address) {
                let address = visible(address);
                eprintln!("warning: keys travel unencrypted to or from {address}; use https://");
            }
        }
        let here: BTreeSet<String> = to.list_keys().await?.into_iter().collect();
        let mut names = if self.keys.is_empty() {
            from.list_keys().await.map_err(Failure::Source)?
        } else {
            self.keys.clone()
        };
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));

        let migration = Migration {
            from,
            to,
            here,
            allow_backup: self.allow_backup,
            dry_run: self.dry_run,
        };
        let mut report = Report::new(self.dry_run);
        let mut stopped = None;
        let bar = Bar::of_things("Migrating", names.len());
        for (number, name) in (1..).zip(&names) {
            if stopped.is_some() {
                report.add(Row::untried(name));
                continue;
            }
            let mut row = Row::untried(name);
            if let Err(trouble) = migration.migrate(&mut row).await {
                row.trouble(&trouble);
                if let Trouble::Everything(failure) = trouble {
                    stopped = Some(failure);
                }
            }
            if row.outcome == Outcome::Unproved {
                bar.say(&row.alarm());
            }
            report.add(row);
            bar.reached(number);
        }
        drop(bar);
        report.show(format)?;
        match stopped {
            Some(failure) => Err(failure),
            None => Ok(report.exit()),
        }
    }

    fn source(&self) -> Result<Client, Failure> {
        let mut builder = ClientBuilder::default()
            .address(&self.from)
            .token(self.source_token()?);
        if let Some(path) = &self.from_ca_cert {
            builder = builder.ca_file(path);
        }
        builder.build().map_err(Failure::Source)
    }

    fn source_token(&self) -> Result<SecretText, Failure> {
        let text = match &self.from_token_file {
            Some(path) => fs::read_to_string(path).map_err(|source| Failure::Read {
                what: path.display().to_string(),
                source,
            })?,
            None => env::var(TOKEN_VARIABLE).map_err(|_| Failure::NoSourceToken)?,
        };
        let text = SecretText::new(text);
        let token = SecretText::new(text.expose().trim());
        if token.is_empty() {
            return Err(Failure::NoSourceToken);
        }
        Ok(token)
    }
}

/// Two mounts, and how to get from one to the other.
struct Migration {
    from: Transit,
    to: Transit,
    here: BTreeSet<String>,
    allow_backup: bool,
    dry_run: bool,
}

impl Migration {
    /// Deals with one key. What happened is in `row`, or else in the error.
    async fn migrate(&self, row: &mut Row) -> Result<(), Trouble> {
        let name = row.key.clone();
        let key = match self.from.read_key(&name).await {
            Err(error) if error.is_not_found() => return Err(Obstacle::Missing.into()),
            key => key.map_err(|error| at("read it at the source", Failure::Source, error))?,
        };
        plan::is_asked_for(&name, &key)?;
        row.describe(&key);
        match plan::step(&key, self.here.contains(&name), self.allow_backup)? {
            Step::Compare => self.compare(&key, row).await,
            Step::Copy { allow } if self.dry_run => {
                row.outcome = Outcome::WouldMove;
                row.remark(allow.then_some(plan::WOULD_ALLOW));
                row.remark(proof::blind_spot(&key));
                row.remark(plan::double_rotation(&key));
                Ok(())
            }
            Step::Copy { allow } => self.copy(&key, allow, row).await,
        }
    }

    /// A key of this name is here. Is it the same?
    async fn compare(&self, key: &Key, row: &mut Row) -> Result<(), Trouble> {
        let samples = self.sample(key).await?;
        match self.prove(&samples, key).await? {
            None => row.outcome = Outcome::AlreadyMoved,
            Some(mismatch) => {
                row.outcome = Outcome::NotMoved;
                row.remark(Some(if mismatch.is_partial() {
                    format!(
                        "it was copied before, but is another since: {mismatch}; was it rotated \
                         at the source?"
                    )
                } else {
                    format!("another key of this name exists here: {mismatch}")
                }));
            }
        }
        Ok(())
    }

    async fn copy(&self, key: &Key, allow: bool, row: &mut Row) -> Result<(), Trouble> {
        let samples = self.sample(key).await?;
        if allow {
            let change = ConfigureKey {
                exportable: Some(true),
                allow_plaintext_backup: Some(true),
                ..ConfigureKey::default()
            };
            let changed = self.from.configure_key(&row.key, &change).await;
            changed
                .map_err(|error| at("let it be backed up at the source", Failure::Source, error))?;
            row.remark(Some(plan::ALLOWED));
        }
        let backup = self.from.back_up_key(&row.key).await;
        let backup =
            backup.map_err(|error| at("back it up at the source", Failure::Source, error))?;
        let restored = self.to.restore_backup(&row.key, &backup).await;
        restored.map_err(|error| at("restore it here", Failure::Server, error))?;
        drop(backup);

        // From here on the key exists here, so whatever goes wrong is a proof that failed.
        row.outcome = Outcome::Unproved;
        match self.prove(&samples, key).await? {
            None => row.outcome = Outcome::Moved,
            Some(mismatch) => row.remark(Some(mismatch.to_string())),
        }
        row.remark(proof::blind_spot(key));
        row.remark(plan::double_rotation(key));
        Ok(())
    }

    async fn sample(&self, key: &Key) -> Result<Samples, Trouble> {
        if proof::sampled(key).is_empty() {
            return Err(Obstacle::NoProof.into());
        }
        let samples = Samples::take(&self.from, key).await;
        samples.map_err(|error| at("make samples at the source", Failure::Source, error))
    }

    async fn prove(&self, samples: &Samples, key: &Key) -> Result<Option<Mismatch>, Trouble> {
        let proved = samples.prove(&self.to, &key.name).await;
        proved.map_err(|error| at("try the samples here", Failure::Server, error))
    }
}

impl From<Obstacle> for Trouble {
    fn from(obstacle: Obstacle) -> Self {
        Self::ThisKey(obstacle.to_string())
    }
}

/// Whether what goes to this address can be read on the way: no TLS, and not this machine.
fn is_exposed(address: &str) -> bool {
    let Ok(address) = address.parse::<Uri>() else {
        return false;
    };
    let host = address.host().unwrap_or_default();
    let ip = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    let is_here = host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    address.scheme_str() == Some("http") && !is_here
}

/// Says what could not be done, and whether the other keys are worth a try.
fn at(doing: &str, side: fn(Error) -> Failure, error: Error) -> Trouble {
    match error {
        Error::Refused { .. } | Error::Answer(_) | Error::Name(_) if !error.is_sealed() => {
            Trouble::ThisKey(format!("cannot {doing}: {error}"))
        }
        error => Trouble::Everything(side(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A key as a peer makes it: nothing of it is exportable.
    pub(super) fn key() -> Key {
        Key {
            allow_plaintext_backup: false,
            auto_rotate_period: 0,
            convergent_encryption: None,
            convergent_encryption_version: None,
            deletion_allowed: false,
            derived: false,
            exportable: false,
            imported_key: false,
            kdf: None,
            keys: BTreeMap::new(),
            latest_version: 1,
            min_available_version: 0,
            min_decryption_version: 1,
            min_encryption_version: 0,
            name: "k".to_owned(),
            soft_deleted: false,
            supports_decryption: true,
            supports_derivation: true,
            supports_encryption: true,
            supports_signing: false,
            kind: "aes256-gcm96".to_owned(),
            effective_min_decryption_version: None,
            versions: BTreeMap::new(),
        }
    }

    #[test]
    fn keys_travel_in_the_open_only_without_tls_and_to_elsewhere() {
        for address in [
            "http://vault.example:8200",
            "http://10.0.0.7",
            "http://[fd00::1]:8200",
        ] {
            assert!(is_exposed(address), "{address}");
        }
        for address in [
            "https://vault.example:8200",
            "http://localhost:8200/base",
            "http://127.0.0.1:8200",
            "http://[::1]:8200",
        ] {
            assert!(!is_exposed(address), "{address}");
        }
    }

    #[test]
    fn what_a_server_refuses_concerns_one_key() {
        let refused = |status, words: &str| Error::Refused {
            status,
            errors: vec![words.to_owned()],
        };
        let words = at(
            "read it",
            Failure::Source,
            refused(403, "permission denied"),
        )
        .to_string();
        assert!(words.starts_with("cannot read it: the server answered 403"));
        for everything in [
            refused(503, "Vault is sealed"),
            Error::Timeout {
                address: String::new(),
            },
        ] {
            assert!(matches!(
                at("", Failure::Source, everything),
                Trouble::Everything(_)
            ));
        }
    }
}
