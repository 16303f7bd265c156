//! The attacker: adds and subtracts what is shown, as well as can be done, by another method than what hides it.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_small_cell_is_shown_or_left_over(cells in prop::collection::vec(0_u64..60, 0..9)) {
        let shown = shown(&cells);
        let of = |wanted: bool| cells.iter().zip(&shown).filter(move |(_, s)| **s == wanted).map(|(c, _)| *c);
        prop_assert!(of(true).all(|cell| cell == 0 || cell >= CELL_MIN));
        let (count, left_over) = (of(false).count(), of(false).sum::<u64>());
        // What the total leaves over is of several cells and enough people, or everything is hidden.
        prop_assert!(count == 0 || (count >= 2 && left_over >= CELL_MIN) || of(true).count() == 0);
    }

    #[test]
    fn nothing_is_hidden_without_need(cells in prop::collection::vec(prop_oneof![Just(0_u64), 10_u64..90], 0..9)) {
        prop_assert!(shown(&cells).into_iter().all(|shown| shown));
        let table = cells.chunks_exact(3).map(<[u64]>::to_vec).collect::<Vec<_>>();
        prop_assert!(numbers(&[table]).iter().all(|number| number.shown));
    }
}

/// A cell or total as published, with the sums that it stands in: `+1` on one side of it, `-1` on the other.
struct Number {
    people: u64,
    shown: bool,
    sums: Vec<(usize, f64)>,
}

/// Every number of the tables, each once. Sums: of each row, of each column, and of the totals on either side of a table.
fn numbers(tables: &[Vec<Vec<u64>>]) -> Vec<Number> {
    let shown = shown_in_tables(tables);
    let mut numbers = Vec::new();
    let total: u64 = tables[0].iter().flatten().sum();
    // Sum 0: the first table's row totals make the total. The last sum: the last table's column totals do.
    let (mut sums, last) = (1, usize::MAX);
    numbers.push(Number { people: total, shown: shown[0].total, sums: vec![(0, -1.0), (last, -1.0)] });
    let mut row_totals: Vec<usize> = Vec::new();
    for (table, shown) in tables.iter().zip(&shown) {
        let (rows, columns) = (table.len(), table.first().map_or(0, Vec::len));
        if row_totals.is_empty() {
            for (row, shown) in table.iter().zip(&shown.rows) {
                row_totals.push(numbers.len());
                numbers.push(Number { people: row.iter().sum(), shown: *shown, sums: vec![(0, 1.0)] });
            }
        }
        for (at, number) in row_totals.drain(..).enumerate() {
            numbers[number].sums.push((sums + at, -1.0));
            assert_eq!(
                numbers[number].shown, shown.rows[at],
                "the same total is shown or hidden in both tables"
            );
        }
        for (at, row) in table.iter().enumerate() {
            for (column, people) in row.iter().enumerate() {
                let stands_in = vec![(sums + at, 1.0), (sums + rows + column, 1.0)];
                numbers.push(Number { people: *people, shown: shown.cells[at][column], sums: stands_in });
            }
        }
        for column in 0..columns {
            let people = table.iter().map(|row| row[column]).sum();
            row_totals.push(numbers.len());
            numbers.push(Number {
                people,
                shown: shown.columns[column],
                sums: vec![(sums + rows + column, -1.0)],
            });
        }
        sums += rows + columns;
    }
    for number in row_totals {
        numbers[number].sums.push((last, 1.0));
    }
    numbers
}

/// The least and the greatest that each hidden number can be, given all that is shown: a linear programme for each end,
/// by the simplex method. The equations are a flow's, so its corners are whole numbers.
fn ranges(numbers: &[Number]) -> Vec<(u64, f64, f64)> {
    let hidden: Vec<&Number> = numbers.iter().filter(|number| !number.shown).collect();
    let mut sums: Vec<usize> =
        numbers.iter().flat_map(|number| number.sums.iter().map(|sum| sum.0)).collect();
    sums.sort_unstable();
    sums.dedup();
    let mut rows = Vec::new();
    for sum in sums {
        let of = |number: &Number| number.sums.iter().filter(|s| s.0 == sum).map(|s| s.1).sum::<f64>();
        let known: f64 = numbers.iter().filter(|n| n.shown).map(|n| of(n) * n.people as f64).sum();
        let mut row: Vec<f64> = hidden.iter().map(|number| of(number)).collect();
        row.push(-known);
        rows.push(row);
    }
    let basis = Simplex::at_a_corner(rows, hidden.len());
    let end = |at: usize, sign: f64| sign * basis.clone().greatest(at, sign);
    hidden.iter().enumerate().map(|(at, number)| (number.people, end(at, -1.0), end(at, 1.0))).collect()
}

const NOUGHT: f64 = 1e-7;

/// Equations over numbers that are not negative; the last column is what they equal. Bland's rule, so that it ends.
#[derive(Clone)]
struct Simplex {
    rows: Vec<Vec<f64>>,
    basis: Vec<usize>,
    width: usize,
}

