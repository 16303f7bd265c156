//! Whether things end when they should: by a clock that is believed, unless somebody switched erasing off. Either way of
//! not erasing is loud.

use super::{Refused, Service, lock};
use jiff::{SignedDuration, Timestamp};
use portunus_store::ClockState;
use std::sync::atomic::Ordering;

/// Records erased in one go; captures run in between.
pub(super) const ERASE_BATCH: usize = 200;
/// That nothing is erased is said this often.
const SHOUTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Why nothing is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halted {
    /// `serve --no-erasing`: somebody said so.
    SwitchedOff,
    /// The clock is far from what was believed before.
    Clock {
        /// The latest instant that was believed.
        believed: Timestamp,
    },
}

impl Halted {
    /// What to do about it.
    pub fn in_words(self) -> String {
        match self {
            Self::SwitchedOff => {
                "NOTHING IS ERASED: erasing is switched off (--no-erasing). What is due stays on the disk, invisible."
                    .to_owned()
            }
            Self::Clock { believed } => format!(
                "NOTHING IS ERASED: the clock is far from when these data were last looked after ({believed}). Set it \
                 right, or say that it is: portunus retain --confirm-clock"
            ),
        }
    }
}

impl Service {
    /// Erases nothing from now on, until the service is started anew.
    pub fn switch_erasing_off(&self) {
        self.0.erasing_off.store(true, Ordering::Relaxed);
    }

    /// Why nothing is erased now; `None` when all is well.
    ///
    /// # Errors
    /// When the store fails.
    pub fn erasing_halted(&self) -> Result<Option<Halted>, Refused> {
        Ok(self.erases_by()?.err())
    }

    /// The instant by which things end, or why nothing does.
    fn erases_by(&self) -> Result<Result<Timestamp, Halted>, Refused> {
        let now = self.now();
        if self.0.erasing_off.load(Ordering::Relaxed) {
            return Ok(Err(Halted::SwitchedOff));
        }
        let state = self.store().look_at_clock(now)?;
        Ok(match state {
            ClockState::Steady => Ok(now),
            ClockState::SetBack { believed } | ClockState::SetForward { believed } => {
                state.erase_by(now).ok_or(Halted::Clock { believed })
            }
        })
    }

    /// The same, counted, and said aloud where nothing ends.
    pub(super) fn believed_now(&self) -> Result<Option<Timestamp>, Refused> {
        let by = self.erases_by()?;
        self.metrics().erasing_halted.set(i64::from(by.is_err()));
        if let Err(halted) = by {
            let now = self.now();
            let mut shouted = lock(&self.0.shouted);
            if shouted.is_none_or(|at| now.duration_since(at).abs() >= SHOUTED_EVERY) {
                *shouted = Some(now);
                tracing::error!(%now, "{}", halted.in_words());
            }
        }
        Ok(by.ok())
    }

    /// Erases everything due, batch by batch; nothing while that is halted.
    ///
    /// # Errors
    /// When the store fails; what was erased until then stays erased.
    pub fn erase_due(&self) -> Result<(), Refused> {
        // How late it is shows whether anything is erased or not.
        let now = self.now();
        let late = self.store().overdue_since(now)?.map_or(0, |since| now.duration_since(since).as_secs());
        self.metrics().erasing_late_seconds.set(late);
        let Some(at) = self.believed_now()? else {
            // What a kill left half done is finished all the same: a backup restored now would bring it back.
            self.store().finish_begun(now)?;
            return Ok(());
        };
        let erased = |records| _ = self.metrics().erased.inc_by(records as u64);
        Ok(self.store().erase_all_due(at, ERASE_BATCH, erased)?)
    }
}
