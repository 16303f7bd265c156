//! What anybody may read of the service: captures, choices and what came of them, errors, erasing, who may photograph and
//! under what law, with small cells withheld here, before pages or JSON are made of it.
//!
//! Passages are counted when their voyage is closed, and join the public figures of their month and point ten at a time.
//! What the log states is read from the published log itself.

mod figures;
mod parity;
mod stated;

pub use figures::{ChoiceWaits, FigureTable, Passages, PeriodChoices};
pub use parity::{Parity, ParityMonth, PointPromise};
pub use stated::{Compliance, InForceSince, LogHead, WitnessAsked};

use super::report::{RateFigure, accuracy, for_the_public, of_outcomes};
use super::sequencer::ledger_folder;
use super::witnesses::HeadWitness;
use super::{AccuracyReport, KEY_FILE, Refused, Service, lock};
use figures::{Year, captures, years};
use jiff::{SignedDuration, Timestamp};
use portunus_biometrics::pack::calibration::{ScoreType, Transaction};
use portunus_core::accuracy::CELL_MIN;
use portunus_core::id::PointId;
use portunus_core::month::month_of;
use portunus_core::place::{CrossingPoint, Direction, Position};
use portunus_core::policy::{DataClass, Policy};
use portunus_ledger::log::{Files as _, Folder};
use portunus_store::{CaseCount, PublicRecord, Tallies};
use serde::Serialize;
use stated::Books;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Figures are worked out again after so long.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(20);
/// Leaves read of the log for one answer; the next reads on.
const LEAVES_AT_ONCE: u64 = 100_000;
/// Gallery sizes for which the threshold is said.
const GALLERIES: [u32; 4] = [50, 200, 400, 1000];

/// What anybody may read.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Oversight {
    /// RFC 3339.
    pub as_of: String,
    /// No cell of fewer people is shown.
    pub people_min: u64,
    /// The year that passages and captures are of; `null` when nothing is published yet.
    pub year: Option<String>,
    /// The years of which something is published.
    pub years: Vec<String>,
    /// What to know before believing the figures.
    pub notes: Vec<&'static str>,
    /// What travellers chose, and what came of it.
    pub passages: Passages,
    /// What declining costs in time, and whether that is as was promised.
    pub parity: Parity,
    /// Captures, by crossing point and month.
    pub captures: FigureTable,
    /// What became of captures, by month.
    pub captures_became: FigureTable,
    /// Error rates of the year, from the outcomes that are shown.
    pub rates: Vec<RateFigure>,
    /// Error rates of the year by port and model pack, counts rounded to tens; not of a port where a point's travellers are
    /// withheld.
    pub accuracy: AccuracyReport,
    /// What became of records that fell due.
    pub retention: Compliance,
    /// Cases of the records office, by kind and outcome.
    #[schema(value_type = Vec<Object>)]
    pub cases: Vec<CaseCount>,
    /// Recalls sent to recipients of copies.
    pub recalls_sent: u64,
    /// Of these, acknowledged.
    pub recalls_acknowledged: u64,
    /// Who receives copies.
    pub recipients: Vec<OnRegister>,
    /// Every crossing point with its designations.
    pub points: Vec<DesignatedPoint>,
    /// The law that is followed, the latest last.
    pub policies: Vec<InForceSince>,
    /// The models that are used, the latest last.
    pub models: Vec<InForceSince>,
    /// Whether what is due is erased (`on`, `off`, `halted`), the latest last.
    pub erasing: Vec<InForceSince>,
    /// Of the law and the models in force; `null` where only the data were read.
    pub in_force: Option<InForce>,
    /// The head of the published log.
    pub ledger: LogHead,
}

/// Who receives copies of what, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OnRegister {
    /// What it is called.
    pub name: String,
    /// What it needs the copies for.
    pub purpose: String,
    /// The legal basis.
    pub basis: String,
    /// Which classes of data.
    #[schema(value_type = Vec<String>)]
    pub receives: Vec<DataClass>,
    /// RFC 3339.
    pub since: String,
    /// RFC 3339; then it receives nothing more.
    pub until: Option<String>,
}

