//! What the world does to a name and a date on the way from a person to a record: schemes of transliteration, order, what
//! is left out, slips of the keyboard and of character recognition.
//!
//! Each rule stands on its own feet: what ICAO 9303-3 recommends is one scheme of several, written down here once more.

use super::people::{Origin, Person};
use crate::dice::Dice;
use jiff::civil::Date;

/// What was done to a name or a date: what is found is counted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Slip {
    Nothing,
    Order,
    GivenMissing,
    FamilyMissing,
    Initials,
    Joined,
    Typo,
    Ocr,
    Cut,
    Title,
    DateSwapped,
    DateDigit,
    DateNewYear,
    DateMissing,
    OtherNationality,
}

impl Slip {
    pub(crate) const ALL: [Self; 15] = [
        Self::Nothing,
        Self::Order,
        Self::GivenMissing,
        Self::FamilyMissing,
        Self::Initials,
        Self::Joined,
        Self::Typo,
        Self::Ocr,
        Self::Cut,
        Self::Title,
        Self::DateSwapped,
        Self::DateDigit,
        Self::DateNewYear,
        Self::DateMissing,
        Self::OtherNationality,
    ];

    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing but the scheme of spelling",
            Self::Order => "components in another order",
            Self::GivenMissing => "a given name left out",
            Self::FamilyMissing => "the second family name left out",
            Self::Initials => "given names as initials",
            Self::Joined => "components written together",
            Self::Typo => "a slip of the keyboard",
            Self::Ocr => "characters misread",
            Self::Cut => "cut at a field's end",
            Self::Title => "a title behind the name",
            Self::DateSwapped => "day and month of birth swapped",
            Self::DateDigit => "a digit of the date of birth wrong",
            Self::DateNewYear => "1 January for a day not known",
            Self::DateMissing => "no date of birth",
            Self::OtherNationality => "another nationality",
        }
    }
}

/// A person as a record has them.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) family: String,
    pub(crate) given: String,
    pub(crate) born: Option<Date>,
    pub(crate) nationality: Option<&'static str>,
}

/// How a carrier's list has a traveller, and what was done to them on the way.
pub(crate) fn as_traveller(person: &Person, dice: &mut Dice) -> (Recorded, Vec<Slip>) {
    let scheme = dice.below(6);
    let spell = |parts: &[String], dice: &mut Dice| -> Vec<String> {
        parts.iter().map(|part| spelled(person.origin, part, scheme, dice)).collect()
    };
    let (mut family, mut given) = (spell(&person.family, dice), spell(&person.given, dice));
    let mut slips = Vec::new();
    order_and_parts(person.origin, &mut family, &mut given, &mut slips, dice);
    letters(&mut family, &mut given, &mut slips, dice);
    let born = date(person.born, &mut slips, dice);
    let mut nationality = Some(person.nationality);
    if dice.chance(0.03) {
        nationality = Some(dice.any(&["GBR", "USA", "CAN", "FRA", "ARE"]));
        slips.push(Slip::OtherNationality);
    }
    if slips.is_empty() {
        slips.push(Slip::Nothing);
    }
    (Recorded { family: family.join(" "), given: given.join(" "), born, nationality }, slips)
}

/// How an authority's file has a person, in Latin letters of some scheme or, one time in four, in Cyrillic.
pub(crate) fn as_listed(person: &Person, dice: &mut Dice) -> (String, String) {
    if person.origin == Origin::Cyrillic && dice.chance(0.25) {
        return (person.family.join(" "), person.given.join(" "));
    }
    let scheme = dice.below(6);
    let mut spell = |parts: &[String]| -> String {
        parts.iter().map(|part| spelled(person.origin, part, scheme, dice)).collect::<Vec<_>>().join(" ")
    };
    (spell(&person.family), spell(&person.given))
}

fn order_and_parts(
    origin: Origin,
    family: &mut Vec<String>,
    given: &mut Vec<String>,
    slips: &mut Vec<Slip>,
    dice: &mut Dice,
) {
    if family.len() > 1 && origin == Origin::Hispanic && dice.chance(0.25) {
        family.truncate(1);
        slips.push(Slip::FamilyMissing);
    }
    if given.len() > 1 && dice.chance(0.15) {
        given.truncate(1);
        slips.push(Slip::GivenMissing);
    }
    if !given.is_empty() && dice.chance(0.01) {
        given.iter_mut().for_each(|name| name.truncate(name.chars().next().map_or(0, char::len_utf8)));
        slips.push(Slip::Initials);
    }
    let swapped = match origin {
        Origin::Chinese | Origin::Vietnamese => 0.15,
        _ => 0.05,
    };
    if !given.is_empty() && dice.chance(swapped) {
        std::mem::swap(family, given);
        slips.push(Slip::Order);
    }
    let joined = if origin == Origin::Chinese { 0.5 } else { 0.06 };
    if given.len() > 1 && dice.chance(joined) {
        *given = vec![given.concat()];
        slips.push(Slip::Joined);
    } else if family.len() > 1 && dice.chance(0.06) {
        *family = vec![family.concat()];
        slips.push(Slip::Joined);
    }
}

