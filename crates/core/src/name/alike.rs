//! How alike two names are, whatever the order of their components.
//!
//! Component by component the measure is Jaro-Winkler's (W. E. Winkler, *String Comparator Metrics and Enhanced Decision
//! Rules in the Fellegi-Sunter Model of Record Linkage*, ASA 1990), by the crate `strsim`, over folded spellings
//! ([`super::fold`]). Components are paired one to one, the most alike first, and the pairs' mean is weighed by their
//! length: the symmetric form of Monge and Elkan's measure (*The field matching problem*, KDD 1996), which W. Cohen,
//! P. Ravikumar and S. Fienberg (*A Comparison of String Distance Metrics for Name-Matching Tasks*, IJCAI 2003) found
//! among the best for names of people. What it means at a border is measured, in `docs/accuracy/lookouts.md`.

use super::fold::{folded, skeleton};
use super::{COMPONENTS_MAX, Language, spell};

/// Pairs of components less alike than this are no pair (Cohen, Ravikumar and Fienberg use 0.9 over raw strings).
const PAIR_MIN: f64 = 0.80;
/// What two components are worth that share their consonants but not their vowels.
const SAME_SKELETON: f64 = 0.90;
/// What a component is worth that begins the other, where one of the names was cut or gives an initial.
const BEGINS_IT: f64 = 0.92;
/// How much of the similarity is the name's that is found more wholly in the other, as a rule the shorter; the rest is the
/// other's: a given name left out weighs less than one that is different.
const FOUND_SHARE: f64 = 0.70;
/// Letters of a component that count at most: a long one does not outweigh all others.
const LETTERS_COUNTED_MAX: usize = 8;

/// Titles that carriers put among the names; a document has none (ICAO 9303-3 section 4.6).
const TITLES: [&str; 6] = ["MR", "MRS", "MS", "MISS", "MSTR", "DR"];

/// How alike two names are, from 0 to 1. It is about two texts, never about a person.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Similarity(f64);

impl Similarity {
    /// Of two names that share nothing.
    pub const NONE: Self = Self(0.0);

    /// From a number; what is no number between 0 and 1 is brought there.
    pub fn new(value: f64) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// In whole hundredths, rounded down: a name that is not the same is never shown as 100.
    pub fn percent(self) -> u8 {
        // Within 0..=100 by construction.
        (self.0 * 100.0 + 1e-9) as u8
    }
}

/// A component of a name, ready to be compared: as written, folded, its consonants.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// As a machine-readable zone spells it.
    pub written: &'a str,
    /// Without what differs between schemes of transliteration ([`super::fold::folded`]).
    pub folded: &'a str,
    /// Its consonants ([`super::fold::skeleton`]).
    pub skeleton: &'a str,
}

impl Part<'_> {
    fn weight(&self) -> f64 {
        self.folded.len().clamp(1, LETTERS_COUNTED_MAX) as f64
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Component {
    written: String,
    folded: String,
    skeleton: String,
}

/// One spelling of a person's name, as components without an order. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    components: Vec<Component>,
    may_be_cut: bool,
}

impl PersonName {
    /// From a primary and a secondary identifier in any script or spelling; the recommended spelling is taken.
    pub fn new(primary: &str, secondary: &str) -> Self {
        Self::spelled(&spell(&format!("{primary}<{secondary}"), Language::Other).text)
    }

    /// From a name as [`spell`](fn@spell) gives it.
    pub fn spelled(text: &str) -> Self {
        let all: Vec<&str> = text.split('<').filter(|c| !c.is_empty()).take(COMPONENTS_MAX).collect();
        let plain: Vec<&str> = all.iter().filter(|c| !TITLES.contains(c)).copied().collect();
        let kept = if plain.is_empty() { all } else { plain };
        let component = |written: &str| {
            let folded = folded(written);
            Component { written: written.to_owned(), skeleton: skeleton(&folded), folded }
        };
        Self { components: kept.into_iter().map(component).collect(), may_be_cut: false }
    }

    /// The same name, of which letters may be missing at any component's end.
    #[must_use]
    pub fn cut(self, may_be_cut: bool) -> Self {
        Self { may_be_cut, ..self }
    }

    /// Its components, in the order in which they came.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let all = self.components.iter();
        all.map(|c| Part { written: &c.written, folded: &c.folded, skeleton: &c.skeleton }).collect()
    }

    /// Whether it has none: nothing could be spelled.
    pub fn is_empty(&self) -> bool {
        self.components.is_empty()
    }
}

/// How alike two names are; the same whichever comes first. Names without components are like no other.
pub fn alike(one: &PersonName, other: &PersonName) -> Similarity {
    alike_parts(&one.parts(), &other.parts(), one.may_be_cut || other.may_be_cut)
}

