//! `sealgate server --dev`: a server to try out, ready in a moment and forgotten afterwards.
#![allow(
    clippy::print_stdout,
    reason = "what it prints is for the person who started it"
)]

use std::net::SocketAddr;

use sealgate_keyring::share::{SealParameters, Share};

use super::{StartError, open, serve};
use crate::{
    app::App,
    cli::ServerArgs,
    config::{
        Config, KeysConfig, Lifecycle, Limits, ListenerConfig, LogConfig, LogLevel, StoreConfig,
    },
    listener,
    shutdown::Shutdown,
    trace,
};

/// Starts a server on a temporary store, initialized, unsealed and with `transit/` mounted.
pub(super) async fn serve_dev(arguments: &ServerArgs) -> Result<(), StartError> {
    let directory = tempfile::Builder::new().prefix("sealgate-dev-").tempdir()?;
    let config = Config {
        listener: ListenerConfig::plain_on_loopback(arguments.listen)?,
        store: StoreConfig::RocksDb {
            path: directory.path().join("store"),
        },
        limits: Limits::default(),
        keys: KeysConfig::default(),
        log: LogConfig {
            level: LogLevel::Warn,
            ..LogConfig::default()
        },
        lifecycle: Lifecycle::default(),
    };
    trace::start(&config.log).map_err(|error| StartError::Dev(error.to_string()))?;
    let bound = listener::bind(&config.listener).await?;
    let app = open(&config).await?;

    let refused = |error: crate::error::Error| StartError::Dev(error.to_string());
    let single = SealParameters::new(1, 1).map_err(|error| StartError::Dev(error.to_string()))?;
    let founding = app.initialize(single).await.map_err(refused)?;
    let share = founding
        .shares
        .first()
        .map(Share::expose_base64)
        .unwrap_or_default();
    let parsed = Share::parse(&share).map_err(|error| StartError::Dev(error.to_string()))?;
    app.unseal(parsed).await?;
    let token = chosen_or(&app, arguments, founding.root_token.as_str()).await?;
    print_welcome(bound.address(), &token, &share);
    serve(app, bound, &config, Shutdown::new()).await
}

async fn chosen_or(
    app: &App,
    arguments: &ServerArgs,
    generated: &str,
) -> Result<zeroize::Zeroizing<String>, StartError> {
    match &arguments.dev_root_token_id {
        None => Ok(generated.to_owned().into()),
        Some(chosen) => {
            app.choose_root_token(chosen.expose()).await?;
            Ok(chosen.expose().to_owned().into())
        }
    }
}

fn print_welcome(address: SocketAddr, token: &str, share: &str) {
    println!(
        "\
Sealgate is ready for trying out. Its keys are gone when it stops.

  Address       http://{address}
  Root token    {token}
  Unseal share  {share}

Try, in another terminal:

  export SEALGATE_ADDR=http://{address} SEALGATE_TOKEN={token}
  export BAO_ADDR=$SEALGATE_ADDR BAO_TOKEN=$SEALGATE_TOKEN

  echo 'hello' | sealgate encrypt orders
  bao write transit/encrypt/orders plaintext=aGVsbG8=
  curl -H \"X-Vault-Token: $SEALGATE_TOKEN\" -d '{{\"plaintext\": \"aGVsbG8=\"}}' \\
       $SEALGATE_ADDR/v1/transit/encrypt/orders
"
    );
}
