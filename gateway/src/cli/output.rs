//! Everything that goes to standard output.

use std::io::{self, Write};

use clap::ValueEnum;
use sealgate_sdk::SecretBytes;
use serde::Serialize;

use super::failure::Failure;

/// How to show an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}

/// Labels and values, one pair a line, values aligned.
#[derive(Default)]
pub(super) struct Table(Vec<(String, String)>);

impl Table {
    pub fn row(mut self, label: impl Into<String>, value: impl ToString) -> Self {
        self.0.push((label.into(), value.to_string()));
        self
    }

    /// A row, if there is something to show.
    pub fn row_of(self, label: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.row(label, value),
            None => self,
        }
    }

    /// A row that says yes or no.
    pub fn switch(self, label: &str, on: bool) -> Self {
        self.row(label, if on { "yes" } else { "no" })
    }

    fn text(&self) -> String {
        let width = self
            .0
            .iter()
            .map(|(label, _)| label.chars().count())
            .max()
            .unwrap_or(0);
        self.0
            .iter()
            .map(|(label, value)| format!("{label:width$}  {}\n", visible(value)))
            .collect()
    }
}

/// Columns under a heading, for many things of one kind.
pub(super) struct Grid<const COLUMNS: usize>(Vec<[String; COLUMNS]>);

impl<const COLUMNS: usize> Grid<COLUMNS> {
    pub fn new(heading: [&str; COLUMNS]) -> Self {
        Self(vec![heading.map(str::to_owned)])
    }

    pub fn row(mut self, cells: [String; COLUMNS]) -> Self {
        self.0.push(cells.map(|cell| visible(&cell)));
        self
    }

    pub fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.0.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        let widths: [usize; COLUMNS] = std::array::from_fn(width);
        let line = |row: &[String; COLUMNS]| {
            let cells = row.iter().zip(widths);
            let cells: Vec<_> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            format!("{}\n", cells.join("  ").trim_end())
        };
        self.0.iter().map(line).collect()
    }
}

/// Shows `answer` as a table or, unchanged, as JSON.
pub(super) fn show(
    format: Format,
    answer: &impl Serialize,
    table: impl FnOnce() -> Table,
) -> Result<(), Failure> {
    match format {
        Format::Table => print(table().text().as_bytes()),
        Format::Json => print(json(answer).expose()),
    }
}

/// Says that something was done. Programs learn it from the exit code.
pub(super) fn say(format: Format, sentence: &str) -> Result<(), Failure> {
    match format {
        Format::Table => print(format!("{}\n", visible(sentence)).as_bytes()),
        Format::Json => Ok(()),
    }
}

/// The JSON of `answer`, indented and with a final newline.
pub(super) fn json(answer: &impl Serialize) -> SecretBytes {
    let mut text = serde_json::to_vec_pretty(answer).expect("answers are structs with text keys");
    text.push(b'\n');
    SecretBytes::new(text)
}

/// Prints bytes as they are.
pub(super) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|source| Failure::Write {
            what: "standard output".to_owned(),
            source,
        })
}

/// What came from elsewhere, with its control characters spelled out, so that it cannot steer the
/// terminal. Newlines and tabs stay.
pub(super) fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let steers = character.is_control() && !matches!(character, '\n' | '\t');
            let escaped = steers.then(|| character.escape_default());
            let plain = (!steers).then_some(character);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_aligned() {
        let table = Table::default()
            .row("Name", "orders")
            .switch("Deletion allowed", true)
            .row_of("Nothing", None::<u32>);
        assert_eq!(
            table.text(),
            "Name              orders\nDeletion allowed  yes\n"
        );
    }

    #[test]
    fn columns_are_aligned() {
        let grid = Grid::new(["Key", "Outcome"])
            .row(["a".to_owned(), "moved".to_owned()])
            .row(["orders\x1b".to_owned(), String::new()]);
        assert_eq!(
            grid.text(),
            "Key           Outcome\na             moved\norders\\u{1b}\n"
        );
    }

    #[test]
    fn control_characters_show() {
        assert_eq!(visible("a\x1b[2Jb\n\tc\u{9b}"), "a\\u{1b}[2Jb\n\tc\\u{9b}");
    }
}
