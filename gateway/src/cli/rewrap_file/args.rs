//! The options of `sealgate rewrap-file`, and what follows from them.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use ring::digest::{Context, SHA256};
use sealgate_sdk::Client;
use serde_json::json;

use super::FileError;
use super::batch::{Batches, Rules};
use super::csv::{Column, Columns, Splitter, is_delimiter};
use super::destination::{Destination, LeftOver, identity};
use super::journal::{Identity, Journal};
use super::json::{Fields, Path as FieldPath};
use super::report::Report;
use super::run::{Rewrapper, digest, dry_run, skip_done};
use super::shape::Shape;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::Format;
use crate::cli::progress::Bar;

/// Longer headers are none.
const HEADER_LIMIT: u64 = 1 << 20;

const EXAMPLES: &str = "\
Examples:
  sealgate rewrap-file orders --in tokens.txt --out tokens.new
  sealgate rewrap-file orders --in cards.csv --in-place --column card --column holder
  sealgate rewrap-file tenants --in e.jsonl --out e.new --field card.number --context-field tenant
  sealgate rewrap-file orders --in tokens.txt --dry-run

A value that cannot be rewrapped is copied as it is, and reported with its line on standard error.

Exit codes:
  0  every value is of the latest version (with --dry-run: or would be)
  1  some value was not rewrapped, or the run did not come to its end
  2  the server is sealed";

/// Which file, what in it, and how.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct RewrapFileArgs {
    /// Name of the key
    key: String,
    /// Path of the transit mount
    #[arg(long, value_name = "PATH", default_value = "transit")]
    mount: String,

    /// File to read
    #[arg(long = "in", value_name = "FILE")]
    input: PathBuf,
    /// File to write, at the end and whole; one that exists is replaced
    #[arg(long = "out", value_name = "FILE", conflicts_with = "in_place",
          required_unless_present_any = ["in_place", "dry_run"])]
    output: Option<PathBuf>,
    /// Replace the input, at the end
    #[arg(long)]
    in_place: bool,
    /// Only count what would be rewrapped, by version; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on where an interrupted run ended, if there was one; the input must be as it was
    #[arg(long, conflicts_with = "restart")]
    resume: bool,
    /// Throw away what an interrupted run left
    #[arg(long)]
    restart: bool,

    /// Column with ciphertexts, by name or by number from 1; can be repeated
    #[arg(long = "column", value_name = "COLUMN", conflicts_with = "fields",
          value_parser = Column::parse, help_heading = "CSV")]
    columns: Vec<Column>,
    /// What stands between the columns; "tab" is one, too
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = delimiter,
          requires = "columns", help_heading = "CSV")]
    delimiter: u8,
    /// The first record is data, too; columns are given by number
    #[arg(long, requires = "columns", help_heading = "CSV")]
    no_header: bool,
    /// Column with the context of a derived key, in base64
    #[arg(long, value_name = "COLUMN", value_parser = Column::parse, requires = "columns",
          conflicts_with = "context", help_heading = "CSV")]
    context_column: Option<Column>,
    /// Column with the associated data, in base64
    #[arg(long, value_name = "COLUMN", value_parser = Column::parse, requires = "columns",
          conflicts_with = "associated_data", help_heading = "CSV")]
    associated_data_column: Option<Column>,

    /// Member with a ciphertext, such as card.number; can be repeated. Lists are walked through
    #[arg(long = "field", value_name = "PATH", value_parser = FieldPath::parse,
          help_heading = "JSON lines")]
    fields: Vec<FieldPath>,
    /// Member with the context of a derived key, in base64
    #[arg(long, value_name = "PATH", value_parser = FieldPath::parse, requires = "fields",
          conflicts_with = "context", help_heading = "JSON lines")]
    context_field: Option<FieldPath>,
    /// Member with the associated data, in base64
    #[arg(long, value_name = "PATH", value_parser = FieldPath::parse, requires = "fields",
          conflicts_with = "associated_data", help_heading = "JSON lines")]
    associated_data_field: Option<FieldPath>,

    /// Context of a derived key for all values, as plain text
    #[arg(long, value_name = "TEXT")]
    context: Option<String>,
    /// Text that all values are bound to; only Sealgate rewraps such, OpenBao and Vault do not
    #[arg(long, value_name = "TEXT")]
    associated_data: Option<String>,
    /// Leave what is no ciphertext as it is, instead of reporting it
    #[arg(long)]
    keep_others: bool,
    /// Rewrap values of the latest version, too; the key itself is then not read
    #[arg(long)]
    all: bool,

    /// How many values to send in one request; OpenBao takes 249 with a context each
    #[arg(long, value_name = "N", default_value_t = 200,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch_size: u32,
    /// How many requests to send at once
    #[arg(long, value_name = "N", default_value_t = 4,
          value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: u32,
    /// How often to repeat a request that an overloaded or absent server did not answer
    #[arg(long, value_name = "N", default_value_t = 8,
          value_parser = clap::value_parser!(u32).range(0..=100))]
    retries: u32,
}

