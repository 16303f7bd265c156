//! Table A: multinational Latin-based characters (ICAO 9303-3 section 6.A).

/// National characters, and how each of them is written; the recommended way first.
const TABLE_A: &[(&str, &[&str])] = &[
    ("ÀÁÂÃĀĂĄ", &["A"]),
    ("Ä", &["AE", "A"]),
    ("Å", &["AA", "A"]),
    ("Æ", &["AE"]),
    ("ÇĆĈĊČ", &["C"]),
    ("ÐĎĐ", &["D"]),
    ("ÈÉÊËĒĔĖĘĚ", &["E"]),
    ("ĜĞĠĢ", &["G"]),
    ("ĤĦ", &["H"]),
    ("ÌÍÎÏĨĪĬĮİı", &["I"]),
    ("Ĳ", &["IJ"]),
    ("Ĵ", &["J"]),
    ("Ķ", &["K"]),
    ("ĹĻĽĿŁ", &["L"]),
    ("Ñ", &["N", "NXX"]),
    ("ŃŅŇŊ", &["N"]),
    ("ÒÓÔÕŌŎŐ", &["O"]),
    ("Ö", &["OE", "O"]),
    ("ØŒ", &["OE"]),
    ("ŔŖŘ", &["R"]),
    ("ŚŜŞŠ", &["S"]),
    ("ẞ", &["SS"]),
    ("ŢŤŦ", &["T"]),
    ("Þ", &["TH"]),
    ("ÙÚÛŨŪŬŮŰŲ", &["U"]),
    ("Ü", &["UE", "UXX", "U"]),
    ("Ŵ", &["W"]),
    ("ÝŶŸ", &["Y"]),
    ("ŹŻŽ", &["Z"]),
];

/// Letters of living national alphabets that the table leaves out, written as their own states write them: Azerbaijan,
/// Romania (comma below), Vietnam, and South Slavic letters that Unicode has as one.
const BESIDE_TABLE_A: &[(&str, &[&str])] = &[
    ("Ə", &["A", "E"]),
    ("Ș", &["S"]),
    ("Ț", &["T"]),
    ("Ơ", &["O"]),
    ("Ư", &["U"]),
    ("Ǆǅ", &["DZ"]),
    ("Ǉǈ", &["LJ"]),
    ("Ǌǋ", &["NJ"]),
];

/// All other upper-case letters that Unicode takes apart into a letter and marks, and the letter as which they are written:
/// Vietnamese ones with two marks, and those of transliterations.
const MARKED: &[(char, &str)] = &[
    ('A', "ǍǠȀȂȦḀẠẢẤẦẨẪẬẮẰẲẴẶ"),
    ('B', "ḂḄḆ"),
    ('C', "Ḉ"),
    ('D', "ḊḌḎḐḒ"),
    ('E', "ȄȆȨḔḖḘḚḜẸẺẼẾỀỂỄỆ"),
    ('F', "Ḟ"),
    ('G', "ǦǴḠ"),
    ('H', "ȞḢḤḦḨḪ"),
    ('I', "ǏȈȊḬḮỈỊ"),
    ('K', "ǨḰḲḴ"),
    ('L', "ḶḸḺḼ"),
    ('M', "ḾṀṂ"),
    ('N', "ǸṄṆṈṊ"),
    ('O', "ǑǪǬȌȎȬȮȰṌṐṒỌỎỐỒỔỖỘỚỜỞỠỢ"),
    ('P', "ṔṖ"),
    ('R', "ȐȒṘṚṜṞ"),
    ('S', "ṠṢṤṦṨ"),
    ('T', "ṪṬṮṰ"),
    ('U', "ǓȔȖṲṴṶṸỤỦỨỪỬỮỰ"),
    ('V', "ṼṾ"),
    ('W', "ẀẂẄẆẈ"),
    ('X', "ẊẌ"),
    ('Y', "ȲẎỲỴỶỸ"),
    ('Z', "ẐẒẔ"),
    ('Ä', "Ǟ"),
    ('Å', "Ǻ"),
    ('Æ', "ǢǼ"),
    ('Ö', "ȪṎ"),
    ('Ø', "Ǿ"),
    ('Ü', "ǕǗǙǛṺ"),
];

/// How an upper-case letter is written; `None` where no table has it.
pub(super) fn written(letter: char) -> Option<&'static [&'static str]> {
    let in_table = TABLE_A.iter().chain(BESIDE_TABLE_A).find(|(letters, _)| letters.contains(letter));
    in_table.map(|(_, ways)| *ways)
}

/// A letter of A to Z that comes as wide as a Chinese one, or one whose marks no table has, as the letter that is written.
pub(super) fn plain(letter: char) -> char {
    match letter {
        '\0'..='\u{7F}' => letter,
        // Both alphabets have 26 letters.
        'Ａ'..='Ｚ' => char::from(b'A' + (u32::from(letter) - u32::from('Ａ')) as u8),
        _ => MARKED.iter().find(|(_, marked)| marked.contains(letter)).map_or(letter, |(plain, _)| *plain),
    }
}

/// A letter and the mark that follows it as one, where that changes how it is written: text may come decomposed.
pub(super) fn composed(base: char, mark: char) -> Option<char> {
    Some(match (base, mark) {
        ('A', '\u{308}') => 'Ä',
        ('O', '\u{308}') => 'Ö',
        ('U', '\u{308}') => 'Ü',
        ('A', '\u{30A}') => 'Å',
        ('N', '\u{303}') => 'Ñ',
        ('И', '\u{306}') => 'Й',
        ('У', '\u{306}') => 'Ў',
        ('Е', '\u{308}') => 'Ё',
        ('І', '\u{308}') => 'Ї',
        ('Г', '\u{301}') => 'Ѓ',
        ('К', '\u{301}') => 'Ќ',
        _ => return None,
    })
}
