//! Writes that fail when a test asks for it: lost, kept but reported failed, or the last of a process that dies.

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not applied, and reported failed.
    Lost,
    /// It is applied and durable, and reported failed.
    KeptButFailed,
    /// The process dies before it: this write and all after it are lost, until faults are asked for (or off) anew.
    Crash,
}

/// Which writes fail. Every write of a call is counted by itself: rows, the key ring and sealed bytes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Faults {
    /// None.
    #[default]
    Off,
    /// The `nth` from now, 1 being the next; those after it succeed, unless it was a [`Fault::Crash`].
    Nth(u64, Fault),
    /// One in `one_in`, whichever of the three it is, as the seed has it.
    Seeded {
        /// The same seed, the same faults.
        seed: u64,
        /// How rare they are; 0 is as 1.
        one_in: u64,
    },
}

impl Faults {
    /// Whether one is still to come, or comes again.
    pub fn armed(self) -> bool {
        self != Self::Off
    }

    /// Counts a write, and says what becomes of it.
    pub(crate) fn next(&mut self) -> Option<Fault> {
        match self {
            Self::Off => None,
            Self::Nth(left, _) if *left > 1 => {
                *left -= 1;
                None
            }
            Self::Nth(_, Fault::Crash) => Some(Fault::Crash),
            Self::Nth(_, fault) => {
                let fault = *fault;
                *self = Self::Off;
                Some(fault)
            }
            Self::Seeded { seed, one_in } => {
                // splitmix64
                *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                let drawn = z ^ (z >> 31);
                if drawn % (*one_in).max(1) != 0 {
                    return None;
                }
                let fault = [Fault::Lost, Fault::KeptButFailed, Fault::Crash][(drawn >> 32) as usize % 3];
                if fault == Fault::Crash {
                    *self = Self::Nth(1, Fault::Crash);
                }
                Some(fault)
            }
        }
    }

    /// Does the write `step`, or what became of it instead.
    pub(crate) fn meet<T>(
        fault: Option<Fault>,
        step: &'static str,
        write: impl FnOnce() -> crate::Result<T>,
    ) -> crate::Result<T> {
        match fault {
            None => write(),
            Some(Fault::Lost | Fault::Crash) => Err(failed(step)),
            Some(Fault::KeptButFailed) => write().and(Err(failed(step))),
        }
    }
}

/// As a disk that fails says it.
fn failed(step: &'static str) -> crate::StoreError {
    let source = std::io::Error::other("a fault that a test asked for");
    crate::StoreError::Io { doing: step, path: std::path::PathBuf::from("(a write that fails)"), source }
}

#[cfg(feature = "failpoints")]
mod armed {
    use super::Faults;
    use std::cell::Cell;

    thread_local! {
        static FAULTS: Cell<Faults> = const { Cell::new(Faults::Off) };
    }

    /// Which writes of [`Store`](crate::Store) fail, when this thread makes them. Gives what was to come before.
    pub fn set_faults(faults: Faults) -> Faults {
        FAULTS.replace(faults)
    }

    /// One write of the store: a commit, a change of the key ring, a file.
    pub(crate) fn write<T>(step: &'static str, write: impl FnOnce() -> crate::Result<T>) -> crate::Result<T> {
        let mut faults = FAULTS.get();
        let fault = faults.next();
        FAULTS.set(faults);
        Faults::meet(fault, step, write)
    }
}

#[cfg(feature = "failpoints")]
pub use armed::set_faults;
#[cfg(feature = "failpoints")]
pub(crate) use armed::write;

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn write<T>(_step: &'static str, write: impl FnOnce() -> crate::Result<T>) -> crate::Result<T> {
    write()
}
