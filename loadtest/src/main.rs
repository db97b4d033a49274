//! A load generator for Sealgate and any other server with the transit HTTP API.
//!
//! Closed loop: every connection sends its next request when the last one is answered. It
//! measures what one server does on one machine; only ratios between servers in one run mean
//! anything. Every answer must be 200, and a share of the ciphertexts is decrypted and compared.
#![allow(clippy::print_stdout, reason = "the report is the product")]

mod connection;
mod report;

use std::{
    net::SocketAddr,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use connection::{Connection, Failure};
use indicatif::{ProgressBar, ProgressStyle};
use report::Report;

/// Drives a transit mount with encryptions and reports rate and latency.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address and port of the server; plain HTTP on this machine.
    #[arg(long, default_value = "127.0.0.1:8200")]
    address: SocketAddr,
    /// Token.
    #[arg(long, default_value = "root")]
    token: String,
    /// The mount and the key; a missing key is created by the first request.
    #[arg(long, default_value = "transit/encrypt/loadtest")]
    path: String,
    /// Bytes of each plaintext.
    #[arg(long, default_value_t = 64)]
    payload: usize,
    /// Plaintexts in each request; 1: no batch.
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Seconds before measuring begins.
    #[arg(long, default_value_t = 1)]
    warm_up: u64,
    /// Seconds of measuring.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match drive(&arguments).await {
        Ok(report) if arguments.json => println!("{}", report.to_json()),
        Ok(report) => println!("{report}"),
        Err(failure) => {
            eprintln!("{failure}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn drive(arguments: &Arguments) -> Result<Report, Failure> {
    let work = connection::Work::new(
        &arguments.path,
        &arguments.token,
        arguments.payload,
        arguments.batch,
    );
    let mut first = Connection::open(arguments.address).await?;
    first.check(&work).await?;

    let started = Instant::now();
    let measured_from = started + Duration::from_secs(arguments.warm_up);
    let ends = measured_from + Duration::from_secs(arguments.seconds);
    let progress = progress_bar(ends - started);
    let mut workers = Vec::new();
    for _ in 0..arguments.connections {
        let work = work.clone();
        let mut connection = Connection::open(arguments.address).await?;
        workers.push(tokio::spawn(async move {
            connection.repeat(&work, measured_from, ends).await
        }));
    }
    let mut report = Report::new(arguments.batch, arguments.payload, ends - measured_from);
    for worker in workers {
        report.add(&worker.await.map_err(|_| Failure::Worker)??);
    }
    progress.finish_and_clear();
    first.check(&work).await?;
    Ok(report)
}

/// Moves by itself, so that the workers need not report while they measure.
fn progress_bar(length: Duration) -> ProgressBar {
    let bar = ProgressBar::new(length.as_millis().try_into().unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{bar:40} {elapsed_precise}");
    bar.set_style(style.expect("the template is well formed"));
    let moving = bar.clone();
    tokio::spawn(async move {
        while !moving.is_finished() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            moving.set_position(moving.elapsed().as_millis().try_into().unwrap_or(u64::MAX));
        }
    });
    bar
}
