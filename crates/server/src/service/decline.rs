//! A decline takes the traveller's staged template with it: before travel, at the gate, or as soon as an officer or the
//! document shown says who it is. Nothing is staged of them again on that voyage.
//!
//! Until the voyage is closed it is known who declined; then nothing of it is left but counts. Meanwhile staging says of them
//! what it says of everybody without a portrait.

use super::{Refused, Service};
use portunus_core::decide::Presented;
use portunus_core::document::DocumentKey;
use portunus_core::encounter::{Encounter, Lane};
use portunus_core::id::{PassengerId, VoyageId};
use portunus_core::voyage::VoyageStatus;
use serde::Serialize;

/// A voyage on which somebody declined before travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DeclinedOn {
    /// Carrier and number: `LH400`.
    pub voyage: String,
    /// Its scheduled local date.
    pub date: String,
}

impl Service {
    /// Whoever has this booking and this document declines the photo on every voyage ahead that has them so. None where
    /// nobody has: whoever asks learns nothing about anybody of whom they do not have both.
    ///
    /// # Errors
    /// When the store fails.
    pub fn decline_ahead(&self, booking: &str, document: &DocumentKey) -> Result<Vec<DeclinedOn>, Refused> {
        let booking = booking.trim();
        let mut declined = Vec::new();
        for (voyage, passenger) in self.store().passengers_with_document(document)? {
            let Some(voyage) = self.store().voyage(voyage)? else { continue };
            let listed = self.store().passenger(passenger)?;
            let stated = listed.as_ref().and_then(|listed| listed.passenger.stated.booking.as_deref());
            let theirs = stated.is_some_and(|stated| stated.trim().eq_ignore_ascii_case(booking));
            if theirs && matches!(voyage.status, VoyageStatus::Scheduled | VoyageStatus::Open) {
                self.unstage(voyage.id, passenger)?;
                let name = format!("{}{}", voyage.key.carrier, voyage.key.number);
                declined.push(DeclinedOn { voyage: name, date: voyage.key.date.to_string() });
            }
        }
        Ok(declined)
    }

    /// Whether the holder of the document shown declined before.
    pub(super) fn has_declined(&self, presented: Presented, voyage: VoyageId) -> Result<bool, Refused> {
        match presented.passenger() {
            Some(holder) => Ok(self.store().declined(voyage)?.contains(&holder)),
            None => Ok(false),
        }
    }

    /// Of whom the document says who they are, the template goes with their decline: that they declined was committed with
    /// their choice. What fails here the next round of staging does.
    pub(super) fn unstage_who_declined(&self, encounters: &[Encounter]) {
        let declined = |it: &&Encounter| {
            let holder = it.presented.passenger().filter(|_| it.lane == Lane::Manual);
            holder.is_some_and(|holder| self.may_hold(it.voyage, holder))
        };
        let mut voyages: Vec<VoyageId> =
            encounters.iter().filter(declined).map(|encounter| encounter.voyage).collect();
        voyages.dedup();
        for voyage in voyages {
            if let Err(error) = self.restage(voyage) {
                tracing::error!(%error, "a template could not be unstaged; trying again");
            }
        }
    }

    /// The gallery of a voyage that has one, as it is to be by now.
    fn restage(&self, voyage: VoyageId) -> Result<(), Refused> {
        if self.store().gallery(voyage)?.is_some() { self.stage(voyage).map(|_| ()) } else { Ok(()) }
    }

    /// Takes a passenger's template out of their voyage's gallery, in memory and at rest, for as long as the voyage lasts.
    pub(super) fn unstage(&self, voyage: VoyageId, passenger: PassengerId) -> Result<(), Refused> {
        if self.store().put_declined(passenger)? { self.restage(voyage) } else { Ok(()) }
    }
}
