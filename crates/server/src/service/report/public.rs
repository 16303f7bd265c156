//! The same figures for anybody: from what is shown of outcomes where that gives them, else with counts rounded to tens, so
//! that no figure here tells a cell that is withheld there.

use super::{AccuracyReport, Definition, FEWER, FEWER_OR_TELLING, PackFigures, RATES, RateFigure, percent};
use crate::pages::grouped;
use crate::service::oversight::Passages;
use portunus_core::accuracy::traffic::{Outcome, Verdict};
use portunus_core::accuracy::{CELL_MIN, wilson};
use portunus_core::decide::{Failure, Reason};

/// Rates by the truth that an officer or the boarding settled: no sum of outcomes gives them.
const BY_TRUTH: [&str; 3] =
    ["false-negative-identification", "false-positive-identification", "gallery-missing"];

fn tens(people: u64) -> u64 {
    (people + 5) / 10 * 10
}

fn definition(slug: &str) -> Option<&'static Definition> {
    RATES.iter().find(|rate| rate.slug == slug)
}

/// What of a report anybody may see: rates by settled truth, counts rounded to tens, and no count of 1 to 9.
pub(in crate::service) fn for_the_public(mut report: AccuracyReport) -> AccuracyReport {
    for port in &mut report.ports {
        let people: u64 = port.packs.iter().filter_map(|pack| pack.travellers).map(tens).sum();
        let volume = (port.days > 0 && people > 0).then(|| (people as f64 / port.days as f64).round() as u64);
        port.travellers_per_day = volume;
        for pack in &mut port.packs {
            pack_for_the_public(pack, volume);
        }
    }
    report
}

fn pack_for_the_public(pack: &mut PackFigures, volume: Option<u64>) {
    pack.travellers = pack.travellers.map(tens);
    pack.sent_for.clear();
    pack.unsettled.clear();
    pack.devices.clear();
    let travellers = pack.travellers.unwrap_or(0);
    pack.rates.retain(|rate| BY_TRUTH.contains(&rate.rate));
    for rate in &mut pack.rates {
        *rate = rounded(rate, travellers, volume);
    }
    for dimension in &mut pack.groups {
        for cell in &mut dimension.cells {
            cell.rates.retain(|rate| BY_TRUTH.contains(&rate.rate));
            for rate in &mut cell.rates {
                *rate = rounded(rate, travellers, None);
            }
        }
        // That a group is withheld would say that somebody of it came.
        dimension
            .cells
            .retain(|cell| cell.rates.iter().any(|rate| rate.trials.is_some_and(|trials| trials > 0)));
    }
}

fn rounded(exact: &RateFigure, travellers: u64, volume: Option<u64>) -> RateFigure {
    let nothing = RateFigure {
        trials: None,
        events: None,
        interval: None,
        per_day: None,
        in_words: None,
        ..exact.clone()
    };
    let (Some(rate), Some(trials), Some(events)) = (definition(exact.rate), exact.trials, exact.events)
    else {
        return nothing;
    };
    let trials = tens(trials);
    if (1..CELL_MIN).contains(&events) {
        let below = wilson(CELL_MIN - 1, trials).map(|rate| rate.high);
        let words = |below| format!("Fewer than 10 of {}: below {}.", grouped(trials), percent(below));
        return RateFigure {
            trials: Some(trials),
            in_words: below.map(words),
            withheld: Some(FEWER),
            ..nothing
        };
    }
    rate.in_people(rate.figure(Some(trials), Some(tens(events))), travellers, volume)
}

/// Rates over a year of `days`, from the numbers of outcomes that are shown.
pub(in crate::service) fn of_outcomes(passages: &Passages, days: u64) -> Vec<RateFigure> {
    let sum = |of: &[Outcome]| of.iter().map(|outcome| passages.people(*outcome)).sum::<Option<u64>>();
    let reasons = |wanted: fn(&Reason) -> bool| -> Vec<Outcome> {
        Reason::ALL.into_iter().filter(wanted).map(Outcome::Referred).collect()
    };
    let mut answered = reasons(|_| true);
    answered.push(Outcome::Confirmed);
    let mut referred = reasons(|_| true);
    referred.extend(Failure::ALL.map(Outcome::Unavailable));
    let rates = [
        ("failure-to-acquire", sum(&answered), sum(&reasons(|reason| reason.retakeable()))),
        ("referred", passages.photo.total, sum(&referred)),
        (
            "corrected-confirmation",
            passages.people(Outcome::Confirmed),
            passages.ruled(Outcome::Confirmed, Verdict::PutRight),
        ),
    ];
    let travellers = passages.photo.total.unwrap_or(0);
    let volume = (days > 0 && travellers > 0).then(|| (travellers as f64 / days as f64).round() as u64);
    let figure = |(slug, trials, events): (&str, Option<u64>, Option<u64>)| {
        let rate = definition(slug)?;
        let mut figure = rate.figure(trials.and(events).and(trials), trials.and(events));
        figure.withheld = figure.withheld.or(figure.trials.is_none().then_some(FEWER_OR_TELLING));
        Some(rate.in_people(figure, travellers, volume))
    };
    rates.into_iter().filter_map(figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::report::accuracy;
    use crate::service::report::tests::{a_port, tallies};

    #[test]
    fn the_public_sees_no_count_of_one_to_nine_and_no_other_closer_than_ten() {
        let report = accuracy(&tallies(), &a_port(), None, jiff::Timestamp::UNIX_EPOCH);
        let report = for_the_public(report);
        let pack = &report.ports[0].packs[0];
        assert!(pack.sent_for.is_empty() && pack.unsettled.is_empty() && pack.devices.is_empty());
        let groups = pack.groups.iter().flat_map(|dimension| &dimension.cells).flat_map(|cell| &cell.rates);
        let mut seen = 0;
        for rate in pack.rates.iter().chain(groups) {
            assert!(BY_TRUTH.contains(&rate.rate));
            for count in [rate.trials, rate.events].into_iter().flatten() {
                assert_eq!(count % 10, 0, "{rate:?}");
                seen += 1;
            }
        }
        assert!(seen >= 4);
        let names = pack.groups.iter().flat_map(|dimension| &dimension.cells).map(|cell| cell.cell.as_str());
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["F"],
            "five of unspecified sex are not named, nor who hides them"
        );
        let fnir = pack.rates.iter().find(|rate| rate.rate == BY_TRUTH[0]).unwrap();
        assert_eq!((fnir.events, fnir.trials), (Some(100), Some(4000)));
    }

    #[test]
    fn a_few_of_many_are_said_to_be_below_a_rate() {
        let rate = definition(BY_TRUTH[1]).unwrap();
        let few = rounded(&rate.figure(Some(4003), Some(2)), 5000, Some(100));
        assert_eq!((few.events, few.interval, few.per_day), (None, None, None));
        assert_eq!(few.in_words.as_deref(), Some("Fewer than 10 of 4,000: below 0.4 %."));
        let nobody = rounded(&rate.figure(Some(4003), Some(0)), 5000, Some(100));
        assert_eq!(nobody.events, Some(0), "of nobody it may be said");
    }
}
