//! Figures by declared group (ISO/IEC 19795-10): at the threshold of all, not one of each group's own.
//!
//! A list is tab-separated with a header: `person`, then one column for each declared attribute. Empty means not
//! declared. Attributes are never crossed with each other, and cells of fewer than ten people give no figures.

use super::figures::SEED;
use super::identification::{FPIRS, Searched};
use anyhow::{Context as _, Result, bail};
use portunus_biometrics::accuracy::identification::{self as searches, Kind, Search};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

/// Cells of fewer people give no figures.
pub(crate) const PEOPLE_MIN: usize = 10;

/// What people declared: for each attribute, whose value is what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Groups {
    attributes: Vec<String>,
    /// A value, maybe empty, for each attribute.
    people: HashMap<String, Vec<String>>,
}

/// One group of one attribute in one protocol at a wanted FPIR.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Cell {
    pub(crate) protocol: String,
    pub(crate) attribute: String,
    pub(crate) group: String,
    /// The wanted rate of all.
    pub(crate) fpir: f64,
    /// Fewer than ten people are searched: nothing more is said.
    pub(crate) suppressed: bool,
    #[serde(flatten)]
    pub(crate) figures: Option<CellFigures>,
}

/// What is said of a group of ten people or more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct CellFigures {
    pub(crate) people: usize,
    pub(crate) mated: usize,
    pub(crate) nonmated: usize,
    /// The group's own rate at the threshold of all.
    pub(crate) fpir_measured: Option<f64>,
    pub(crate) fnir: Option<f64>,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
}

impl Groups {
    /// Reads a list.
    pub(crate) fn read(list: &Path) -> Result<Self> {
        Self::parse(&super::protocol::text(list)?).with_context(|| list.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines().enumerate().map(|(at, text)| (at + 1, text.split('\t')));
        let mut header = lines.next().map(|(_, header)| header).into_iter().flatten();
        let attributes: Vec<String> = match header.next() {
            Some("person") => header.map(str::to_owned).collect(),
            _ => bail!("line 1: expected the header `person` and the declared attributes, tab-separated"),
        };
        if attributes.is_empty() || attributes.iter().any(|attribute| attribute.trim().is_empty()) {
            bail!("line 1: expected the name of at least one attribute after `person`, and none empty");
        }
        let mut people = HashMap::new();
        for (line, mut fields) in lines {
            let person = fields.next().unwrap_or_default();
            let values: Vec<String> = fields.map(|value| value.trim().to_owned()).collect();
            if person.trim().is_empty() && values.is_empty() {
                continue;
            }
            if values.len() != attributes.len() {
                bail!("line {line}: expected {} fields, found {}", attributes.len() + 1, values.len() + 1);
            }
            if people.insert(person.to_owned(), values).is_some() {
                bail!("line {line}: this person stands in an earlier line already");
            }
        }
        Ok(Self { attributes, people })
    }
}

/// The figures of every declared group.
pub(crate) fn cells(declared: &Groups, searched: &[Searched]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for searched in searched {
        for (at, attribute) in declared.attributes.iter().enumerate() {
            let mut groups: BTreeMap<&str, Vec<Search>> = BTreeMap::new();
            for search in &searched.searches {
                let values = declared.people.get(&searched.people[search.person]);
                if let Some(group) =
                    values.map(|values| values[at].as_str()).filter(|group| !group.is_empty())
                {
                    groups.entry(group).or_default().push(search.clone());
                }
            }
            for (group, own) in groups {
                cells.extend(FPIRS.iter().filter_map(|fpir| cell(searched, (attribute, group), &own, *fpir)));
            }
        }
    }
    cells
}

fn cell(searched: &Searched, (attribute, group): (&str, &str), own: &[Search], fpir: f64) -> Option<Cell> {
    let threshold = searches::threshold(&searched.searches, fpir)?;
    // People are numbered anew: what is drawn again are those of the group.
    let mut numbers = HashMap::new();
    let own: Vec<Search> = own
        .iter()
        .map(|search| {
            let next = numbers.len();
            Search { person: *numbers.entry(search.person).or_insert(next), ..search.clone() }
        })
        .collect();
    let people = own.iter().map(|search| search.person).collect::<HashSet<_>>().len();
    let suppressed = people < PEOPLE_MIN;
    let figures = (!suppressed).then(|| {
        let rates = searches::at_threshold(&own, threshold);
        let interval = searches::fnir_interval(&own, threshold, SEED);
        CellFigures {
            people,
            mated: searches::count(&own, Kind::Mated),
            nonmated: searches::count(&own, Kind::NonMated),
            fpir_measured: rates.fpir,
            fnir: rates.fnir,
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
        }
    });
    let (protocol, attribute, group) = (searched.protocol.clone(), attribute.to_owned(), group.to_owned());
    Some(Cell { protocol, attribute, group, fpir, suppressed, figures })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::identification::Calibrated;
    use portunus_biometrics::accuracy::identification::Listed;
    use portunus_core::biometric::Score;

    /// 30 people, of whom 0..=8 are `few`, the others `many`; each is searched once, and every second is mated.
    fn searched() -> Searched {
        let search = |person: usize| {
            let kind = if person.is_multiple_of(2) { Kind::Mated } else { Kind::NonMated };
            let listed = Listed { score: Score(person as f32 / 30.0), same_person: kind == Kind::Mated };
            Search { person, kind, candidates: Some(vec![listed]) }
        };
        Searched {
            protocol: "test".to_owned(),
            gallery: 15,
            references: 1,
            trials: 1,
            not_enrolled: 0,
            members: 15,
            people: (0..30).map(|person| person.to_string()).collect(),
            searches: (0..30).map(search).collect(),
            calibrated: [Calibrated::default(); FPIRS.len()],
        }
    }

    #[test]
    fn a_group_has_its_rates_at_the_threshold_of_all_and_a_small_one_has_none() {
        let rows = (0..30).map(|person| format!("{person}\t{}\n", if person < 9 { "few" } else { "many" }));
        let declared = Groups::parse(&format!("person\tsize\n{}", rows.collect::<String>())).unwrap();
        let cells = cells(&declared, &[searched()]);
        assert_eq!(cells.len(), 2 * FPIRS.len());
        let (few, many) = (&cells[0], &cells[FPIRS.len()]);
        assert_eq!((few.group.as_str(), few.suppressed, few.figures), ("few", true, None));
        let figures = many.figures.unwrap();
        // No false positive is allowed: the threshold is over 29/30, where no mated search of the group comes.
        assert_eq!((figures.people, figures.mated, figures.nonmated), (21, 10, 11));
        assert_eq!((figures.fpir_measured, figures.fnir), (Some(0.0), Some(1.0)));
        let json = serde_json::to_value(few).unwrap();
        assert!(json.get("people").is_none() && json["suppressed"] == true, "{json}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, words) in [
            ("", "line 1"),
            ("name\tsex\n", "line 1"),
            ("person\n", "line 1"),
            ("person\tsex\nann\n", "line 2: expected 2 fields, found 1"),
            ("person\tsex\nann\tF\nann\tF\n", "line 3"),
        ] {
            let error = Groups::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{words:?} is not in: {error}");
        }
        assert_eq!(Groups::parse("person\tsex\r\nann\tF\r\n\r\n").unwrap().people.len(), 1);
    }
}
