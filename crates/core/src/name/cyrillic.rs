//! Table B: Cyrillic characters (ICAO 9303-3 section 6.B).
//!
//! Three rows as published cannot be meant as printed: code 0402 (Ђ) shows the glyph of Ћ, GJ of North Macedonia stands
//! at Ғ and not at Ѓ, and Г of Serbia is H as in Ukraine. Here Ђ and Ѓ have what is meant, Ћ is C and Serbian Г is G, as in
//! Serbian passports; Ь, which has no row, is not encoded.

use super::Language::{self, Belarusian, Bulgarian, Macedonian, Serbian, Ukrainian};

/// How an upper-case letter is written; `first`: it begins a component.
pub(super) fn written(letter: char, language: Language, first: bool) -> Option<&'static str> {
    if let Some(exception) = exception(letter, language, first) {
        return Some(exception);
    }
    Some(match letter {
        'А' => "A",
        'Б' => "B",
        'В' => "V",
        'Г' | 'Ґ' | 'Ғ' | 'Ѓ' => "G",
        'Д' | 'Ђ' => "D",
        'Е' | 'Ё' | 'Э' | 'Ѐ' => "E",
        'Ж' => "ZH",
        'З' => "Z",
        'И' | 'Й' | 'І' | 'Ї' | 'Ѝ' => "I",
        'К' | 'Ќ' => "K",
        'Л' => "L",
        'М' => "M",
        'Н' => "N",
        'О' => "O",
        'П' => "P",
        'Р' => "R",
        'С' => "S",
        'Т' => "T",
        'У' | 'Ў' | 'Ѫ' => "U",
        'Ф' => "F",
        'Х' => "KH",
        'Ц' => "TS",
        'Ч' => "CH",
        'Ш' => "SH",
        'Щ' => "SHCH",
        'Ъ' | 'Є' => "IE",
        'Ы' | 'Ѵ' => "Y",
        'Ь' => "",
        'Ю' => "IU",
        'Я' => "IA",
        'Ѕ' | 'Џ' => "DZ",
        'Ј' => "J",
        'Љ' => "LJ",
        'Њ' => "NJ",
        'Ћ' | 'Һ' => "C",
        _ => return None,
    })
}

fn exception(letter: char, language: Language, first: bool) -> Option<&'static str> {
    Some(match (language, letter) {
        (Belarusian, 'Ё') => "IO",
        (Belarusian | Ukrainian, 'Г') => "H",
        (Bulgarian, 'Щ') => "SHT",
        (Macedonian, 'Ќ') => "KJ",
        (Macedonian, 'Ѓ') => "GJ",
        (Macedonian, 'Џ') => "DJ",
        (Macedonian | Serbian, 'Х') => "H",
        (Macedonian | Serbian, 'Ц') | (Serbian, 'Ч') => "C",
        (Serbian, 'Ж') => "Z",
        (Serbian, 'Ш') => "S",
        (Ukrainian, 'И') => "Y",
        (Ukrainian, 'Є') if first => "YE",
        (Ukrainian, 'Ї') if first => "YI",
        (Ukrainian, 'Й') if first => "Y",
        (Ukrainian, 'Ю') if first => "YU",
        (Ukrainian, 'Я') if first => "YA",
        _ => return None,
    })
}