/// As [`alike`](fn@alike), of components made ready before; of more than [`COMPONENTS_MAX`] the first count. `cut`: letters
/// may be missing at the end of either's components.
pub fn alike_parts(one: &[Part<'_>], other: &[Part<'_>], cut: bool) -> Similarity {
    let (one, other) = (&one[..one.len().min(COMPONENTS_MAX)], &other[..other.len().min(COMPONENTS_MAX)]);
    if one.is_empty() || other.is_empty() {
        return Similarity::NONE;
    }
    let mut pairs = Vec::with_capacity(one.len() * other.len());
    for (i, a) in one.iter().enumerate() {
        for (j, b) in other.iter().enumerate() {
            let alike = component(a, b, cut);
            if alike >= PAIR_MIN {
                pairs.push((alike, i, j));
            }
        }
    }
    // The most alike first; of equals by what is written, so that neither order nor side changes the answer.
    let texts = |i: usize, j: usize| {
        let (a, b) = (one[i].written, other[j].written);
        (a.min(b), a.max(b))
    };
    pairs.sort_by(|x, y| y.0.total_cmp(&x.0).then_with(|| texts(x.1, x.2).cmp(&texts(y.1, y.2))));
    let (mut taken_i, mut taken_j) = ([false; COMPONENTS_MAX], [false; COMPONENTS_MAX]);
    let (mut of_one, mut of_other) = (0.0, 0.0);
    for (alike, i, j) in pairs {
        if !taken_i[i] && !taken_j[j] {
            (taken_i[i], taken_j[j]) = (true, true);
            of_one += alike * one[i].weight();
            of_other += alike * other[j].weight();
        }
    }
    let weight = |parts: &[Part<'_>]| parts.iter().map(Part::weight).sum::<f64>();
    let (x, y) = (of_one / weight(one), of_other / weight(other));
    Similarity::new(FOUND_SHARE * x.max(y) + (1.0 - FOUND_SHARE) * x.min(y))
}

/// How alike two components are.
fn component(a: &Part<'_>, b: &Part<'_>, cut: bool) -> f64 {
    if a.written == b.written {
        return 1.0;
    }
    // Jaro's measure depends, rarely, on which comes first.
    let (x, y) = if a.folded <= b.folded { (a, b) } else { (b, a) };
    let mut alike = strsim::jaro_winkler(x.folded, y.folded);
    if a.skeleton == b.skeleton && a.skeleton.len() >= 3 {
        alike = alike.max(SAME_SKELETON);
    }
    let initial = a.written.len() == 1 || b.written.len() == 1;
    let begins = a.written.starts_with(b.written) || b.written.starts_with(a.written);
    if begins && (cut || initial) {
        alike = alike.max(BEGINS_IT);
    }
    // Folded alike is not written alike.
    alike.min(0.99)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn percent(one: (&str, &str), other: (&str, &str)) -> u8 {
        alike(&PersonName::new(one.0, one.1), &PersonName::new(other.0, other.1)).percent()
    }

    #[test]
    fn the_same_name_is_wholly_alike_in_any_order_and_with_a_carriers_title() {
        assert_eq!(percent(("Mueller", "Anna Maria"), ("ANNA", "MUELLER MARIA")), 100);
        assert_eq!(percent(("DOE", "JANE MRS"), ("DOE", "JANE")), 100);
    }

    #[test]
    fn other_schemes_and_small_mistakes_stay_near_and_other_people_far() {
        for (one, other) in [
            (("MUELLER", "JUERGEN"), ("MULLER", "JURGEN")),
            (("KUZNETSOV", "IURII"), ("KUZNECOV", "JURIJ")),
            (("MOHAMMED", "ALI HASSAN"), ("MUHAMAD", "ALY HASAN")),
            (("ERIKSSON", "ANNA MARIA"), ("ERIKSON", "ANNA MARIA")),
            (("GARCIA LOPEZ", "JOSE"), ("GARCIA", "JOSE")),
        ] {
            assert!(percent(one, other) >= 85, "{one:?} {other:?} {}", percent(one, other));
        }
        for (one, other) in [
            (("MUELLER", "JUERGEN"), ("MEIER", "THOMAS")),
            (("KUZNETSOV", "IURII"), ("KUZNETSOV", "ALEKSANDR")),
            (("NGUYEN", "VAN ANH"), ("TRAN", "VAN MINH")),
        ] {
            assert!(percent(one, other) < 80, "{one:?} {other:?} {}", percent(one, other));
        }
    }

    #[test]
    fn a_name_that_was_cut_is_alike_to_the_whole_one() {
        let whole = PersonName::spelled("BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WARNAMBOOL<DINGO<POTOROO");
        let short = PersonName::spelled("BENNEL<WOOLOO<WARRAN<WARNAM<DINGO<POTO");
        assert!(alike(&whole, &short.clone().cut(true)) > alike(&whole, &short));
        assert!(alike(&whole, &short.cut(true)).percent() >= 92);
    }

    #[test]
    fn a_name_of_no_letters_is_like_no_other_not_even_itself() {
        let none = PersonName::new("1234", "");
        assert!(none.is_empty() && alike(&none, &none) == Similarity::NONE);
        assert_eq!(Similarity::new(f64::NAN), Similarity::NONE);
        assert_eq!(Similarity::new(0.999).percent(), 99);
    }

    proptest! {
        #[test]
        fn it_is_the_same_from_both_sides_whatever_the_order_and_within_bounds(
            mut one in prop::collection::vec("[A-Z]{1,9}", 1..5), other in prop::collection::vec("[A-Z]{1,9}", 1..5),
        ) {
            let name = |parts: &[String]| PersonName::spelled(&parts.join("<"));
            let there = alike(&name(&one), &name(&other));
            let back = alike(&name(&other), &name(&one));
            prop_assert!((there.get() - back.get()).abs() < 1e-9);
            prop_assert_eq!(alike(&name(&one), &name(&one)), Similarity::new(1.0));
            one.reverse();
            prop_assert!((alike(&name(&one), &name(&other)).get() - there.get()).abs() < 1e-9);
        }
    }
}
