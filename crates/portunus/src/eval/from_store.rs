//! `portunus eval --from-store`: what a port's own settled traffic says of its threshold. Reads counts only, changes nothing.

use crate::house;
use anyhow::{Context as _, Result, ensure};
use portunus_biometrics::pack::calibration::EVENTS_MIN;
use portunus_core::accuracy::CELL_MIN;
use portunus_server::service::report::{PackFigures, PortFigures, RateFigure, accuracy, percent};
use portunus_store::{SCORE_BIN, Tallies, Whose};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Counts of scores by bin, for mated searches or not, and which score.
type Bins = BTreeMap<(bool, &'static str), BTreeMap<i32, u64>>;

/// What one port's traffic says.
#[derive(Serialize)]
struct Port {
    port: String,
    pack: String,
    /// At the thresholds in force.
    rates: Vec<RateFigure>,
    scores: Vec<Scores>,
}

/// The scores of one type, and what follows from them.
#[derive(Serialize)]
struct Scores {
    score_type: String,
    histograms: Vec<Histogram>,
    /// The threshold for the wanted FPIR, or why there is none.
    recommended: Recommended,
}

/// Bins of at least ten people each; neighbours were put together until they were.
#[derive(Serialize)]
struct Histogram {
    /// Of whom: `mated` searches or `non-mated` ones.
    of: &'static str,
    /// `best` candidate's score, or the person's `own`.
    whose: Whose,
    bins: Vec<Bin>,
    /// Why there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<&'static str>,
}

#[derive(Serialize, Debug, PartialEq)]
struct Bin {
    from: f64,
    to: f64,
    people: u64,
}

#[derive(Serialize, Debug, PartialEq)]
#[serde(untagged)]
enum Recommended {
    Threshold {
        threshold: f64,
        /// False positives behind it.
        events: u64,
        non_mated: u64,
        /// Share of the searches for people in the gallery whose own score is below it; `null` without such searches.
        fnir_there: Option<f64>,
    },
    Refused {
        /// Settled searches for people who were not in the gallery, still to come.
        more_needed: u64,
        why: String,
    },
}

/// One pack at one port; scores of one type by mated or not and whose; people by bin.
type ByType = BTreeMap<String, BTreeMap<(bool, &'static str), BTreeMap<i32, u64>>>;

/// Prints the measured figures and the recommended thresholds of every port in the data folder.
///
/// # Errors
/// When the folder cannot be read, or is of another version.
pub(super) fn run(folder: &Path, wanted_fpir: f64, json: bool) -> Result<()> {
    ensure!(wanted_fpir > 0.0 && wanted_fpir < 1.0, "the wanted FPIR: expected a rate between 0 and 1");
    let (tallies, points) =
        Tallies::in_folder(folder).with_context(|| format!("reading the counts in {}", folder.display()))?;
    let report = accuracy(&tallies, &points, None, house::now());
    let port_of = |point| points.iter().find(|p| p.id == point).map_or("?", |p| p.port.as_str());
    let mut scores: BTreeMap<(String, String), ByType> = BTreeMap::new();
    for (key, n) in &tallies.scores {
        let port = scores.entry((port_of(key.point).to_owned(), key.pack.0.clone())).or_default();
        let bins =
            port.entry(key.score_type.clone()).or_default().entry((key.mated, word(key.whose))).or_default();
        *bins.entry(key.bin).or_default() += n;
    }
    let ports: Vec<Port> =
        report.ports.into_iter().flat_map(|port| of_port(port, &mut scores, wanted_fpir)).collect();
    if json {
        return crate::print_json(&serde_json::json!({ "wanted_fpir": wanted_fpir, "ports": ports }));
    }
    crate::print(&text(&ports, wanted_fpir))
}

fn word(whose: Whose) -> &'static str {
    match whose {
        Whose::Best => "best",
        Whose::Own => "own",
    }
}

fn of_port(port: PortFigures, scores: &mut BTreeMap<(String, String), ByType>, wanted: f64) -> Vec<Port> {
    let name = port.port;
    let of_pack = |figures: PackFigures| {
        let types = scores.remove(&(name.clone(), figures.pack.clone())).unwrap_or_default();
        let of_type = |(score_type, bins): (String, Bins)| {
            let empty = BTreeMap::new();
            let of = |mated, whose| bins.get(&(mated, word(whose))).unwrap_or(&empty);
            let recommended =
                recommend(of(false, Whose::Best), of(true, Whose::Own), of(true, Whose::Best), wanted);
            let histograms = [(true, Whose::Best), (true, Whose::Own), (false, Whose::Best)]
                .map(|(mated, whose)| histogram(mated, whose, of(mated, whose)));
            Scores { score_type, histograms: histograms.into(), recommended }
        };
        Port {
            port: name.clone(),
            pack: figures.pack,
            rates: figures.rates,
            scores: types.into_iter().map(of_type).collect(),
        }
    };
    port.packs.into_iter().map(of_pack).collect()
}

fn at(bin: i32) -> f64 {
    // Thousandths: what binary cannot hold is not printed.
    (f64::from(bin) * SCORE_BIN * 1000.0).round() / 1000.0
}

fn histogram(mated: bool, whose: Whose, counts: &BTreeMap<i32, u64>) -> Histogram {
    let mut bins: Vec<Bin> = Vec::new();
    let mut filling: Option<Bin> = None;
    for (bin, n) in counts {
        let mut now = filling.take().unwrap_or(Bin { from: at(*bin), to: 0.0, people: 0 });
        (now.to, now.people) = (at(bin + 1), now.people + n);
        if now.people >= CELL_MIN { bins.push(now) } else { filling = Some(now) }
    }
    // Too few for a bin of their own join the last.
    if let (Some(rest), Some(last)) = (filling, bins.last_mut()) {
        (last.to, last.people) = (rest.to, last.people + rest.people);
    }
    let withheld = bins.is_empty().then_some("fewer than 10");
    Histogram { of: if mated { "mated" } else { "non-mated" }, whose, bins, withheld }
}

/// The lowest threshold at which so few of the non-mated searches find anybody, if enough of them stand behind it.
fn recommend(
    non_mated: &BTreeMap<i32, u64>,
    own: &BTreeMap<i32, u64>,
    mated: &BTreeMap<i32, u64>,
    wanted: f64,
) -> Recommended {
    let trials: u64 = non_mated.values().sum();
    let needed = (EVENTS_MIN / wanted).ceil() as u64;
    let may = (trials as f64 * wanted).floor() as u64;
    // From the top, bin by bin, as far as no more than wanted are found; what is in the next bin would be too many.
    let mut events = 0;
    let mut threshold = None;
    for (bin, n) in non_mated.iter().rev() {
        if events + n > may {
            break;
        }
        (events, threshold) = (events + n, Some(*bin));
    }
    match threshold {
        Some(bin) if trials >= needed && events as f64 >= EVENTS_MIN => {
            let total: u64 = mated.values().sum();
            let found: u64 = own.range(bin..).map(|(_, n)| n).sum();
            let fnir_there = (total >= CELL_MIN).then(|| 1.0 - found as f64 / total as f64);
            Recommended::Threshold { threshold: at(bin), events, non_mated: trials, fnir_there }
        }
        _ => {
            // Enough searches, and a bin that holds too many to be cut: a few more part it.
            let more_needed = needed.saturating_sub(trials).max(1);
            let why = format!(
                "an FPIR of {} needs {EVENTS_MIN} false positives behind it, that is {needed} settled searches for people who were not in \
                 the gallery: {more_needed} more are needed",
                percent(wanted)
            );
            Recommended::Refused { more_needed, why }
        }
    }
}

fn text(ports: &[Port], wanted: f64) -> String {
    if ports.is_empty() {
        return "Nobody was photographed yet: there is nothing to say.".to_owned();
    }
    let mut text = String::new();
    for port in ports {
        let _ = writeln!(text, "Port {}, model pack {}", port.port, port.pack);
        for rate in &port.rates {
            let _ = writeln!(text, "  {:42} {}", rate.name, crate::report::in_words(rate));
        }
        for scores in &port.scores {
            let _ = writeln!(text, "  Scores, {}", scores.score_type);
            for histogram in &scores.histograms {
                let whose = word(histogram.whose);
                let _ = writeln!(
                    text,
                    "    {} searches, {whose} score {}",
                    histogram.of,
                    histogram.withheld.unwrap_or("")
                );
                for bin in &histogram.bins {
                    let _ = writeln!(text, "      {:6.3} to {:6.3}  {:>8}", bin.from, bin.to, bin.people);
                }
            }
            let _ = match &scores.recommended {
                Recommended::Threshold { threshold, events, non_mated, fnir_there } => {
                    let missed = fnir_there.map_or("not known".to_owned(), percent);
                    writeln!(
                        text,
                        "    Threshold for an FPIR of {}: {threshold} ({events} of {non_mated} found there); FNIR there {missed}",
                        percent(wanted)
                    )
                }
                Recommended::Refused { why, .. } => writeln!(text, "    No threshold is recommended: {why}"),
            };
        }
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(given: &[(i32, u64)]) -> BTreeMap<i32, u64> {
        given.iter().copied().collect()
    }

    #[test]
    fn a_threshold_needs_thirty_false_positives_and_says_how_many_searches_are_missing() {
        let few = bins(&[(10, 2900), (60, 100)]);
        let refused = recommend(&few, &bins(&[]), &bins(&[]), 0.003);
        assert!(matches!(refused, Recommended::Refused { more_needed: 7000, .. }), "{refused:?}");

        let enough = bins(&[(10, 9900), (60, 70), (80, 18), (90, 12)]);
        let own = bins(&[(70, 5), (100, 95)]);
        let recommended = recommend(&enough, &own, &bins(&[(70, 5), (100, 95)]), 0.003);
        assert_eq!(
            recommended,
            Recommended::Threshold {
                threshold: 0.4,
                events: 30,
                non_mated: 10_000,
                fnir_there: Some(0.050_000_000_000_000_044)
            }
        );
    }

    #[test]
    fn no_bin_has_fewer_than_ten() {
        let shown = histogram(true, Whose::Own, &bins(&[(1, 4), (2, 7), (3, 30), (9, 2)]));
        let people: Vec<u64> = shown.bins.iter().map(|bin| bin.people).collect();
        assert_eq!((people, shown.bins[1].to), (vec![11, 32], 0.05));
        assert!(histogram(true, Whose::Own, &bins(&[(1, 9)])).bins.is_empty());
    }
}
