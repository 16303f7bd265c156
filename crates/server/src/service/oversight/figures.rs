//! Tables of passages and captures, small cells withheld, and what is worked out from the cells that are shown.

use portunus_core::accuracy::traffic::{Counted, Outcome, Verdict, percentile_ms};
use portunus_core::accuracy::{CELL_MIN, shown, shown_in_tables};
use portunus_core::encounter::Lane;
use portunus_core::id::PointId;
use portunus_store::Traffic;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The manual lane's p95 is a multiple of the photo lane's only where that is a second or more.
const RATIO_FROM_MS: u64 = 1000;

/// A table with its totals; `null` is withheld: fewer than ten, or it would tell another that is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FigureTable {
    /// What its rows are.
    pub rows: Vec<String>,
    /// What its columns are.
    pub columns: Vec<String>,
    /// By row and column.
    pub cells: Vec<Vec<Option<u64>>>,
    /// Of each row.
    pub row_totals: Vec<Option<u64>>,
    /// Of each column.
    pub column_totals: Vec<Option<u64>>,
    /// Of all.
    pub total: Option<u64>,
}

/// Rows, columns, and how many in each.
type Counts = (Vec<String>, Vec<String>, Vec<Vec<u64>>);

/// Tables of the same things, each's columns the next one's rows, with what may be shown of them.
fn withheld(tables: Vec<Counts>) -> Vec<FigureTable> {
    let cells: Vec<Vec<Vec<u64>>> = tables.iter().map(|table| table.2.clone()).collect();
    let show = |shown: &bool, n: u64| shown.then_some(n);
    let published = |((rows, columns, cells), shown): (Counts, portunus_core::accuracy::Shown)| {
        let row =
            |(shown, row): (&Vec<bool>, &Vec<u64>)| shown.iter().zip(row).map(|(s, n)| show(s, *n)).collect();
        let column = |at: usize| cells.iter().map(|row| row[at]).sum::<u64>();
        FigureTable {
            cells: shown.cells.iter().zip(&cells).map(row).collect(),
            row_totals: shown.rows.iter().zip(&cells).map(|(s, row)| show(s, row.iter().sum())).collect(),
            column_totals: shown.columns.iter().enumerate().map(|(at, s)| show(s, column(at))).collect(),
            total: show(&shown.total, cells.iter().flatten().sum()),
            rows,
            columns,
        }
    };
    tables.into_iter().zip(shown_in_tables(&cells)).map(published).collect()
}

/// Withholds zeros, too: where to know that it was nobody says something of somebody.
fn hide_zeros(table: &mut FigureTable) {
    let cells = table.cells.iter_mut().flatten();
    let totals = table.row_totals.iter_mut().chain(&mut table.column_totals).chain([&mut table.total]);
    for cell in cells.chain(totals) {
        *cell = cell.filter(|n| *n > 0);
    }
}

/// Sorts out into a table: the rows and columns that occur, in their order.
fn counts<R: Ord + Copy, C: Ord + Copy>(
    of: impl Iterator<Item = (R, C, u64)>,
    rows: &[(R, String)],
    columns: &[(C, String)],
) -> Counts {
    let mut sums: BTreeMap<(R, C), u64> = BTreeMap::new();
    for (row, column, n) in of {
        *sums.entry((row, column)).or_default() += n;
    }
    let at = |row: R, column: C| sums.get(&(row, column)).copied().unwrap_or(0);
    let cells =
        rows.iter().map(|(row, _)| columns.iter().map(|(column, _)| at(*row, *column)).collect()).collect();
    let names = |(_, name): &(R, String)| name.clone();
    (rows.iter().map(names).collect(), columns.iter().map(|(_, name)| name.clone()).collect(), cells)
}

/// What travellers of a year chose, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Passages {
    /// Who chose the photo: crossing points by months.
    pub photo: FigureTable,
    /// Who declined: crossing points by months.
    pub declined: FigureTable,
    /// What came of those who chose the photo: months by outcomes.
    pub outcomes: FigureTable,
    /// What officers ruled on them: outcomes by rulings.
    pub rulings: FigureTable,
    /// What officers ruled on those who declined: months by rulings.
    pub declined_rulings: FigureTable,
    /// Both choices by month; the whole year last.
    pub choices: Vec<PeriodChoices>,
}

