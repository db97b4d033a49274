//! What a run has done, in the end.

use std::path::PathBuf;

use serde::Serialize;

use super::Tally;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Format, Table};

/// Counts, and where the result is.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    dry_run: bool,
    #[serde(flatten)]
    tally: Tally,
    output: Option<PathBuf>,
}

impl Report {
    pub fn new(tally: Tally, output: Option<PathBuf>, dry_run: bool) -> Self {
        Self {
            dry_run,
            tally,
            output,
        }
    }

    pub fn show(&self, format: Format) -> Result<Exit, Failure> {
        output::show(format, self, || self.table())?;
        if self.tally.found_nothing() {
            eprintln!("warning: no record has such a value; is the name right?");
        }
        if self.tally.failed > 0 || self.tally.found_nothing() {
            return Ok(Exit::Failed);
        }
        Ok(Exit::Done)
    }

    fn table(&self) -> Table {
        let Tally {
            records,
            rewrapped,
            up_to_date,
            empty,
            others,
            failed,
        } = &self.tally;
        let heading = if self.dry_run {
            "To be rewrapped"
        } else {
            "Rewrapped"
        };
        let some = |count: &u64| (*count > 0).then_some(*count);
        let table = Table::default()
            .row("Records", records)
            .row(heading, self.tally.rewrapped_in_all());
        let table = rewrapped.iter().fold(table, |table, (version, count)| {
            table.row(format!("  from version {version}"), count)
        });
        table
            .row("Up to date", up_to_date)
            .row_of("Empty", some(empty))
            .row_of("Others, kept", some(others))
            .row_of("Failed, kept", some(failed))
            .row_of(
                "Written to",
                self.output.as_ref().map(|path| path.display()),
            )
    }
}
