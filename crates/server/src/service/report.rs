//! What the service says of its own errors: rates with intervals and the counts behind them, from settled encounters.
//!
//! No group of fewer than ten people is shown, nor any that would let one be worked out from the others: what is
//! withheld is withheld here, before pages or JSON are made of it.

mod public;

pub(super) use public::{for_the_public, of_outcomes};

use super::{Refused, Service};
use crate::pages::grouped;
use portunus_core::accuracy::group::NOT_STATED;
use portunus_core::accuracy::{
    CELL_MIN, Dimension, Interval, Kind, PeoplePerDay, Unsettled, people_per_day, shown, wilson,
};
use portunus_core::decide::{Failure, Reason};
use portunus_core::id::PointId;
use portunus_core::place::CrossingPoint;
use portunus_store::{Tallies, TallyKey};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What one rate is, in the field's words and in a port manager's.
struct Definition {
    slug: &'static str,
    name: &'static str,
    /// Of whom it is the share.
    of: &'static str,
    /// What happens to those whom it counts, after "N people a day".
    means: &'static str,
    trials: &'static [Kind],
    events: &'static [Kind],
}

const RATES: [Definition; 6] = [
    Definition {
        slug: "failure-to-acquire",
        name: "No usable photo (FTA)",
        of: "travellers who chose the photo",
        means: "sent to an officer because no photo of them was good enough",
        trials: &[Kind::Acquired, Kind::FailureToAcquire],
        events: &[Kind::FailureToAcquire],
    },
    Definition {
        slug: "false-negative-identification",
        name: "Not recognised (FNIR)",
        of: "searches for travellers who were in the gallery",
        means: "sent to an officer although they were in the gallery",
        trials: &[Kind::Mated],
        events: &[Kind::Missed, Kind::WrongPerson],
    },
    Definition {
        slug: "corrected-confirmation",
        name: "Taken for somebody else, and corrected",
        of: "travellers whom the machine confirmed",
        means: "confirmed as somebody else until an officer put it right",
        trials: &[Kind::Confirmed],
        events: &[Kind::Corrected],
    },
    Definition {
        slug: "false-positive-identification",
        name: "Found though not in the gallery (FPIR)",
        of: "searches for travellers who were not in the gallery",
        means: "found in a gallery that they were not in",
        trials: &[Kind::NonMated],
        events: &[Kind::FalsePositive],
    },
    Definition {
        slug: "gallery-missing",
        name: "No portrait to compare with",
        of: "travellers photographed whose identity was established",
        means: "photographed although no portrait of them was in the gallery",
        trials: &[Kind::Identified],
        events: &[Kind::GalleryMissing],
    },
    Definition {
        slug: "referred",
        name: "Sent to an officer, for whatever reason",
        of: "travellers who chose the photo",
        means: "sent to an officer, for whatever reason",
        trials: &[Kind::Transaction],
        events: &[Kind::Referred],
    },
];

/// Of these groups' rates few are of use: those that show whether a group is served worse.
const GROUP_RATES: [&str; 4] =
    ["failure-to-acquire", "false-negative-identification", "gallery-missing", "referred"];

/// A rate with its 95 % interval and the counts behind it, or why it is not shown.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct RateFigure {
    /// Its stable name.
    pub rate: &'static str,
    /// Its name in words.
    pub name: &'static str,
    /// Of whom it is the share.
    pub of: &'static str,
    /// How many they are; `null` when withheld.
    pub trials: Option<u64>,
    /// How many of them it counts; `null` when withheld.
    pub events: Option<u64>,
    /// Events over trials, with the ends of the interval (Wilson, 95 %); `null` when withheld or without trials.
    #[schema(value_type = Option<Object>)]
    pub interval: Option<Interval>,
    /// What that means in people a day at the port's volume: `people`, `low`, `high`.
    #[schema(value_type = Option<Object>)]
    pub per_day: Option<PeoplePerDay>,
    /// The same in a sentence.
    pub in_words: Option<String>,
    /// Why something is not shown.
    pub withheld: Option<&'static str>,
}

/// Why a figure is not shown.
pub const FEWER: &str = "fewer than 10";
/// Why a figure of a group is not shown: which of the two is not said.
pub const FEWER_OR_TELLING: &str = "fewer than 10, or it would tell another that is";
const NOBODY: &str = "nobody yet";

