//! What declining costs in time, for anybody: each point judged by what is kept of closed voyages, and the trend over all
//! months of which something is published.
//!
//! Numbers of people are rounded down to tens, and nothing is said of a point's waits before they are of enough people to
//! judge: what is withheld in the tables of choices cannot be worked out from here.

use super::figures::{PeriodChoices, Year, years};
use super::stated::{Books, InForceSince};
use jiff::Timestamp;
use portunus_core::accuracy::shown;
use portunus_core::accuracy::traffic::Counted;
use portunus_core::encounter::Lane;
use portunus_core::id::PointId;
use portunus_core::month::month_of;
use portunus_core::parity::{Figures, Judgement, Live, PEOPLE_MIN, RATIO, RECORD_MONTHS, Which};
use portunus_core::place::Designation;
use portunus_store::parity::ceiling_ms;
use portunus_store::{PublicRecord, Traffic};
use serde::Serialize;
use std::collections::BTreeMap;

/// What declining costs in time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Parity {
    /// How many times the camera's wait the manual one may be, at the 95th percentile.
    pub ratio_max: f64,
    /// From so many people of each choice on something is said of a point.
    pub people_min: u64,
    /// For so many months the camera's lane is held to the best that it has shown.
    pub record_months: u32,
    /// Every point that may photograph now.
    pub points: Vec<PointPromise>,
    /// Every published month of every year, the earliest first.
    pub trend: Vec<ParityMonth>,
    /// When falling short began and ended, as the log states it, the latest last.
    pub stated: Vec<InForceSince>,
}

/// The promise at one point, and whether it is kept: of closed voyages alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PointPromise {
    /// What people call it.
    pub point: String,
    /// The designation, as in the log.
    pub designation: String,
    /// The designation's ceiling.
    pub ceiling_ms: u64,
    /// `gate`: from the choice at the gate on; `feed`: from joining the queue on, as buttons and sensors say.
    pub measured_by: &'static str,
    /// `met`, `falls-short`, `too-few-to-say`.
    pub judgement: &'static str,
    /// Which part is not kept: `ratio`, `ceiling`.
    #[schema(value_type = Vec<String>)]
    pub short_of: Vec<Which>,
    /// People of the manual choice, rounded down to tens; `null` of too few to say anything.
    pub manual_people: Option<u64>,
    /// People who chose the photo, in the same way.
    pub photo_people: Option<u64>,
    /// What nineteen in twenty of the manual choice did not exceed.
    pub manual_p95_ms: Option<u64>,
    /// The same of those who chose the photo.
    pub photo_p95_ms: Option<u64>,
    /// What the manual choice is compared with: the best of now and of the record.
    pub reference_ms: Option<u64>,
    /// What both parts of the promise allow.
    pub limit_ms: u64,
}

/// Both choices in one month, over all points; `null` is withheld.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ParityMonth {
    /// `2026-11`.
    pub month: String,
    /// What nineteen in twenty of those who chose the photo did not exceed.
    pub photo_p95_ms: Option<u64>,
    /// The same of those who declined.
    pub manual_p95_ms: Option<u64>,
    /// The one over the other.
    pub p95_ratio: Option<f64>,
    /// Officers who served those who chose the photo: on each voyage at each point, each counts once.
    pub photo_officers: Option<u64>,
    /// Officers who served those who declined.
    pub manual_officers: Option<u64>,
    /// Who had declined and still waited when boarding was closed; `null` of fewer than ten, nobody among them.
    pub declined_left_waiting: Option<u64>,
}

pub(super) fn parity(
    record: &PublicRecord,
    books: &Books,
    points: &BTreeMap<PointId, String>,
    now: Timestamp,
) -> Parity {
    let month = month_of(now);
    let in_force = record.designations.iter().filter(|designation| designation.in_force(now));
    // Of several in force the one that began last: designations come by their beginning.
    let latest: BTreeMap<PointId, &Designation> = in_force.map(|one| (one.point, one)).collect();
    let mut promises: Vec<PointPromise> =
        latest.values().map(|designation| promise(record, designation, points, &month)).collect();
    promises.sort_by(|one, other| one.point.cmp(&other.point));
    Parity {
        ratio_max: RATIO,
        people_min: PEOPLE_MIN,
        record_months: RECORD_MONTHS,
        points: promises,
        trend: trend(&record.traffic, points),
        stated: books.parity.clone(),
    }
}

