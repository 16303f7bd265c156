//! The ambient clock and randomness: only here.

use jiff::Timestamp;
use portunus_core::ports::{Clock, Entropy};

/// The machine's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The machine's stopwatch, for measuring.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(crate) fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

/// The operating system's randomness.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        // A system that cannot give randomness cannot make a key: nothing may go on.
        getrandom::fill(bytes).unwrap_or_else(|error| panic!("the system gives no randomness: {error}"));
    }
}

/// An environment variable, when it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "only the binary reads the environment")]
pub(crate) fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
