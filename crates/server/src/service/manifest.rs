//! Manifests in: each message of an interchange applied, in a transaction of its own.

use super::{Refused, Service};
use jiff::Timestamp;
use portunus_core::voyage::{Capacity, ManifestAction};
use portunus_documents::edifact::paxlst::{Message, Reading};
use portunus_documents::edifact::problem::Problem;
use portunus_store::{ManifestOutcome, Store};
use serde::Serialize;

/// What came of one message.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TakenMessage {
    /// Carrier, number, date.
    pub voyage: String,
    /// The message's own reference.
    pub reference: String,
    /// Passengers that it lists.
    pub passengers: usize,
    /// Infants that it lists.
    pub infants: usize,
    /// Crew that it lists.
    pub crew: usize,
    /// Why it was not applied; absent when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// People new on the voyage.
    pub added: usize,
    /// People whose statement changed.
    pub updated: usize,
    /// People taken off.
    pub removed: usize,
    /// People stated again, as before.
    pub unchanged: usize,
    /// People taken off who had boarded: they stay, for an officer to see.
    pub removed_though_boarded: usize,
}

impl TakenMessage {
    /// What a message lists, before it is applied.
    pub fn listing(message: &Message) -> Self {
        let people = &message.manifest.people;
        let count = |capacity| people.iter().filter(|person| person.capacity == capacity).count();
        Self {
            voyage: message.manifest.voyage.to_string(),
            reference: message.reference.clone(),
            passengers: count(Capacity::Passenger),
            infants: count(Capacity::Infant),
            crew: count(Capacity::Crew),
            refused: None,
            added: 0,
            updated: 0,
            removed: 0,
            unchanged: 0,
            removed_though_boarded: 0,
        }
    }
}

/// What came of an interchange.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Taken {
    /// One for each message that could be read.
    pub messages: Vec<TakenMessage>,
    /// What could not, where, and what was expected.
    #[schema(value_type = Vec<Object>)]
    pub problems: Vec<Problem>,
    /// Problems beyond those listed.
    pub problems_left_out: usize,
}

/// Applies the messages of an interchange.
///
/// # Errors
/// Only when the store fails; what cannot be applied is in the answer.
pub fn take_manifests(store: &Store, reading: Reading, now: Timestamp) -> Result<Taken, Refused> {
    let mut messages = Vec::with_capacity(reading.messages.len());
    for message in &reading.messages {
        let mut taken = TakenMessage::listing(message);
        if message.manifest.action == ManifestAction::CancelVoyage
            && let Some(voyage) = store.voyage_by_key(&message.manifest.voyage)?
            && !store.boardings(voyage.id)?.is_empty()
        {
            taken.refused = Some("people have boarded: an officer takes them off first".to_owned());
            messages.push(taken);
            continue;
        }
        match store.apply_manifest(&message.manifest, now)? {
            ManifestOutcome::Applied(applied) => {
                (taken.added, taken.updated) = (applied.added, applied.updated);
                (taken.removed, taken.unchanged) = (applied.removed, applied.unchanged);
                taken.removed_though_boarded = applied.removed_boarded.len();
                if message.manifest.action == ManifestAction::CancelVoyage {
                    let _ = store.close_voyage(applied.voyage, &[], now)?;
                }
            }
            ManifestOutcome::Refused { status, .. } => {
                taken.refused =
                    Some(format!("the voyage is {status:?}: nothing can be added").to_lowercase());
            }
        }
        messages.push(taken);
    }
    Ok(Taken { messages, problems: reading.problems, problems_left_out: reading.problems_left_out })
}

impl Service {
    /// As [`take_manifests`], and tells the consoles.
    ///
    /// # Errors
    /// Only when the store fails.
    pub fn take_manifests(&self, reading: Reading) -> Result<Taken, Refused> {
        let taken = take_manifests(self.store(), reading, self.now());
        self.announce();
        taken
    }
}
