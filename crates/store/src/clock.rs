//! Whether the clock may be believed when something is to be erased by it.
//!
//! The store remembers the latest instant that it believed. A clock behind it was set back: erasing goes on from what
//! was believed, so that nothing revives. A clock far ahead of it was set forward, or nobody looked after the folder for
//! long; one far behind it is wrong now, or was when it was believed: nothing is erased until somebody says that it is
//! right.

use crate::column::micros;
use crate::error::{During, Result};
use crate::store::Store;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, named_params};

/// How far the clock may go between two looks at it: a long weekend without power.
pub const LEAP_MAX: SignedDuration = SignedDuration::from_hours(72);
/// The instant is written down at most this often.
const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// What the clock says, against what was believed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// It goes on as it should. Erase by it.
    Steady,
    /// It is behind: erase by what was believed; nothing when that is further ahead than [`LEAP_MAX`].
    SetBack {
        /// The latest instant that was believed.
        believed: Timestamp,
    },
    /// It is further ahead than [`LEAP_MAX`]: erase nothing.
    SetForward {
        /// The latest instant that was believed.
        believed: Timestamp,
    },
}

impl ClockState {
    /// The instant to erase by when the clock says `now`; `None` while nothing is to be erased.
    pub fn erase_by(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Steady => Some(now),
            Self::SetBack { believed } => Some(believed).filter(|b| b.duration_since(now) <= LEAP_MAX),
            Self::SetForward { .. } => None,
        }
    }
}

impl Store {
    /// Compares the clock with what was believed before, and believes it where it goes on as it should. The first look
    /// believes it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn look_at_clock(&self, now: Timestamp) -> Result<ClockState> {
        let believed = self.read("look_at_clock", |tx| {
            tx.query_row("SELECT mark FROM clock", [], |row| crate::column::instant(row, "mark")).optional()
        })?;
        let Some(believed) = believed else {
            self.believe_clock(now)?;
            return Ok(ClockState::Steady);
        };
        let ahead = now.duration_since(believed);
        if ahead > LEAP_MAX {
            return Ok(ClockState::SetForward { believed });
        }
        if ahead < SignedDuration::ZERO {
            return Ok(ClockState::SetBack { believed });
        }
        if ahead >= NOTED_EVERY {
            self.believe_clock(now)?;
        }
        Ok(ClockState::Steady)
    }

    /// Believes the clock, whatever was believed before: somebody says that it is right.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn believe_clock(&self, now: Timestamp) -> Result<()> {
        self.tx("believe_clock", |tx| {
            tx.execute(
                "INSERT INTO clock (id, mark) VALUES (1, :now) ON CONFLICT (id) DO UPDATE SET mark = :now",
                named_params! {":now": micros(now)},
            )
            .during("believe_clock")
            .map(|_| ())
        })
    }
}