/// A crossing point, and who may photograph there.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct DesignatedPoint {
    /// What people call it.
    pub name: String,
    /// Its port.
    pub port: String,
    /// `exit` or `entry`.
    pub direction: String,
    /// `boarding-gate` and so on.
    pub mode: String,
    /// Where it is: degrees north and east.
    #[schema(value_type = Option<Object>)]
    pub position: Option<Position>,
    /// Whether it may photograph now.
    pub in_force: bool,
    /// Its designations, the earliest first.
    pub designations: Vec<Designated>,
}

/// The authority to photograph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Designated {
    /// Its identifier, as in the log.
    pub id: String,
    /// The law it rests on.
    pub basis: String,
    /// Who owns the cameras.
    pub owner: String,
    /// Who else handles them.
    pub contractors: Vec<String>,
    /// RFC 3339.
    pub from: String,
    /// RFC 3339; `null` while no end is set.
    pub until: Option<String>,
    /// Whether it is in force now.
    pub in_force: bool,
}

/// Of the law and the models in force.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct InForce {
    /// The policy pack in a line.
    pub policy: String,
    /// Its sources, and whether each was checked in the source itself.
    pub citations: Vec<Citation>,
    /// The model pack.
    pub model: String,
    /// The score from which on a match counts, by the size of the gallery.
    pub thresholds: Vec<Threshold>,
}

/// Where a rule is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Citation {
    /// As the pack has it.
    pub source: String,
    /// Whether it was checked in the source itself.
    pub checked: bool,
}

/// The score from which on a match counts.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Threshold {
    /// People in the gallery.
    pub gallery_people: u32,
    /// What kind of score.
    pub score: &'static str,
    /// The threshold.
    pub threshold: f64,
}

/// What to know before believing the figures.
const NOTES: [&str; 6] = [
    "Passages are counted when their voyage is closed; a running voyage is in no figure. They join the figures of their \
     month and crossing point when together they are at least ten: up to nine of each still wait.",
    "Somebody who keeps two versions of this page can subtract them. What was added between them is of at least ten \
     people in its row, but a cell of that row may have grown by one: on those voyages one person declined, say. Who, no \
     figure here tells.",
    "Numbers of 1 to 9 are withheld, and others with them, so that no hidden number can be worked out more closely than a \
     range of ten. What others know already (a carrier its passengers, an officer a shift) can narrow that.",
    "Who comes to the gate twice is counted twice; who was sent back for another photo, once. Of several reasons to see an \
     officer the first counts.",
    "Captures, records and what governs them are added up from the public log, which has them leaf by leaf. Captures count \
     the requests of a gate's camera, previews too: several for one traveller; the log states them while a voyage runs.",
    "The log proves what was stated and that it was not changed. It cannot show a copy made outside, a camera that was never \
     enrolled, or that what was stated was true.",
];

/// Figures worked out a moment ago, and the log read so far.
#[derive(Default)]
pub(super) struct Kept(Mutex<KeptUntil>);

#[derive(Default)]
struct KeptUntil {
    books: Books,
    /// By the year that was asked for.
    made: HashMap<Option<String>, (Timestamp, Arc<Oversight>)>,
}

/// Everything that figures are made from.
struct Sources<'a> {
    record: &'a PublicRecord,
    books: &'a Books,
    head: LogHead,
    in_force: Option<InForce>,
}

impl Service {
    /// What anybody may read, of a year or of the latest; `None` when nothing is published of that year.
    ///
    /// # Errors
    /// When the store or the disk fails.
    pub fn oversight(&self, year: Option<&str>) -> Result<Option<Arc<Oversight>>, Refused> {
        let (now, asked) = (self.now(), year.map(str::to_owned));
        // A year that is not there costs no more than the latest, which is kept.
        if let Some(year) = year
            && self.oversight(None)?.is_none_or(|latest| !latest.years.iter().any(|known| known == year))
        {
            return Ok(None);
        }
        let mut kept = lock(&self.0.oversight.0);
        if let Some((at, made)) = kept.made.get(&asked)
            && now.duration_since(*at).abs() < FRESH_FOR
        {
            return Ok(Some(made.clone()));
        }
        let record = self.store().public_record(&month_of(now))?;
        let files = Folder(ledger_folder(self.store()));
        let mut head = kept.books.read(&files, &self.ledger_key()?.to_string(), LEAVES_AT_ONCE)?;
        head.asked = self.witnesses_asked()?;
        let in_force = Some(self.in_force());
        let sources = Sources { record: &record, books: &kept.books, head, in_force };
        let Some(made) = sources.oversight(year, now) else { return Ok(None) };
        let made = Arc::new(made);
        // Only years of which there is something are kept: there are few.
        kept.made.insert(asked, (now, made.clone()));
        Ok(Some(made))
    }

