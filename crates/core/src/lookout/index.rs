//! A million lookouts in memory, asked within milliseconds.
//!
//! Entries stand in one array, their names in one text, what they are found by in one sorted array of (hash, entry):
//! [`Index::bytes`] says how much that is. What came since stands beside it, and what went leaves its place empty:
//! one that comes or goes costs what is its own, whatever the number of others. After many of these an index is better made
//! anew ([`Index::is_worn`]).

use super::calibration::{Cell, Stated, Thresholds};
use super::keys;
use super::{Born, Calibration, DocumentState, Hit, Lookout, NationalityAgrees, On, Query, Why};
use crate::document::{DocumentKey, State};
use crate::id::LookoutId;
use crate::name::{Language, Part, PersonName, Similarity, alike_parts, spellings};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;

/// Entries that an index takes: twice the million that it is measured with.
pub const ENTRIES_MAX: usize = 2_000_000;
/// Spellings of one lookout's names that are kept: one of each name at least.
const SPELLINGS_MAX: usize = 24;
/// An index is worn after so many changes, or after a hundredth of its entries where that is more.
const CHANGES_MAX: usize = 1_000;

/// Between spellings, between components, and within one: no name has them.
const SPELLING: char = '\x1e';
const COMPONENT: char = '\x1f';
const WITHIN: char = '\x1d';

/// Why a lookout is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most {ENTRIES_MAX} lookouts are kept")]
pub struct IndexFull;

#[derive(Clone, Copy)]
enum What {
    Gone,
    Document(DocumentState),
    Person { born: Born, nationality: Option<[u8; 3]> },
    Voyage(Option<Date>),
}

struct Entry {
    id: LookoutId,
    expires_at_s: i64,
    what: What,
    /// Where its text stands.
    text: (u32, u32),
}

/// The lookouts in force. Personal data: no `Debug`.
#[derive(Default)]
pub struct Index {
    entries: Vec<Entry>,
    by_id: HashMap<LookoutId, u32>,
    pub(super) text: String,
    sorted: Vec<(u32, u32)>,
    fresh: HashMap<u32, Vec<u32>>,
    changes: usize,
}