/// How many, for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Share {
    /// Its stable name.
    pub reason: String,
    /// In words.
    pub name: &'static str,
    /// How many people: a reason of fewer than 10 is not listed.
    pub people: Option<u64>,
}

/// Rates of one group, device or part of the traffic.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct CellFigures {
    /// Which.
    pub cell: String,
    /// Its rates, in a fixed order.
    pub rates: Vec<RateFigure>,
}

/// One declared dimension, its cells apart.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct DimensionFigures {
    /// `sex`, `age-band` or `issuing-state`.
    #[schema(value_type = String)]
    pub dimension: Dimension,
    /// Its cells.
    pub cells: Vec<CellFigures>,
}

/// One model pack at one port.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PackFigures {
    /// The model pack.
    pub pack: String,
    /// Travellers who chose the photo and were photographed; `null` when they are fewer than 10.
    pub travellers: Option<u64>,
    /// The rates over all of them.
    pub rates: Vec<RateFigure>,
    /// Why they were sent to an officer; one may have been for several reasons.
    pub sent_for: Vec<Share>,
    /// Those whose truth nobody settled: they are in no error rate but the first and the last.
    pub unsettled: Vec<Share>,
    /// By capture device.
    pub devices: Vec<CellFigures>,
    /// By what travellers' documents declare.
    pub groups: Vec<DimensionFigures>,
}

/// One port.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PortFigures {
    /// As carriers code it.
    pub port: String,
    /// Days on which anybody was photographed.
    pub days: u64,
    /// Travellers a day that people per day are worked out for; `null` when too few were seen.
    pub travellers_per_day: Option<u64>,
    /// By model pack.
    pub packs: Vec<PackFigures>,
}

/// What the service says of its own errors.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AccuracyReport {
    /// RFC 3339.
    pub as_of: String,
    /// Of the intervals.
    pub confidence: f64,
    /// No group of fewer people is shown.
    pub people_min: u64,
    /// What to know before believing the figures.
    pub notes: Vec<&'static str>,
    /// One for each port that photographed anybody.
    pub ports: Vec<PortFigures>,
}

/// What to know before believing the figures.
const NOTES: [&str; 4] = [
    "Whom the machine confirmed counts as found unless an officer corrected it: a false match that nobody noticed is \
     not in these figures. Second looks estimate those.",
    "Who was not in the gallery is known where an officer boarded them by document and no portrait was staged, or \
     refused them with a document of another list.",
    "Whether a portrait was staged is as it stood at the end of boarding: one that came late makes a missing portrait \
     look like a traveller not recognised.",
    "Who declined is in no figure here. Groups are what documents declare, one at a time; nothing is inferred from a \
     face.",
];

type Counts = HashMap<String, u64>;

fn sum(counts: &Counts, kinds: &[Kind]) -> u64 {
    kinds.iter().map(|kind| counts.get(&kind.slug()).copied().unwrap_or(0)).sum()
}

/// What one pack has at one port.
#[derive(Default)]
struct Counted {
    all: Counts,
    devices: BTreeMap<String, Counts>,
    groups: BTreeMap<Dimension, BTreeMap<String, Counts>>,
}

/// Makes the report. `per_day` is the volume to work out people per day for, in place of the one measured.
pub fn accuracy(
    tallies: &Tallies,
    points: &[CrossingPoint],
    per_day: Option<u64>,
    as_of: jiff::Timestamp,
) -> AccuracyReport {
    let unknown = ("?", "?");
    let names: HashMap<PointId, (&str, &str)> =
        points.iter().map(|point| (point.id, (point.port.as_str(), point.name.as_str()))).collect();
    let mut ports: BTreeMap<&str, BTreeMap<&str, Counted>> = BTreeMap::new();
    for ((key, kind), n) in &tallies.counts {
        let (port, point) = names.get(&key.point).copied().unwrap_or(unknown);
        let counted = ports.entry(port).or_default().entry(&key.pack.0).or_default();
        counted.add(key, point, kind, *n);
    }
    let of_port = |(port, packs): (&str, BTreeMap<&str, Counted>)| {
        let here = |point: &PointId| names.get(point).copied().unwrap_or(unknown).0 == port;
        let days: BTreeSet<_> =
            tallies.days.iter().filter(|(point, _)| here(point)).map(|(_, day)| *day).collect();
        let days = days.len() as u64;
        let people: u64 = packs.values().map(|counted| sum(&counted.all, &[Kind::Transaction])).sum();
        let measured = (days > 0 && people >= CELL_MIN).then(|| (people as f64 / days as f64).round() as u64);
        let volume = per_day.or(measured);
        PortFigures {
            port: port.to_owned(),
            days,
            travellers_per_day: volume,
            // Nor that there were some of whom no model ever saw a face.
            packs: packs
                .into_iter()
                .map(|(pack, counted)| counted.figures(pack, volume))
                .filter(|pack| !pack.pack.is_empty() || pack.travellers.is_some())
                .collect(),
        }
    };
    AccuracyReport {
        as_of: as_of.to_string(),
        confidence: 0.95,
        people_min: CELL_MIN,
        notes: NOTES.to_vec(),
        ports: ports.into_iter().map(of_port).filter(|port| !port.packs.is_empty()).collect(),
    }
}

