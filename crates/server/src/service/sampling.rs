//! Second looks: a random sample of pairs (photo taken now, reference) shown to a second officer, who judges blind.
//!
//! The photo is the one in `fleeting`, for the seconds that it lives there anyway; the vault's copy is never read for
//! it, so that whose photo is kept cannot be told. Chance alone draws, after the capture is committed. Nothing here
//! appends an event or wakes a console: the officer at the crossing point learns of it from nobody but a supervisor.

use super::{Refused, Service, lock};
use jiff::{SignedDuration, Timestamp};
use portunus_core::decide::Decision;
use portunus_core::encounter::{Encounter, Ruling};
use portunus_core::id::{EncounterId, PointId, SecondLookId, UserId};
use portunus_core::month::month;
use portunus_core::role::Role;
use portunus_core::sampling::{Estimate, Shares, Stratum, Verdict, estimate};
use portunus_store::tally::TallyKey;
use portunus_store::{Dispute, FirstRuling, Purpose, SecondLook, SharesInForce};
use std::collections::HashMap;
use std::sync::Mutex;
use zeroize::Zeroizing;

/// No second look is later than this after the photo was taken, whatever a policy pack says.
const SECONDS_MAX: u32 = 30;
/// With less time than this no pair is begun: haste is not a judgement.
const SECONDS_NEEDED: SignedDuration = SignedDuration::from_secs(5);
/// Who had a crossing point's board before them this lately works there.
const AT_WORK: SignedDuration = SignedDuration::from_secs(60);
/// Pairs waiting or being looked at; a pair beyond lapses at once.
const PAIRS_MAX: usize = 256;

/// Why a supervisor holds a passenger after a dispute; the officer at the point reads it.
const HOLD_REASON: &str = "Second look disagrees: inspect the document by hand";

/// Which photo of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one taken now.
    Taken,
    /// The one that was there before.
    Reference,
}

/// A pair given to a second officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Names the pair while it lives.
    pub id: SecondLookId,
    /// When it is gone.
    pub until: Timestamp,
}

/// What a supervisor does about a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DisputeStep {
    /// Hold the passenger, so that the officer at the point inspects the document by hand.
    Hold,
    /// A document inspected by hand says that it is the same person.
    SamePerson,
    /// A document inspected by hand says that it is another person.
    AnotherPerson,
}

#[derive(Default)]
pub(super) struct SecondLooks(Mutex<Looks>);

#[derive(Default)]
struct Looks {
    pairs: HashMap<SecondLookId, Pair>,
    /// Over without an answer, to be counted.
    lapsed: Vec<SecondLook>,
    at_work: HashMap<(UserId, PointId), Timestamp>,
}

struct Pair {
    look: SecondLook,
    until: Timestamp,
    officer: Option<UserId>,
    /// Not for these: they have had to do with the encounter.
    barred: Vec<UserId>,
    seen_taken: bool,
    seen_reference: bool,
}

impl Looks {
    fn works_at(&self, officer: UserId, point: PointId, now: Timestamp) -> bool {
        self.at_work.get(&(officer, point)).is_some_and(|seen| now.duration_since(*seen) < AT_WORK)
    }

    /// The pair that this officer has before them, else the one with the most time left that they may see.
    fn next(&self, officer: UserId, now: Timestamp) -> Option<(SecondLookId, &Pair)> {
        let mine = self.pairs.iter().find(|(_, pair)| pair.officer == Some(officer) && now < pair.until);
        let free = || {
            let open = self.pairs.iter().filter(|(_, pair)| {
                pair.officer.is_none()
                    && pair.until.duration_since(now) >= SECONDS_NEEDED
                    && !pair.barred.contains(&officer)
                    && !self.works_at(officer, pair.look.point(), now)
            });
            open.max_by_key(|(id, pair)| (pair.until, **id))
        };
        mine.or_else(free).map(|(id, pair)| (*id, pair))
    }
}

impl Service {
    /// Notes that an officer has a crossing point's board before them: no pair of that point is theirs to judge.
    pub fn works_at(&self, officer: UserId, point: PointId) {
        let now = self.now();
        let mut looks = lock(&self.0.second_looks.0);
        looks.at_work.insert((officer, point), now);
        looks.at_work.retain(|_, seen| now.duration_since(*seen) < AT_WORK);
    }

    /// Draws, and offers the pair when chance says so. The capture is committed and stays so whatever comes of this.
    pub(super) fn maybe_look_again(&self, after: &Encounter, crop: &Zeroizing<Vec<u8>>, taken_at: Timestamp) {
        if let Err(error) = self.draw(after, crop, taken_at) {
            tracing::error!(%error, "a pair could not be drawn for a second look");
        }
    }

