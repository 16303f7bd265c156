//! Which cells of a table may be shown. No cell below ten is, and none that would let one be worked out.
//!
//! [`shown`] is for a list with a known total, [`shown_in_tables`] for tables with totals of rows and of columns, where what
//! is hidden in one row can be worked out from its column, and for several such tables of the same people.

use std::collections::{BTreeMap, VecDeque};

/// A cell of fewer people than this is never shown. What is known of a hidden one is a range at least this wide.
pub const CELL_MIN: u64 = 10;

/// Which of the cells of one dimension may be shown where their total is known.
///
/// Hidden are all cells of 1 to 9 people; then, smallest first and nobody's last, so many others that at least two
/// cells and at least ten people are hidden together (complementary suppression): the shown total less the shown cells
/// then leaves a sum that fits more than one table. A zero may be shown: it speaks of nobody.
///
/// ```
/// use portunus_core::accuracy::shown;
/// assert_eq!(shown(&[200, 40, 3]), [true, false, false]); // 3 alone would be 243 less the others
/// assert_eq!(shown(&[200, 0]), [true, true]);
/// ```
pub fn shown(cells: &[u64]) -> Vec<bool> {
    let mut shown: Vec<bool> = cells.iter().map(|cell| !small(*cell)).collect();
    if shown.iter().all(|shown| *shown) {
        return shown;
    }
    loop {
        let hidden = || cells.iter().zip(&shown).filter(|(_, shown)| !**shown).map(|(cell, _)| *cell);
        if hidden().count() >= 2 && hidden().sum::<u64>() >= CELL_MIN {
            return shown;
        }
        // Zeros last: they add nobody.
        let next = (0..cells.len()).filter(|at| shown[*at]).min_by_key(|at| (cells[*at] == 0, cells[*at]));
        match next {
            Some(next) => shown[next] = false,
            None => return shown,
        }
    }
}

fn small(people: u64) -> bool {
    (1..CELL_MIN).contains(&people)
}

/// What may be shown of a table and of its totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Each cell, by row and column.
    pub cells: Vec<Vec<bool>>,
    /// The total of each row.
    pub rows: Vec<bool>,
    /// The total of each column.
    pub columns: Vec<bool>,
    /// The total of all.
    pub total: bool,
}

/// Which cells and totals may be shown of tables that count the same people, where the columns of each are the rows of
/// the next: points by months, months by outcomes, outcomes by rulings. Cells are by row and column, as many in each row.
///
/// Hidden are cells and totals of 1 to 9, and so many others that whoever adds and subtracts what is shown, in all tables
/// together, knows of each hidden number no more than a range at least [`CELL_MIN`] wide, which for the small ones begins
/// at nought. The tables are read as a flow, in which what comes into a row or a column goes out of it: a hidden number can
/// be another where that much can flow round a circle of hidden numbers, which is exact (the greatest flow there), and what
/// more is hidden is the cheapest such circle. Zeros are hidden last.
///
/// ```
/// use portunus_core::accuracy::shown_in_tables;
/// let shown = shown_in_tables(&[vec![vec![3, 70], vec![60, 80]]]).remove(0);
/// // 3 would be its row's total less 70, and 70 its column's less 80: all four are hidden, and every total is shown.
/// assert_eq!(shown.cells, [[false, false], [false, false]]);
/// assert!(shown.total && shown.rows.iter().chain(&shown.columns).all(|shown| *shown));
/// ```
pub fn shown_in_tables(tables: &[Vec<Vec<u64>>]) -> Vec<Shown> {
    let mut flow = Flow::through(tables);
    flow.hide_what_tells();
    let shown = |arc: usize| !flow.arcs[arc].hidden;
    let (mut next, mut shows) = (0, Vec::new());
    let mut take = |many: usize| {
        next += many;
        (next - many..next).map(shown).collect::<Vec<bool>>()
    };
    let total = take(1)[0];
    let mut rows = take(tables.first().map_or(0, Vec::len));
    for table in tables {
        let cells = table.iter().map(|row| take(row.len())).collect();
        let columns = take(table.first().map_or(0, Vec::len));
        shows.push(Shown { cells, rows: std::mem::replace(&mut rows, columns.clone()), columns, total });
    }
    shows
}