impl Counted {
    fn add(&mut self, key: &TallyKey, point: &str, kind: &str, n: u64) {
        let to = |counts: &mut Counts| *counts.entry(kind.to_owned()).or_default() += n;
        match key.dimension {
            Dimension::All => {
                to(&mut self.all);
                if let Some(device) = key.device {
                    let label = format!("{point} · {}", &device.to_string()[..8]);
                    to(self.devices.entry(label).or_default());
                }
            }
            group => to(self.groups.entry(group).or_default().entry(key.cell.clone()).or_default()),
        }
    }

    fn figures(self, pack: &str, volume: Option<u64>) -> PackFigures {
        let travellers = sum(&self.all, &[Kind::Transaction]);
        let enough = travellers >= CELL_MIN;
        let share = |kind: Kind, name| {
            let people = sum(&self.all, &[kind]);
            let reason = kind.slug().split_once(':').map(|(_, reason)| reason.to_owned()).unwrap_or_default();
            // That a camera failed for one says of whoever else was seen by hand that they declined: not even that it was is said.
            (people >= CELL_MIN).then_some(Share { reason, name, people: Some(people) })
        };
        let reasons = Reason::ALL.iter().map(|reason| (Kind::ReferredFor(*reason), reason.in_words()));
        let failures = Failure::ALL.iter().map(|failure| (Kind::Unavailable(*failure), failed(*failure)));
        let unsettled = Unsettled::ALL.iter().map(|why| (Kind::Unadjudicated(*why), unsettled(*why)));
        let groups = |dimension: Dimension| {
            let cells = self.groups.get(&dimension).filter(|_| enough)?;
            Some(DimensionFigures { dimension, cells: apart(cells, true) })
        };
        PackFigures {
            pack: pack.to_owned(),
            travellers: enough.then_some(travellers),
            rates: RATES.iter().map(|rate| rate.over(&self.all, travellers, volume)).collect(),
            sent_for: reasons.chain(failures).filter_map(|(kind, name)| share(kind, name)).collect(),
            unsettled: unsettled.filter_map(|(kind, name)| share(kind, name)).collect(),
            devices: if enough { apart(&self.devices, false) } else { Vec::new() },
            groups: Dimension::GROUPS.into_iter().filter_map(groups).collect(),
        }
    }
}

/// The rates of each cell, what is too small or too telling withheld. Of people's groups also small numerators.
fn apart(cells: &BTreeMap<String, Counts>, groups: bool) -> Vec<CellFigures> {
    let mut figures: Vec<CellFigures> =
        cells.keys().map(|cell| CellFigures { cell: cell.clone(), rates: Vec::new() }).collect();
    for rate in RATES.iter().filter(|rate| !groups || GROUP_RATES.contains(&rate.slug)) {
        let trials: Vec<u64> = cells.values().map(|counts| sum(counts, rate.trials)).collect();
        let events: Vec<u64> = cells.values().map(|counts| sum(counts, rate.events)).collect();
        let (trials_shown, events_shown) = (shown(&trials), shown(&events));
        for (at, figure) in figures.iter_mut().enumerate() {
            let events = (!groups || events_shown[at]).then_some(events[at]);
            let withheld = if trials_shown[at] { None } else { Some(FEWER_OR_TELLING) };
            let trials = trials_shown[at].then_some(trials[at]);
            let mut one = rate.figure(trials, events.filter(|_| trials.is_some()));
            one.withheld = withheld.or(events.is_none().then_some(FEWER_OR_TELLING)).or(one.withheld);
            figure.rates.push(one);
        }
    }
    // Ages by age; who declared nothing comes last.
    let first = |cell: &str| cell.split(['-', '+']).next().and_then(|age| age.parse::<u32>().ok());
    figures.sort_by_key(|figure| (figure.cell == NOT_STATED, first(&figure.cell)));
    figures
}