    fn draw(&self, after: &Encounter, crop: &Zeroizing<Vec<u8>>, taken_at: Timestamp) -> Result<(), Refused> {
        let stratum = match &after.decision {
            Some(Decision::Confirmed { .. }) => Stratum::Confirmed,
            Some(Decision::Refer { comparison: Some(_), .. }) => Stratum::Referred,
            _ => return Ok(()),
        };
        let found = after.decision.as_ref().and_then(Decision::comparison);
        let (Some(found), Some(device)) = (found, after.device) else { return Ok(()) };
        let [draw, id] = [(); 2].map(|()| self.fresh());
        let draw = draw.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        if !self.store().second_look_shares()?.shares.draws(stratum, draw) {
            return Ok(());
        }
        let Some(voyage) = self.store().voyage(after.voyage)? else { return Ok(()) };
        let key = TallyKey::of_second_looks(month(voyage.key.date), after.point, device, found.pack.clone());
        let look = SecondLook { encounter: after.id, candidate: found.candidate.passenger, stratum, key };
        let seconds = self.policy().unkept_photo_shown_seconds.min(SECONDS_MAX);
        let mut looks = lock(&self.0.second_looks.0);
        let room = looks.pairs.len() < PAIRS_MAX;
        match self.0.fleeting.lend(after.id, crop, taken_at, seconds).filter(|_| room) {
            Some(until) => {
                let until = until.min(latest(taken_at));
                let (officer, barred) = (None, Vec::new());
                let pair = Pair { look, until, officer, barred, seen_taken: false, seen_reference: false };
                looks.pairs.insert(SecondLookId::from_bytes(id), pair);
            }
            None => looks.lapsed.push(look),
        }
        Ok(())
    }

    /// Gives a pair to an officer, who alone then has it; the same again while they have not answered. Never one of a
    /// point where they work, or of an encounter that they have had to do with.
    ///
    /// # Errors
    /// When the store fails.
    pub fn take_second_look(&self, officer: UserId) -> Result<Option<Given>, Refused> {
        let now = self.now();
        loop {
            let (id, encounter) = {
                let looks = lock(&self.0.second_looks.0);
                match looks.next(officer, now) {
                    Some((id, pair)) if pair.officer.is_some() => {
                        return Ok(Some(Given { id, until: pair.until }));
                    }
                    Some((id, pair)) => (id, pair.look.encounter),
                    None => return Ok(None),
                }
            };
            let involved = self.involved(officer, encounter)?;
            let gone = self.0.fleeting.look_again(encounter, now).is_none();
            let mut looks = lock(&self.0.second_looks.0);
            // Another officer may have been faster.
            let Some(pair) = looks.pairs.get_mut(&id).filter(|pair| pair.officer.is_none()) else { continue };
            if involved || gone {
                pair.barred.push(officer);
                continue;
            }
            pair.officer = Some(officer);
            return Ok(Some(Given { id, until: pair.until }));
        }
    }

    /// Whether an officer has had to do with an encounter, or it is forgotten.
    fn involved(&self, officer: UserId, encounter: EncounterId) -> Result<bool, Refused> {
        let store = self.store();
        Ok(store.encounter(encounter)?.is_none()
            || store.officer_of(encounter)? == Some(officer)
            || store.rulings(encounter)?.iter().any(|ruled| ruled.author == officer))
    }