fn letters(family: &mut [String], given: &mut Vec<String>, slips: &mut Vec<Slip>, dice: &mut Dice) {
    let one = |family: &mut [String],
               given: &mut Vec<String>,
               dice: &mut Dice,
               change: &dyn Fn(&str, &mut Dice) -> String| {
        let at = dice.below(family.len() + given.len());
        let part = if at < family.len() { &mut family[at] } else { &mut given[at - family.len()] };
        *part = change(part, dice);
    };
    if dice.chance(0.06) {
        one(family, given, dice, &typo);
        slips.push(Slip::Typo);
    }
    if dice.chance(0.03) {
        one(family, given, dice, &misread);
        slips.push(Slip::Ocr);
    }
    // A carrier's message of 26 letters for the whole name.
    let length: usize = family.iter().chain(given.iter()).map(|part| part.len() + 1).sum();
    if length > 26
        && dice.chance(0.2)
        && let Some(last) = given.last_mut()
    {
        let keep = last.len().saturating_sub(length - 26).max(1);
        last.truncate(keep);
        slips.push(Slip::Cut);
    }
    if dice.chance(0.02) && !given.is_empty() {
        given.push(dice.any(&["MR", "MRS", "MS"]).to_owned());
        slips.push(Slip::Title);
    }
}

/// One slip of the keyboard: a neighbour struck, a letter twice, left out, or two of them the wrong way round.
fn typo(word: &str, dice: &mut Dice) -> String {
    const ROWS: [&str; 3] = ["QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"];
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() < 3 {
        return word.to_owned();
    }
    let at = dice.below(letters.len());
    match dice.below(4) {
        0 => {
            let row = ROWS.iter().find_map(|row| Some((row, row.find(letters[at])?)));
            if let Some((row, place)) = row {
                let beside = if place == 0 { 1 } else { place - 1 };
                letters[at] = row.chars().nth(beside).unwrap_or(letters[at]);
            }
        }
        1 => letters.insert(at, letters[at]),
        2 => {
            letters.remove(at);
        }
        _ => {
            let at = at.min(letters.len() - 2);
            letters.swap(at, at + 1);
        }
    }
    letters.into_iter().collect()
}

/// What character recognition takes for one another.
fn misread(word: &str, dice: &mut Dice) -> String {
    let pairs = [
        ("M", "RN"),
        ("RN", "M"),
        ("I", "L"),
        ("L", "I"),
        ("O", "Q"),
        ("U", "V"),
        ("V", "U"),
        ("E", "F"),
        ("B", "8"),
        ("O", "0"),
        ("S", "5"),
        ("I", "1"),
        ("C", "G"),
        ("W", "VV"),
        ("H", "N"),
    ];
    let fits: Vec<&(&str, &str)> = pairs.iter().filter(|(from, _)| word.contains(from)).collect();
    if fits.is_empty() {
        return word.to_owned();
    }
    let (from, to) = fits[dice.below(fits.len())];
    word.replacen(from, to, 1)
}

fn date(born: Date, slips: &mut Vec<Slip>, dice: &mut Dice) -> Option<Date> {
    if dice.chance(0.01) {
        slips.push(Slip::DateMissing);
        return None;
    }
    if dice.chance(0.02) && born.day() <= 12 && born.day() != born.month() {
        slips.push(Slip::DateSwapped);
        return Date::new(born.year(), born.day(), born.month()).ok();
    }
    if dice.chance(0.015) {
        slips.push(Slip::DateDigit);
        let year = if dice.chance(0.5) {
            born.year() - 10
        } else {
            born.year() + if born.year() % 10 < 9 { 1 } else { -1 }
        };
        return Date::new(year, born.month(), born.day().min(28)).ok();
    }
    if dice.chance(0.01) {
        slips.push(Slip::DateNewYear);
        return Date::new(born.year(), 1, 1).ok();
    }
    Some(born)
}

