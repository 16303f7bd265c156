//! A name in the letters A to Z, its components apart by `<`, as a machine-readable zone has it.

use super::arabic::{self, Sign};
use super::{COMPONENTS_MAX, NAME_CHARS_MAX, cyrillic, latin};
use crate::document::State;

/// How many spellings of one name are looked at.
pub const SPELLINGS_MAX: usize = 8;

/// Whose rules hold for Cyrillic letters that several languages write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Russian, and whatever else has no exception of its own.
    Other,
    /// Belarusian.
    Belarusian,
    /// Bulgarian.
    Bulgarian,
    /// Macedonian.
    Macedonian,
    /// Serbian, and Montenegrin.
    Serbian,
    /// Ukrainian.
    Ukrainian,
}

impl Language {
    /// The language whose exceptions a state's passports follow.
    pub fn of(state: &State) -> Self {
        match state.as_str() {
            "BLR" => Self::Belarusian,
            "BGR" => Self::Bulgarian,
            "MKD" => Self::Macedonian,
            "SRB" | "MNE" => Self::Serbian,
            "UKR" => Self::Ukrainian,
            _ => Self::Other,
        }
    }
}

/// A name as a machine-readable zone spells it. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Spelled {
    /// A to Z, components apart by one `<`.
    pub text: String,
    /// How many characters had no spelling: digits, scripts without a table. Punctuation does not count.
    pub left_out: usize,
}

/// What stands for one character: its ways of being written, or that a component ends.
enum Written {
    Ways(&'static [&'static str]),
    One(&'static str),
    Plain(char),
    TehMarbuta,
    Double,
    Apart,
    Omitted,
    LeftOut,
}

/// Spells a name in the recommended way (ICAO 9303-3 section 6). At most [`NAME_CHARS_MAX`] characters are read.
pub fn spell(name: &str, language: Language) -> Spelled {
    spell_as(name, language, &mut |_| 0)
}

/// Every spelling that the tables allow, the recommended one first; at most [`SPELLINGS_MAX`]. Within one spelling a
/// letter is written one way throughout, as one state's passports do.
pub fn spellings(name: &str, language: Language) -> Vec<String> {
    let mut all = vec![spell(name, language).text];
    // The nth way of every letter that has more: Ä as A, Ü as UXX.
    for way in 1..3 {
        let other = spell_as(name, language, &mut |ways| if ways > way { way } else { ways - 1 }).text;
        if !all.contains(&other) {
            all.push(other);
        }
    }
    let cyrillic = |c: char| matches!(u32::from(c), 0x0400..=0x052F);
    if language == Language::Other && name.chars().any(cyrillic) {
        use Language::{Belarusian, Bulgarian, Macedonian, Serbian, Ukrainian};
        for language in [Ukrainian, Serbian, Bulgarian, Macedonian, Belarusian] {
            let other = spell(name, language).text;
            if !all.contains(&other) {
                all.push(other);
            }
        }
    }
    all.truncate(SPELLINGS_MAX);
    all
}

fn spell_as(name: &str, language: Language, choose: &mut dyn FnMut(usize) -> usize) -> Spelled {
    let letters = composed(name);
    let (mut text, mut left_out, mut last, mut components) = (String::new(), 0, 0, 1);
    for (at, letter) in letters.iter().enumerate() {
        let first = text.is_empty() || text.ends_with('<');
        let before = text.len();
        match written(*letter, language, first) {
            Written::Ways(ways) => text.push_str(ways[choose(ways.len()).min(ways.len() - 1)]),
            Written::One(way) => text.push_str(way),
            Written::Plain(letter) => text.push(letter),
            Written::TehMarbuta => {
                // A vowel sign or a joiner behind it is not written, so it goes on with what follows these.
                let follows = letters[at + 1..]
                    .iter()
                    .map(|next| written(*next, language, false))
                    .find(|next| !matches!(next, Written::Omitted | Written::One("")));
                let ends = follows.is_none_or(|next| matches!(next, Written::Apart));
                text.push_str(if ends { "XAH" } else { "XTA" });
            }
            // A shadda that no letter of its component stands before repeats nothing.
            Written::Double if first => {}
            Written::Double => {
                let again = text.split_off(last);
                text.push_str(&again);
                text.push_str(&again);
            }
            Written::Apart if first => {}
            Written::Apart if components == COMPONENTS_MAX => break,
            Written::Apart => {
                text.push('<');
                components += 1;
            }
            Written::Omitted => {}
            Written::LeftOut => left_out += 1,
        }
        if text.len() > before {
            last = before;
        }
    }
    text.truncate(text.trim_end_matches('<').len());
    Spelled { text, left_out }
}

