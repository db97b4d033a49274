//! `sealgate server`: from the arguments to a server that answers, and back down again.

mod dev;

use std::{path::Path, process::ExitCode, sync::Arc};

use sealgate_keyring::{
    clock::Clock,
    error::Error as KeyringError,
    store::{RocksdbStore, Store, StoreError},
};

use crate::{
    app::App,
    cli::ServerArgs,
    config::{Config, ConfigError, StoreConfig},
    http::server::Entry,
    listener::{self, Bound, ListenError},
    reload,
    shutdown::Shutdown,
    trace,
};

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error("a development server cannot be set up: {0}")]
    Dev(String),
    #[error("the operating system refuses what the server needs: {0}")]
    System(#[from] std::io::Error),
}

/// Runs the server until it is told to stop.
pub async fn run(arguments: ServerArgs) -> ExitCode {
    let served = match &arguments.config {
        Some(file) => serve_configured(file).await,
        None => dev::serve_dev(&arguments).await,
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sealgate: {}", sentence(&error));
            ExitCode::FAILURE
        }
    }
}

async fn serve_configured(file: &Path) -> Result<(), StartError> {
    let config = Config::read(file)?;
    let log = trace::start(&config.log).map_err(|error| StartError::Dev(error.to_string()))?;
    let bound = listener::bind(&config.listener).await?;
    let app = open(&config).await?;
    let file = file.to_owned();
    reload::on_hangup(move || Config::read(&file), bound.certificates(), log)?;
    let status = app.keyring.seal_status().await;
    let next = if status.initialized {
        "sealed: run `sealgate operator unseal` with enough shares"
    } else {
        "not initialized: run `sealgate operator init`"
    };
    tracing::info!(
        address = bound.url(),
        version = env!("CARGO_PKG_VERSION"),
        "{next}"
    );
    serve(app, bound, &config, Shutdown::new()).await
}

/// Opens the store that the configuration names.
async fn open(config: &Config) -> Result<Arc<App>, StartError> {
    let StoreConfig::RocksDb { path } = &config.store;
    let path = path.clone();
    let opened = tokio::task::spawn_blocking(move || RocksdbStore::open(&path)).await;
    let store: Arc<dyn Store> =
        Arc::new(opened.map_err(|error| StartError::Dev(error.to_string()))??);
    Ok(Arc::new(
        App::open(store, Clock::system(), config.limits.clone()).await?,
    ))
}

/// Serves until told to stop, then throws away every key.
async fn serve(
    app: Arc<App>,
    bound: Bound,
    config: &Config,
    shutdown: Shutdown,
) -> Result<(), StartError> {
    shutdown.on_signals()?;
    let keeping = tokio::spawn({
        let (app, keys) = (app.clone(), config.keys);
        async move { app.keep_keys(keys.usage_interval).await }
    });
    bound
        .serve(
            Entry::new(app.clone()),
            &config.limits,
            config.lifecycle,
            shutdown,
        )
        .await;
    keeping.abort();
    app.seal().await?;
    tracing::info!("stopped");
    Ok(())
}

/// An error with its causes, as one sentence.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}
