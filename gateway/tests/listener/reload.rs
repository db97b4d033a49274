//! Signals: SIGHUP reloads, SIGTERM drains.

use std::process::Command;
use std::time::Duration;

use rustls::version;
use sealgate::config::{Config, Limits, LogConfig};
use sealgate::shutdown::Shutdown;
use sealgate::{reload, trace};
use tokio::time::{sleep, timeout};

use crate::tls::{Files, connect, hello};

fn signal_ourselves(name: &str) {
    let status = Command::new("kill")
        .args([name, &std::process::id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn hangup_reloads_the_certificate_and_a_bad_one_changes_nothing() {
    let (files, _) = Files::new();
    let server = files.serve(Limits::default()).await;
    let text = format!(
        "[listener]\ntls_cert_file = {:?}\ntls_key_file = {:?}\n[store]\npath = \"/data\"\n\
         [log]\nlevel = \"error\"\n",
        files.tls.cert_file, files.tls.key_file
    );
    let log = trace::start(&LogConfig::default()).unwrap();
    let read = move || Config::parse(&text, std::iter::empty());
    reload::on_hangup(read, server.certificates.clone(), log).unwrap();

    let renewed = files.renew();
    signal_ourselves("-HUP");
    timeout(Duration::from_secs(10), async {
        while connect(&server, &renewed, &[&version::TLS13], &[])
            .await
            .is_err()
        {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(
        tracing::level_filters::LevelFilter::current(),
        tracing::Level::ERROR
    );

    std::fs::remove_file(&files.tls.cert_file).unwrap();
    signal_ourselves("-HUP");
    sleep(Duration::from_millis(50)).await;
    hello(
        &mut connect(&server, &renewed, &[&version::TLS13], &[])
            .await
            .unwrap(),
    )
    .await;
}

#[tokio::test]
async fn terminate_drains_and_a_second_one_closes() {
    let shutdown = Shutdown::new();
    shutdown.on_signals().unwrap();
    signal_ourselves("-TERM");
    timeout(Duration::from_secs(10), shutdown.draining())
        .await
        .unwrap();
    timeout(Duration::from_millis(20), shutdown.closing())
        .await
        .unwrap_err();
    signal_ourselves("-INT");
    timeout(Duration::from_secs(10), shutdown.closing())
        .await
        .unwrap();
}