/// Upper case, with marks that change a letter's spelling put together with it.
fn composed(name: &str) -> Vec<char> {
    let mut letters: Vec<char> = Vec::new();
    for letter in name.chars().take(NAME_CHARS_MAX).flat_map(char::to_uppercase).map(latin::plain) {
        let Some(base) = letters.iter_mut().rev().find(|base| !arabic::is_vowel_sign(**base)) else {
            letters.push(letter);
            continue;
        };
        match latin::composed(*base, letter).or_else(|| arabic::composed(*base, letter)) {
            Some(one) => *base = one,
            None if matches!(letter, '\u{300}'..='\u{36F}') => {}
            None => letters.push(letter),
        }
    }
    letters
}

fn written(letter: char, language: Language, first: bool) -> Written {
    match letter {
        'A'..='Z' => return Written::Plain(letter),
        // A hyphen and a comma part components; an apostrophe, and whatever else is no letter, is left out without a
        // filler (ICAO 9303-3 section 4.6).
        '<' | '-' | ',' | '‐' | '‑' | '–' | '/' => return Written::Apart,
        _ if letter.is_whitespace() => return Written::Apart,
        // Apostrophes that Unicode counts among letters: of Ukrainian, Uzbek, Hawaiian, and of transliterations.
        '\u{2B9}'..='\u{2BF}' => return Written::Omitted,
        _ => {}
    }
    if let Some(ways) = latin::written(letter) {
        return Written::Ways(ways);
    }
    if let Some(way) = cyrillic::written(letter, language, first) {
        return Written::One(way);
    }
    match arabic::written(letter) {
        Some(Sign::Letters(way)) => Written::One(way),
        Some(Sign::TehMarbuta) => Written::TehMarbuta,
        Some(Sign::Double) => Written::Double,
        None if letter.is_alphanumeric() => Written::LeftOut,
        None => Written::Omitted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(name: &str) -> String {
        spell(name, Language::Other).text
    }

    #[test]
    fn the_standards_own_examples_come_out_as_it_has_them() {
        // ICAO 9303-3 section 4.6.
        assert_eq!(text("D'Artagnan"), "DARTAGNAN");
        assert_eq!(text("Marie-Elise"), "MARIE<ELISE");
        assert_eq!(text("Anna, Maria"), "ANNA<MARIA");
        // Section 6.C, note 3.
        assert_eq!(text("عبّاس"), "EBBAS");
        assert_eq!(text("فضّة"), "FXDZXDZXAH");
        // Appendix B.5.7 and B.5.9.
        assert_eq!(text("ابو بكر محمد بن زكريا الرازي"), "ABW<BKR<MXHMD<BN<ZKRYA<ALRAZY");
        assert_eq!(text("جميلة نعيمة"), "JMYLXAH<NEYMXAH");
        // Appendix B.4.1.
        assert!(spellings("Térèsa Cañon", Language::Other).contains(&"TERESA<CANXXON".to_owned()));
    }

    #[test]
    fn cyrillic_follows_the_exceptions_of_its_language() {
        assert_eq!(text("Хрущёв Юрий Щукин"), "KHRUSHCHEV<IURII<SHCHUKIN");
        assert_eq!(spell("Юлія Гнатюк", Language::Ukrainian).text, "YULIIA<HNATIUK");
        assert_eq!(spell("Живковић Чедомир", Language::Serbian).text, "ZIVKOVIC<CEDOMIR");
        assert_eq!(spell("Ѓорѓи Џаја", Language::Macedonian).text, "GJORGJI<DJAJA");
        assert_eq!(spell("Щерев", Language::Bulgarian).text, "SHTEREV");
        assert_eq!(spell("Ёлкін", Language::Belarusian).text, "IOLKIN");
        assert_eq!(Language::of(&State::new("UKR").unwrap()), Language::Ukrainian);
    }

    #[test]
    fn every_way_of_writing_a_letter_is_a_spelling_and_the_recommended_one_is_first() {
        assert_eq!(spellings("Müller", Language::Other), ["MUELLER", "MUXXLLER", "MULLER"]);
        assert_eq!(spellings("Smith", Language::Other), ["SMITH"]);
        assert_eq!(spellings("Галина", Language::Other)[..2], ["GALINA", "HALYNA"]);
    }

    #[test]
    fn text_that_comes_decomposed_is_spelled_as_if_it_came_whole() {
        assert_eq!(text("Mu\u{308}ller"), text("Müller"));
        assert_eq!(text("Andre\u{301} Nu\u{303}n\u{303}ez"), "ANDRE<NUNEZ");
        assert_eq!(text("Серге\u{438}\u{306}"), text("Сергей"));
        assert_eq!(text("Nguyễn Thị Ánh"), "NGUYEN<THI<ANH");
    }

    #[test]
    fn decomposed_arabic_is_spelled_as_if_it_came_whole() {
        for (apart, whole) in [
            ("ا\u{654}حمد", "أحمد"),
            ("ا\u{64E}\u{654}حمد", "أحمد"),
            ("ا\u{655}سلام", "إسلام"),
            ("ا\u{653}دم", "آدم"),
            ("رو\u{654}وف", "رؤوف"),
            ("ي\u{654}", "ئ"),
        ] {
            let spelled = spell(apart, Language::Other);
            assert!(spelled == spell(whole, Language::Other) && spelled.left_out == 0, "{}", spelled.text);
        }
    }

    #[test]
    fn a_teh_marbuta_ends_its_component_whatever_unwritten_stands_behind_it() {
        for end in ["", "\u{64F}", "\u{200C}", "\u{200F}\u{64C}", "\u{64F} علي"] {
            assert!(text(&format!("فاطمة{end}")).starts_with("FAXTTMXAH"), "{end:?}");
        }
        assert_eq!(text("فاطمة\u{64F}ن"), "FAXTTMXTAN");
    }

    #[test]
    fn apostrophes_that_are_letters_and_marks_that_no_table_has_leave_nothing_out() {
        for (name, spelled) in [
            ("Мар\u{2BC}яна", "MARIANA"),
            ("O\u{2BB}zbek", "OZBEK"),
            ("\u{1E24}asan", "HASAN"),
            ("Ha\u{1E63}an", "HASAN"),
            ("H\u{323}asan", "HASAN"),
            ("\u{1CD}n", "AN"),
            ("A\u{30C}n", "AN"),
            ("Ｓｍｉｔｈ", "SMITH"),
            ("\u{1D5}", "UE"),
            ("\u{DC}\u{304}", "UE"),
        ] {
            let found = spell(name, Language::Other);
            assert_eq!((found.text.as_str(), found.left_out), (spelled, 0), "{name}");
        }
    }

    #[test]
    fn what_has_no_table_is_counted_and_left_out() {
        let spelled = spell("Ω 2nd Nikos", Language::Other);
        assert_eq!((spelled.text.as_str(), spelled.left_out), ("ND<NIKOS", 2));
    }

    #[test]
    fn a_shadda_repeats_a_letter_and_never_what_parts_components() {
        assert_eq!(text("a<\u{651}b"), "A<B");
        assert_eq!(text("\u{651}ab\u{651}\u{651}"), "ABBB");
    }

    proptest! {
        // Half of them of letters that have a table, their marks and what parts components.
        #[test]
        fn whatever_is_spelled_fits_a_machine_readable_zone(
            name in prop_oneof!["\\PC{0,300}", "[A-Za-zÀ-ſЀ-ӿ\u{600}-\u{6FF}\u{300}-\u{308}<', -]{0,300}"]
        ) {
            for text in spellings(&name, Language::Other) {
                prop_assert!(text.bytes().all(|b| b.is_ascii_uppercase() || b == b'<'));
                prop_assert!(!text.contains("<<") && !text.starts_with('<') && !text.ends_with('<'));
                prop_assert!(text.split('<').count() <= COMPONENTS_MAX);
                // Spelled again it stays as it is, as far as it is read.
                let read = text[..text.len().min(NAME_CHARS_MAX)].trim_end_matches('<');
                prop_assert_eq!(spell(&text, Language::Other).text, read);
            }
        }
    }
}
