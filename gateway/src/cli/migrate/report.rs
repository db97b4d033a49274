//! What became of each key.

use sealgate_sdk::wire::transit::Key;
use serde::Serialize;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{self, Format, Grid, visible};
use super::Trouble;

/// How it ended for one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// Copied, and proved equal.
    Moved,
    /// Here since before, and proved equal.
    AlreadyMoved,
    /// Nothing speaks against it.
    WouldMove,
    /// Nothing was copied.
    NotMoved,
    /// Copied, but not proved equal.
    Unproved,
    /// Nobody looked, because of what happened before.
    NotTried,
}

/// One key's line.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub key: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    oldest_version: Option<u32>,
    latest_version: Option<u32>,
    pub outcome: Outcome,
    reason: Option<String>,
}

/// All lines.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    dry_run: bool,
    keys: Vec<Row>,
}

impl Outcome {
    fn words(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::AlreadyMoved => "already moved",
            Self::WouldMove => "would move",
            Self::NotMoved => "not moved",
            Self::Unproved => "NOT PROVED",
            Self::NotTried => "not tried",
        }
    }

    fn is_good(self) -> bool {
        matches!(self, Self::Moved | Self::AlreadyMoved | Self::WouldMove)
    }
}

impl Row {
    /// Of a key that nobody has looked at.
    pub fn untried(name: &str) -> Self {
        Self {
            key: name.to_owned(),
            kind: None,
            oldest_version: None,
            latest_version: None,
            outcome: Outcome::NotTried,
            reason: None,
        }
    }

    /// What the source says of it.
    pub fn describe(&mut self, key: &Key) {
        self.kind = Some(key.kind.clone());
        self.oldest_version = Some(key.min_available_version.max(1));
        self.latest_version = Some(key.latest_version);
    }

    /// Adds to what there is to say.
    pub fn remark(&mut self, words: Option<impl Into<String>>) {
        let Some(words) = words.map(Into::into) else {
            return;
        };
        match &mut self.reason {
            Some(reason) => {
                reason.push_str("; ");
                reason.push_str(&words);
            }
            None => self.reason = Some(words),
        }
    }

    /// It did not come to an end.
    pub fn trouble(&mut self, trouble: &Trouble) {
        // A copy that could not be tried is there all the same.
        if self.outcome != Outcome::Unproved {
            self.outcome = Outcome::NotMoved;
        }
        self.remark(Some(trouble.to_string()));
    }

    /// For standard error, at once and whatever the format.
    pub fn alarm(&self) -> String {
        let Self { key, reason, .. } = self;
        let reason = reason.as_deref().unwrap_or_default();
        visible(&format!(
            "ALARM: key {key} was copied, but the copy is not proved to be equal: {reason}\n       Do \
             not use the copy. The key at the source is as it was; nothing was deleted."
        ))
    }

    fn cells(&self) -> [String; 5] {
        let versions = match (self.oldest_version, self.latest_version) {
            (Some(oldest), Some(latest)) => span(oldest, latest),
            _ => String::new(),
        };
        [
            self.key.clone(),
            self.kind.clone().unwrap_or_default(),
            versions,
            self.outcome.words().to_owned(),
            self.reason.clone().unwrap_or_default(),
        ]
    }
}

impl Report {
    pub fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            keys: Vec::new(),
        }
    }

    pub fn add(&mut self, row: Row) {
        self.keys.push(row);
    }

    pub fn show(&self, format: Format) -> Result<(), Failure> {
        match format {
            Format::Json => output::print(output::json(self).expose()),
            Format::Table if self.keys.is_empty() => {
                output::say(format, "The source's mount has no keys.")
            }
            Format::Table => {
                let heading = ["Key", "Type", "Versions", "Outcome", "Reason"];
                let rows = self.keys.iter();
                let grid = rows.fold(Grid::new(heading), |grid, row| grid.row(row.cells()));
                output::print(grid.text().as_bytes())
            }
        }
    }

    pub fn exit(&self) -> Exit {
        if self.keys.iter().all(|row| row.outcome.is_good()) {
            Exit::Done
        } else {
            Exit::Failed
        }
    }
}

/// `3`, or `1-3`.
pub(super) fn span(oldest: u32, latest: u32) -> String {
    if oldest == latest {
        latest.to_string()
    } else {
        format!("{oldest}-{latest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[Outcome]) -> Report {
        let mut report = Report::new(false);
        for &outcome in outcomes {
            let mut row = Row::untried("k");
            row.outcome = outcome;
            report.add(row);
        }
        report
    }

    #[test]
    fn one_key_that_stays_is_a_failure() {
        use Outcome::{AlreadyMoved, Moved, NotMoved, NotTried, Unproved, WouldMove};
        assert_eq!(report(&[]).exit(), Exit::Done);
        assert_eq!(report(&[Moved, AlreadyMoved, WouldMove]).exit(), Exit::Done);
        for bad in [NotMoved, Unproved, NotTried] {
            assert_eq!(report(&[Moved, bad]).exit(), Exit::Failed);
        }
    }

    #[test]
    fn a_copy_without_a_proof_stays_unproved() {
        let mut row = Row::untried("k");
        row.outcome = Outcome::Unproved;
        row.remark(Some("first"));
        row.trouble(&Trouble::ThisKey("then".to_owned()));
        assert_eq!(row.outcome, Outcome::Unproved);
        assert!(row.alarm().contains("key k was copied") && row.alarm().contains("first; then"));
    }
}
