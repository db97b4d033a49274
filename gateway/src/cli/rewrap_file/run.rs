//! Batches on their way to the server and back: several at once, in order, and again where that
//! may help.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use ring::digest::{Context, SHA256};
use sealgate_sdk::{Encrypted, Error, ItemError, Transit};
use tokio::signal::unix::{SignalKind, signal};

use super::FileError;
use super::batch::{Batch, Batches, Change};
use super::destination::Destination;
use super::journal::Stale;
use super::record::ciphertext_version;
use crate::cli::failure::Failure;
use crate::cli::progress::Bar;

/// Between checkpoints: as much work is done again after an interruption.
const CHECKPOINT: Duration = Duration::from_millis(500);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Who rewraps, and how hard to try.
pub(super) struct Rewrapper {
    pub transit: Transit,
    pub key: String,
    /// For values whose records bring none.
    pub context: Option<Vec<u8>>,
    pub associated_data: Option<Vec<u8>>,
    pub batch_size: usize,
    pub concurrency: usize,
    /// How often a request is repeated.
    pub retries: u32,
}

/// A batch that came back.
struct Answered {
    batch: Batch,
    output: Vec<u8>,
}

impl Rewrapper {
    /// The version that encrypts by default.
    pub async fn latest_version(&self) -> Result<u32, Error> {
        let key = self.patiently(async || self.transit.read_key(&self.key).await);
        Ok(key.await?.latest_version)
    }

    /// Rewraps all batches into `destination`, and says how far it is by `bar`. What is done
    /// when it fails is safe.
    pub async fn run(
        &self,
        batches: Batches<impl Read>,
        mut hash: Context,
        destination: &mut Destination,
        bar: &Bar,
    ) -> Result<(), Failure> {
        let answers = stream::iter(batches).map(async |batch| match batch {
            Ok(batch) => self.answered(batch).await,
            Err(error) => Err(error.into()),
        });
        let mut answers = std::pin::pin!(answers.buffered(self.concurrency));
        let mut end = std::pin::pin!(asked_to_end());
        let mut saved = Instant::now();
        let ended = loop {
            let answered = tokio::select! {
                answered = answers.next() => answered,
                () = &mut end => break Err(FileError::Interrupted.into()),
            };
            let Answered { batch, output } = match answered {
                Some(Ok(answered)) => answered,
                Some(Err(failure)) => break Err(failure),
                None => break Ok(()),
            };
            destination.write(&output)?;
            hash.update(&batch.raw);
            let done = &mut destination.journal.done;
            done.input_bytes += batch.raw.len() as u64;
            done.output_bytes += output.len() as u64;
            done.lines += batch.lines;
            done.tally.add(&batch.tally);
            bar.reached(done.input_bytes);
            tell(&batch, bar);
            if saved.elapsed() >= CHECKPOINT {
                done.input_sha256 = digest(&hash);
                destination.checkpoint()?;
                saved = Instant::now();
            }
        };
        destination.journal.done.input_sha256 = digest(&hash);
        destination.checkpoint()?;
        ended
    }

    async fn answered(&self, mut batch: Batch) -> Result<Answered, Failure> {
        let mut texts = Vec::with_capacity(batch.changes.len());
        // The last record of a batch may bring more values than go into a request.
        for changes in batch.changes.chunks(self.batch_size) {
            let results = self.patiently(async || {
                let items = changes.iter().map(|change| self.item(change));
                self.transit.rewrap_batch(&self.key, items).await
            });
            for (change, result) in changes.iter().zip(results.await?) {
                match checked(result) {
                    Ok(text) => {
                        batch.tally.rewrapped(change.version);
                        texts.push(Some(text));
                    }
                    Err(words) => {
                        batch.tally.failed += 1;
                        batch.faults.push((change.line, words));
                        texts.push(None);
                    }
                }
            }
        }
        batch.faults.sort_by_key(|(line, _)| *line);
        let output = batch.with(&texts);
        Ok(Answered { batch, output })
    }

    fn item<'a>(&'a self, change: &'a Change) -> sealgate_sdk::Rewrap<'a> {
        change.item(self.context.as_deref(), self.associated_data.as_deref())
    }

    /// Repeats a request that changes nothing while that may help, with growing pauses.
    async fn patiently<T>(&self, request: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..self.retries {
            match request().await {
                Err(error) if error.is_transient() => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answer => return answer,
            }
        }
        request().await
    }
}

/// Counts without asking any server.
pub(super) fn dry_run(batches: Batches<impl Read>, bar: &Bar) -> Result<super::Tally, FileError> {
    let (mut tally, mut bytes) = (super::Tally::default(), 0);
    for batch in batches {
        let mut batch = batch?;
        for change in &batch.changes {
            batch.tally.rewrapped(change.version);
        }
        tally.add(&batch.tally);
        tell(&batch, bar);
        bytes += batch.raw.len() as u64;
        bar.reached(bytes);
    }
    Ok(tally)
}

/// Reads what an interrupted run has done: it must be what it was. The file is then behind it.
pub(super) fn skip_done(input: &mut File, destination: &Destination) -> Result<Context, FileError> {
    let done = &destination.journal.done;
    let mut hash = Context::new(&SHA256);
    let mut left = done.input_bytes;
    let mut buffer = vec![0; 1 << 20];
    while left > 0 {
        let room = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = input.read(&mut buffer[..room]).map_err(FileError::Read)?;
        if read == 0 {
            return Err(FileError::Read(io::ErrorKind::UnexpectedEof.into()));
        }
        hash.update(&buffer[..read]);
        left -= read as u64;
    }
    if done.input_bytes > 0 && digest(&hash) != done.input_sha256 {
        return Err(FileError::Stale {
            partial: destination.partial().to_owned(),
            reason: Stale::Input,
        });
    }
    input
        .seek(SeekFrom::Start(done.input_bytes))
        .map_err(FileError::Read)?;
    Ok(hash)
}

/// Of all bytes so far, in hexadecimal.
pub(super) fn digest(hash: &Context) -> String {
    let digest = hash.clone().finish();
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn tell(batch: &Batch, bar: &Bar) {
    for (line, words) in &batch.faults {
        bar.say(&crate::cli::output::visible(&format!(
            "line {line}: {words}"
        )));
    }
}

/// What takes the place of another text must be one that can.
fn checked(result: Result<Encrypted, ItemError>) -> Result<String, String> {
    let text = result.map_err(|error| error.to_string())?.ciphertext;
    if ciphertext_version(&text).is_some() {
        Ok(text)
    } else {
        Err("the server's answer is not a ciphertext".to_owned())
    }
}

/// Returns when the user or the system wants an end.
async fn asked_to_end() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Without a handler, the signal ends the process, and --resume helps all the same.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
