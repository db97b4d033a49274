//! SIGHUP: the configuration is read again, and what may change while serving is changed.

use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use crate::config::{Config, ConfigError, Transport};
use crate::listener::Certificates;
use crate::trace::LogControl;

/// Reloads certificates and log level on every SIGHUP, with `read` as the way to the
/// configuration. What cannot be used is logged, and the old value stays.
///
/// # Errors
/// The operating system does not let us handle the signal.
pub fn on_hangup(
    read: impl Fn() -> Result<Config, ConfigError> + Send + 'static,
    certificates: Option<Certificates>,
    log: LogControl,
) -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match read() {
                Ok(config) => apply(&config, certificates.as_ref(), &log),
                Err(error) => {
                    let error = chain(&error);
                    error!(%error, "SIGHUP: configuration not reloaded; the old one stays");
                }
            }
        }
    });
    Ok(())
}

fn apply(config: &Config, certificates: Option<&Certificates>, log: &LogControl) {
    log.set_level(config.log.level);
    info!(level = ?config.log.level, "SIGHUP: log level reloaded");
    match (certificates, config.listener.transport()) {
        (Some(certificates), Transport::Tls(files)) => match certificates.reload(files) {
            Ok(()) => info!(file = %files.cert_file.display(), "SIGHUP: certificate reloaded"),
            Err(error) => {
                let error = chain(&error);
                error!(%error, "SIGHUP: certificate not reloaded; the old one stays");
            }
        },
        (None, Transport::Plain) => {}
        _ => warn!("SIGHUP: changing between TLS and plain HTTP needs a restart"),
    }
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