    /// One photo of the pair that an officer has before them.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a pair that is not theirs, or is gone; [`Refused::Store`] for an altered reference.
    pub fn second_look_photo(
        &self,
        id: SecondLookId,
        officer: UserId,
        side: Side,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Refused> {
        let now = self.now();
        let look = {
            let mut looks = lock(&self.0.second_looks.0);
            let pair =
                looks.pairs.get_mut(&id).filter(|pair| pair.officer == Some(officer) && now < pair.until);
            let pair = pair.ok_or(GONE)?;
            match side {
                Side::Taken => pair.seen_taken = true,
                Side::Reference => pair.seen_reference = true,
            }
            pair.look.clone()
        };
        match side {
            Side::Taken => Ok(self.0.fleeting.look_again(look.encounter, now)),
            Side::Reference => {
                // Whose reference was read stands on record, as always; of which encounter does not.
                self.portrait(look.candidate, officer, Purpose::SecondLook, None)
            }
        }
    }

    /// Counts what a second officer says of the pair before them, and lets the photo go.
    ///
    /// # Errors
    /// [`Refused::Unknown`] for a pair that is not theirs, or is gone; [`Refused::WrongStage`] before both photos were
    /// asked for.
    pub fn judge_second_look(
        &self,
        id: SecondLookId,
        officer: UserId,
        verdict: Verdict,
    ) -> Result<(), Refused> {
        let now = self.now();
        let pair = {
            let mut looks = lock(&self.0.second_looks.0);
            let pair = looks.pairs.get(&id).filter(|pair| pair.officer == Some(officer) && now < pair.until);
            let pair = pair.ok_or(GONE)?;
            if !(pair.seen_taken && pair.seen_reference) {
                return Err(Refused::WrongStage("look at both photos first"));
            }
            // Taken out while it is counted: twice is not counted twice.
            looks.pairs.remove(&id).ok_or(GONE)?
        };
        if let Err(error) = self.store().count_second_look(&pair.look, verdict, now) {
            lock(&self.0.second_looks.0).pairs.insert(id, pair);
            return Err(error.into());
        }
        self.0.fleeting.looked_again(pair.look.encounter);
        Ok(())
    }

    /// Counts the pairs whose time is over as lapsed: who does not answer is part of an honest estimate.
    pub(super) fn lapse_second_looks(&self) -> Result<(), Refused> {
        let now = self.now();
        let lapsed = {
            let mut looks = lock(&self.0.second_looks.0);
            let over: Vec<SecondLookId> =
                looks.pairs.iter().filter(|(_, pair)| now >= pair.until).map(|(id, _)| *id).collect();
            for id in over {
                let pair = looks.pairs.remove(&id);
                looks.lapsed.extend(pair.map(|pair| pair.look));
            }
            std::mem::take(&mut looks.lapsed)
        };
        if lapsed.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.store().count_lapsed(&lapsed) {
            // Counted at the next round.
            lock(&self.0.second_looks.0).lapsed.extend(lapsed);
            return Err(error.into());
        }
        Ok(())
    }

    /// Counts what was ruled on an encounter that a second look disputed: the first officer's own mind, if they had
    /// not been told. Whoever can see disputes is not taken for somebody who had not.
    pub(super) fn ruled_on(
        &self,
        encounter: EncounterId,
        ruling: Ruling,
        author: UserId,
    ) -> Result<(), Refused> {
        let first = match ruling {
            Ruling::Board { passenger } => FirstRuling::Boarded(passenger),
            Ruling::Refuse => FirstRuling::NotBoarded,
            Ruling::SomebodyElse { .. } => FirstRuling::SomebodyElse,
            _ => return Ok(()),
        };
        let blind = self.store().user(author)?.is_some_and(|author| author.role == Role::Officer);
        Ok(self.store().count_first_ruling(encounter, first, blind)?)
    }

    /// Disputes that nobody has settled yet, for as long as their encounters live: the latest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn disputes(&self) -> Result<Vec<Dispute>, Refused> {
        Ok(self.store().disputes()?)
    }

    /// A supervisor does something about a dispute.
    ///
    /// # Errors
    /// [`Refused::Unknown`] when there is no such dispute, or it is settled.
    pub fn step_in_dispute(
        &self,
        encounter: EncounterId,
        step: DisputeStep,
        supervisor: UserId,
    ) -> Result<(), Refused> {
        let no_dispute = Refused::Unknown("open dispute about this encounter");
        match step {
            DisputeStep::Hold => {
                let candidate = self.store().tell_of_dispute(encounter, self.now())?.ok_or(no_dispute)?;
                self.hold(candidate, true, supervisor, HOLD_REASON)
            }
            DisputeStep::SamePerson | DisputeStep::AnotherPerson => {
                let upheld = step == DisputeStep::AnotherPerson;
                if self.store().settle_dispute(encounter, upheld)? { Ok(()) } else { Err(no_dispute) }
            }
        }
    }

    /// How much is sampled, and who said so.
    ///
    /// # Errors
    /// When the store fails.
    pub fn second_look_shares(&self) -> Result<SharesInForce, Refused> {
        Ok(self.store().second_look_shares()?)
    }

    /// Says how much is to be sampled from now on.
    ///
    /// # Errors
    /// [`Refused::Malformed`] for shares out of bounds.
    pub fn set_second_look_shares(&self, shares: Shares, by: UserId) -> Result<(), Refused> {
        if !shares.within_bounds() {
            let bound = portunus_core::sampling::ONE_IN_MAX;
            return Err(Refused::Malformed(format!("one in: expected 0 (none) to {bound}")));
        }
        Ok(self.store().set_second_look_shares(shares, by, self.now())?)
    }

    /// What all second looks say of false matches, and of the officers at the points.
    ///
    /// # Errors
    /// When the store fails.
    pub fn second_look_estimate(&self) -> Result<Estimate, Refused> {
        Ok(estimate(&self.store().second_look_counts()?))
    }
}

const GONE: Refused = Refused::Unknown("pair before you: it is gone");

fn latest(taken_at: Timestamp) -> Timestamp {
    taken_at.saturating_add(SignedDuration::from_secs(i64::from(SECONDS_MAX))).unwrap_or(taken_at)
}
