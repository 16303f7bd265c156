//! Lookouts: written, approved by another, asked for every traveller who is seen, and put right where they hit somebody else.
//!
//! Hits are computed whenever somebody asks, from what the carrier's list states, and kept nowhere: what is expired,
//! withdrawn or put right is gone from every card at once. A capture, a choice or a photo is no part of it.
//!
//! Who asks takes the index as it is: only the very first waits until it is made. A lookout that comes or goes changes what is
//! its own in it, at once in the process where that happened, in others within a tick of [`Service::upkeep`]. After many
//! changes it is made anew beside the one that serves. Each hit is looked up in the store before it is told.

use super::{Refused, Service, lock, text};
use crate::service::ruling::REASON_CHARS_MAX;
use jiff::Timestamp;
use portunus_core::id::{LookoutId, PassengerId, UserId};
use portunus_core::lookout::{
    Index, Lookout, NotApproved, Query, Standing, UNDATED_MAX, Why, takes_approval,
};
use portunus_core::voyage::{Capacity, ManifestPerson, Voyage, VoyageKey};
use portunus_store::{Listed, LookoutCount, LookoutRow, Put, RedressRow};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

/// How many wishes that somebody is not meant are listed.
const REDRESS_SHOWN_MAX: usize = 200;

/// The index of what is in force.
#[derive(Default)]
pub(super) struct Lookouts {
    /// None until somebody first asks.
    kept: RwLock<Option<Kept>>,
    /// One at a time changes it.
    changing: Mutex<()>,
    /// One at a time is approved: of those without a date of birth it is counted first how many are in force.
    approving: Mutex<()>,
    /// Another is being made beside it.
    remaking: AtomicBool,
}

/// An index, and which state of the store it is of. Personal data: no `Debug`.
#[derive(Default)]
struct Kept {
    generation: u64,
    index: Index,
    /// When each in it was approved: what was changed since, and approved again, is another.
    approved: HashMap<LookoutId, Timestamp>,
}

/// What is to change in an index.
struct Changes {
    generation: u64,
    gone: Vec<LookoutId>,
    came: Vec<(LookoutId, Timestamp, Lookout)>,
}

impl Kept {
    fn apply(&mut self, changes: Changes) -> Result<(), Refused> {
        for lookout in changes.gone {
            self.index.remove(lookout);
            self.approved.remove(&lookout);
        }
        for (id, approved_at, lookout) in changes.came {
            self.index.insert(id, &lookout).map_err(|full| Refused::Malformed(full.to_string()))?;
            self.approved.insert(id, approved_at);
        }
        self.generation = changes.generation;
        Ok(())
    }
}

fn approved_at(standing: Standing) -> Option<Timestamp> {
    match standing {
        Standing::InForce { at, .. } => Some(at),
        Standing::Proposed => None,
    }
}

/// A lookout with who wrote and approved it. Personal data: no `Debug`.
#[derive(Clone)]
pub struct LookoutShown {
    /// What is known of it unopened.
    pub row: LookoutRow,
    /// What it says.
    pub lookout: Lookout,
    /// Who wrote it, by name.
    pub author: String,
    /// Who approved it, by name.
    pub approver: Option<String>,
}

/// A lookout that a passenger hit, for an officer. Personal data: no `Debug`.
#[derive(Clone)]
pub struct LookoutHit {
    /// Which.
    pub lookout: LookoutId,
    /// Who asked for it.
    pub authority: String,
    /// Its file number.
    pub reference: String,
    /// What the authority says of it.
    pub reason: String,
    /// Which fields hit, how alike, and how often such a hit is right.
    pub why: Why,
    /// An officer said that it is somebody else, and nobody has agreed yet.
    pub disputed: bool,
}

/// A wish that somebody is not meant, with who asked.
#[derive(Debug, Clone)]
pub struct Redress {
    /// The wish.
    pub row: RedressRow,
    /// Who asked, by name.
    pub asked_by: String,
}