    fn witnesses_asked(&self) -> Result<Vec<WitnessAsked>, Refused> {
        let witnesses = self.ledger_head()?.map(|head| head.witnesses).unwrap_or_default();
        let asked = |one: HeadWitness| WitnessAsked {
            key: one.key.to_string(),
            signed_at: one.at.map(|at| at.to_string()),
        };
        Ok(witnesses.into_iter().map(asked).collect())
    }

    fn in_force(&self) -> InForce {
        let (policy, calibration) = (self.policy(), &self.0.parts.calibration);
        let threshold = |people: u32| {
            let score = ScoreType::of_gallery(people);
            let transaction = Transaction {
                frames: super::FRAMES_MAX as u32,
                references: 1,
                attempts: policy.attempts_max,
            };
            let threshold = calibration.curve(score, transaction).threshold(people, policy.wanted_fpir);
            let score = score.slug();
            Threshold { gallery_people: people, score, threshold: f64::from(threshold.0) }
        };
        InForce {
            policy: format!("{} ({}), in force from {}", policy.title, policy.id, policy.in_force),
            citations: citations(policy),
            model: self.engine().pack().0.clone(),
            thresholds: GALLERIES.map(threshold).to_vec(),
        }
    }
}

/// The same, of a folder alone: a service may run on it, and nothing is changed.
///
/// # Errors
/// When the store or the disk fails.
pub fn of_folder(folder: &Path, year: Option<&str>, now: Timestamp) -> Result<Option<Oversight>, Refused> {
    let record = PublicRecord::in_folder(folder, &month_of(now))?;
    let files = Folder(folder.join("ledger"));
    let key = String::from_utf8(files.read(KEY_FILE)?.unwrap_or_default()).unwrap_or_default();
    let mut books = Books::default();
    let head = books.read(&files, &key, u64::MAX / 2)?;
    Ok(Sources { record: &record, books: &books, head, in_force: None }.oversight(year, now))
}

fn citations(policy: &Policy) -> Vec<Citation> {
    let taking = policy.taking.iter().map(|rule| (&rule.citation, rule.checked));
    let keeping = policy.retention.iter().map(|rule| (&rule.citation, rule.checked));
    let mut citations: Vec<Citation> = Vec::new();
    for (source, checked) in taking.chain(keeping) {
        if !citations.iter().any(|known| known.source == *source) {
            citations.push(Citation { source: source.clone(), checked });
        }
    }
    citations
}

impl Sources<'_> {
    fn oversight(self, year: Option<&str>, now: Timestamp) -> Option<Oversight> {
        let (record, books) = (self.record, self.books);
        let mut published = years(&record.traffic);
        published.extend(books.captures.keys().filter_map(|(month, _)| Some(month.get(..4)?.to_owned())));
        if year.is_some_and(|asked| !published.contains(asked)) {
            return None;
        }
        let year = year.map(str::to_owned).or_else(|| published.last().cloned());
        let mut points = books.points.clone();
        points.extend(record.points.iter().map(|point| (point.id, point.name.clone())));
        let of_year = year.as_deref().unwrap_or_default();
        let passages = Year { year: of_year, traffic: &record.traffic, points: &points }.passages();
        let (captures, captures_became) = captured(books, of_year, &points);
        let tallies = of_months(&record.tallies, of_year);
        let days: BTreeSet<_> = tallies.days.iter().map(|(_, day)| *day).collect();
        let mut accuracy = for_the_public(accuracy(&tallies, &record.points, None, now));
        accuracy.ports.retain(|port| travellers_shown(&port.port, &passages, &record.points, &tallies));
        Some(Oversight {
            as_of: now.to_string(),
            people_min: CELL_MIN,
            years: published.into_iter().collect(),
            notes: NOTES.to_vec(),
            rates: of_outcomes(&passages, days.len() as u64),
            passages,
            parity: parity::parity(record, books, &points, now),
            captures,
            captures_became,
            accuracy,
            retention: books.compliance(now),
            cases: record.cases.clone(),
            recalls_sent: record.recalls.0,
            recalls_acknowledged: record.recalls.1,
            recipients: recipients(record),
            points: designated(record, now),
            policies: books.policies.clone(),
            models: books.models.clone(),
            erasing: books.erasing.clone(),
            in_force: self.in_force,
            ledger: self.head,
            year,
        })
    }
}