impl Definition {
    fn figure(&self, trials: Option<u64>, events: Option<u64>) -> RateFigure {
        let interval = trials.zip(events).and_then(|(trials, events)| wilson(events, trials));
        RateFigure {
            rate: self.slug,
            name: self.name,
            of: self.of,
            trials,
            events,
            interval,
            per_day: None,
            in_words: None,
            withheld: (trials == Some(0)).then_some(NOBODY),
        }
    }

    /// The rate over everybody, with people per day at `volume` of whom `travellers` were counted.
    fn over(&self, counts: &Counts, travellers: u64, volume: Option<u64>) -> RateFigure {
        let (trials, events) = (sum(counts, self.trials), sum(counts, self.events));
        if (1..CELL_MIN).contains(&trials) || travellers < CELL_MIN {
            let nobody = trials == 0 && travellers >= CELL_MIN;
            let mut figure = self.figure(None, None);
            figure.withheld = Some(if nobody { NOBODY } else { FEWER });
            return figure;
        }
        self.in_people(self.figure(Some(trials), Some(events)), travellers, volume)
    }

    /// A rate with people per day at `volume`, of whom `travellers` were counted.
    fn in_people(&self, mut figure: RateFigure, travellers: u64, volume: Option<u64>) -> RateFigure {
        if let Some(((rate, trials), volume)) = figure.interval.zip(figure.trials).zip(volume) {
            let among = volume as f64 * trials as f64 / travellers as f64;
            let people = people_per_day(&rate, among);
            figure.in_words = Some(self.sentence(&rate, people, volume, among.round() as u64));
            figure.per_day = Some(people);
        }
        figure
    }

    fn sentence(&self, rate: &Interval, people: PeoplePerDay, volume: u64, among: u64) -> String {
        let whom = if among == volume {
            String::new()
        } else {
            format!(", {} of them in this count", grouped(among))
        };
        format!(
            "At {} travellers a day here{whom}, {} ({} to {}) means {} people a day ({} to {}) {}.",
            grouped(volume),
            percent(rate.estimate),
            percent(rate.low).trim_end_matches(" %"),
            percent(rate.high).trim_end_matches(" %"),
            grouped(people.people),
            grouped(people.low),
            grouped(people.high),
            self.means,
        )
    }
}

pub(super) fn failed(failure: Failure) -> &'static str {
    match failure {
        Failure::Camera => "The camera gave no picture",
        Failure::Matcher => "The models gave no answer",
        Failure::NoGallery => "The voyage's gallery was not staged",
        Failure::Exempt => "The law exempts the traveller from photos",
        Failure::NoDocument => "The traveller asked for an officer",
        Failure::DocumentExpired => "The document read was out of date",
    }
}

fn unsettled(why: Unsettled) -> &'static str {
    match why {
        Unsettled::Open => "Not settled yet, or the voyage was closed over it",
        Unsettled::Left => "Went away from the camera",
        Unsettled::Retaken => "Another photo was taken, counted on its own",
        Unsettled::Refused => "Refused, and nothing says who it was",
        Unsettled::SomebodyElse => "The match was wrong, and nobody said who it was",
    }
}

/// A rate as a percentage with as many digits as it takes: `0.04 %`, `2.4 %`, `31 %`.
pub fn percent(rate: f64) -> String {
    let percent = rate * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        ..0.095 => format!("{percent:.2} %"),
        ..9.95 => format!("{percent:.1} %"),
        _ => format!("{percent:.0} %"),
    }
}

impl Service {
    /// What the service says of its own errors, as of now: closed voyages as counted, others as they stand.
    ///
    /// # Errors
    /// When the store fails.
    pub fn accuracy(&self, per_day: Option<u64>) -> Result<AccuracyReport, Refused> {
        let points = self.store().points()?;
        Ok(accuracy(&self.store().tallies()?, &points, per_day, self.now()))
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
pub(crate) mod tests;