impl Service {
    /// Brings the index up to the store, where that has changed since; the first call makes it.
    ///
    /// # Errors
    /// When the store fails; a later call goes on.
    pub fn refresh_lookouts(&self) -> Result<(), Refused> {
        let generation = self.store().lookout_generation()?;
        let is_of_it = |kept: &Option<Kept>| kept.as_ref().is_some_and(|kept| kept.generation == generation);
        if is_of_it(&self.lookouts_kept()) {
            return Ok(());
        }
        let _one = lock(&self.0.lookouts.changing);
        let is_there = self.lookouts_kept().is_some();
        if !is_there {
            let made = self.make_lookouts()?;
            self.replace_lookouts(made);
            return Ok(());
        }
        // Another may have brought it up meanwhile: then nothing is left to change.
        let changes = match &*self.lookouts_kept() {
            Some(kept) => self.lookout_changes(kept)?,
            None => return Ok(()),
        };
        let mut all = self.0.lookouts.kept.write().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = all.as_mut() else { return Ok(()) };
        kept.apply(changes)?;
        if kept.index.is_worn() {
            self.remake_lookouts();
        }
        Ok(())
    }

    fn lookouts_kept(&self) -> RwLockReadGuard<'_, Option<Kept>> {
        self.0.lookouts.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace_lookouts(&self, by: Kept) {
        *self.0.lookouts.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(by);
    }

    /// An index of all that is in force.
    fn make_lookouts(&self) -> Result<Kept, Refused> {
        // First the generation: what changes after it is brought in by the next look.
        let generation = self.store().lookout_generation()?;
        let all = self.store().lookouts(self.now())?;
        let in_force = all.iter().filter(|(row, _)| approved_at(row.standing).is_some());
        let index = Index::of(in_force.map(|(row, lookout)| (row.id, lookout)));
        let approved = all.iter().filter_map(|(row, _)| Some((row.id, approved_at(row.standing)?))).collect();
        let index = index.map_err(|full| Refused::Malformed(full.to_string()))?;
        Ok(Kept { generation, index, approved })
    }

    /// What came and went since an index was brought up; opens what came, and nothing else.
    fn lookout_changes(&self, since: &Kept) -> Result<Changes, Refused> {
        let now = self.now();
        let generation = self.store().lookout_generation()?;
        let in_force = self.store().lookouts_in_force(now)?;
        let still: HashSet<LookoutId> = in_force.iter().map(|(id, _)| *id).collect();
        let gone = since.approved.keys().filter(|id| !still.contains(id)).copied().collect();
        let mut came = Vec::new();
        for (id, at) in in_force {
            if since.approved.get(&id) == Some(&at) {
                continue;
            }
            // What does not open is nobody's; what changed meanwhile is brought in by the next look.
            if let Some((row, lookout)) = self.store().lookout(id, now)?
                && approved_at(row.standing) == Some(at)
            {
                came.push((id, at, lookout));
            }
        }
        Ok(Changes { generation, gone, came })
    }

    /// Makes the index anew, in a thread of its own: the one that there is serves meanwhile.
    fn remake_lookouts(&self) {
        if self.0.lookouts.remaking.swap(true, Ordering::AcqRel) {
            return;
        }
        let service = self.clone();
        std::thread::spawn(move || {
            let made = service.make_lookouts().and_then(|mut made| {
                let _one = lock(&service.0.lookouts.changing);
                made.apply(service.lookout_changes(&made)?)?;
                service.replace_lookouts(made);
                Ok(())
            });
            if let Err(error) = made {
                tracing::error!(%error, "lookouts were not made anew; after the next change it is tried again");
            }
            service.0.lookouts.remaking.store(false, Ordering::Release);
        });
    }

    /// Takes lookouts in, all or none; each waits for another's approval. What is kept as it stands may be late for review.
    ///
    /// # Errors
    /// [`Refused::Malformed`] names the first fault.
    pub fn write_lookouts(&self, all: &[Lookout], author: UserId) -> Result<Put, Refused> {
        let now = self.now();
        for lookout in all {
            if let Err(fault) = lookout.check(now)
                && !self.store().keeps_lookout(lookout, now)?
            {
                return Err(Refused::Malformed(fault.to_string()));
            }
        }
        let put = self.store().put_lookouts(all, author, now)?;
        self.announce();
        Ok(put)
    }

