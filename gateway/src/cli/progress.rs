//! A sign of life while a large payload is on its way.

use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar};

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
