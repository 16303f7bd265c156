//! How far a fetch is: a bar on a terminal, plain lines elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;

/// Is told how far things are.
pub(crate) trait Progress {
    /// Something begins: what, and how many bytes it has.
    fn begin(&self, what: &str, bytes: u64) -> Box<dyn Step>;
}

/// One thing under way. Dropped when it is over.
pub(crate) trait Step {
    /// So many bytes are there.
    fn at(&mut self, bytes: u64);
}

/// Shows it on standard error.
pub(crate) struct Bar;

impl Progress for Bar {
    fn begin(&self, what: &str, bytes: u64) -> Box<dyn Step> {
        if !std::io::stderr().is_terminal() {
            let megabytes = bytes as f64 / 1e6;
            eprintln!("fetching {what} ({megabytes:.1} MB)");
            return Box::new(Line);
        }
        let bar = ProgressBar::new(bytes);
        // The template is constant and valid; without it the default style does.
        if let Ok(style) = ProgressStyle::with_template("{msg:30} {wide_bar} {bytes:>10} of {total_bytes}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.set_position(0);
        Box::new(bar)
    }
}

/// A line was printed; that is all.
struct Line;

impl Step for Line {
    fn at(&mut self, _bytes: u64) {}
}

impl Step for ProgressBar {
    fn at(&mut self, bytes: u64) {
        self.set_position(bytes.min(self.length().unwrap_or(bytes)));
    }
}
