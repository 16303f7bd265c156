//! `portunus lookouts calibrate`: how often a hit by name is right and how many of those listed are found, on synthetic
//! people whose truth is known ([`super::people`], [`super::mangle`]), and the thresholds that follow from it.
//!
//! Truth is who was drawn for the list, never what a matcher says of two names. In which cell a true pair stands is worked
//! out here from its dates, by rules of this file's own.

use super::mangle::{Recorded, Slip, as_listed, as_traveller};
use super::people::{Origin, Person, person};
use crate::dice::Dice;
use jiff::Timestamp;
use portunus_core::accuracy::wilson;
use portunus_core::document::State;
use portunus_core::id::LookoutId;
use portunus_core::lookout::calibration::{Calibration, Measured};
use portunus_core::lookout::{Born, Cell, Index, Lookout, On, Query, StatedName, Thresholds, UNDATED_MAX};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is measured from: names less alike are never looked at.
const FLOOR: f64 = 0.70;
/// Steps of a hundredth from the floor to 1.
const STEPS: usize = 31;

/// How much is drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawing {
    pub(crate) seed: u64,
    pub(crate) entries: usize,
    pub(crate) travellers: usize,
    pub(crate) listed_per_million: u32,
    /// How many wrong hits weigh as much as a right one.
    pub(crate) wrong_worth_one_right: f64,
    /// The same of lookouts that know no date of birth.
    pub(crate) undated_wrong_worth_one_right: f64,
}

impl Default for Drawing {
    fn default() -> Self {
        Self {
            seed: 1,
            entries: 100_000,
            travellers: 200_000,
            listed_per_million: 1000,
            wrong_worth_one_right: 100.0,
            undated_wrong_worth_one_right: 5000.0,
        }
    }
}

/// The list, and who is on it.
pub(crate) struct List {
    pub(crate) index: Index,
    people: Vec<(Person, Known)>,
}

/// What the authority knew.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    born: Born,
    nationality: bool,
}

/// Draws a list. Its index is what the service has.
pub(crate) fn list(drawing: Drawing, dice: &mut Dice, expires_at: Timestamp) -> anyhow::Result<List> {
    let (people, lookouts) = drawn(drawing, dice, expires_at);
    let index = Index::of(lookouts.iter().map(|(id, lookout)| (*id, lookout)))?;
    Ok(List { index, people })
}

/// Whom a list is on, and what it says.
pub(crate) type Drawn = (Vec<(Person, Known)>, Vec<(LookoutId, Lookout)>);

/// Draws a list without an index.
pub(crate) fn drawn(drawing: Drawing, dice: &mut Dice, expires_at: Timestamp) -> Drawn {
    let mut people = Vec::with_capacity(drawing.entries);
    let mut lookouts = Vec::with_capacity(drawing.entries);
    for n in 0..drawing.entries {
        let person = person(dice);
        let year = person.born.year();
        let born = match dice.unit() {
            u if u < 0.78 => Born::Day(person.born),
            u if u < 0.92 => Born::Year { year, off: 0 },
            u if u < 0.97 => Born::Year { year: year + dice.below(5) as i16 - 2, off: 2 },
            _ => Born::Unknown,
        };
        let known = Known { born, nationality: dice.chance(0.85) };
        lookouts.push((id(n), lookout(&person, known, dice, expires_at)));
        people.push((person, known));
    }
    (people, lookouts)
}

impl List {
    /// How many of whom no date of birth is known, but the nationality.
    pub(crate) fn undated(&self) -> usize {
        let is_undated = |(_, known): &&(Person, Known)| known.born == Born::Unknown && known.nationality;
        self.people.iter().filter(is_undated).count()
    }

    /// Somebody on it.
    pub(crate) fn anybody(&self, dice: &mut Dice) -> &Person {
        &self.people[dice.below(self.people.len())].0
    }
}

/// When synthetic lookouts expire: no measurement lasts as long.
pub(crate) const LONG_FROM_NOW: Timestamp = Timestamp::constant(7_258_118_400, 0);

fn id(n: usize) -> LookoutId {
    LookoutId::from_bytes((n as u128).to_be_bytes())
}

