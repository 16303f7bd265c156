//! Named steps at which a crash test kills the process with SIGKILL. Without the feature `failpoints` nothing.

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Armed {
        name: String,
        still_to_pass: AtomicU32,
    }

    static ARMED: OnceLock<Armed> = OnceLock::new();

    /// Arms a failpoint, `seal.after-key` or, for the second time that it is reached, `seal.after-key:2`: the
    /// process then kills itself as `kill -9` does. Once per process; a second arming is ignored.
    pub fn set_failpoint(name: &str) {
        let (name, nth) = name.split_once(':').unwrap_or((name, "1"));
        let nth: u32 = nth.parse().unwrap_or(1);
        let _ = ARMED.set(Armed { name: name.to_owned(), still_to_pass: AtomicU32::new(nth) });
    }

    /// A named step of this crate or of one that is built on it: a crash test may kill the process here.
    pub fn failpoint(name: &str) {
        let Some(armed) = ARMED.get().filter(|armed| armed.name == name) else { return };
        if armed.still_to_pass.fetch_sub(1, Ordering::SeqCst) == 1 {
            // Not reached by unwinding or at-exit handlers: nothing is flushed, as in a real crash.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            std::process::abort();
        }
    }
}

#[cfg(feature = "failpoints")]
pub use armed::{failpoint, set_failpoint};

/// A named step at which a crash test may kill the process; without the feature `failpoints` nothing.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn failpoint(_name: &str) {}
