//! Staging: each voyage's gallery from its manifest and the references that are there, again on every change.

use super::{Refused, Service, lock};
use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use portunus_biometrics::face::Template;
use portunus_biometrics::gallery::{self, Gallery, NONCE_BYTES, Window};
use portunus_core::biometric::Candidates;
use portunus_core::decide::Failure;
use portunus_core::id::{PassengerId, RecordId, VoyageId};
use portunus_core::place::Expects;
use portunus_core::voyage::{Voyage, VoyageStatus};
use portunus_store::{Access, Listed, Purpose, Reader, Reference, Within};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A gallery opens this long before its voyage's local day begins anywhere on Earth, and is destroyed this long
/// after that day's start: manifests come 72 hours ahead, and a late departure is still boarded.
const OPENS_HOURS_BEFORE: i64 = 72 + 14;
const EXPIRES_HOURS_AFTER: i64 = 72;

/// The galleries in memory, by voyage. A probe is searched in the one of its voyage, and in no other.
#[derive(Default)]
pub(super) struct Galleries {
    staged: Mutex<HashMap<VoyageId, Arc<RwLock<Staged>>>>,
    /// The store's generation that was staged last.
    generation: Mutex<Option<u64>>,
    /// The most people that each has held.
    most: Mutex<HashMap<VoyageId, i64>>,
    /// One staging at a time.
    staging: Mutex<()>,
}

/// Who is to be in a gallery, and from which references.
type Wanted = BTreeMap<PassengerId, Vec<RecordId>>;

struct Staged {
    gallery: Gallery,
    /// What was looked at for each person; what did not open gave no template.
    members: Wanted,
    /// Of `members`; `None` while they are being brought together.
    digest: Option<[u8; 32]>,
}

fn shared(staged: Staged) -> Arc<RwLock<Staged>> {
    Arc::new(RwLock::new(staged))
}

fn read(staged: &RwLock<Staged>) -> RwLockReadGuard<'_, Staged> {
    staged.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(staged: &RwLock<Staged>) -> RwLockWriteGuard<'_, Staged> {
    staged.write().unwrap_or_else(PoisonError::into_inner)
}

/// Why a passenger has no template in the gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unstaged {
    /// The carrier sent no document for them.
    NoDocument,
    /// No reference was imported for their documents.
    NoReference,
    /// The reference was made with another model pack, or does not open.
    Unreadable,
}

impl Unstaged {
    /// The stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::NoDocument => "no-document",
            Self::NoReference => "no-reference",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What became of one passenger in staging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StagedMember {
    /// Who.
    pub passenger: PassengerId,
    /// `None`: staged. Else why not.
    pub unstaged: Option<Unstaged>,
}

/// What staging a voyage gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagingReport {
    /// One for each passenger, crew not counted.
    pub members: Vec<StagedMember>,
    /// Whether anything had changed since the last time.
    pub changed: bool,
}

impl Service {
    /// Looks whether manifests or references have changed, and stages anew what has; drops what is over.
    ///
    /// # Errors
    /// When the store fails.
    pub fn refresh_galleries(&self) -> Result<(), Refused> {
        let generation = self.store().generation()?;
        let now = self.now();
        let current = *lock(&self.0.galleries.generation) == Some(generation);
        if !current {
            self.land_arrivals()?;
        }
        let mut live = Vec::new();
        for voyage in self.store().voyages()? {
            let boards = matches!(voyage.status, VoyageStatus::Scheduled | VoyageStatus::Open);
            let window = window(&voyage);
            if boards && window.opens <= now && now < window.expires {
                live.push(voyage.id);
            } else if now >= window.expires && self.store().gallery(voyage.id)?.is_some() {
                self.store().destroy_gallery(voyage.id)?;
            }
        }
        lock(&self.0.galleries.staged).retain(|voyage, _| live.contains(voyage));
        for voyage in live {
            // Who has passed in a watch is gone from its gallery in memory; now it is sealed without them.
            if !current || self.staged(voyage).is_none_or(|staged| read(&staged).digest.is_none()) {
                self.stage(voyage)?;
            }
        }
        *lock(&self.0.galleries.generation) = Some(generation);
        self.metrics().gallery_people.set(self.most_staged());
        Ok(())
    }