fn lookout(person: &Person, known: Known, dice: &mut Dice, expires_at: Timestamp) -> Lookout {
    let mut names = vec![as_listed(person, dice)];
    // One in five is known by a second spelling.
    if dice.chance(0.2) {
        names.push(as_listed(person, dice));
    }
    Lookout {
        on: On::Person {
            names: names.into_iter().map(|(family, given)| StatedName { family, given }).collect(),
            born: known.born,
            nationality: known.nationality.then(|| State::new(person.nationality).ok()).flatten(),
        },
        authority: "synthetic".to_owned(),
        reference: "synthetic".to_owned(),
        reason: "synthetic".to_owned(),
        expires_at,
        review_on: jiff::civil::Date::constant(2100, 1, 1),
    }
}

/// A traveller as a carrier states them, to be asked with.
pub(crate) struct Traveller {
    recorded: Recorded,
    nationality: Option<State>,
}

impl Traveller {
    pub(crate) fn of(recorded: Recorded) -> Self {
        let nationality = recorded.nationality.and_then(|code| State::new(code).ok());
        Self { recorded, nationality }
    }

    pub(crate) fn query(&self) -> Query<'_> {
        Query {
            family_name: &self.recorded.family,
            given_names: &self.recorded.given,
            born: self.recorded.born.map_or(Born::Unknown, Born::Day),
            nationality: self.nationality.as_ref(),
            documents: &[],
            voyage: None,
        }
    }
}

/// Counts of one cell at one step.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    /// Listed travellers of the cell found as who they are.
    found: u64,
    /// Other entries hit by listed travellers.
    beside: u64,
    /// Entries hit by travellers who are not listed.
    wrong: u64,
}

/// A listed traveller: found in which cell and how alike, if at all; how their name was mangled; where it is from.
type TruePair = (Option<(Cell, f64)>, Vec<Slip>, Origin);

/// All that was counted.
#[derive(Default)]
pub(crate) struct Counted {
    /// Entries of whom no date of birth is known, but the nationality.
    undated: usize,
    listed: u64,
    others: u64,
    of_cell: BTreeMap<Cell, u64>,
    no_cell: u64,
    at: BTreeMap<(Cell, usize), Counts>,
    /// Whether each listed traveller was found: in which cell, how alike; by slip and origin.
    true_pairs: Vec<TruePair>,
    /// Of each traveller not listed who hit anybody: the most alike in each cell.
    others_best: Vec<Vec<(Cell, f64)>>,
}

/// Asks with travellers, one in four of them listed, and counts.
pub(crate) fn count(list: &List, travellers: usize, dice: &mut Dice, now: Timestamp) -> Counted {
    let mut counted = Counted { undated: list.undated(), ..Counted::default() };
    let everywhere = Thresholds::everywhere(FLOOR);
    for n in 0..travellers {
        let whose = (n % 4 == 0).then(|| dice.below(list.people.len()));
        let who = whose.map_or_else(|| person(dice), |at| list.people[at].0.clone());
        let (recorded, slips) = as_traveller(&who, dice);
        let cell = whose.and_then(|at| cell_of(list.people[at].1, &who, &recorded));
        let traveller = Traveller::of(recorded);
        let hits = list.index.measure(&traveller.query(), &everywhere, now);
        match whose {
            Some(at) => {
                counted.listed += 1;
                match cell {
                    Some(cell) => *counted.of_cell.entry(cell).or_default() += 1,
                    None => counted.no_cell += 1,
                }
                let own =
                    hits.iter().find(|(hit, ..)| *hit == id(at)).map(|(_, cell, like)| (*cell, like.get()));
                counted.true_pairs.push((own, slips, who.origin));
                for (hit, cell, likeness) in hits {
                    let own = hit == id(at);
                    counted.add(cell, likeness.get(), |c| if own { c.found += 1 } else { c.beside += 1 });
                }
            }
            None => {
                counted.others += 1;
                counted.others_best.push(hits.iter().map(|(_, cell, like)| (*cell, like.get())).collect());
                for (_, cell, likeness) in hits {
                    counted.add(cell, likeness.get(), |c| c.wrong += 1);
                }
            }
        }
    }
    counted
}

impl Counted {
    fn add(&mut self, cell: Cell, likeness: f64, count: impl Fn(&mut Counts)) {
        let upto = (((likeness - FLOOR) * 100.0 + 1e-6) as usize).min(STEPS - 1);
        for step in 0..=upto {
            count(self.at.entry((cell, step)).or_default());
        }
    }