    /// Puts another's lookout in force.
    ///
    /// # Errors
    /// [`Refused::Lookout`] says why not; [`Refused::WrongStage`] where too many without a date of birth are in force.
    pub fn approve_lookout(
        &self,
        lookout: LookoutId,
        written_at: Timestamp,
        approver: UserId,
    ) -> Result<(), Refused> {
        let _one = lock(&self.0.lookouts.approving);
        if let Some((row, asked)) = self.store().lookout(lookout, self.now())?
            && asked.on.is_undated()
        {
            takes_approval(row.author, row.standing, approver)?;
            self.refresh_lookouts()?;
            let undated = self.lookouts_kept().as_ref().map_or(0, |kept| kept.index.undated());
            if undated >= UNDATED_MAX {
                return Err(Refused::WrongStage(
                    "as many lookouts without a date of birth are in force as may be: docs/lookouts.md says why",
                ));
            }
        }
        let approved = self.store().approve_lookout(lookout, written_at, approver, self.now())?;
        approved.ok_or(Refused::Unknown("lookout"))??;
        self.refresh_lookouts()?;
        self.announce();
        Ok(())
    }

    /// Lets go of a lookout: gone from every card, and erased.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is none.
    pub fn withdraw_lookout(&self, lookout: LookoutId) -> Result<(), Refused> {
        if !self.store().withdraw_lookout(lookout, self.now())? {
            return Err(Refused::Unknown("lookout"));
        }
        self.refresh_lookouts()?;
        self.announce();
        Ok(())
    }