/// A component in Latin letters, by one of six habits.
fn spelled(origin: Origin, part: &str, scheme: usize, dice: &mut Dice) -> String {
    match origin {
        Origin::Cyrillic => part.chars().map(|c| cyrillic(c, scheme)).collect(),
        Origin::Arabic => arabic(part, scheme),
        Origin::Germanic => part.chars().map(|c| germanic(c, scheme)).collect(),
        Origin::Hispanic => part.replace('Ñ', if scheme == 5 { "NXX" } else { "N" }),
        Origin::Vietnamese => part.chars().map(vietnamese).collect(),
        Origin::English => part.replace('\'', if scheme == 1 { " " } else { "" }),
        Origin::Chinese => chinese(part, scheme),
        Origin::Indian => indian(part, scheme, dice),
    }
}

/// Schemes: 0 as passports since 2013, 1 United States (BGN/PCGN), 2 as ISO 9 without its marks, 3 German, 4 French, 5 Soviet
/// passports of before 1997.
fn cyrillic(letter: char, scheme: usize) -> &'static str {
    let of = |ways: [&'static str; 6]| ways[scheme.min(5)];
    match letter {
        'А' => "A",
        'Б' => "B",
        'В' => of(["V", "V", "V", "W", "V", "V"]),
        'Г' => of(["G", "G", "G", "G", "GU", "G"]),
        'Д' => "D",
        'Е' => of(["E", "YE", "E", "JE", "IE", "E"]),
        'Ё' => of(["E", "YO", "E", "JO", "IO", "E"]),
        'Ж' => of(["ZH", "ZH", "Z", "SCH", "J", "J"]),
        'З' => of(["Z", "Z", "Z", "S", "Z", "Z"]),
        'И' => "I",
        'Й' => of(["I", "Y", "J", "I", "I", "I"]),
        'К' => "K",
        'Л' => "L",
        'М' => "M",
        'Н' => "N",
        'О' => "O",
        'П' => "P",
        'Р' => "R",
        'С' => of(["S", "S", "S", "S", "SS", "S"]),
        'Т' => "T",
        'У' => of(["U", "U", "U", "U", "OU", "OU"]),
        'Ф' => "F",
        'Х' => of(["KH", "KH", "H", "CH", "KH", "KH"]),
        'Ц' => of(["TS", "TS", "C", "Z", "TS", "TS"]),
        'Ч' => of(["CH", "CH", "C", "TSCH", "TCH", "TCH"]),
        'Ш' => of(["SH", "SH", "S", "SCH", "CH", "CH"]),
        'Щ' => of(["SHCH", "SHCH", "S", "SCHTSCH", "CHTCH", "CHTCH"]),
        'Ъ' => of(["IE", "", "", "", "", ""]),
        'Ы' => "Y",
        'Э' => "E",
        'Ю' => of(["IU", "YU", "JU", "JU", "IOU", "IOU"]),
        'Я' => of(["IA", "YA", "JA", "JA", "IA", "IA"]),
        _ => "",
    }
}

/// Habits of clerks from Rabat to Baghdad: vowels by French or English ears, doubled letters or not, H and Q kept or not.
fn arabic(part: &str, scheme: usize) -> String {
    let changes: &[(&str, &str)] = match scheme {
        0 => &[],
        1 => &[
            ("MUHAMMAD", "MOHAMED"),
            ("HUSAYN", "HUSSEIN"),
            ("UMAR", "OMAR"),
            ("AY", "EI"),
            ("Q", "K"),
            ("U", "O"),
        ],
        2 => &[
            ("MUHAMMAD", "MOHAMMED"),
            ("YUSUF", "YOUSSEF"),
            ("KH", "KH"),
            ("U", "OU"),
            ("SH", "CH"),
            ("J", "DJ"),
        ],
        3 => &[
            ("ABDALLAH", "ABDULLAH"),
            ("YUSUF", "YOUSEF"),
            ("AHMAD", "AHMED"),
            ("HASAN", "HASSAN"),
            ("I", "EE"),
        ],
        4 => &[
            ("MUHAMMAD", "MOHAMMAD"),
            ("MM", "M"),
            ("SS", "S"),
            ("BB", "B"),
            ("RR", "R"),
            ("DD", "D"),
            ("GH", "G"),
            ("DH", "D"),
        ],
        _ => &[
            ("MUHAMMAD", "MUHAMED"),
            ("IBRAHIM", "EBRAHIM"),
            ("AYSH", "AISH"),
            ("AY", "AI"),
            ("ALI", "ALY"),
            ("KH", "H"),
            ("AH", "A"),
        ],
    };
    changes.iter().fold(part.to_owned(), |name, (from, to)| name.replace(from, to))
}