    /// The most people that each gallery has held: a gauge that went down when somebody declined would date it, to whoever keeps
    /// what monitoring saw.
    fn most_staged(&self) -> i64 {
        let staged = lock(&self.0.galleries.staged);
        let mut most = lock(&self.0.galleries.most);
        most.retain(|voyage, _| staged.contains_key(voyage));
        for (voyage, one) in staged.iter() {
            let people = i64::from(read(one).gallery.people());
            let before = most.entry(*voyage).or_default();
            *before = people.max(*before);
        }
        most.values().sum()
    }

    /// Stages a voyage's gallery: idempotent, and incremental: only what changed is opened.
    ///
    /// # Errors
    /// When the store fails; a passenger without a template is in the report, with the reason.
    pub fn stage(&self, id: VoyageId) -> Result<StagingReport, Refused> {
        let _one = lock(&self.0.galleries.staging);
        let voyage = self.store().voyage(id)?.ok_or(Refused::Unknown("voyage"))?;
        let (wanted, mut report) = self.wanted(id)?;
        let digest = digest(&wanted, &self.engine().pack().0);
        let staged = self.staged(id).or_else(|| self.reopen(id, &wanted, digest).map(shared));
        let staged = staged.unwrap_or_else(|| {
            let gallery = Gallery::new(id, window(&voyage), self.engine().pack().clone());
            shared(Staged { gallery, members: BTreeMap::new(), digest: None })
        });
        report.changed = read(&staged).digest != Some(digest);
        if report.changed {
            self.bring_up_to(&staged, &wanted)?;
            let sealed = self.seal(&read(&staged).gallery, digest)?;
            self.store().put_gallery(id, &sealed)?;
            // Closed meanwhile: what was destroyed is not brought back.
            let boards = |v: &Voyage| matches!(v.status, VoyageStatus::Scheduled | VoyageStatus::Open);
            if !self.store().voyage(id)?.is_some_and(|voyage| boards(&voyage)) {
                self.store().destroy_gallery(id)?;
                return Err(Refused::WrongStage("the voyage is closed or cancelled"));
            }
            write(&staged).digest = Some(digest);
        }
        let in_it = read(&staged);
        for member in report.members.iter_mut().filter(|member| member.unstaged.is_none()) {
            let missing = in_it.gallery.templates_of(member.passenger).is_none();
            member.unstaged = missing.then_some(Unstaged::Unreadable);
        }
        drop(in_it);
        // Of people who land in a watch their own voyage's staging says it; of who shows a document, showing it does.
        if report.changed && voyage.watch.is_none() {
            let said: Vec<(PassengerId, String)> = report
                .members
                .iter()
                .map(|m| (m.passenger, m.unstaged.map_or("staged", Unstaged::slug).to_owned()))
                .collect();
            self.store().put_staging(id, &said)?;
        }
        lock(&self.0.galleries.staged).insert(id, staged);
        Ok(report)
    }

    /// Takes out who is no longer wanted, and opens the references of who is new or has others than before.
    fn bring_up_to(&self, staged: &RwLock<Staged>, wanted: &Wanted) -> Result<(), Refused> {
        let (gone, changed) = {
            let staged = read(staged);
            let gone: Vec<PassengerId> =
                staged.members.keys().filter(|passenger| !wanted.contains_key(passenger)).copied().collect();
            let is_new = |(passenger, records): &(&PassengerId, &Vec<RecordId>)| {
                staged.members.get(passenger) != Some(records)
            };
            let changed: Vec<_> =
                wanted.iter().filter(is_new).map(|(p, records)| (*p, records.clone())).collect();
            (gone, changed)
        };
        let records: Vec<RecordId> =
            changed.iter().flat_map(|(_, records)| records.iter().copied()).collect();
        let owner = read(staged).gallery.owner();
        let mut templates = self.templates(owner, &records)?;
        // Searches wait only for this: no file is opened under the lock.
        let mut staged = write(staged);
        for passenger in gone {
            staged.gallery.remove(passenger);
            staged.members.remove(&passenger);
        }
        for (passenger, records) in changed {
            let of_passenger: Vec<Template> =
                records.iter().filter_map(|record| templates.remove(record)).collect();
            if of_passenger.is_empty() || staged.gallery.replace(passenger, &of_passenger).is_err() {
                staged.gallery.remove(passenger);
            }
            staged.members.insert(passenger, records);
        }
        Ok(())
    }