    /// Of hits of a cell from a step on: the share that is right, where so many of a million travellers are listed.
    fn precision(&self, cell: Cell, step: usize, listed_per_million: u32) -> Option<f64> {
        let counts = self.at.get(&(cell, step)).copied().unwrap_or_default();
        let share = f64::from(listed_per_million) / 1e6;
        let right = share * counts.found as f64 / self.listed.max(1) as f64;
        let beside = share * counts.beside as f64 / self.listed.max(1) as f64;
        let wrong = beside + (1.0 - share) * counts.wrong as f64 / self.others.max(1) as f64;
        (right + wrong > 0.0).then(|| right / (right + wrong))
    }

    fn recall(&self, cell: Cell, step: usize) -> f64 {
        let counts = self.at.get(&(cell, step)).copied().unwrap_or_default();
        let of = self.of_cell.get(&cell).copied().unwrap_or_default();
        if of == 0 { 0.0 } else { counts.found as f64 / of as f64 }
    }

    /// The step of a cell at which right hits outweigh wrong ones the most, where so many wrong ones weigh as much as a right
    /// one; of equals the highest. `None`: they nowhere do.
    fn chosen(&self, cell: Cell, drawing: Drawing) -> Option<usize> {
        let share = f64::from(drawing.listed_per_million) / 1e6;
        let worth = match cell {
            Cell::Undated => drawing.undated_wrong_worth_one_right,
            _ => drawing.wrong_worth_one_right,
        };
        let gain = |step: usize| {
            let counts = self.at.get(&(cell, step)).copied().unwrap_or_default();
            let right = share * counts.found as f64 / self.listed.max(1) as f64;
            let beside = share * counts.beside as f64 / self.listed.max(1) as f64;
            let wrong = beside + (1.0 - share) * counts.wrong as f64 / self.others.max(1) as f64;
            right - wrong / worth
        };
        let best = (0..STEPS).max_by(|a, b| gain(*a).total_cmp(&gain(*b)))?;
        (gain(best) > 0.0).then_some(best)
    }

    /// The calibration that follows.
    pub(crate) fn calibration(&self, drawing: Drawing) -> Calibration {
        let round = |value: f64| (value * 1e4).round() / 1e4;
        // What is right once in thousands is not rounded away.
        let round_share = |value: f64| if value < 0.01 { (value * 1e6).round() / 1e6 } else { round(value) };
        let mut cells = Vec::new();
        for cell in Cell::ALL {
            let step = self.chosen(cell, drawing);
            cells.push(Measured {
                cell,
                threshold: step.map(|step| round(FLOOR + step as f64 / 100.0)),
                precision: step
                    .and_then(|s| self.precision(cell, s, drawing.listed_per_million))
                    .map_or(0.0, round_share),
                recall: step.map_or(0.0, |step| round(self.recall(cell, step))),
            });
        }
        let reached = |hit: &(Cell, f64)| {
            cells
                .iter()
                .any(|m| m.cell == hit.0 && m.threshold.is_some_and(|threshold| hit.1 >= threshold - 1e-9))
        };
        let found = self.true_pairs.iter().filter(|(own, ..)| own.as_ref().is_some_and(reached)).count();
        // Few of those without a date of birth are in force: they are said apart.
        let dated = |hit: &(Cell, f64)| hit.0 != Cell::Undated && reached(hit);
        let referred = self.others_best.iter().filter(|hits| hits.iter().any(dated)).count();
        let share = f64::from(drawing.listed_per_million) / 1e6;
        let recall = found as f64 / self.listed.max(1) as f64;
        let wrongly = referred as f64 / self.others.max(1) as f64;
        Calibration {
            seed: drawing.seed,
            entries: drawing.entries,
            travellers: drawing.travellers,
            listed_per_million: drawing.listed_per_million,
            wrong_worth_one_right: drawing.wrong_worth_one_right,
            undated_wrong_worth_one_right: drawing.undated_wrong_worth_one_right,
            undated_wrongly_referred_per_million: (self.undated_per_million(drawing) * 10.0).round() / 10.0,
            recall: round(recall),
            precision: round(share * recall / (share * recall + (1.0 - share) * wrongly).max(1e-12)),
            wrongly_referred_per_100k: (wrongly * 1e5 * 10.0).round() / 10.0,
            cell: cells,
        }
    }

    /// Travellers not listed whom one entry without a date of birth sends to an officer, of a million.
    fn undated_per_million(&self, drawing: Drawing) -> f64 {
        let step = self.chosen(Cell::Undated, drawing);
        let wrong =
            step.and_then(|step| self.at.get(&(Cell::Undated, step))).map_or(0, |counts| counts.wrong);
        wrong as f64 * 1e6 / (self.others.max(1) as f64 * self.undated.max(1) as f64)
    }