fn promise(
    record: &PublicRecord,
    designation: &Designation,
    points: &BTreeMap<PointId, String>,
    month: &str,
) -> PointPromise {
    let at = record.waits.iter().find(|kept| kept.point == designation.point);
    let ceiling_ms = ceiling_ms(designation);
    let judgement = at.map_or_else(
        || Judgement::TooFewToSay(Figures { limit_ms: ceiling_ms, ..Figures::default() }),
        |at| at.kept.judged(&Live::default(), ceiling_ms, month),
    );
    let figures = *judgement.figures();
    let enough = |people: u64| (people >= PEOPLE_MIN).then_some(people / 10 * 10);
    let (manual, photo) = (enough(figures.manual_people), enough(figures.photo_people));
    let (judged, short_of) = match &judgement {
        Judgement::TooFewToSay(_) => ("too-few-to-say", Vec::new()),
        Judgement::Met(_) => ("met", Vec::new()),
        Judgement::FallsShort { shortfalls, .. } => {
            ("falls-short", shortfalls.iter().map(|short| short.which).collect())
        }
    };
    PointPromise {
        point: points.get(&designation.point).cloned().unwrap_or_else(|| "?".to_owned()),
        designation: designation.id.to_string(),
        ceiling_ms,
        measured_by: at.map_or("gate", |at| at.measuring.slug()),
        judgement: judged,
        short_of,
        manual_people: manual,
        photo_people: photo,
        manual_p95_ms: figures.manual_p95_ms.filter(|_| manual.is_some()),
        photo_p95_ms: figures.photo_p95_ms.filter(|_| photo.is_some()),
        reference_ms: figures.reference_ms,
        limit_ms: figures.limit_ms,
    }
}

fn trend(traffic: &Traffic, points: &BTreeMap<PointId, String>) -> Vec<ParityMonth> {
    let months = years(traffic).into_iter().flat_map(|year| {
        let choices = Year { year: &year, traffic, points }.passages().choices;
        // The year itself comes last.
        let months = choices.len().saturating_sub(1);
        choices.into_iter().take(months).collect::<Vec<PeriodChoices>>()
    });
    let months: Vec<PeriodChoices> = months.collect();
    let left = |month: &str| {
        let of = traffic
            .0
            .iter()
            .filter(|((of, _, counted), _)| of == month && *counted == Counted::LeftWaiting(Lane::Manual));
        of.map(|(_, n)| *n).sum::<u64>()
    };
    let left: Vec<u64> = months.iter().map(|choices| left(&choices.period)).collect();
    let left_shown = shown(&left);
    months
        .into_iter()
        .zip(left.iter().zip(left_shown))
        .map(|(choices, (left, may_show))| ParityMonth {
            photo_p95_ms: choices.photo_waits.map(|waits| waits.waited_p95_ms),
            manual_p95_ms: choices.manual_waits.map(|waits| waits.waited_p95_ms),
            p95_ratio: choices.p95_ratio,
            photo_officers: choices.photo_officers,
            manual_officers: choices.manual_officers,
            declined_left_waiting: (may_show && *left > 0).then_some(*left),
            month: choices.period,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::oversight::tests::a_report;

    #[test]
    fn a_point_that_falls_short_says_by_what_and_one_without_people_says_nothing() {
        let parity = a_report().parity;
        let [gate] = &parity.points[..] else { panic!("one point is designated: {:?}", parity.points) };
        assert_eq!((gate.point.as_str(), gate.judgement), ("JFK B22", "falls-short"));
        assert_eq!(gate.short_of, [Which::Ratio]);
        assert_eq!((gate.manual_people, gate.photo_people), (Some(120), Some(300)), "in tens");
        assert!(gate.manual_p95_ms > gate.reference_ms.map(|ms| ms * 2));
    }

    #[test]
    fn the_trend_has_every_month_of_every_year_and_no_small_number() {
        let parity = a_report().parity;
        let months: Vec<&str> = parity.trend.iter().map(|month| month.month.as_str()).collect();
        assert_eq!(months, ["2026-10", "2026-11"]);
        assert!(parity.trend[0].manual_p95_ms.is_some());
        for month in &parity.trend {
            let counts = [month.photo_officers, month.manual_officers, month.declined_left_waiting];
            assert!(counts.iter().flatten().all(|n| *n == 0 || *n >= 10), "{month:?}");
        }
    }
}