    /// Who should be in the gallery, and from which references.
    fn wanted(&self, id: VoyageId) -> Result<(Wanted, StagingReport), Refused> {
        let now = self.now();
        let declined = self.store().declined(id)?;
        let mut wanted = BTreeMap::new();
        let mut members = Vec::new();
        for listed in self.expected(id)? {
            let passenger = listed.passenger.id;
            let documents = &listed.passenger.stated.documents;
            let mut records = Vec::new();
            let mut others = false;
            // Of who declined nothing is looked at; they are like anybody without a portrait.
            for document in documents.iter().filter(|_| !declined.contains(&passenger)) {
                for row in self.store().references(document, now)? {
                    if &row.pack == self.engine().pack() {
                        records.push(row.record);
                    } else {
                        others = true;
                    }
                }
            }
            let unstaged = match (records.is_empty(), documents.is_empty(), others) {
                (false, ..) => None,
                (true, true, _) => Some(Unstaged::NoDocument),
                (true, false, true) => Some(Unstaged::Unreadable),
                (true, false, false) => Some(Unstaged::NoReference),
            };
            members.push(StagedMember { passenger, unstaged });
            if !records.is_empty() {
                wanted.insert(passenger, records);
            }
        }
        Ok((wanted, StagingReport { members, changed: true }))
    }

    pub(super) fn templates(
        &self,
        voyage: VoyageId,
        records: &[RecordId],
    ) -> Result<HashMap<RecordId, Template>, Refused> {
        if records.is_empty() {
            return Ok(HashMap::new());
        }
        let access =
            Access { by: Reader::Staging, purpose: Purpose::BuildGallery, within: Within::Voyage(voyage) };
        let mut templates = HashMap::with_capacity(records.len());
        for (record, opened) in self.store().open_records(records, &access, self.now())? {
            match opened {
                Ok(content) => {
                    let template =
                        Reference::decode(content).and_then(|r| Template::from_bytes(r.template()).ok());
                    templates.extend(template.map(|template| (record, template)));
                }
                // An altered or missing blob costs its passenger the match, not the voyage its gallery.
                Err(error) => tracing::error!(%error, "a reference does not open"),
            }
        }
        Ok(templates)
    }

    /// The gallery at rest, under a key that dies with it; before it stands what it was made from.
    fn seal(&self, gallery: &Gallery, digest: [u8; 32]) -> Result<Vec<u8>, Refused> {
        let key = self.store().gallery_key(gallery.owner(), self.now())?;
        let mut nonce = [0; NONCE_BYTES];
        self.0.parts.entropy.fill(&mut nonce);
        Ok([digest.as_slice(), &gallery.seal(&key, &nonce)].concat())
    }

    /// The gallery as it was sealed, if it was made from what is wanted now: a restart boards on at once.
    fn reopen(&self, id: VoyageId, wanted: &Wanted, digest: [u8; 32]) -> Option<Staged> {
        let bytes = self.store().gallery(id).ok()??;
        let (kept, sealed) = bytes.split_at_checked(digest.len())?;
        if kept != digest {
            return None;
        }
        let key = self.store().gallery_key(id, self.now()).ok()?;
        let gallery = Gallery::open(sealed, id, &key).ok()?;
        Some(Staged { gallery, members: wanted.clone(), digest: Some(digest) })
    }

    fn staged(&self, voyage: VoyageId) -> Option<Arc<RwLock<Staged>>> {
        lock(&self.0.galleries.staged).get(&voyage).cloned()
    }

    /// Searches the voyage's one gallery.
    pub(super) fn search(
        &self,
        voyage: VoyageId,
        probe: &Template,
        frames: u32,
        attempts: u32,
    ) -> Result<Candidates, Failure> {
        let staged = self.staged(voyage).ok_or(Failure::NoGallery)?;
        let wanted = gallery::Wanted { fpir: self.policy().wanted_fpir, frames, attempts };
        read(&staged).gallery.candidates(probe, self.now(), &self.0.parts.calibration, wanted).map_err(
            |error| {
                tracing::error!(%error, "the gallery does not answer");
                Failure::NoGallery
            },
        )
    }