    /// Erases what is expired, and brings the index up to it.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) fn erase_expired_lookouts(&self) -> Result<(), Refused> {
        let Some(now) = self.believed_now()? else { return Ok(()) };
        self.store().erase_expired_lookouts(now)?;
        self.refresh_lookouts()
    }

    /// All that is kept and not expired.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lookouts(&self) -> Result<Vec<LookoutShown>, Refused> {
        let mut names = Names::default();
        let mut all = Vec::new();
        for (row, lookout) in self.store().lookouts(self.now())? {
            let author = names.of(self, row.author)?;
            let approver = match row.standing {
                Standing::InForce { approver, .. } => Some(names.of(self, approver)?),
                Standing::Proposed => None,
            };
            all.push(LookoutShown { row, lookout, author, approver });
        }
        Ok(all)
    }

    /// Which lookouts a passenger hits now: those put right are left out, nobody is ranked.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lookout_hits(
        &self,
        stated: &ManifestPerson,
        voyage: &VoyageKey,
    ) -> Result<Vec<LookoutHit>, Refused> {
        if self.lookouts_kept().is_none() {
            self.refresh_lookouts()?;
        }
        let now = self.now();
        let found: Vec<_> = match &*self.lookouts_kept() {
            Some(Kept { index, approved, .. }) => {
                let hits = index.ask(&Query::of(stated, Some(voyage)), now).into_iter();
                hits.map(|hit| (hit, approved.get(&hit.lookout).copied())).collect()
            }
            None => Vec::new(),
        };
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let redress = match self.store().traveller_mac(stated) {
            Some(mac) => self.store().redress_of(mac)?,
            None => Vec::new(),
        };
        let mut hits = Vec::with_capacity(found.len());
        for (hit, in_force_since) in found {
            let agreed =
                redress.iter().find(|(lookout, _)| *lookout == hit.lookout).map(|(_, agreed)| *agreed);
            if agreed == Some(true) && hit.why.may_be_another() {
                continue;
            }
            // Withdrawn since the index was brought up: gone. Changed since: it is another.
            let Some((row, lookout)) = self.store().lookout(hit.lookout, now)? else { continue };
            if approved_at(row.standing) != in_force_since {
                continue;
            }
            hits.push(LookoutHit {
                lookout: row.id,
                authority: row.authority,
                reference: lookout.reference,
                reason: lookout.reason,
                why: hit.why,
                disputed: agreed == Some(false),
            });
        }
        Ok(hits)
    }

    /// The same, of somebody on a list.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lookout_hits_of(&self, listed: &Listed) -> Result<Vec<LookoutHit>, Refused> {
        match self.store().voyage(listed.passenger.voyage)? {
            Some(voyage) => self.lookout_hits(&listed.passenger.stated, &voyage.key),
            None => Ok(Vec::new()),
        }
    }

    /// An officer says that a passenger is not whom a lookout is on. It holds, on later voyages too, once another agrees.
    ///
    /// # Errors
    /// [`Refused`] without a reason, without a document and a date of birth to know them by, or where nothing hit.
    pub fn not_this_person(
        &self,
        passenger: PassengerId,
        lookout: LookoutId,
        reason: &str,
        officer: UserId,
    ) -> Result<(), Refused> {
        let reason = text(reason, "reason", REASON_CHARS_MAX)?;
        let listed = self.store().passenger(passenger)?.ok_or(Refused::Unknown("passenger"))?;
        let voyage = self.store().voyage(listed.passenger.voyage)?.ok_or(Refused::Unknown("voyage"))?;
        let stated = &listed.passenger.stated;
        let hits = self.lookout_hits(stated, &voyage.key)?;
        let hit = hits.iter().find(|hit| hit.lookout == lookout).ok_or(Refused::Unknown("hit"))?;
        if !hit.why.may_be_another() {
            return Err(Refused::Malformed("a voyage's lookout says nothing of the traveller".to_owned()));
        }
        let mac = self.store().traveller_mac(stated);
        let mac = mac.ok_or_else(|| {
            Refused::Malformed(
                "the list states no document with a date or year of birth to know the traveller by"
                    .to_owned(),
            )
        })?;
        if !self.store().ask_redress(mac, lookout, &reason, officer, self.now())? {
            return Err(Refused::WrongStage("that was said before; it waits for an approver"));
        }
        self.announce();
        Ok(())
    }

    /// What officers said and waits for an approver.
    ///
    /// # Errors
    /// When the store fails.
    pub fn redress_waiting(&self) -> Result<Vec<Redress>, Refused> {
        let mut names = Names::default();
        let rows = self.store().redress_waiting(REDRESS_SHOWN_MAX)?;
        rows.into_iter().map(|row| Ok(Redress { asked_by: names.of(self, row.asked_by)?, row })).collect()
    }

    /// Agrees that somebody is not whom a lookout is on.
    ///
    /// # Errors
    /// [`Refused::Lookout`] for who asked themselves.
    pub fn approve_redress(
        &self,
        mac: [u8; 32],
        lookout: LookoutId,
        approver: UserId,
    ) -> Result<(), Refused> {
        let approved = self.store().approve_redress(mac, lookout, approver, self.now())?;
        approved.ok_or(Refused::Unknown("wish"))??;
        self.announce();
        Ok(())
    }

    /// Counts the hits of a voyage by authority, when it was closed.
    pub(super) fn count_lookout_hits(
        &self,
        voyage: &Voyage,
        people: &[&ManifestPerson],
    ) -> Result<(), Refused> {
        let mut by_authority: BTreeMap<String, u64> = BTreeMap::new();
        for stated in people.iter().filter(|stated| stated.capacity != Capacity::Crew) {
            for hit in self.lookout_hits(stated, &voyage.key)? {
                *by_authority.entry(hit.authority).or_default() += 1;
            }
        }
        Ok(self.store().count_lookout_hits(voyage.id, voyage.key.date, &by_authority)?)
    }

    /// What may be told of each authority's lookouts.
    ///
    /// # Errors
    /// When the store fails.
    pub fn lookout_counts(&self) -> Result<Vec<LookoutCount>, Refused> {
        Ok(self.store().lookout_counts()?)
    }

    /// Whether somebody looks a lookout over in time.
    pub fn review_is_late(row: &LookoutRow, now: Timestamp) -> bool {
        row.review_on < now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
    }
}

/// A traveller's keyed MAC as hexadecimal digits.
pub(crate) fn lookout_hex(mac: [u8; 32]) -> String {
    mac.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names of who signs in, each looked up once.
#[derive(Default)]
struct Names(BTreeMap<UserId, String>);

impl Names {
    fn of(&mut self, service: &Service, user: UserId) -> Result<String, Refused> {
        if let Some(name) = self.0.get(&user) {
            return Ok(name.clone());
        }
        let name = service.store().user(user)?.map_or_else(|| "somebody".to_owned(), |user| user.name);
        self.0.insert(user, name.clone());
        Ok(name)
    }
}

impl From<NotApproved> for Refused {
    fn from(not: NotApproved) -> Self {
        Self::Lookout(not)
    }
}