/// What was measured in these months: `2026`, or `2026-11`.
fn of_months(tallies: &Tallies, wanted: &str) -> Tallies {
    let counts = tallies.counts.iter().filter(|((key, _), _)| key.month.starts_with(wanted));
    let days = tallies.days.iter().filter(|(_, day)| day.to_string().starts_with(wanted));
    Tallies {
        counts: counts.map(|(key, n)| (key.clone(), *n)).collect(),
        scores: HashMap::new(),
        days: days.copied().collect(),
    }
}

/// Whether it is shown how many travellers chose the photo at each point of a port: where it is not, how many were searched
/// there would tell it.
fn travellers_shown(port: &str, passages: &Passages, points: &[CrossingPoint], tallies: &Tallies) -> bool {
    let shown = |name: &str| {
        let row = passages.photo.rows.iter().position(|row| row == name);
        row.is_some_and(|row| passages.photo.row_totals[row].is_some())
    };
    let measured = |point: &CrossingPoint| tallies.days.iter().any(|(of, _)| *of == point.id);
    let here = points.iter().filter(|point| point.port == port && measured(point));
    here.map(|point| point.name.as_str()).all(shown)
}

fn captured(books: &Books, year: &str, points: &BTreeMap<PointId, String>) -> (FigureTable, FigureTable) {
    let of_year = books.captures.iter().filter(|((month, _), _)| month.get(..4) == Some(year));
    captures(of_year.map(|((month, point), fates)| (month.clone(), *point, *fates)), points)
}

fn recipients(record: &PublicRecord) -> Vec<OnRegister> {
    let entry = |recipient: &portunus_store::Recipient| OnRegister {
        name: recipient.name.clone(),
        purpose: recipient.purpose.clone(),
        basis: recipient.basis.clone(),
        receives: recipient.receives.clone(),
        since: recipient.added_at.to_string(),
        until: recipient.withdrawn_at.map(|at| at.to_string()),
    };
    record.recipients.iter().map(entry).collect()
}

