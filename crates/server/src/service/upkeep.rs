//! What runs beside the requests: erasing what is due, letting fleeting photos go, restaging what changed.

use super::erasing::ERASE_BATCH;
use super::{Refused, Service};
use portunus_core::month::{month_of, months_before};
use portunus_core::parity::RECORD_MONTHS;
use portunus_core::policy::DataClass;
use std::time::Duration;

/// Fleeting photos are looked at this often, and changes by other processes.
const TICK: Duration = Duration::from_millis(500);
/// Due records are erased this often.
const ERASE_EVERY: Duration = Duration::from_secs(5);
/// What the ledger is told is published this often.
const PUBLISH_EVERY: Duration = Duration::from_millis(500);
/// Whether the list of who is past their last day is to be computed anew is looked at this often.
const OVERSTAYS_EVERY: Duration = Duration::from_secs(5);
/// Orphans are swept this often.
const SWEEP_EVERY: Duration = Duration::from_secs(300);

impl Service {
    /// Destroys orphans of crashes, old events, and the lists of voyages that are long over.
    ///
    /// # Errors
    /// When the store fails; a later round goes on.
    pub fn tidy(&self) -> Result<(), Refused> {
        self.look_at_recalls()?;
        let Some(now) = self.believed_now()? else { return Ok(()) };
        self.store().sweep(now)?;
        self.close_what_is_over()?;
        self.store().prune_events(now)?;
        self.store().forget_voyages(self.policy().over(DataClass::ShortTermLog, now), ERASE_BATCH)?;
        self.forget_receipts(now)?;
        let over = self.policy().over(DataClass::ShortTermLog, now);
        let month = month_of(over);
        self.store().forget_pending_traffic(&month)?;
        let today = month_of(now);
        self.store().forget_waits(&months_before(&today, RECORD_MONTHS))?;
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
                service.refresh_lookouts()?;
                service.refresh_galleries()
            }),
            self.every(ERASE_EVERY, |service| {
                service.erase_due()?;
                service.erase_expired_lookouts()?;
                Ok(service.store().empty_owed_log()?)
            }),
            self.every(PUBLISH_EVERY, |service| service.publish_ledger().map(|_| ())),
            self.every(PUBLISH_EVERY, Self::witness_ledger),
            self.every(SWEEP_EVERY, Self::tidy),
            self.every(OVERSTAYS_EVERY, Self::keep_overstays),
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
