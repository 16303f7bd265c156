//! Named steps at which a crash test kills the process with SIGKILL. Without the feature `failpoints` nothing.

#[cfg(feature = "failpoints")]
mod armed {
    use std::sync::OnceLock;

    static ARMED: OnceLock<String> = OnceLock::new();

    /// Arms the failpoint `name`: the process kills itself, as `kill -9` does, when it gets there. Once per process.
    pub fn set_failpoint(name: &str) {
        // A second arming is ignored: a process dies at one step.
        let _ = ARMED.set(name.to_owned());
    }

    pub(crate) fn failpoint(name: &str) {
        if ARMED.get().is_some_and(|armed| armed == name) {
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            std::process::abort();
        }
    }
}

#[cfg(feature = "failpoints")]
pub(crate) use armed::failpoint;
#[cfg(feature = "failpoints")]
pub use armed::set_failpoint;

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn failpoint(_name: &str) {}
