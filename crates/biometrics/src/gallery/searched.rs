//! What a search reads: one row for each person, their references fused; from [`NORMALISED_FROM`] people on as seen
//! from the gallery's centre. Made of the references when it is first needed after they changed.

use super::centre::Centre;
use super::matrix::Matrix;
use super::scan::{Plan, Precision, Rows};
use crate::face::template::unit;
use crate::pack::calibration::ScoreType;
use portunus_core::biometric::Score;
use portunus_core::id::PassengerId;
use zeroize::Zeroizing;

/// From this many people on the rows are read in int8, to the same end: fewer stay in the processor's cache, where
/// there is nothing to save.
const INT8_FROM: usize = 2048;

/// The rows of one gallery. Biometric data: zeroised when dropped.
pub(super) struct Searched {
    people: Vec<PassengerId>,
    rows: Rows,
    centre: Option<Centre>,
    /// Most references that were fused into one row.
    pub(super) references: u32,
}

impl Searched {
    pub(super) fn of(references: &Matrix, scores: ScoreType) -> Self {
        let mut sums: Vec<Zeroizing<Vec<f32>>> = Vec::new();
        sums.resize_with(references.people() as usize, Zeroizing::default);
        for (member, row) in references.member_of_rows().iter().zip(references.iter()) {
            let sum = &mut sums[*member as usize];
            sum.resize(row.1.len(), 0.0);
            sum.iter_mut().zip(row.1).for_each(|(sum, value)| *sum += value);
        }
        // References that cancel out are no face: such a row is like nobody.
        let fused: Vec<Zeroizing<Vec<f32>>> = sums.into_iter().map(|sum| unit(&sum).unwrap_or(sum)).collect();
        let centre = match scores {
            ScoreType::Raw => None,
            ScoreType::Normalised => Centre::of(fused.iter().map(|row| row.as_slice())),
        };
        // In order of people, so that equal scores come in it, too.
        let mut order: Vec<(PassengerId, Zeroizing<Vec<f32>>)> = references.members().zip(fused).collect();
        order.sort_unstable_by_key(|(person, _)| *person);
        let small = order.len() < INT8_FROM;
        let mut rows = Rows::new(if small { Precision::F32 } else { Precision::Int8 });
        for (_, row) in &order {
            match &centre {
                None => rows.push(row),
                Some(centre) => rows.push(&centre.seen_from(row)),
            }
        }
        let people: Vec<PassengerId> = order.into_iter().map(|(person, _)| person).collect();
        let most = people.iter().filter_map(|person| references.rows_of(*person)).max();
        Self { people, rows, centre, references: most.unwrap_or(0) }
    }

    /// The people most like a probe, best first, at most `most`. Equal scores are ordered by person, so that the same
    /// gallery always gives the same answer.
    pub(super) fn best(&self, probe: &[f32], most: usize) -> Vec<(PassengerId, Score)> {
        let seen = self.centre.as_ref().map(|centre| centre.seen_from(probe));
        let probe = seen.as_ref().map_or(probe, |seen| seen.as_slice());
        let mut found = self.rows.nearest(&[probe], most, Plan::default());
        let found = found.pop().unwrap_or_default();
        found.into_iter().map(|(row, score)| (self.people[row], Score(score))).collect()
    }
}