/// A cell or a total: so many people, from one sum to another.
#[derive(Debug)]
struct Arc {
    from: usize,
    to: usize,
    people: u64,
    hidden: bool,
}

/// Tables as a flow. Arcs: the total of all, the first table's rows; then of each table its cells and its columns.
#[derive(Debug)]
struct Flow {
    arcs: Vec<Arc>,
    /// The arcs at each node, and whether they lead out of it.
    at: Vec<Vec<(usize, bool)>>,
}

/// Where everything begins and ends.
const SOURCE: usize = 0;
const SINK: usize = 1;
/// Hiding one number more costs as much as hiding so many people in a number.
const ONE_MORE: u64 = 50;
/// A zero is hidden only where nothing else helps.
const ZERO: u64 = 1 << 40;

impl Flow {
    fn through(tables: &[Vec<Vec<u64>>]) -> Self {
        let mut flow = Self { arcs: Vec::new(), at: vec![Vec::new(); 2] };
        let sum = |row: &Vec<u64>| row.iter().sum::<u64>();
        let first = tables.first().map_or(&[][..], Vec::as_slice);
        flow.arc(SINK, SOURCE, first.iter().map(sum).sum());
        let mut rows = flow.nodes(first.len());
        for (node, row) in rows.clone().zip(first) {
            flow.arc(SOURCE, node, sum(row));
        }
        for (at, table) in tables.iter().enumerate() {
            let many = table.first().map_or(0, Vec::len);
            let columns = flow.nodes(many);
            for (row, cells) in rows.clone().zip(table) {
                for (column, people) in columns.clone().zip(cells) {
                    flow.arc(row, column, *people);
                }
            }
            rows = if at + 1 < tables.len() { flow.nodes(many) } else { SINK..SINK };
            for (n, column) in columns.enumerate() {
                let people = table.iter().map(|row| row[n]).sum();
                flow.arc(column, rows.clone().nth(n).unwrap_or(SINK), people);
            }
        }
        flow
    }

    fn nodes(&mut self, many: usize) -> std::ops::Range<usize> {
        let first = self.at.len();
        self.at.resize(first + many, Vec::new());
        first..first + many
    }

    fn arc(&mut self, from: usize, to: usize, people: u64) {
        self.at[from].push((self.arcs.len(), true));
        self.at[to].push((self.arcs.len(), false));
        self.arcs.push(Arc { from, to, people, hidden: small(people) });
    }

    /// Hides until nothing tells too much. What is hidden later only widens what was wide enough: each is looked at once.
    fn hide_what_tells(&mut self) {
        let mut waiting: VecDeque<usize> =
            (0..self.arcs.len()).filter(|arc| self.arcs[*arc].hidden).collect();
        while let Some(arc) = waiting.pop_front() {
            while let Some((up, wanted)) = self.lacks(arc) {
                let mut more = self.circle(arc, up, wanted);
                more.retain(|arc| !self.arcs[*arc].hidden);
                if more.is_empty() {
                    more = (0..self.arcs.len()).filter(|arc| !self.arcs[*arc].hidden).collect();
                }
                if more.is_empty() {
                    break;
                }
                more.iter().for_each(|arc| self.arcs[*arc].hidden = true);
                waiting.extend(more);
            }
        }
    }

    /// Which way, and how far, a hidden number can be told too well to go: a small one must be able to be nought and ten,
    /// another one of a range of ten.
    fn lacks(&self, arc: usize) -> Option<(bool, u64)> {
        let people = self.arcs[arc].people;
        if small(people) {
            let ways = [(true, CELL_MIN - people), (false, people)];
            return ways.into_iter().find(|(up, wanted)| self.play(arc, *up, *wanted) < *wanted);
        }
        let up = self.play(arc, true, CELL_MIN);
        (up + self.play(arc, false, CELL_MIN - up) < CELL_MIN).then_some((true, CELL_MIN))
    }

