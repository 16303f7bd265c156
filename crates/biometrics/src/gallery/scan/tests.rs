use super::*;
use crate::face::template::dot;
use proptest::prelude::*;

fn rows_of(rows: &[Vec<f32>], precision: Precision) -> Rows {
    let mut made = Rows::new(precision);
    rows.iter().for_each(|row| made.push(row));
    made
}

/// The plain way: every score, sorted.
fn sorted(rows: &[Vec<f32>], query: &[f32], most: usize) -> Vec<(usize, f32)> {
    // Rows are compared in whole lanes, of which `dot` adds up the last in another order.
    let whole = |values: &[f32]| in_lanes(values).flat_map(|lane| lane.0).collect::<Vec<_>>();
    let mut all: Vec<_> = rows.iter().map(|row| dot(&whole(row), &whole(query))).enumerate().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.truncate(most);
    all
}

/// Unit-ish vectors, some of them twice.
fn set() -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<Vec<f32>>)> {
    (1_usize..140, 0_usize..90, 1_usize..=QUERIES_MAX, any::<u64>()).prop_map(
        |(dimension, rows, queries, seed)| {
            let mut state = seed | 1;
            let mut value = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
            };
            let mut some = |count| (0..count).map(|_| (0..dimension).map(|_| value()).collect()).collect();
            let mut rows: Vec<Vec<f32>> = some(rows);
            rows.extend_from_within(rows.len() / 2..);
            (rows, some(queries))
        },
    )
}

proptest! {
    #[test]
    fn every_way_of_searching_finds_what_sorting_all_scores_finds((rows, queries) in set(), most in 1_usize..12) {
        let expected: Vec<_> = queries.iter().map(|query| sorted(&rows, query, most)).collect();
        let queries: Vec<&[f32]> = queries.iter().map(Vec::as_slice).collect();
        for precision in [Precision::F32, Precision::Int8] {
            let made = rows_of(&rows, precision);
            for kernel in Kernel::available() {
                let found = made.nearest(&queries, most, Plan { kernel, threads: 1 });
                prop_assert_eq!(&found, &expected, "{:?} {}", precision, kernel.name());
            }
        }
    }

    #[test]
    fn rounding_to_int8_moves_no_score_further_than_it_says((rows, queries) in set()) {
        prop_assume!(!rows.is_empty());
        let made = rows_of(&rows, Precision::Int8);
        let quantised = made.quantised.as_ref().unwrap();
        for query in &queries {
            let rounded = quantised.query(query);
            let (mut sums, mut scores) = (vec![0; rows.len()], vec![0.0; rows.len()]);
            let all = 0..rows.len();
            Kernel::default().bytes(quantised.lanes(), quantised.lanes_of(all.clone()), &rounded.values, &mut sums);
            quantised.scores(all, std::slice::from_ref(&rounded), &sums, &mut scores);
            for (row, score) in rows.iter().zip(scores) {
                prop_assert!((dot(row, query) - score).abs() <= rounded.error);
            }
        }
    }
}

#[test]
fn threads_that_share_many_rows_find_the_same_as_one() {
    let row = |seed: usize| (0..128).map(|at| ((seed * 7919 + at * 104_729) % 1009) as f32 - 504.0).collect();
    let rows: Vec<Vec<f32>> = (0..20_000).map(row).collect();
    let query = rows[17_777].clone();
    let of = |precision, threads| {
        let plan = Plan { threads, ..Plan::default() };
        rows_of(&rows, precision).nearest(&[&query, &rows[3]], 10, plan)
    };
    assert!(
        rows_of(&rows, Precision::Int8).bytes_scanned() > 2 * THREAD_BYTES_MIN,
        "two threads are worth it"
    );
    for precision in [Precision::F32, Precision::Int8] {
        for threads in [2, 3, 100] {
            assert_eq!(of(precision, threads), of(Precision::F32, 1));
        }
    }
}

#[test]
fn rows_of_noughts_or_of_one_value_are_searched_like_any_other() {
    for precision in [Precision::F32, Precision::Int8] {
        let rows = rows_of(&[vec![0.0, 0.0], vec![1.0, 0.0], vec![0.0, -1.0]], precision);
        assert_eq!(rows.nearest(&[&[1.0, 0.0]], 2, Plan::default()), [[(1, 1.0), (0, 0.0)]]);
        assert_eq!(rows.nearest(&[&[0.0, 0.0]], 1, Plan::default()), [[(0, 0.0)]]);
    }
}

#[test]
fn nothing_is_found_in_no_rows_or_when_nothing_is_wanted() {
    let none = Rows::new(Precision::Int8);
    assert_eq!(none.nearest(&[&[1.0]], 3, Plan::default()), [[]]);
    let rows = rows_of(&[vec![1.0]], Precision::F32);
    assert_eq!(rows.nearest(&[&[1.0]], 0, Plan::default()), [[]]);
    assert_eq!(rows.nearest(&[], 3, Plan::default()), Vec::<Vec<(usize, f32)>>::new());
}

#[test]
fn int8_reads_about_a_quarter() {
    let rows = vec![vec![0.5; 128]; 100];
    assert_eq!(rows_of(&rows, Precision::F32).bytes_scanned(), 100 * 512);
    assert_eq!(rows_of(&rows, Precision::Int8).bytes_scanned(), 100 * (128 + 4));
}