    /// At the thresholds in force: the share of listed travellers found, and of others sent to an officer.
    #[cfg(test)]
    pub(crate) fn in_force(&self) -> (f64, f64) {
        let thresholds = Calibration::in_force().thresholds();
        let hit =
            |(cell, likeness): &(Cell, f64)| thresholds.of(*cell).is_some_and(|t| *likeness >= t - 1e-9);
        let dated = |one: &(Cell, f64)| one.0 != Cell::Undated && hit(one);
        let found = self.true_pairs.iter().filter(|(own, ..)| own.as_ref().is_some_and(hit)).count();
        let wrong = self.others_best.iter().filter(|hits| hits.iter().any(dated)).count();
        (found as f64 / self.listed.max(1) as f64, wrong as f64 / self.others.max(1) as f64)
    }

    /// The page of the book.
    pub(crate) fn page(&self, drawing: Drawing) -> String {
        let calibration = self.calibration(drawing);
        let mut text = head(drawing, &calibration, self);
        text.push_str("\n## By cell\n\nRecall: of listed travellers whose dates and nationality stand like this. Precision: of hits of this cell, at the share of listed travellers above. **Bold**: the threshold in force.\n\n| cell | share of listed | likeness from | recall | precision | wrong hits per 100,000 travellers |\n|---|--:|--:|--:|--:|--:|\n");
        for cell in Cell::ALL {
            let chosen = self.chosen(cell, drawing);
            let share =
                self.of_cell.get(&cell).copied().unwrap_or_default() as f64 / self.listed.max(1) as f64;
            let mut steps = vec![0, 5, 10, 15, 20, 25, 28, 30];
            steps.extend(chosen);
            steps.sort_unstable();
            steps.dedup();
            for step in steps {
                let wrong = self.at.get(&(cell, step)).map_or(0, |counts| counts.wrong);
                let bold = if chosen == Some(step) { "**" } else { "" };
                let precision = self.precision(cell, step, drawing.listed_per_million);
                let _ = writeln!(
                    text,
                    "| {} | {:.1} % | {bold}{:.2}{bold} | {:.1} % | {} | {:.1} |",
                    cell.in_words(),
                    share * 100.0,
                    FLOOR + step as f64 / 100.0,
                    self.recall(cell, step) * 100.0,
                    precision.map_or_else(
                        || "–".to_owned(),
                        |p| format!("{:.*} %", if p < 0.01 { 3 } else { 1 }, p * 100.0)
                    ),
                    wrong as f64 * 1e5 / self.others.max(1) as f64,
                );
            }
        }
        text.push_str("\n## By slip and by origin\n\n| listed travellers with | asked | found | 95 % interval |\n|---|--:|--:|--:|\n");
        self.by_slip_and_origin(&mut text, &calibration);
        text.push_str(LIMITS);
        text
    }

    fn by_slip_and_origin(&self, text: &mut String, calibration: &Calibration) {
        let thresholds = calibration.thresholds();
        let found = |own: &Option<(Cell, f64)>| {
            own.is_some_and(|(cell, likeness)| thresholds.of(cell).is_some_and(|t| likeness >= t - 1e-9))
        };
        let mut row = |name: &str, of: Vec<&Option<(Cell, f64)>>| {
            if !of.is_empty() {
                let hit = of.iter().filter(|own| found(own)).count();
                let _ = writeln!(
                    text,
                    "| {name} | {} | {} |",
                    of.len(),
                    with_interval(hit as u64, of.len() as u64)
                );
            }
        };
        for slip in Slip::ALL {
            row(
                slip.in_words(),
                self.true_pairs.iter().filter(|(_, s, _)| s.contains(&slip)).map(|(own, ..)| own).collect(),
            );
        }
        for origin in Origin::ALL {
            let name = format!("names: {origin:?}");
            row(&name, self.true_pairs.iter().filter(|(.., o)| *o == origin).map(|(own, ..)| own).collect());
        }
    }
}

/// A share and its 95 % interval, as two cells of a table.
pub(crate) fn with_interval(events: u64, trials: u64) -> String {
    wilson(events, trials).map_or_else(
        || "– | –".to_owned(),
        |share| {
            let [estimate, low, high] = [share.estimate, share.low, share.high].map(|share| share * 100.0);
            format!("{estimate:.1} % | {low:.1} to {high:.1} %")
        },
    )
}