impl Simplex {
    fn at_a_corner(mut rows: Vec<Vec<f64>>, width: usize) -> Self {
        let many = rows.len();
        for (at, row) in rows.iter_mut().enumerate() {
            if row[width] < 0.0 {
                row.iter_mut().for_each(|value| *value = -*value);
            }
            let equals = row.pop().unwrap();
            row.extend((0..many).map(|n| if n == at { 1.0 } else { 0.0 }));
            row.push(equals);
        }
        let mut all = Self { rows, basis: (width..width + many).collect(), width: width + many };
        let mut aim = vec![0.0; width];
        aim.extend(vec![-1.0; many]);
        assert!(all.climb(&aim).abs() < NOUGHT, "the true table fits what is shown");
        for row in 0..many {
            if all.basis[row] >= width
                && let Some(column) = (0..width).find(|column| all.rows[row][*column].abs() > NOUGHT)
            {
                all.pivot(row, column);
            }
        }
        let kept: Vec<usize> = (0..many).filter(|row| all.basis[*row] < width).collect();
        let cut = |row: &usize| {
            let mut cut = all.rows[*row][..width].to_vec();
            cut.extend(all.rows[*row].last());
            cut
        };
        Self {
            rows: kept.iter().map(cut).collect(),
            basis: kept.iter().map(|row| all.basis[*row]).collect(),
            width,
        }
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let by = self.rows[row][column];
        self.rows[row].iter_mut().for_each(|value| *value /= by);
        let pivot = self.rows[row].clone();
        for (at, other) in self.rows.iter_mut().enumerate() {
            let times = other[column];
            if at != row && times != 0.0 {
                other.iter_mut().zip(&pivot).for_each(|(value, p)| *value -= times * p);
            }
        }
        self.basis[row] = column;
    }

    fn climb(&mut self, aim: &[f64]) -> f64 {
        loop {
            let gain = |column: usize| {
                let of_basis =
                    self.rows.iter().zip(&self.basis).map(|(row, basic)| aim[*basic] * row[column]);
                aim[column] - of_basis.sum::<f64>()
            };
            let Some(column) = (0..self.width).find(|column| gain(*column) > NOUGHT) else {
                return self
                    .rows
                    .iter()
                    .zip(&self.basis)
                    .map(|(row, basic)| aim[*basic] * row[self.width])
                    .sum();
            };
            let within = |at: &usize| self.rows[*at][column] > NOUGHT;
            let step = |at: usize| self.rows[at][self.width] / self.rows[at][column];
            let nearest = (0..self.rows.len()).filter(within).map(step).fold(f64::INFINITY, f64::min);
            if nearest == f64::INFINITY {
                return f64::INFINITY;
            }
            let ties = (0..self.rows.len()).filter(within).filter(|at| step(*at) < nearest + NOUGHT);
            let row = ties.min_by_key(|at| self.basis[*at]).unwrap();
            self.pivot(row, column);
        }
    }

    fn greatest(mut self, column: usize, sign: f64) -> f64 {
        let mut aim = vec![0.0; self.width];
        aim[column] = sign;
        self.climb(&aim)
    }
}

/// People by point, month, outcome and ruling: the three tables of them that are published.
fn tables(people: &[([usize; 4], u64)], sizes: [usize; 4], many: usize) -> Vec<Vec<Vec<u64>>> {
    let table = |at: usize| {
        let mut cells = vec![vec![0; sizes[at + 1]]; sizes[at]];
        for (who, n) in people {
            cells[who[at] % sizes[at]][who[at + 1] % sizes[at + 1]] += n;
        }
        cells
    };
    (0..many).map(table).collect()
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 1_u64..10, 2 => 10_u64..40, 1 => 100_u64..5000]
}

fn people() -> impl Strategy<Value = Vec<([usize; 4], u64)>> {
    prop::collection::vec((prop::array::uniform4(0_usize..60), count()), 0..48)
}

#[track_caller]
fn withstands(tables: &[Vec<Vec<u64>>]) {
    let numbers = numbers(tables);
    for number in numbers.iter().filter(|number| number.shown) {
        assert!(!small(number.people), "{} is shown in {tables:?}", number.people);
    }
    for (people, least, most) in ranges(&numbers) {
        let of = format!("{people} is known to be {least} to {most} in {tables:?}");
        assert!(least <= people as f64 + NOUGHT && people as f64 <= most + NOUGHT, "{of}: the attacker errs");
        assert!(most - least > CELL_MIN as f64 - NOUGHT, "{of}");
        assert!(!small(people) || least < NOUGHT, "{of}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_arithmetic_on_what_is_shown_tells_a_hidden_number(
        people in people(), sizes in prop::array::uniform4(1_usize..7), many in 1_usize..4,
    ) {
        withstands(&tables(&people, sizes, many));
    }
}

#[test]
fn a_busy_year_with_a_few_small_cells_shows_almost_everything() {
    let mut cells: Vec<Vec<u64>> = (0..6).map(|p| (0..12).map(|m| 100 + 17 * p + 31 * m).collect()).collect();
    (cells[2][3], cells[4][9]) = (4, 7);
    let tables = [cells];
    let hidden = numbers(&tables).iter().filter(|number| !number.shown).count();
    assert!(hidden <= 8, "{hidden} are hidden for two small ones");
    withstands(&tables);
}

#[test]
fn the_attacker_finds_what_is_hidden_one_way_only() {
    // As a list each row is safe; the column gives it away. The attacker must see that, or it proves nothing.
    let mut numbers = numbers(&[vec![vec![3, 70], vec![60, 80]]]);
    for number in numbers.iter_mut().filter(|number| [60, 80].contains(&number.people)) {
        number.shown = true;
    }
    assert_eq!(ranges(&numbers), [(3, 3.0, 3.0), (70, 70.0, 70.0)]);
}

#[test]
fn what_nobody_else_can_stand_in_for_hides_the_total_too() {
    let shown = shown_in_tables(&[vec![vec![4]]]).remove(0);
    assert_eq!(
        shown,
        Shown { cells: vec![vec![false]], rows: vec![false], columns: vec![false], total: false }
    );
    assert!(shown_in_tables(&[vec![vec![0, 40]]]).remove(0).total);
    assert!(shown_in_tables(&[Vec::new()]).remove(0).total);
}
