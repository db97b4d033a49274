//! `sealgate status`, and the table that it shares with `operator unseal`.

use sealgate_sdk::Client;
use sealgate_sdk::wire::sys::SealStatus;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Format, Table};

/// Shows the seal and tells by the exit code whether it is open.
pub(super) async fn show(client: &Client, format: Format) -> Result<Exit, Failure> {
    let status = client.sys().seal_status().await?;
    output::show(format, &status, || table(client, &status))?;
    Ok(if status.sealed {
        Exit::Sealed
    } else {
        Exit::Done
    })
}

pub(super) fn table(client: &Client, status: &SealStatus) -> Table {
    let SealStatus {
        threshold,
        shares,
        progress,
        ..
    } = status;
    let unsealing = status.initialized && status.sealed;
    Table::default()
        .row("Address", client.address())
        .switch("Initialized", status.initialized)
        .switch("Sealed", status.sealed)
        .row_of(
            "Progress",
            unsealing.then(|| format!("{progress} of {threshold} shares")),
        )
        .row("Seal type", &status.kind)
        .row_of("Shares", status.initialized.then_some(shares))
        .row_of("Threshold", status.initialized.then_some(threshold))
        .row("Version", &status.version)
        .row("Storage type", &status.storage_type)
        .row_of("Cluster name", status.cluster_name.as_ref())
        .row_of("Cluster ID", status.cluster_id.as_ref())
}