fn designated(record: &PublicRecord, now: Timestamp) -> Vec<DesignatedPoint> {
    let of_point = |point: &CrossingPoint| {
        let here = record.designations.iter().filter(|designation| designation.point == point.id);
        let designations: Vec<Designated> = here
            .map(|designation| Designated {
                id: designation.id.to_string(),
                basis: designation.legal_basis.clone(),
                owner: designation.device_owner.clone(),
                contractors: designation.contractors.clone(),
                from: designation.from.to_string(),
                until: designation.until.map(|until| until.to_string()),
                in_force: designation.in_force(now),
            })
            .collect();
        DesignatedPoint {
            name: point.name.clone(),
            port: point.port.clone(),
            direction: match point.direction {
                Direction::Entry => "entry".to_owned(),
                Direction::Exit => "exit".to_owned(),
            },
            mode: super::slug(&point.kind),
            position: record.positions.get(&point.id).copied(),
            in_force: designations.iter().any(|designation| designation.in_force),
            designations,
        }
    };
    record.points.iter().map(of_point).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use portunus_core::id::DesignationId;
    use portunus_core::place::{Designation, PointKind};

    /// A year at two gates, one of which says where it is.
    pub(crate) fn a_report() -> Oversight {
        let (points, now) = (figures::tests::points(), "2026-11-23T12:00:00Z".parse().unwrap());
        let point = |(id, name): (&PointId, &String)| CrossingPoint {
            id: *id,
            name: name.clone(),
            port: "JFK".into(),
            direction: Direction::Exit,
            kind: PointKind::BoardingGate,
        };
        let first = *points.keys().next().unwrap();
        let designation = Designation {
            id: DesignationId::from_bytes([7; 16]),
            point: first,
            legal_basis: "8 CFR 215.8".into(),
            from: "2026-01-01T00:00:00Z".parse().unwrap(),
            until: None,
            device_owner: "Port authority".into(),
            contractors: vec!["Lens & Sons".into()],
            manual_wait_ceiling_seconds: portunus_core::place::MANUAL_WAIT_CEILING_SECONDS,
            hours: None,
        };
        let record = PublicRecord {
            tallies: crate::service::report::tests::tallies(),
            traffic: figures::tests::traffic(),
            waits: vec![waits_at(first)],
            points: points.iter().map(point).collect(),
            positions: HashMap::from([(first, Position::new(40.6413, -73.7781).unwrap())]),
            designations: vec![designation],
            recalls: (3, 2),
            ..nothing()
        };
        let since = |what: &str| InForceSince {
            what: what.into(),
            details: Vec::new(),
            at: "2026-10-01T00:00:00Z".into(),
        };
        let mut books = Books::default();
        books.captures.insert(("2026-11".into(), first), [4000, 40, 0, 12]);
        books.captures.insert(("2026-10".into(), first), [3000, 30, 11, 4]);
        (books.policies, books.models, books.erasing) =
            (vec![since("us-2025")], vec![since("opencv-zoo@2")], vec![since("on")]);
        let head =
            LogHead { origin: "portunus/00".into(), size: 9, key: "K".into(), read: 9, ..LogHead::default() };
        Sources { record: &record, books: &books, head, in_force: None }.oversight(None, now).unwrap()
    }

    /// Those who decline wait three times as long as the others.
    fn waits_at(point: PointId) -> portunus_store::KeptAt {
        use portunus_core::parity::{Batch, Kept};
        let batch = |people: u64, wait_ms: u64| Batch {
            month: "2026-11".into(),
            waits: (0..people).map(|n| wait_ms + n % 7 * 100).collect(),
        };
        let kept =
            Kept { photo: vec![batch(304, 60_000)], manual: vec![batch(62, 180_000), batch(64, 180_000)] };
        portunus_store::KeptAt { point, measuring: portunus_store::Measuring::Gate, kept }
    }

    #[test]
    fn a_port_of_which_travellers_are_withheld_has_no_error_rates() {
        let mut passages = figures::tests::passages();
        let points = crate::service::report::tests::a_port();
        let of = |months| of_months(&crate::service::report::tests::tallies(), months);
        assert!(travellers_shown("JFK", &passages, &points, &of("2026")));
        passages.photo.row_totals[0] = None;
        assert!(!travellers_shown("JFK", &passages, &points, &of("2026")));
        assert!(travellers_shown("JFK", &passages, &points, &of("2025")), "nobody was photographed");
        assert!(!travellers_shown("JFK", &Passages::default(), &points, &of("2026")), "they still wait");
        assert!(!of("2026").counts.is_empty() && !of("2026-11").days.is_empty());
        assert!(of("2025").counts.is_empty() && of("2026-10").days.is_empty());
    }

    fn nothing() -> PublicRecord {
        PublicRecord {
            tallies: Tallies::default(),
            traffic: portunus_store::Traffic::default(),
            waits: Vec::new(),
            points: Vec::new(),
            positions: HashMap::new(),
            designations: Vec::new(),
            cases: Vec::new(),
            recalls: (0, 0),
            recipients: Vec::new(),
        }
    }

    #[test]
    fn a_report_is_of_the_latest_year_and_of_none_that_is_not_there() {
        let report = a_report();
        assert_eq!((report.year.as_deref(), report.years.len()), (Some("2026"), 1));
        assert_eq!(report.captures.column_totals.len(), 2);
        assert_eq!(report.accuracy.ports.len(), 1, "its points' travellers are shown");
        assert!(report.points[0].in_force && !report.points[1].in_force);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["passages"]["declined"]["cells"][1][1], serde_json::Value::Null);
        assert_eq!(json["points"][0]["position"]["latitude"], 40.6413);
    }
}