/// Both choices in a month, or in the year.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PeriodChoices {
    /// `2026-11`, or `2026`.
    pub period: String,
    /// Who chose the photo; `null` when withheld, here and below.
    pub photo: Option<u64>,
    /// Who declined.
    pub declined: Option<u64>,
    /// Who declined, of all.
    pub declined_share: Option<f64>,
    /// How long those who chose the photo took.
    pub photo_waits: Option<ChoiceWaits>,
    /// How long those who declined took.
    pub manual_waits: Option<ChoiceWaits>,
    /// The p95 of waits of those who declined, as a multiple of those who chose the photo.
    pub p95_ratio: Option<f64>,
    /// Officers who served travellers who chose the photo: on each voyage at each point, each counts once.
    pub photo_officers: Option<u64>,
    /// Officers who served travellers who declined.
    pub manual_officers: Option<u64>,
    /// Travellers who chose the photo, for each of those officers.
    pub photo_per_officer: Option<f64>,
    /// Travellers who declined, for each of those officers.
    pub manual_per_officer: Option<f64>,
}

/// Waits of one choice, in milliseconds, known to a twentieth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ChoiceWaits {
    /// Half waited at most this long to be attended to.
    pub waited_p50_ms: u64,
    /// Nineteen in twenty waited at most this long.
    pub waited_p95_ms: u64,
    /// Half were through within this.
    pub passed_p50_ms: u64,
    /// Nineteen in twenty were through within this.
    pub passed_p95_ms: u64,
}

impl Passages {
    /// How many had this outcome in the year; `None` when that is withheld.
    pub(in crate::service) fn people(&self, outcome: Outcome) -> Option<u64> {
        let at = self.outcomes.columns.iter().position(|name| *name == outcome_in_words(outcome));
        at.map_or(Some(0), |at| self.outcomes.column_totals.get(at).copied().flatten())
    }

    /// How many of them were ruled on in this way.
    pub(in crate::service) fn ruled(&self, outcome: Outcome, verdict: Verdict) -> Option<u64> {
        let row = self.rulings.rows.iter().position(|name| *name == outcome_in_words(outcome));
        let column = self.rulings.columns.iter().position(|name| name == verdict.in_words());
        row.zip(column).map_or(Some(0), |(row, column)| *self.rulings.cells.get(row)?.get(column)?)
    }
}

/// The years of which anything is published, the latest last.
pub(super) fn years(traffic: &Traffic) -> BTreeSet<String> {
    traffic.0.keys().filter_map(|(month, ..)| Some(month.get(..4)?.to_owned())).collect()
}

fn outcome_in_words(outcome: Outcome) -> String {
    match outcome {
        Outcome::Declined => "Declined".to_owned(),
        Outcome::Confirmed => "Confirmed by the machine".to_owned(),
        Outcome::Referred(reason) => reason.in_words().to_owned(),
        Outcome::Unavailable(failure) => crate::service::report::failed(failure).to_owned(),
        Outcome::Unanswered => "Went away, or boarding ended, before an answer".to_owned(),
    }
}

/// One year's passages as counted.
pub(super) struct Year<'a> {
    pub(super) year: &'a str,
    pub(super) traffic: &'a Traffic,
    /// What points are called.
    pub(super) points: &'a BTreeMap<PointId, String>,
}

