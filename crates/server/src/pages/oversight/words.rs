//! The figures in sentences, the way a newspaper would say them; what is withheld says so.

use super::super::layout::grouped;
use super::super::supervisor::{WAIT_RATIO_MAX, seconds};
use crate::service::oversight::{ChoiceWaits, Oversight, PeriodChoices};
use crate::service::report::percent;

/// Why a number is not shown, in a table's cell; [`WITHHELD_WHY`] stands below the table.
pub(super) const WITHHELD: &str = "withheld*";
/// What the mark means.
pub(super) const WITHHELD_WHY: &str =
    "* Fewer than ten people, or a number that would tell one of fewer than ten.";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn month(period: &str) -> Option<&'static str> {
    let month: usize = period.get(5..7).filter(|_| period.len() == 7)?.parse().ok()?;
    MONTHS.get(month.checked_sub(1)?).copied()
}

/// `2026-11` as `November 2026`, `2026` as it is.
pub(super) fn period(period: &str) -> String {
    let year = period.get(..4).unwrap_or_default();
    month(period).map_or_else(|| period.to_owned(), |name| format!("{name} {year}"))
}

/// `2026-11` as `Nov`, anything else as it is: what heads a row or a column of one year's table.
pub(super) fn heading(name: &str) -> &str {
    month(name).and_then(|month| month.get(..3)).unwrap_or(name)
}

/// The headline figures, the latest month first.
pub fn headlines(report: &Oversight) -> Vec<String> {
    let mut said = Vec::new();
    if let Some((year, months)) = report.passages.choices.split_last() {
        // Of one month alone the year would say the same again.
        let year = (months.len() > 1).then_some(year);
        said.extend(
            months.last().into_iter().flat_map(|latest| [vec![chose(latest)], waited(latest)].concat()),
        );
        said.extend(year.map(chose));
    }
    said.extend(parity(report));
    said.extend(captures(report));
    said.push(erased(report));
    let (may, all) = (report.points.iter().filter(|point| point.in_force).count(), report.points.len());
    said.push(match (may, all) {
        (_, 0) => "No crossing point is known, and none may photograph.".to_owned(),
        (1, 1) => "The one crossing point may photograph now, under a published designation.".to_owned(),
        (may, all) => {
            format!("{may} of {all} crossing points may photograph now, each under a published designation.")
        }
    });
    said
}

/// Whether declining is no penalty, where enough people have passed to say.
fn parity(report: &Oversight) -> Option<String> {
    let judged = |word: &str| report.parity.points.iter().filter(|at| at.judgement == word).count();
    let (short, kept) = (judged("falls-short"), judged("met"));
    match (short, short + kept) {
        (_, 0) => None,
        (0, _) => Some("Nowhere do those who decline wait longer than they were promised, as far as enough have passed to say.".to_owned()),
        (short, all) => Some(format!(
            "At {short} of the {all} crossing points where enough have passed to say, those who decline wait longer than they were promised."
        )),
    }
}

fn chose(choices: &PeriodChoices) -> String {
    let when = period(&choices.period);
    match (choices.photo, choices.declined, choices.declined_share) {
        (Some(photo), Some(0), _) => {
            format!(
                "In {when} {} travellers passed; all chose the photo, and nobody declined.",
                grouped(photo)
            )
        }
        (Some(photo), Some(declined), Some(share)) => format!(
            "Of {} travellers in {when}, {} chose the photo and {} declined it ({}).",
            grouped(photo + declined),
            grouped(photo),
            grouped(declined),
            percent(share)
        ),
        (Some(photo), _, _) => format!(
            "In {when} {} travellers chose the photo. How many declined is withheld: fewer than ten, or it would tell another \
             figure that is.",
            grouped(photo)
        ),
        (_, Some(declined), _) => format!(
            "In {when} {} travellers declined the photo. How many chose it is withheld: fewer than ten, or it would tell \
             another figure that is.",
            grouped(declined)
        ),
        _ => format!(
            "How many chose the photo in {when}, and how many declined, is withheld: fewer than ten, or telling."
        ),
    }
}

fn waited(choices: &PeriodChoices) -> Vec<String> {
    let (when, mut said) = (period(&choices.period), Vec::new());
    let waited = |who: &str, waits: &ChoiceWaits| {
        format!(
            "Half of those {who} in {when} were attended to within {}, nineteen in twenty within {}.",
            seconds(waits.waited_p50_ms),
            seconds(waits.waited_p95_ms)
        )
    };
    said.extend(choices.photo_waits.as_ref().map(|waits| waited("who chose the photo", waits)));
    said.extend(choices.manual_waits.as_ref().map(|waits| waited("who declined", waits)));
    said.extend(choices.p95_ratio.map(|ratio| {
        let side = if ratio <= WAIT_RATIO_MAX { "within" } else { "over" };
        format!(
            "Declining took {ratio:.1} times as long to be attended to as the photo (p95) in {when}: {side} the limit of \
             {WAIT_RATIO_MAX}."
        )
    }));
    said
}

fn captures(report: &Oversight) -> Option<String> {
    let total = report.captures.total.filter(|total| *total > 0)?;
    let of = |name: &str| {
        let at = report.captures_became.columns.iter().position(|column| column == name)?;
        report.captures_became.column_totals.get(at).copied().flatten()
    };
    let say = |name: &str, words: &str| match of(name) {
        Some(0) => format!("none {words}"),
        Some(many) => format!("{} {words}", grouped(many)),
        None => format!("fewer than ten, or a number that would tell, {words}"),
    };
    Some(format!(
        "Cameras counted {} captures in {}: {}, {}, {}, {}.",
        grouped(total),
        report.year.as_deref().unwrap_or_default(),
        say("Never stored", "were never written anywhere"),
        say("Sealed", "were kept sealed"),
        say("Discarded", "were sealed and destroyed again"),
        say("Missing", "never arrived or were not looked at")
    ))
}

fn erased(report: &Oversight) -> String {
    let found = &report.retention;
    let due = found.in_time + found.late + found.held + found.overdue;
    let erasing = match report.erasing.last().map(|last| last.what.as_str()) {
        Some("on") => "Erasing is on.".to_owned(),
        Some(other) => format!("Erasing is {other}: nothing is erased."),
        None => "The log does not say yet whether erasing is on.".to_owned(),
    };
    if due == 0 {
        return format!("No record has fallen due yet. {erasing}");
    }
    format!(
        "Of {} records that fell due, {} were erased in time, {} late, {} are kept by a declared hold, and {} are overdue \
         now. {erasing}",
        grouped(due),
        grouped(found.in_time),
        grouped(found.late),
        grouped(found.held),
        grouped(found.overdue)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_called_by_its_name() {
        assert_eq!(["2026-11", "2026", "2026-13"].map(period), ["November 2026", "2026", "2026-13"]);
        assert_eq!(["2026-11", "2026", "JFK B22"].map(heading), ["Nov", "2026", "JFK B22"]);
    }
}
