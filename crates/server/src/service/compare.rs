//! With whom a probe is compared: the staged gallery of its voyage or watch, or the reference of the document shown, and
//! with nothing else.

use super::{Refused, Service};
use jiff::Timestamp;
use portunus_biometrics::face::Template;
use portunus_biometrics::gallery::{self, Gallery};
use portunus_core::biometric::Candidates;
use portunus_core::decide::{Failure, Presented};
use portunus_core::encounter::Encounter;
use portunus_core::id::{PassengerId, RecordId, VoyageId};
use portunus_core::place::Expects;

/// References of one person that are compared: as many as are kept of one document.
const REFERENCES_MAX: usize = 8;

impl Service {
    /// The candidates of an encounter. Where documents come first, and one was shown, the gallery is of its holder alone
    /// (1:1); it is made for this one probe and dies with it.
    pub(super) fn compare(
        &self,
        encounter: &Encounter,
        probe: &Template,
        frames: u32,
    ) -> Result<Candidates, Failure> {
        let attempts = encounter.attempts + 1;
        let failed = |error: Refused| {
            tracing::error!(%error, "nothing could be staged to compare with");
            Failure::NoGallery
        };
        let watch = self.watch_of(encounter.voyage).map_err(failed)?;
        match (watch, encounter.presented) {
            (Some(Expects::Documents), Presented::Passenger(holder)) => {
                let gallery = self.gallery_of(encounter.voyage, &[holder]).map_err(failed)?;
                let wanted = gallery::Wanted { fpir: self.policy().wanted_fpir, frames, attempts };
                gallery.candidates(probe, self.now(), self.calibration(), wanted).map_err(|error| {
                    tracing::error!(%error, "the document's reference does not answer");
                    Failure::NoGallery
                })
            }
            _ => self.search(encounter.voyage, probe, frames, attempts),
        }
    }

    /// Whom the watch expects, where it is one.
    pub(super) fn watch_of(&self, voyage: VoyageId) -> Result<Option<Expects>, Refused> {
        Ok(self.store().voyage(voyage)?.and_then(|voyage| voyage.watch).map(|watch| watch.expects))
    }

    /// A gallery of these people alone, for one comparison.
    pub(super) fn gallery_of(&self, watch: VoyageId, people: &[PassengerId]) -> Result<Gallery, Refused> {
        let now = self.now();
        let voyage = self.store().voyage(watch)?.ok_or(Refused::Unknown("watch"))?;
        let mut gallery = Gallery::new(watch, super::gallery::window(&voyage), self.engine().pack().clone());
        for person in people {
            let Some(listed) = self.store().passenger_on(watch, *person)? else { continue };
            let mut records: Vec<RecordId> = Vec::new();
            for document in &listed.passenger.stated.documents {
                records.extend(self.portraits_of(document, now)?);
            }
            records.truncate(REFERENCES_MAX);
            let templates: Vec<Template> = self.templates(watch, &records)?.into_values().collect();
            if !templates.is_empty() && gallery.replace(*person, &templates).is_err() {
                tracing::error!("a reference is of another form than its gallery");
            }
        }
        Ok(gallery)
    }

    fn portraits_of(
        &self,
        document: &portunus_core::document::DocumentKey,
        now: Timestamp,
    ) -> Result<Vec<RecordId>, Refused> {
        let rows = self.store().references(document, now)?;
        let of_pack = rows.into_iter().filter(|row| &row.pack == self.engine().pack());
        Ok(of_pack.map(|row| row.record).collect())
    }
}
