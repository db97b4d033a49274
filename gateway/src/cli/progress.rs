//! Signs of life: while a large payload is on its way, and while many things are done.

use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

const LARGE: u64 = 1 << 20;

/// A spinner on standard error, if that is a terminal and `bytes` take a while. It disappears
/// when dropped.
pub(super) struct Spinner(Option<ProgressBar>);

impl Spinner {
    pub fn start(doing: &str, bytes: usize) -> Self {
        let bytes = bytes as u64;
        Self((bytes >= LARGE).then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_message(format!("{doing} {}", HumanBytes(bytes)));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        }))
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

const OF_THINGS: &str = "{msg} [{bar:30}] {pos}/{len}";
const OF_BYTES: &str = "{msg} [{bar:30}] {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";

/// How much of many things is done, on standard error, if that is a terminal. It disappears when
/// dropped.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub fn of_things(doing: &'static str, all: usize) -> Self {
        Self::start(doing, all as u64, OF_THINGS)
    }

    pub fn of_bytes(doing: &'static str, all: u64) -> Self {
        Self::start(doing, all, OF_BYTES)
    }

    fn start(doing: &'static str, all: u64, template: &str) -> Self {
        let bar = ProgressBar::new(all).with_message(doing);
        bar.set_style(
            ProgressStyle::with_template(template).expect("both templates are tested to be sound"),
        );
        Self(bar)
    }

    /// What was done before does not count for the speed.
    pub fn begin_at(&self, done: u64) {
        self.0.set_position(done);
        self.0.reset_eta();
    }

    pub fn reached(&self, done: u64) {
        self.0.set_position(done);
    }

    /// A line on standard error, which the bar does not garble.
    pub fn say(&self, line: &str) {
        self.0.suspend(|| eprintln!("{line}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_sound() {
        drop((Bar::of_things("a", 1), Bar::of_bytes("b", 1)));
    }
}
