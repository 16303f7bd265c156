//! Stays: one person's, for an officer, in a case; the list of who is past their last day, which names nobody; neighbours'
//! entries taken in as exits; ways out of the state.

mod import;
mod person;

pub use import::{ForeignEntry, ImportDone, neighbour};
pub use person::{DecisionShown, EndShown, PersonStays, ProposalShown, StayShown, StaysWanted, WhoShown};

use super::{Refused, Service, line, text};
use crate::service::ruling::REASON_CHARS_MAX;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use portunus_core::id::{CaseId, DecisionId, RecordId, UserId};
use portunus_core::stay::{Book, Coverage, Decided, Decision, Mode, Rules, Span, Stay, StayState, WayOut};
use portunus_documents::ports::country_of;
use portunus_store::{NewDecision, Overstay, Subject};
use serde::Serialize;
use std::collections::BTreeMap;

/// Crossings of before there were stays that are noted in one go.
const NOTED_AT_ONCE: usize = 500;
/// How often the list is computed when what it is computed from changes meanwhile; then the next round does it.
const COMPUTED_ANEW_MAX: usize = 3;
/// The list is computed anew when it is so old.
const OVERSTAYS_GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How many of the list are shown, where nobody asks for more.
pub const OVERSTAYS_SHOWN_MAX: usize = 1000;
/// A split names at most so many records.
const APART_MAX: usize = 1000;

/// One way out of the state, as shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WayShown {
    /// `land exits at Nogales`
    pub way: String,
    /// While exits by it are recorded. None: they are not.
    #[schema(value_type = Vec<Object>)]
    pub recorded: Vec<Span>,
    /// Where that is from: a designation, or who declared it and why.
    pub because: Vec<String>,
}

/// What is known of one way out.
#[derive(Default)]
struct Known {
    recorded: Vec<Span>,
    because: Vec<String>,
    /// Somebody declared that exits by it are not recorded: that goes before whatever else is said.
    is_not: bool,
}

/// Who is past their last day, as last computed. It names nobody.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OverstayList {
    /// RFC 3339; none before the first time.
    #[schema(value_type = Option<String>)]
    pub computed_at: Option<Timestamp>,
    /// How many there are.
    pub all: usize,
    /// The longest past first, at most a thousand.
    pub stays: Vec<OverstayShown>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OverstayShown {
    /// The record of the entry: what is opened in a case.
    #[schema(value_type = String)]
    pub record: RecordId,
    /// The last day.
    #[schema(value_type = String)]
    pub until: Date,
    /// `overstay` with days at least, or `unknown` with why.
    #[schema(value_type = Object)]
    pub state: StayState,
    /// The grounds, in words.
    pub explained: String,
}