impl RewrapFileArgs {
    pub(in crate::cli) async fn perform(
        self,
        client: &Client,
        format: Format,
    ) -> Result<Exit, Failure> {
        let mut input = File::open(&self.input).map_err(FileError::Read)?;
        if !input.metadata().map_err(FileError::Read)?.is_file() {
            return Err(FileError::NotRegular.into());
        }
        let is = identity(&input).map_err(FileError::Read)?;
        let shape = self.shape()?;
        let rewrapper = Rewrapper {
            transit: client.transit(&self.mount)?,
            key: self.key.clone(),
            context: self.context.clone().map(String::into_bytes),
            associated_data: self.associated_data.clone().map(String::into_bytes),
            batch_size: self.batch_size as usize,
            concurrency: self.concurrency as usize,
            retries: self.retries,
        };
        let latest = if self.all {
            None
        } else {
            Some(rewrapper.latest_version().await?)
        };
        let rules = Rules {
            latest,
            keep_others: self.keep_others,
            batch_size: self.batch_size as usize,
        };
        if self.dry_run {
            let bar = Bar::of_bytes("Counting", is.length);
            let tally = dry_run(
                Batches::new(input.take(is.length), shape, rules, true, 0),
                &bar,
            )?;
            drop(bar);
            return Report::new(tally, None, self.dry_run).show(format);
        }

        let path = self.output_path()?;
        let mut destination = self.destination(&path, &is)?;
        let hash = skip_done(&mut input, &destination)?;
        let (begun, lines) = (
            destination.journal.done.input_bytes,
            destination.journal.done.lines,
        );
        let bar = Bar::of_bytes("Rewrapping", is.length);
        bar.begin_at(begun);
        let batches = Batches::new(
            (&input).take(is.length - begun),
            shape,
            rules,
            begun == 0,
            lines,
        );
        let ran = rewrapper.run(batches, hash, &mut destination, &bar).await;
        drop(bar);
        if let Err(failure) = ran {
            if !matches!(failure, Failure::File(FileError::Interrupted)) {
                eprintln!("What is done is kept: repeat the command with --resume.");
            }
            return Err(failure);
        }
        if identity(&input).map_err(FileError::Read)? != is {
            return Err(FileError::Changed.into());
        }
        let permissions = fs::metadata(&path)
            .map(|metadata| metadata.permissions())
            .ok();
        let tally = destination.journal.done.tally.clone();
        destination.finish(permissions)?;
        Report::new(tally, Some(path), self.dry_run).show(format)
    }

    fn shape(&self) -> Result<Shape, FileError> {
        if !self.fields.is_empty() {
            return Ok(Shape::JsonLines(Fields {
                values: self.fields.clone(),
                context: self.context_field.clone(),
                associated_data: self.associated_data_field.clone(),
            }));
        }
        if self.columns.is_empty() {
            return Ok(Shape::Lines);
        }
        let columns = Columns {
            values: self.columns.clone(),
            context: self.context_column.clone(),
            associated_data: self.associated_data_column.clone(),
        };
        let mut splitter = Splitter::new(self.delimiter);
        let header = if columns.has_names() && !self.no_header {
            header(&self.input, &mut splitter)?
        } else {
            Vec::new()
        };
        Ok(Shape::Csv {
            columns: columns.resolve(&header)?,
            splitter: Box::new(splitter),
            header: !self.no_header,
        })
    }

    fn output_path(&self) -> Result<PathBuf, FileError> {
        let Some(path) = &self.output else {
            return Ok(self.input.clone());
        };
        match (fs::canonicalize(path), fs::canonicalize(&self.input)) {
            (Ok(output), Ok(input)) if output == input => Err(FileError::SameFile),
            _ => Ok(path.clone()),
        }
    }

    fn destination(&self, path: &Path, input: &Identity) -> Result<Destination, FileError> {
        let left_over = match (self.resume, self.restart) {
            (true, _) => LeftOver::Resume,
            (_, true) => LeftOver::Discard,
            _ => LeftOver::Refuse,
        };
        let settings = self.settings();
        let fresh = Journal::new(settings.clone(), input.clone());
        Destination::open(path, left_over, fresh, &settings, input)
    }

    /// A digest of what decides what comes out. How fast it comes may change between runs.
    fn settings(&self) -> String {
        let all = json!([
            self.key,
            self.mount,
            format!("{:?}", self.columns),
            self.delimiter,
            self.no_header,
            format!("{:?}", self.context_column),
            format!("{:?}", self.associated_data_column),
            format!("{:?}", self.fields),
            format!("{:?}", self.context_field),
            format!("{:?}", self.associated_data_field),
            self.context,
            self.associated_data,
            self.keep_others,
            self.all,
        ]);
        let mut hash = Context::new(&SHA256);
        hash.update(all.to_string().as_bytes());
        digest(&hash)
    }
}

/// The texts of a file's first record.
fn header(path: &Path, splitter: &mut Splitter) -> Result<Vec<String>, FileError> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(FileError::Read)?;
    let read = file.take(HEADER_LIMIT).read_to_end(&mut start);
    read.map_err(FileError::Read)?;
    let end = splitter.record_end(&start, true, true).unwrap_or(0);
    splitter
        .texts(&start[..end], true)
        .map_err(FileError::HeaderFault)
}

fn delimiter(text: &str) -> Result<u8, &'static str> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        &[byte] if is_delimiter(byte) => Ok(byte),
        _ => Err("give one character that no ciphertext has, such as ; or tab"),
    }
}
