//! What runs beside the requests: erasing what is due, letting fleeting photos go, restaging what changed.

use super::{Refused, Service};
use jiff::Timestamp;
use portunus_core::policy::DataClass;
use portunus_store::ClockState;
use std::time::Duration;

/// Fleeting photos are looked at this often, and changes by other processes.
const TICK: Duration = Duration::from_millis(500);
/// Due records are erased this often.
const ERASE_EVERY: Duration = Duration::from_secs(5);
/// Orphans are swept this often.
const SWEEP_EVERY: Duration = Duration::from_secs(300);
/// Records erased in one go; captures run in between.
const ERASE_BATCH: usize = 200;

impl Service {
    /// Erases everything due, batch by batch; nothing by a clock that was set forward.
    ///
    /// # Errors
    /// When the store fails; what was erased until then stays erased.
    pub fn erase_due(&self) -> Result<(), Refused> {
        let Some(at) = self.believed_now()? else { return Ok(()) };
        let late = self.store().overdue_since(at)?.map_or(0, |since| at.duration_since(since).as_secs());
        self.metrics().erasing_late_seconds.set(late);
        let erased = |records| _ = self.metrics().erased.inc_by(records as u64);
        Ok(self.store().erase_all_due(at, ERASE_BATCH, erased)?)
    }

    /// The instant by which things end; `None`, loudly, while the clock is not believed.
    fn believed_now(&self) -> Result<Option<Timestamp>, Refused> {
        let now = self.now();
        let state = self.store().look_at_clock(now)?;
        let by = state.erase_by(now);
        match state {
            ClockState::Steady => {}
            ClockState::SetBack { believed } if by.is_some() => {
                tracing::warn!(%now, %believed, "the clock was set back; erasing goes on from what was believed");
            }
            ClockState::SetBack { believed } | ClockState::SetForward { believed } => tracing::error!(
                %now, %believed,
                "NOTHING IS ERASED: the clock is far from when these data were last looked after; set it right, or \
                 say that it is: portunus retain --confirm-clock"
            ),
        }
        self.metrics().erasing_halted.set(i64::from(by.is_none()));
        Ok(by)
    }

    /// Destroys orphans of crashes, old events, and the lists of voyages that are long over.
    fn tidy(&self) -> Result<(), Refused> {
        let Some(now) = self.believed_now()? else { return Ok(()) };
        self.store().sweep(now)?;
        self.close_what_is_over()?;
        self.store().prune_events(now)?;
        self.store().forget_voyages(self.policy().over(DataClass::ShortTermLog, now), ERASE_BATCH)?;
        self.look_at_recalls()?;
        let audit = self.policy().over(DataClass::Audit, now);
        self.store().prune_readings(audit, ERASE_BATCH)?;
        self.store().prune_cases(audit, ERASE_BATCH)?;
        self.store().prune_recalls(audit, ERASE_BATCH)?;
        Ok(())
    }

    /// Lets go of photos whose seconds are over.
    pub fn purge_fleeting(&self) {
        self.0.fleeting.purge(self.now());
    }

    /// Runs the workers until the future is dropped.
    pub async fn upkeep(self) {
        tokio::join!(
            self.every(TICK, |service| {
                service.purge_fleeting();
                service.lapse_second_looks()?;
                service.refresh_galleries()
            }),
            self.every(ERASE_EVERY, Self::erase_due),
            self.every(SWEEP_EVERY, Self::tidy),
        );
    }

    async fn every(&self, pause: Duration, work: fn(&Self) -> Result<(), Refused>) {
        let mut ticks = tokio::time::interval(pause);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let service = self.clone();
            // A round that fails is tried again at the next tick; the log says so each time.
            match tokio::task::spawn_blocking(move || work(&service)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "upkeep failed; trying again"),
                Err(panic) => tracing::error!(%panic, "upkeep panicked; trying again"),
            }
        }
    }
}