impl<'a> Year<'a> {
    fn counts(&self) -> impl Iterator<Item = (&'a str, PointId, Counted, u64)> + Clone + use<'a> {
        let (year, traffic) = (self.year, self.traffic);
        let of_year = move |month: &str| month.get(..4) == Some(year);
        traffic
            .0
            .iter()
            .filter(move |((month, ..), _)| of_year(month))
            .map(|((month, point, counted), n)| (month.as_str(), *point, *counted, *n))
    }

    fn months(&self) -> Vec<(&'a str, String)> {
        let months: BTreeSet<&str> = self.counts().map(|(month, ..)| month).collect();
        months.into_iter().map(|month| (month, month.to_owned())).collect()
    }

    /// Points by months, of the passages that `of` wants.
    fn by_point(&self, of: impl Fn(Outcome) -> bool) -> Counts {
        let passages = self.counts().filter_map(|(month, point, counted, n)| match counted {
            Counted::Passage(outcome, _) if of(outcome) => Some((point, month, n)),
            _ => None,
        });
        let there: BTreeSet<PointId> = self.counts().map(|(_, point, ..)| point).collect();
        let name = |point: &PointId| self.points.get(point).cloned().unwrap_or_else(|| "?".to_owned());
        let mut points: Vec<(PointId, String)> = there.iter().map(|point| (*point, name(point))).collect();
        points.sort_by(|one, other| one.1.cmp(&other.1));
        counts(passages, &points, &self.months())
    }

    pub(super) fn passages(&self) -> Passages {
        let photos = |outcome| outcome != Outcome::Declined;
        let ruled = self.counts().filter_map(|(month, _, counted, n)| match counted {
            Counted::Passage(outcome, verdict) => Some((month, outcome, verdict, n)),
            _ => None,
        });
        let of_photos: Vec<_> = ruled.clone().filter(|(_, outcome, ..)| photos(*outcome)).collect();
        let outcomes: Vec<(Outcome, String)> = Outcome::of_photos()
            .filter(|outcome| of_photos.iter().any(|(_, o, ..)| o == outcome))
            .map(|outcome| (outcome, outcome_in_words(outcome)))
            .collect();
        let verdicts = |there: &dyn Fn(Verdict) -> bool| -> Vec<(Verdict, String)> {
            let of = Verdict::ALL.into_iter().filter(|verdict| there(*verdict));
            of.map(|verdict| (verdict, verdict.in_words().to_owned())).collect()
        };
        let months = self.months();
        let by_outcome = counts(of_photos.iter().map(|(m, o, _, n)| (*m, *o, *n)), &months, &outcomes);
        let photo_verdicts = verdicts(&|verdict| of_photos.iter().any(|(_, _, v, _)| *v == verdict));
        let by_ruling = counts(of_photos.iter().map(|(_, o, v, n)| (*o, *v, *n)), &outcomes, &photo_verdicts);
        let declined: Vec<_> = ruled.filter(|(_, outcome, ..)| !photos(*outcome)).collect();
        let of_declined = verdicts(&|verdict| declined.iter().any(|(_, _, v, _)| *v == verdict));
        let by_decline = counts(declined.iter().map(|(m, _, v, n)| (*m, *v, *n)), &months, &of_declined);
        let mut photo = withheld(vec![self.by_point(photos), by_outcome, by_ruling]).into_iter();
        let mut other = withheld(vec![self.by_point(|o| !photos(o)), by_decline]).into_iter();
        let next = |tables: &mut std::vec::IntoIter<FigureTable>| tables.next().unwrap_or_default();
        let mut passages = Passages {
            photo: next(&mut photo),
            outcomes: next(&mut photo),
            rulings: next(&mut photo),
            declined: next(&mut other),
            declined_rulings: next(&mut other),
            choices: Vec::new(),
        };
        // That nobody declined in a month would say of whoever then crossed by document that they did not.
        hide_zeros(&mut passages.declined);
        hide_zeros(&mut passages.declined_rulings);
        passages.choices = self.choices(&passages);
        passages
    }

    /// Both choices by month, then the year: from totals that are shown, and from nothing else.
    fn choices(&self, passages: &Passages) -> Vec<PeriodChoices> {
        let months: Vec<&str> = self.months().into_iter().map(|(month, _)| month).collect();
        let officers = [Lane::Photo, Lane::Manual].map(|lane| self.officers(&months, lane));
        let mut choices: Vec<PeriodChoices> = months
            .iter()
            .enumerate()
            .map(|(at, month)| {
                let total = |table: &FigureTable| table.column_totals.get(at).copied().flatten();
                let people = [total(&passages.photo), total(&passages.declined)];
                self.period(month, people, [officers[0].0[at], officers[1].0[at]])
            })
            .collect();
        if !months.is_empty() {
            let people = [passages.photo.total, passages.declined.total];
            choices.push(self.period(self.year, people, [officers[0].1, officers[1].1]));
        }
        choices
    }

    /// How many officers served a choice by month, and in the year, where that may be shown.
    fn officers(&self, months: &[&str], lane: Lane) -> (Vec<Option<u64>>, Option<u64>) {
        let of = |wanted: &str| {
            let of = self
                .counts()
                .filter(|(month, _, counted, _)| *month == wanted && *counted == Counted::Officer(lane));
            of.map(|(.., n)| n).sum::<u64>()
        };
        let by_month: Vec<u64> = months.iter().map(|month| of(month)).collect();
        let total: u64 = by_month.iter().sum();
        let shows = shown(&by_month);
        // Officers of nobody who declined: the same as with the declines themselves.
        let may = |n: u64| lane == Lane::Photo || n > 0;
        let by_month =
            by_month.into_iter().zip(shows).map(|(n, shown)| (shown && may(n)).then_some(n)).collect();
        (by_month, ((total == 0 || total >= CELL_MIN) && may(total)).then_some(total))
    }

    fn period(&self, period: &str, people: [Option<u64>; 2], officers: [Option<u64>; 2]) -> PeriodChoices {
        let [photo, declined] = people;
        let all = photo.zip(declined).map(|(photo, declined)| photo + declined).filter(|all| *all > 0);
        let waits = [Lane::Photo, Lane::Manual].map(|lane| {
            let people = if lane == Lane::Photo { photo } else { declined };
            people.filter(|people| *people > 0).and_then(|_| self.waits(period, lane))
        });
        let each = |at: usize| {
            let officers = officers[at].filter(|officers| *officers > 0)?;
            Some(people[at]? as f64 / officers as f64)
        };
        let p95 = |waits: Option<ChoiceWaits>| waits.map(|waits| waits.waited_p95_ms);
        let ratio = p95(waits[0]).filter(|ms| *ms >= RATIO_FROM_MS).zip(p95(waits[1]));
        PeriodChoices {
            period: period.to_owned(),
            photo,
            declined,
            declined_share: declined.zip(all).map(|(declined, all)| declined as f64 / all as f64),
            photo_waits: waits[0],
            manual_waits: waits[1],
            p95_ratio: ratio.map(|(photo, manual)| manual as f64 / photo as f64),
            photo_officers: officers[0],
            manual_officers: officers[1],
            photo_per_officer: each(0),
            manual_per_officer: each(1),
        }
    }

    /// Waits of a choice in a month or the year; `None` of fewer than ten.
    fn waits(&self, period: &str, lane: Lane) -> Option<ChoiceWaits> {
        let bins = |wanted: fn(Counted) -> Option<(Lane, u32)>| -> Vec<(u32, u64)> {
            let of = self.counts().filter(|(month, ..)| month.starts_with(period));
            of.filter_map(|(.., counted, n)| Some((wanted(counted)?, n)))
                .filter(|((of, _), _)| *of == lane)
                .map(|((_, bin), n)| (bin, n))
                .collect()
        };
        let waited = bins(|counted| match counted {
            Counted::Waited(lane, bin) => Some((lane, bin)),
            _ => None,
        });
        let passed = bins(|counted| match counted {
            Counted::Passed(lane, bin) => Some((lane, bin)),
            _ => None,
        });
        let enough = waited.iter().map(|(_, n)| n).sum::<u64>() >= CELL_MIN;
        let percentile = |bins: &[(u32, u64)], percent| percentile_ms(bins.iter().copied(), percent);
        enough.then_some(ChoiceWaits {
            waited_p50_ms: percentile(&waited, 50)?,
            waited_p95_ms: percentile(&waited, 95)?,
            passed_p50_ms: percentile(&passed, 50)?,
            passed_p95_ms: percentile(&passed, 95)?,
        })
    }
}

/// What became of captures.
pub(super) const FATES: [&str; 4] = ["Never stored", "Sealed", "Discarded", "Missing"];

/// Captures of a year as the ledger states them: crossing points by months, and months by what became of them.
pub(super) fn captures(
    of: impl Iterator<Item = (String, PointId, [u64; 4])>,
    points: &BTreeMap<PointId, String>,
) -> (FigureTable, FigureTable) {
    let of: Vec<_> = of.collect();
    let months: BTreeSet<&str> = of.iter().map(|(month, ..)| month.as_str()).collect();
    let months: Vec<(&str, String)> = months.into_iter().map(|month| (month, month.to_owned())).collect();
    let there: BTreeSet<PointId> = of.iter().map(|(_, point, _)| *point).collect();
    let name = |point: &PointId| points.get(point).cloned().unwrap_or_else(|| "?".to_owned());
    let points: Vec<(PointId, String)> = there.iter().map(|point| (*point, name(point))).collect();
    let fates: Vec<(usize, String)> =
        FATES.iter().enumerate().map(|(at, name)| (at, (*name).to_owned())).collect();
    let by_point = of.iter().map(|(month, point, fates)| (*point, month.as_str(), fates.iter().sum()));
    let by_fate = of
        .iter()
        .flat_map(|(month, _, fates)| fates.iter().enumerate().map(move |(at, n)| (month.as_str(), at, *n)));
    let by_point = counts(by_point, &points, &months);
    let by_fate = counts(by_fate, &months, &fates);
    let mut tables = withheld(vec![by_point, by_fate]).into_iter();
    (tables.next().unwrap_or_default(), tables.next().unwrap_or_default())
}

#[cfg(test)]
#[path = "figures_tests.rs"]
pub(super) mod tests;