/// In which cell a true pair stands, from what was drawn; `None` where what is stated contradicts what is known.
fn cell_of(known: Known, who: &Person, stated: &Recorded) -> Option<Cell> {
    let other = known.nationality && stated.nationality != Some(who.nationality);
    let pick = |same: Cell, different: Cell| if other { different } else { same };
    let unknown = pick(Cell::Unknown, Cell::UnknownOtherNationality);
    let Some(born) = stated.born else { return Some(unknown) };
    match known.born {
        Born::Unknown if known.nationality && !other => Some(Cell::Undated),
        Born::Unknown => Some(unknown),
        Born::Year { year, off } => ((born.year() - year).abs() <= i16::from(off))
            .then(|| pick(Cell::Year, Cell::YearOtherNationality)),
        Born::Day(day) if day == born => Some(pick(Cell::SameDay, Cell::SameDayOtherNationality)),
        Born::Day(day) => {
            let first = |d: jiff::civil::Date| (d.month(), d.day()) == (1, 1);
            if day.year() == born.year() && (first(day) || first(born)) {
                return Some(pick(Cell::Year, Cell::YearOtherNationality));
            }
            let (a, b) = (day.to_string(), born.to_string());
            let apart = a.bytes().zip(b.bytes()).filter(|(x, y)| x != y).count();
            let turned = day.year() == born.year() && (day.month(), day.day()) == (born.day(), born.month());
            (apart == 1 || turned).then(|| pick(Cell::NearDay, Cell::NearDayOtherNationality))
        }
    }
}

fn head(drawing: Drawing, calibration: &Calibration, counted: &Counted) -> String {
    format!(
        "# Accuracy of lookouts by name\n\nMade by `portunus lookouts calibrate --seed {}`; do not edit, run it again.\n\n\
         {} entries, {} travellers asked: {} of them listed, {} not. Who is who was drawn, not matched: people, the schemes \
         that spell them, the slips of keyboards, readers and clerks are in `crates/portunus/src/lookouts`, and know nothing \
         of how names are compared (`core::name`, `core::lookout`).\n\n\
         The threshold of each cell is that at which right hits outweigh wrong ones the most, where {:.0} officers' looks at \
         somebody else weigh as much as one right hit and {} of a million travellers are listed. A cell in which they nowhere \
         do gives no hits. Wrong hits grow with the list: on one of ten times as many entries they are ten times as many.\n\n\
         So a lookout has to know at least the year of birth, or else the nationality. Of those that know no date of birth, \
         and so hit by name and nationality alone, at most {} are in force at a time, and {:.0} looks weigh as much as one \
         right hit. Each of them sends {:.1} of a million travellers to an officer who are not meant, so all together at \
         most {:.0}; the list measured here has {} of them, which are left out of the first rows but the first.\n\n\
         | all cells, at the thresholds in force | |\n|---|--:|\n| listed travellers found (recall) | {:.1} % |\n\
         | hits that are right, at that share of listed travellers (precision) | {:.1} % |\n\
         | travellers not listed who are sent to an officer, of 100,000 | {:.1} |\n\
         | listed travellers whose stated date contradicts the listed one: never found by name | {:.1} % |\n",
        drawing.seed,
        drawing.entries,
        drawing.travellers,
        counted.listed,
        counted.others,
        drawing.wrong_worth_one_right,
        drawing.listed_per_million,
        UNDATED_MAX,
        drawing.undated_wrong_worth_one_right,
        calibration.undated_wrongly_referred_per_million,
        calibration.undated_wrongly_referred_per_million * UNDATED_MAX as f64,
        counted.undated,
        calibration.recall * 100.0,
        calibration.precision * 100.0,
        calibration.wrongly_referred_per_100k,
        counted.no_cell as f64 * 100.0 / counted.listed.max(1) as f64,
    )
}

const LIMITS: &str = "
## Limits

- Synthetic people: names are made of lists and parts, their frequencies follow a curve and no census. Real lists hold
  families, and names of one region far more often than here; wrong hits then are more, and not evenly shared: see the rows
  of each origin above, and count on the service's own hits and false hits by authority.
- How often slips happen is assumed (`mangle.rs`), not measured at a port.
- The share of listed travellers decides the precision more than anything else: at a tenth of it, a precision of one half
  becomes one in eleven.
- Documents and voyages are compared character by character: there is nothing to calibrate.
";