fn germanic(letter: char, scheme: usize) -> &'static str {
    let plain = scheme % 2 == 1;
    match letter {
        'Ä' => {
            if plain {
                "A"
            } else {
                "AE"
            }
        }
        'Ö' => {
            if plain {
                "O"
            } else {
                "OE"
            }
        }
        'Ü' => match scheme {
            5 => "UXX",
            _ if plain => "U",
            _ => "UE",
        },
        'Å' => {
            if plain {
                "A"
            } else {
                "AA"
            }
        }
        'Ø' => {
            if scheme == 3 {
                "O"
            } else {
                "OE"
            }
        }
        'A'..='Z' => ascii(letter),
        _ => "",
    }
}

fn ascii(letter: char) -> &'static str {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let at = (letter as u32).wrapping_sub('A' as u32) as usize;
    LETTERS.get(at..=at).unwrap_or("")
}

fn vietnamese(letter: char) -> &'static str {
    match letter {
        'A'..='Z' => ascii(letter),
        'Đ' => "D",
        'Ă' | 'Â' | 'À' | 'Á' | 'Ả' | 'Ã' | 'Ạ' | 'Ầ' | 'Ấ' | 'Ẩ' | 'Ẫ' | 'Ậ' | 'Ằ' | 'Ắ' | 'Ẳ' | 'Ẵ'
        | 'Ặ' => "A",
        'Ê' | 'È' | 'É' | 'Ẻ' | 'Ẽ' | 'Ẹ' | 'Ề' | 'Ế' | 'Ể' | 'Ễ' | 'Ệ' => "E",
        'Ì' | 'Í' | 'Ỉ' | 'Ĩ' | 'Ị' => "I",
        'Ô' | 'Ơ' | 'Ò' | 'Ó' | 'Ỏ' | 'Õ' | 'Ọ' | 'Ồ' | 'Ố' | 'Ổ' | 'Ỗ' | 'Ộ' | 'Ờ' | 'Ớ' | 'Ở' | 'Ỡ'
        | 'Ợ' => "O",
        'Ư' | 'Ù' | 'Ú' | 'Ủ' | 'Ũ' | 'Ụ' | 'Ừ' | 'Ứ' | 'Ử' | 'Ữ' | 'Ự' => "U",
        'Ỳ' | 'Ý' | 'Ỷ' | 'Ỹ' | 'Ỵ' => "Y",
        _ => "",
    }
}

/// Pinyin, or Wade-Giles as Taiwan has it, or as Hong Kong and Singapore hear it.
fn chinese(part: &str, scheme: usize) -> String {
    let changes: &[(&str, &str)] = match scheme {
        1 => &[
            ("ZH", "CH"),
            ("X", "HS"),
            ("QI", "CHI"),
            ("JI", "CHI"),
            ("D", "T"),
            ("G", "K"),
            ("B", "P"),
            ("Z", "TS"),
        ],
        2 if part == "CHEN" => &[("CHEN", "CHAN")],
        2 => &[
            ("WANG", "WONG"),
            ("ZHANG", "CHEUNG"),
            ("LIU", "LAU"),
            ("HUANG", "WONG"),
            ("WU", "NG"),
            ("ZHENG", "CHENG"),
        ],
        _ => &[],
    };
    changes.iter().fold(part.to_owned(), |name, (from, to)| name.replace(from, to))
}

fn indian(part: &str, scheme: usize, dice: &mut Dice) -> String {
    let changes: &[(&str, &str)] = match scheme {
        1 => &[("V", "W"), ("EE", "I"), ("OO", "U"), ("CHOUDHURY", "CHAUDHARI")],
        2 => &[("SH", "S"), ("TH", "T"), ("KSH", "X"), ("MUKHERJEE", "MUKHERJI"), ("BANERJEE", "BANERJI")],
        3 => {
            &[("DEEP", "DIP"), ("AA", "A"), ("HOSSAIN", "HUSSAIN"), ("RAHMAN", "REHMAN"), ("AHMED", "AHMAD")]
        }
        _ => &[],
    };
    let name = changes.iter().fold(part.to_owned(), |name, (from, to)| name.replace(from, to));
    if name.ends_with('A') && dice.chance(0.05) { name[..name.len() - 1].to_owned() } else { name }
}