    /// Where a change of `arc` has to come back from, and to.
    fn ends(&self, arc: usize, up: bool) -> (usize, usize) {
        let Arc { from, to, .. } = self.arcs[arc];
        if up { (to, from) } else { (from, to) }
    }

    /// By how much, up to `wanted`, a hidden number may be more (`up`) or less than it is, as far as what is shown tells.
    fn play(&self, arc: usize, up: bool, wanted: u64) -> u64 {
        let (start, end) = self.ends(arc, up);
        let mut people: Vec<u64> = self.arcs.iter().map(|arc| arc.people).collect();
        let mut given = 0;
        while given < wanted {
            let mut came: BTreeMap<usize, (usize, bool)> = BTreeMap::new();
            let mut waiting = VecDeque::from([start]);
            while let Some(node) = waiting.pop_front().filter(|_| !came.contains_key(&end)) {
                for &(by, out) in &self.at[node] {
                    let next = if out { self.arcs[by].to } else { self.arcs[by].from };
                    let passes = by != arc && self.arcs[by].hidden && (out || people[by] > 0);
                    if passes && next != start && !came.contains_key(&next) {
                        came.insert(next, (by, out));
                        waiting.push_back(next);
                    }
                }
            }
            let Some(path) = self.path(&came, start, end) else { break };
            let narrowest = path.iter().filter(|(_, out)| !out).map(|(by, _)| people[*by]).min();
            let step = narrowest.unwrap_or(wanted).min(wanted - given);
            for (by, out) in path {
                people[by] = if out { people[by].saturating_add(step) } else { people[by] - step };
            }
            given += step;
        }
        given
    }

    /// The cheapest circle through `arc` to hide, round which `wanted` people can go at once; or else one.
    fn circle(&self, arc: usize, up: bool, wanted: u64) -> Vec<usize> {
        let (start, end) = self.ends(arc, up);
        for wanted in [wanted, 1] {
            let mut came: BTreeMap<usize, (usize, bool)> = BTreeMap::new();
            let mut costs = BTreeMap::from([(start, 0_u64)]);
            let mut waiting = std::collections::BTreeSet::from([(0_u64, start)]);
            while let Some((cost, node)) = waiting.pop_first() {
                for &(by, out) in &self.at[node] {
                    let Arc { from, to, people, hidden } = self.arcs[by];
                    let next = if out { to } else { from };
                    if by == arc || next == start || (!out && people < wanted) {
                        continue;
                    }
                    let more = match (hidden, people) {
                        (true, _) => 0,
                        (false, 0) => ZERO,
                        (false, people) => people + ONE_MORE,
                    };
                    let cost = cost.saturating_add(more);
                    if costs.get(&next).is_none_or(|known| cost < *known) {
                        costs.insert(next, cost);
                        came.insert(next, (by, out));
                        waiting.insert((cost, next));
                    }
                }
            }
            if let Some(path) = self.path(&came, start, end) {
                return path.into_iter().map(|(by, _)| by).collect();
            }
        }
        Vec::new()
    }

    /// The way back from `end`, by how each node was come to.
    fn path(
        &self,
        came: &BTreeMap<usize, (usize, bool)>,
        start: usize,
        end: usize,
    ) -> Option<Vec<(usize, bool)>> {
        let (mut at, mut path) = (end, Vec::new());
        while at != start {
            let &(by, out) = came.get(&at)?;
            path.push((by, out));
            at = if out { self.arcs[by].from } else { self.arcs[by].to };
        }
        Some(path)
    }
}

#[cfg(test)]
#[path = "suppress_tests.rs"]
mod tests;
