//! The references of a gallery: templates as rows of one contiguous matrix, each with whose it is.

use super::scan::make_room;
use portunus_core::id::PassengerId;
use std::collections::HashMap;
use zeroize::Zeroize;

/// One row for each template. Zeroised when dropped, and whenever it moves.
#[derive(Default)]
pub(super) struct Matrix {
    dimension: usize,
    values: Vec<f32>,
    /// Whose each row is: an index into `members`.
    member_of: Vec<u32>,
    members: Vec<Member>,
    index: HashMap<PassengerId, u32>,
}

struct Member {
    person: PassengerId,
    rows: u32,
}

impl Drop for Matrix {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

impl Matrix {
    pub(super) fn rows(&self) -> usize {
        self.member_of.len()
    }

    /// How many people have rows.
    pub(super) fn people(&self) -> u32 {
        self.members.len() as u32
    }

    /// How many rows a person has; `None` for somebody without.
    pub(super) fn rows_of(&self, person: PassengerId) -> Option<u32> {
        self.index.get(&person).map(|member| self.members[*member as usize].rows)
    }

    /// Values in a row; nought while there is none.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Whether a template of this dimension can be a row, or be compared with one.
    pub(super) fn fits(&self, dimension: usize) -> bool {
        self.member_of.is_empty() || self.dimension == dimension
    }

    /// The people, by dense index.
    pub(super) fn members(&self) -> impl Iterator<Item = PassengerId> {
        self.members.iter().map(|member| member.person)
    }

    /// The dense index of each row's person.
    pub(super) fn member_of_rows(&self) -> &[u32] {
        &self.member_of
    }

    /// Rows with whose they are.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PassengerId, &[f32])> {
        let rows = self.values.chunks_exact(self.dimension.max(1));
        self.member_of.iter().map(|member| self.members[*member as usize].person).zip(rows)
    }

    /// Adds a row. `row` [`Self::fits`].
    pub(super) fn push(&mut self, person: PassengerId, row: &[f32]) {
        if self.member_of.is_empty() {
            self.values.zeroize();
            self.dimension = row.len();
        }
        make_room(&mut self.values, self.dimension);
        self.values.extend_from_slice(row);
        let next = self.members.len() as u32;
        let member = *self.index.entry(person).or_insert(next);
        if member == next {
            self.members.push(Member { person, rows: 0 });
        }
        self.members[member as usize].rows += 1;
        self.member_of.push(member);
    }

    /// Takes out all rows of a person; the last rows take their places. Tells whether there were any.
    pub(super) fn remove(&mut self, person: PassengerId) -> bool {
        let Some(member) = self.index.remove(&person) else { return false };
        let mut row = 0;
        while row < self.member_of.len() {
            if self.member_of[row] != member {
                row += 1;
                continue;
            }
            let last = (self.member_of.len() - 1) * self.dimension;
            self.values.copy_within(last.., row * self.dimension);
            self.values[last..].zeroize();
            self.values.truncate(last);
            self.member_of.swap_remove(row);
        }
        // The last member takes the place of the one that left.
        self.members.swap_remove(member as usize);
        if let Some(moved) = self.members.get(member as usize) {
            let old = self.members.len() as u32;
            self.index.insert(moved.person, member);
            self.member_of.iter_mut().filter(|of| **of == old).for_each(|of| *of = member);
        }
        true
    }
}
