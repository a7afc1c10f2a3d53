//! The progress bar: one named phase after another. Without a terminal each phase is one line on standard error.

use indicatif::{ProgressBar, ProgressStyle};
use std::cell::Cell;

/// Shows how far the work is.
pub struct Progress {
    bar: ProgressBar,
    phases: u32,
    current: Cell<u32>,
}

impl Progress {
    /// `phases` are expected in all.
    pub fn new(phases: u32) -> Self {
        let bar = ProgressBar::new(1);
        if let Ok(style) = ProgressStyle::with_template("{msg:<36} [{bar:30}] {percent:>3} %  {elapsed}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar, phases, current: Cell::new(0) }
    }

    /// Begins the next phase, of `length` steps (milliseconds of media, or files).
    pub fn phase(&self, name: &str, length: u64) {
        self.current.set(self.current.get() + 1);
        let message = format!("[{}/{}] {name}", self.current.get(), self.phases);
        if self.bar.is_hidden() {
            eprintln!("{message}");
        }
        self.bar.set_length(length);
        self.bar.set_position(0);
        self.bar.set_message(message);
    }

    /// The bar of the current phase.
    pub fn bar(&self) -> &ProgressBar {
        &self.bar
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