    /// Whether the gallery has a template of a passenger.
    pub fn has_reference(&self, voyage: VoyageId, passenger: PassengerId) -> bool {
        if matches!(self.watch_of(voyage), Ok(Some(_))) {
            return self.was_staged(passenger);
        }
        self.staged(voyage).is_some_and(|staged| read(&staged).gallery.templates_of(passenger).is_some())
    }

    /// Whether there was a reference when the passenger came on a watch's list, or was staged for the voyage they land with.
    fn was_staged(&self, passenger: PassengerId) -> bool {
        self.store().is_staged(passenger).unwrap_or_else(|error| {
            tracing::error!(%error, "whether a passenger has a reference could not be read");
            false
        })
    }

    /// Whom a gallery is to hold: of a voyage its travellers; of a watch who is still to come, so that it shrinks as they pass;
    /// where documents come first, only who asked to be known again.
    fn expected(&self, id: VoyageId) -> Result<Vec<Listed>, Refused> {
        let mut travellers = self.travellers(id)?;
        match self.watch_of(id)? {
            None | Some(Expects::Voyage) => {}
            Some(Expects::Arrivals) => travellers.retain(|listed| listed.boarding.is_none()),
            Some(Expects::Documents) => {
                let known = self.store().known_again(id, self.now())?;
                travellers.retain(|listed| known.contains(&listed.passenger.id));
            }
        }
        Ok(travellers)
    }

    /// Whether a gallery may hold a template of a passenger, as far as this process knows.
    pub(super) fn may_hold(&self, voyage: VoyageId, passenger: PassengerId) -> bool {
        let holds = |staged: Arc<RwLock<Staged>>| read(&staged).gallery.templates_of(passenger).is_some();
        self.staged(voyage).is_none_or(holds)
    }

    /// Somebody has passed in a watch: from now on nobody is compared with them.
    pub(super) fn cleared(&self, watch: VoyageId, passenger: PassengerId) {
        if let Some(staged) = self.staged(watch) {
            let mut staged = write(&staged);
            staged.gallery.remove(passenger);
            if staged.members.remove(&passenger).is_some() {
                staged.digest = None;
            }
        }
    }

    /// Whether an officer is shown a portrait of a passenger: of who declined, too, of whom no template is staged. What an
    /// officer looks at says nothing of what the traveller chose.
    ///
    /// # Errors
    /// When the store fails.
    pub fn shows_portrait(&self, voyage: VoyageId, listed: &Listed) -> Result<bool, Refused> {
        if self.has_reference(voyage, listed.passenger.id) {
            return Ok(true);
        }
        let declined = self.store().declined(voyage)?.contains(&listed.passenger.id);
        Ok(declined && self.has_portrait(&listed.passenger.stated.documents)?)
    }

    pub(super) fn drop_gallery(&self, voyage: VoyageId) {
        lock(&self.0.galleries.staged).remove(&voyage);
    }
}

/// When a voyage's gallery may be searched. Local dates have no zone: the window holds anywhere on Earth.
pub(super) fn window(voyage: &Voyage) -> Window {
    if let Some(watch) = voyage.watch {
        return Window { opens: watch.from, expires: watch.until };
    }
    let day = voyage.key.date.to_datetime(Time::midnight()).to_zoned_datetime(TimeZone::UTC);
    let start = day.map_or(Timestamp::MIN, |day| day.timestamp());
    let at = |hours| start.checked_add(SignedDuration::from_hours(hours)).unwrap_or(start);
    Window { opens: at(-OPENS_HOURS_BEFORE), expires: at(EXPIRES_HOURS_AFTER) }
}

/// What a gallery is made from: random identifiers only.
fn digest(wanted: &Wanted, pack: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(pack.as_bytes());
    for (passenger, records) in wanted {
        hash.update(passenger.bytes());
        hash.update((records.len() as u64).to_be_bytes());
        records.iter().for_each(|record| hash.update(record.bytes()));
    }
    hash.finalize().into()
}