impl Service {
    /// Where exits are recorded: at exit points while a designation is in force, and as declared. A mode of which nobody
    /// declared anything as a whole is a way out that is not recorded: other gates than the designated ones may record
    /// nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub fn coverage(&self) -> Result<Coverage, Refused> {
        Ok(Coverage { ways: self.ways_out()?.into_iter().map(|(way, _)| way).collect() })
    }

    /// The same, as shown.
    ///
    /// # Errors
    /// When the store fails.
    pub fn ways_shown(&self) -> Result<Vec<WayShown>, Refused> {
        let shown = |(way, because): (WayOut, Vec<String>)| WayShown {
            way: way.in_words(),
            recorded: way.recorded,
            because,
        };
        Ok(self.ways_out()?.into_iter().map(shown).collect())
    }

    fn ways_out(&self) -> Result<Vec<(WayOut, Vec<String>)>, Refused> {
        let mut ways: BTreeMap<(Mode, Option<String>), Known> = BTreeMap::new();
        for exit in self.store().exits_designated()? {
            let known = ways.entry((Mode::of(exit.kind), Some(exit.port))).or_default();
            known.recorded.push(exit.span);
            known.because.push(format!("a designation of a {}", exit.kind.in_words()));
        }
        for declared in self.store().declared_ways_out()? {
            let known = ways.entry((declared.way.mode, declared.way.port)).or_default();
            known.is_not |= declared.way.recorded.is_empty();
            known.recorded.extend(declared.way.recorded);
            known.because.push(declared.reason);
        }
        for mode in Mode::ALL {
            ways.entry((mode, None)).or_insert_with(|| {
                let because = vec!["nobody has said how people leave by this mode".to_owned()];
                Known { because, ..Known::default() }
            });
        }
        let way = |((mode, port), mut known): (_, Known)| {
            known.because.dedup();
            let recorded = if known.is_not { Vec::new() } else { known.recorded };
            (WayOut { mode, port, recorded }, known.because)
        };
        Ok(ways.into_iter().map(way).collect())
    }

    /// Declares a way out of the state: while exits by it are recorded, or that they are not.
    ///
    /// # Errors
    /// [`Refused::Malformed`] without a reason, or where it ends before it begins.
    pub fn declare_way_out(
        &self,
        mode: Mode,
        port: Option<&str>,
        recorded: Option<Span>,
        reason: &str,
    ) -> Result<(), Refused> {
        let reason = line(reason, "reason", REASON_CHARS_MAX)?;
        let port = port.map(|port| line(port, "port", 60)).transpose()?;
        // A port's code in upper case, as points have it; a region's name as it is written.
        let port =
            port.map(|port| if country_of(&port).is_some() { port.to_ascii_uppercase() } else { port });
        if recorded.is_some_and(|span| span.until.is_some_and(|until| until <= span.from)) {
            return Err(Refused::Malformed("recorded: expected an end after its beginning".to_owned()));
        }
        self.store().declare_way_out(mode, port.as_deref(), recorded, &reason, self.now())?;
        // What it says of everybody may not hold any more.
        Ok(self.store().forget_overstays()?)
    }

    /// Computes the list anew where it is an hour old, or was forgotten.
    ///
    /// # Errors
    /// When the store fails; a later round goes on.
    pub(super) fn keep_overstays(&self) -> Result<(), Refused> {
        let computed = self.store().overstays_computed()?;
        let is_fresh = computed.is_some_and(|at| self.now().duration_since(at).abs() < OVERSTAYS_GOOD_FOR);
        if is_fresh { Ok(()) } else { self.compute_overstays() }
    }

    /// Computes anew what the list says of the people of these records, and of nobody else.
    pub(super) fn compute_overstays_of(&self, records: &[RecordId]) -> Result<(), Refused> {
        let now = self.now();
        let nobody = Subject { documents: &[], person: None };
        let book = Book::of(Rules::default(), self.store().stay_events_about(&nobody, records, now)?);
        let (mut entries, mut list) = (Vec::new(), Vec::new());
        book.each_stay(&self.coverage()?, now, |stay| {
            // Of one movement that was recorded twice, the other record, too.
            if let Some(entry) = &stay.entry {
                entries.push(entry.record);
                entries.extend(&entry.also);
            }
            list.extend(past(&stay));
        });
        Ok(self.store().put_overstays_of(&entries, &list, now)?)
    }

    /// Computes anew who is past their last day, from what stands beside sealed records. Opens nothing, but crossings of
    /// before there were stays, once. What was decided or declared meanwhile is computed, too, or else by the next round.
    ///
    /// # Errors
    /// When the store fails; a later round goes on.
    pub fn compute_overstays(&self) -> Result<(), Refused> {
        let now = self.now();
        while self.store().note_earlier_crossings(now, NOTED_AT_ONCE)? == NOTED_AT_ONCE {}
        for _ in 0..COMPUTED_ANEW_MAX {
            let outdated = self.store().overstays_outdated()?;
            let book = Book::of(Rules::default(), self.store().stay_events(now)?);
            let coverage = self.coverage()?;
            let mut list = Vec::new();
            book.each_stay(&coverage, now, |stay| list.extend(past(&stay)));
            if self.store().put_overstays(&list, outdated, now)? {
                break;
            }
        }
        Ok(())
    }

    /// Who is past their last day, as last computed; of the list at most so many.
    ///
    /// # Errors
    /// When the store fails.
    pub fn overstays(&self, at_most: usize) -> Result<OverstayList, Refused> {
        let found = self.store().overstays(self.now(), at_most)?;
        let (computed_at, all, list) =
            found.map_or((None, 0, Vec::new()), |(at, all, list)| (Some(at), all, list));
        let shown = |one: Overstay| OverstayShown {
            record: one.record,
            until: one.until,
            state: one.state,
            explained: one.explained,
        };
        Ok(OverstayList { computed_at, all, stays: list.into_iter().map(shown).collect() })
    }

    /// Whether records can be set apart: whom a merge names stays with whom it names.
    ///
    /// # Errors
    /// [`Refused::Malformed`] says which merge is to be taken back first.
    pub(super) fn are_unmerged(&self, records: &[RecordId]) -> Result<(), Refused> {
        let decided = self.store().decisions_on(&records.iter().copied().collect())?;
        let is_undone = |id: DecisionId| {
            let undoes = Decided::Undone { decision: id };
            decided.iter().any(|kept| kept.decision.decided == undoes)
        };
        let is_merge = |decided: &Decided| matches!(decided, Decided::Same { .. });
        let merges = decided.iter().map(|kept| &kept.decision).filter(|one| is_merge(&one.decided));
        match merges.map(|merge| merge.id).find(|id| !is_undone(*id)) {
            None => Ok(()),
            Some(id) => Err(Refused::Malformed(format!(
                "records: the merge {id} names one of them: take it back before they are set apart"
            ))),
        }
    }

    /// Keeps an officer's decision on whose records are.
    ///
    /// # Errors
    /// [`Refused`] without a reason, in a case that is not for it or over; [`Refused::Malformed`] for a record with itself,
    /// and to set apart what a merge names.
    pub fn decide_on_stays(
        &self,
        case: CaseId,
        decided: Decided,
        reason: &str,
        author: UserId,
    ) -> Result<DecisionId, Refused> {
        let malformed = |what: &str| Err(Refused::Malformed(what.to_owned()));
        let named = match &decided {
            Decided::Same { a, b } | Decided::NotSame { a, b } if a == b => {
                return malformed("a, b: expected two records");
            }
            Decided::Same { a, b } | Decided::NotSame { a, b } => vec![*a, *b],
            Decided::Apart { records } if records.is_empty() || records.len() > APART_MAX => {
                return malformed("records: expected 1 to 1000");
            }
            Decided::Apart { records } => {
                self.are_unmerged(records)?;
                records.clone()
            }
            Decided::Undone { decision } => {
                self.store().decided_on(*decision)?.ok_or(Refused::Unknown("decision"))?
            }
        };
        let undoes = matches!(decided, Decided::Undone { .. });
        for record in named.iter().filter(|_| !undoes) {
            if !self.store().is_of_a_stay(*record, self.now())? {
                return Err(Refused::Unknown("record of a stay"));
            }
        }
        let id = DecisionId::from_bytes(self.fresh());
        let reason = text(reason, "reason", REASON_CHARS_MAX)?;
        let new = NewDecision { decision: Decision { id, decided }, author, reason };
        let kept = self.store().decide_on_stays(case, &new, self.now())?;
        kept.ok_or(Refused::Unknown("case"))??;
        self.compute_overstays_of(&named)?;
        Ok(id)
    }
}

/// The list's entry of a stay that is past its last day.
fn past(stay: &Stay) -> Option<Overstay> {
    matches!(stay.state, StayState::Overstay { .. } | StayState::Unknown { .. }).then_some(())?;
    let (record, until) = (stay.entry.as_ref()?.record, stay.allowed.until()?);
    Some(Overstay { record, until, state: stay.state, explained: stay.explained() })
}