impl Index {
    /// Of many at once. Whatever stands twice counts as it stands last.
    ///
    /// # Errors
    /// [`IndexFull`].
    pub fn of<'a>(lookouts: impl IntoIterator<Item = (LookoutId, &'a Lookout)>) -> Result<Self, IndexFull> {
        let mut index = Self::default();
        let mut hashes = Vec::new();
        for (id, lookout) in lookouts {
            index.remove(id);
            let at = index.push(id, lookout)?;
            index.hashes_of(at, |hash| hashes.push((hash, at)));
        }
        hashes.sort_unstable();
        hashes.dedup();
        index.sorted = hashes;
        index.changes = 0;
        Ok(index)
    }

    /// Takes a lookout in force, in the place of an earlier one of this identifier.
    ///
    /// # Errors
    /// [`IndexFull`].
    pub fn insert(&mut self, id: LookoutId, lookout: &Lookout) -> Result<(), IndexFull> {
        self.remove(id);
        let at = self.push(id, lookout)?;
        let mut hashes = Vec::new();
        self.hashes_of(at, |hash| hashes.push(hash));
        hashes.sort_unstable();
        hashes.dedup();
        for hash in hashes {
            self.fresh.entry(hash).or_default().push(at);
        }
        self.changes += 1;
        Ok(())
    }

    /// Lets go of a lookout: its text is overwritten at once. `false` when there is none.
    pub fn remove(&mut self, id: LookoutId) -> bool {
        let Some(at) = self.by_id.remove(&id) else { return false };
        let entry = &mut self.entries[at as usize];
        entry.what = What::Gone;
        let (from, to) = (entry.text.0 as usize, entry.text.1 as usize);
        self.text.replace_range(from..to, &" ".repeat(to - from));
        self.changes += 1;
        true
    }

    /// Whether so many came and went since it was made that it is better made anew: each that came costs more memory than it
    /// would, each that went keeps its own.
    pub fn is_worn(&self) -> bool {
        self.changes > CHANGES_MAX.max(self.len() / 100)
    }

    /// How many are on people of whom no date of birth is known.
    pub fn undated(&self) -> usize {
        let is_undated = |entry: &&Entry| matches!(entry.what, What::Person { born: Born::Unknown, .. });
        self.entries.iter().filter(is_undated).count()
    }

    /// How many are in it.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// How much memory it holds, by the capacities of its parts.
    pub fn bytes(&self) -> usize {
        let fresh: usize = self.fresh.values().map(|of| of.capacity() * 4 + 48).sum();
        self.entries.capacity() * size_of::<Entry>()
            + self.by_id.capacity() * (size_of::<(LookoutId, u32)>() + 1)
            + self.text.capacity()
            + self.sorted.capacity() * size_of::<(u32, u32)>()
            + fresh
    }

    /// Which lookouts a traveller hits at `now`, in the order in which they were taken in: nobody is ranked.
    pub fn ask(&self, query: &Query<'_>, now: Timestamp) -> Vec<Hit> {
        let calibration = Calibration::in_force();
        self.hits(query, &calibration.thresholds(), now, |cell| calibration.stated(cell))
    }

    /// As [`Self::ask`], at thresholds of one's own: to measure with. How alike the names are is said too.
    pub fn measure(
        &self,
        query: &Query<'_>,
        thresholds: &Thresholds,
        now: Timestamp,
    ) -> Vec<(LookoutId, Cell, Similarity)> {
        let asked = Asked::of(query);
        let mut found = Vec::new();
        self.each_person(&asked, thresholds, now, |entry, person| {
            found.push((entry.id, person.cell, person.likeness));
        });
        found
    }

    fn hits(
        &self,
        query: &Query<'_>,
        thresholds: &Thresholds,
        now: Timestamp,
        stated: impl Fn(Cell) -> Stated,
    ) -> Vec<Hit> {
        let asked = Asked::of(query);
        let mut hits: Vec<(u32, Hit)> = Vec::new();
        for at in self.exact(query) {
            let entry = &self.entries[at as usize];
            if let Some(why) = self.why_exact(entry, query).filter(|_| entry.expires_at_s > now.as_second()) {
                hits.push((at, Hit { lookout: entry.id, why }));
            }
        }
        self.each_person(&asked, thresholds, now, |entry, person| {
            let why = Why::Person {
                name_percent: person.likeness.percent(),
                name_of: person.name_of,
                born: person.born,
                nationality: person.nationality,
                stated: stated(person.cell),
            };
            hits.push((self.by_id[&entry.id], Hit { lookout: entry.id, why }));
        });
        hits.sort_by_key(|(at, _)| *at);
        hits.into_iter().map(|(_, hit)| hit).collect()
    }

    /// Entries under the hashes of the documents and of the voyage.
    fn exact(&self, query: &Query<'_>) -> Vec<u32> {
        let mut found = Vec::new();
        for key in query.documents {
            self.under(keys::document(&document_text(key)), &mut found);
        }
        if let Some(key) = query.voyage {
            self.under(keys::voyage(&key.carrier, &key.number), &mut found);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn why_exact(&self, entry: &Entry, query: &Query<'_>) -> Option<Why> {
        let text = self.text_of(entry);
        match entry.what {
            What::Document(state) => {
                let same = query.documents.iter().any(|key| document_text(key) == text);
                same.then_some(Why::Document { state })
            }
            What::Voyage(date) => query
                .voyage
                .filter(|key| voyage_text(&key.carrier, &key.number) == text)
                .filter(|key| date.is_none_or(|date| date == key.date))
                .map(|_| Why::Voyage),
            What::Person { .. } | What::Gone => None,
        }
    }

    fn each_person(
        &self,
        asked: &Asked,
        thresholds: &Thresholds,
        now: Timestamp,
        mut hit: impl FnMut(&Entry, &PersonHit),
    ) {
        let names: Vec<Vec<Part<'_>>> = asked.names.iter().map(PersonName::parts).collect();
        let mut found = Vec::new();
        keys::of_traveller(&names, asked.born, |hash| self.under(hash, &mut found));
        found.sort_unstable();
        found.dedup();
        for at in found {
            let entry = &self.entries[at as usize];
            let What::Person { born, nationality } = entry.what else { continue };
            if entry.expires_at_s <= now.as_second() {
                continue;
            }
            let Some(born) = born.agrees(asked.born) else { continue };
            let nationality = match (nationality, asked.nationality) {
                (Some(a), Some(b)) if a == b => NationalityAgrees::Same,
                (Some(_), Some(_)) => NationalityAgrees::Other,
                _ => NationalityAgrees::Unknown,
            };
            let cell = Cell::of(born, nationality);
            if thresholds.of(cell).is_none() {
                continue;
            }
            let (likeness, name_of) = self.most_alike(entry, &names);
            if thresholds.reached(cell, likeness) {
                hit(entry, &PersonHit { likeness, name_of, born, nationality, cell });
            }
        }
    }

    /// The best over the lookout's names and the traveller's spellings, and which of the names it was.
    fn most_alike(&self, entry: &Entry, names: &[Vec<Part<'_>>]) -> (Similarity, u8) {
        let mut best = (Similarity::NONE, 0);
        for (name_of, listed) in spellings_in(self.text_of(entry)) {
            for asked in names {
                let likeness = alike_parts(asked, &listed, false);
                if likeness > best.0 {
                    best = (likeness, name_of);
                }
            }
        }
        best
    }

    fn under(&self, hash: u32, into: &mut Vec<u32>) {
        let from = self.sorted.partition_point(|(key, _)| *key < hash);
        into.extend(self.sorted[from..].iter().take_while(|(key, _)| *key == hash).map(|(_, at)| *at));
        into.extend(self.fresh.get(&hash).into_iter().flatten());
    }

    fn text_of(&self, entry: &Entry) -> &str {
        &self.text[entry.text.0 as usize..entry.text.1 as usize]
    }

    fn push(&mut self, id: LookoutId, lookout: &Lookout) -> Result<u32, IndexFull> {
        let at = u32::try_from(self.entries.len()).map_err(|_| IndexFull)?;
        let from = u32::try_from(self.text.len()).map_err(|_| IndexFull)?;
        if self.by_id.len() >= ENTRIES_MAX {
            return Err(IndexFull);
        }
        let what = match &lookout.on {
            On::Document { document, state } => {
                self.text.push_str(&document_text(document));
                What::Document(*state)
            }
            On::Voyage { carrier, number, date } => {
                self.text.push_str(&voyage_text(carrier, number));
                What::Voyage(*date)
            }
            On::Person { names, born, nationality } => {
                write_spellings(&mut self.text, names, nationality.as_ref());
                What::Person { born: *born, nationality: nationality.as_ref().map(letters) }
            }
        };
        let to = u32::try_from(self.text.len()).map_err(|_| IndexFull)?;
        self.entries.push(Entry { id, expires_at_s: lookout.expires_at.as_second(), what, text: (from, to) });
        self.by_id.insert(id, at);
        Ok(at)
    }

    fn hashes_of(&self, at: u32, mut put: impl FnMut(u32)) {
        let entry = &self.entries[at as usize];
        let text = self.text_of(entry);
        match entry.what {
            What::Gone => {}
            What::Document(_) => put(keys::document(text)),
            What::Voyage(_) => {
                let (carrier, number) = text.split_once(WITHIN).unwrap_or((text, ""));
                put(keys::voyage(carrier, number));
            }
            What::Person { born, .. } => {
                let names: Vec<Vec<Part<'_>>> = spellings_in(text).map(|(_, parts)| parts).collect();
                keys::of_person(&names, born, put);
            }
        }
    }
}

/// A query, its name spelled.
struct Asked {
    names: Vec<PersonName>,
    born: Born,
    nationality: Option<[u8; 3]>,
}

impl Asked {
    fn of(query: &Query<'_>) -> Self {
        let language = query.nationality.map_or(Language::Other, Language::of);
        let whole = format!("{}<{}", query.family_name, query.given_names);
        let names = spellings(&whole, language).iter().map(|text| PersonName::spelled(text)).collect();
        Self { names, born: query.born, nationality: query.nationality.map(letters) }
    }
}

struct PersonHit {
    likeness: Similarity,
    name_of: u8,
    born: super::BornAgrees,
    nationality: NationalityAgrees,
    cell: Cell,
}

fn letters(state: &State) -> [u8; 3] {
    let mut letters = [b'<'; 3];
    letters.iter_mut().zip(state.as_str().bytes()).for_each(|(to, from)| *to = from);
    letters
}

fn document_text(key: &DocumentKey) -> String {
    format!("{}{WITHIN}{}{WITHIN}{}", key.issuer, key.kind.as_str(), key.number())
}

fn voyage_text(carrier: &str, number: &str) -> String {
    format!("{carrier}{WITHIN}{number}")
}

/// Each spelling says which name it is, then its components. First comes every name as it is recommended to be spelled, then
/// other spellings of each in turn, while there is a place: no name takes another's.
fn write_spellings(text: &mut String, names: &[super::StatedName], nationality: Option<&State>) {
    let language = nationality.map_or(Language::Other, Language::of);
    let whole = |name: &super::StatedName| format!("{}<{}", name.family, name.given);
    let all: Vec<Vec<String>> = names.iter().map(|name| spellings(&whole(name), language)).collect();
    let mut written = Vec::new();
    for nth in 0..crate::name::spell::SPELLINGS_MAX {
        for (name_of, spelling) in all.iter().enumerate().filter_map(|(of, ways)| Some((of, ways.get(nth)?)))
        {
            if written.len() == SPELLINGS_MAX || written.contains(&spelling) {
                continue;
            }
            if !written.is_empty() {
                text.push(SPELLING);
            }
            // At most twenty names: one character each.
            text.push(char::from(b'A' + name_of.min(25) as u8));
            for part in PersonName::spelled(spelling).parts() {
                text.push(COMPONENT);
                for piece in [part.written, part.folded, part.skeleton] {
                    text.push_str(piece);
                    text.push(WITHIN);
                }
            }
            written.push(spelling);
        }
    }
}

fn spellings_in(text: &str) -> impl Iterator<Item = (u8, Vec<Part<'_>>)> {
    text.split(SPELLING).map(|spelling| {
        let mut pieces = spelling.split(COMPONENT);
        let name_of = pieces.next().and_then(|of| of.bytes().next()).map_or(0, |of| of.saturating_sub(b'A'));
        (name_of, pieces.filter_map(part_in).collect())
    })
}

fn part_in(piece: &str) -> Option<Part<'_>> {
    let mut of = piece.split(WITHIN);
    Some(Part { written: of.next()?, folded: of.next()?, skeleton: of.next()? })
}
