//! Diagnostics on standard error, with a level that can change while serving.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::config::{LogConfig, LogFormat, LogLevel};

/// Changes the level of the running process.
#[derive(Debug, Clone)]
pub struct LogControl(reload::Handle<Targets, Registry>);

impl LogControl {
    /// Writes lines of `level` and above from now on.
    pub fn set_level(&self, level: LogLevel) {
        // This fails only once the subscriber is gone, and then nobody reads the lines.
        let _ = self.0.reload(targets(level));
    }
}

/// Sets up diagnostics for the whole process.
///
/// # Errors
/// They have been set up already.
pub fn start(config: &LogConfig) -> Result<LogControl, TryInitError> {
    let (filter, handle) = reload::Layer::new(targets(config.level));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match config.format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    Registry::default()
        .with(lines.with_filter(filter))
        .try_init()?;
    Ok(LogControl(handle))
}

/// Our own lines from `level` on. Libraries never get below warnings: at their lower levels they
/// write what passes through them, and that is tokens and plaintexts here.
fn targets(level: LogLevel) -> Targets {
    let level = LevelFilter::from_level(match level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    });
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("sealgate", level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn libraries_stay_silent_below_warnings() {
        let trace = targets(LogLevel::Trace);
        assert!(trace.would_enable("sealgate::listener", &Level::TRACE));
        assert!(trace.would_enable("sealgate_keyring", &Level::TRACE));
        assert!(trace.would_enable("hyper", &Level::WARN));
        assert!(!trace.would_enable("hyper", &Level::INFO));
        let error = targets(LogLevel::Error);
        assert!(!error.would_enable("hyper", &Level::WARN));
        assert!(!error.would_enable("sealgate", &Level::WARN));
    }
}
