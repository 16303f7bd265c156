//! The machine-readable zone of a travel document, typed or scanned: passports, cards and visas (ICAO 9303-3 to -7).
//!
//! ```
//! use portunus_documents::mrz::{Reading, read};
//!
//! let today = jiff::civil::date(2026, 11, 23);
//! let zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
//! let Reading::Holds(facts) = read(zone.as_bytes(), today) else { panic!("a specimen of the standard") };
//! assert_eq!((facts.family_name.as_str(), facts.document().number()), ("ERIKSSON", "L898902C3"));
//!
//! let mistyped = zone.replace("L898902C3", "L8989O2C3");
//! let Reading::Faulty(faulty) = read(mistyped.as_bytes(), today) else { panic!("a letter for a digit") };
//! assert_eq!(faulty.faults[0].to_string(), "line 2, character 10 (document number): expected the check digit 0");
//! assert_eq!(faulty.suggestions[0].changes[0].column, 6);
//! ```
//!
//! The crate `mrz` reads and does the arithmetic; [`Reading`] adds where something is wrong, and takes less: see
//! `check`. Its search for a zone in a text is not used, because it repairs what it reads without asking.
//! A check digit that fits does not say that a character is right: a tenth of all mistakes fit by chance, and nothing
//! speaks for names, states and sex. The chip and the officer do.

mod century;
mod check;
mod fault;
mod layout;
mod suggest;
mod zone;

use check::{judge, long_number};
use jiff::ToSpan as _;
use jiff::civil::Date;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::voyage::{Capacity, ManifestPerson, Sex};
use zone::Zone;

pub use century::Birth;
pub use check::{Check, Verdict};
pub use fault::{Fault, FaultKind};
pub use layout::{Field, Format};
pub use suggest::{Change, Suggestion};
pub use zone::INPUT_BYTES_MAX;

/// What some bytes gave.
pub enum Reading {
    /// A zone in which everything fits.
    Holds(Box<Facts>),
    /// A zone in which something does not.
    Faulty(Faulty),
    /// No zone: what keeps it from being one.
    None(Fault),
}

/// What a zone says, all of whose check digits fit. Personal data: no `Debug`.
///
/// Optional data (personal numbers) is judged and not kept: no crossing needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct Facts {
    /// How it is laid out.
    pub format: Format,
    /// The document code, without fillers: `P`, `PD`, `ID`, `V`.
    pub code: String,
    document: DocumentKey,
    /// The primary identifier; `<` as a space.
    pub family_name: String,
    /// The secondary identifier; may be empty.
    pub given_names: String,
    /// The name fills its field to the end: it may go on where the zone ends.
    pub name_may_be_cut: bool,
    /// The holder's nationality.
    pub nationality: State,
    /// When the holder was born.
    pub birth: Birth,
    /// The holder's sex; `X` where the zone has `<`.
    pub sex: Sex,
    /// The last day on which the document is valid.
    pub expiry: Date,
    /// Its check digits, all of which fit.
    pub checks: Vec<Check>,
}

/// A zone in which something does not fit. Personal data (in the suggestions): no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Faulty {
    /// How it is laid out.
    pub format: Format,
    /// Its check digits.
    pub checks: Vec<Check>,
    /// What is wrong, in the order of the cells; the first of each field.
    pub faults: Vec<Fault>,
    /// What it may have been meant to say, to be asked, never to be taken unasked.
    pub suggestions: Vec<Suggestion>,
}

/// Reads a zone from what was typed, pasted or scanned: lines parted by ends of lines or none, blanks anywhere, in
/// either case. `today` is the local date, which settles the centuries.
///
/// Takes any bytes; more than [`INPUT_BYTES_MAX`] are no zone.
pub fn read(bytes: &[u8], today: Date) -> Reading {
    let zone = match Zone::of(bytes) {
        Ok(zone) => zone,
        Err(fault) => return Reading::None(fault),
    };
    let check::Judgement { checks, faults } = judge(&zone, today);
    if faults.is_empty()
        && let Some(facts) = facts(&zone, &checks, today)
    {
        return Reading::Holds(Box::new(facts));
    }
    let suggestions = suggest::suggest(&zone, today);
    Reading::Faulty(Faulty { format: zone.format, checks, faults: or_unlike(faults), suggestions })
}

/// The crate `mrz` and `check` agree on every zone that was ever tried; should they not, it is no zone to rely on.
fn or_unlike(faults: Vec<Fault>) -> Vec<Fault> {
    if faults.is_empty() { vec![Fault::layout("a zone that two readers read alike")] } else { faults }
}

/// What a zone without a fault says.
fn facts(zone: &Zone, checks: &[Check], today: Date) -> Option<Facts> {
    let data = parsed(zone).ok().filter(mrz::MrzData::valid)?;
    let kind = DocumentKind::new(zone.field(Field::DocumentCode)).ok()?;
    let issuer = State::new(zone.field(Field::Issuer)).ok()?;
    let number = match long_number(zone) {
        Some(long) => format!("{}{}", zone.field(Field::Number), zone.text(long.rest)),
        None => zone.field(Field::Number).to_owned(),
    };
    let document = DocumentKey::new(issuer, kind, &number).ok()?;
    let alike = data.full_document_number().bytes().filter(|b| *b != b'<').eq(document.number().bytes());
    let name = zone.field(Field::Name);
    let (family_name, given_names) = names(name);
    alike.then_some(Facts {
        format: zone.format,
        code: data.document_type,
        document,
        family_name,
        given_names,
        name_may_be_cut: !name.ends_with('<'),
        nationality: State::new(zone.field(Field::Nationality)).ok()?,
        birth: Birth::read(zone.field(Field::Birth), today)?,
        sex: match zone.field(Field::Sex) {
            "F" => Sex::F,
            "M" => Sex::M,
            _ => Sex::X,
        },
        expiry: century::expiry(zone.field(Field::Expiry), today)?,
        checks: checks.to_vec(),
    })
}

fn parsed(zone: &Zone) -> Result<mrz::MrzData, mrz::MrzError> {
    let options = mrz::ParseOptions::default();
    match (zone.format, zone.lines()) {
        (Format::Td1, [a, b, c]) => mrz::parse_td1_with(a, b, c, &options),
        (Format::Td2, [a, b]) => mrz::parse_td2_with(a, b, &options),
        (Format::Td3, [a, b]) => mrz::parse_td3_with(a, b, &options),
        (Format::MrvA, [a, b]) => mrz::parse_mrv_a_with(a, b, &options),
        (Format::MrvB, [a, b]) => mrz::parse_mrv_b_with(a, b, &options),
        _ => Err(mrz::MrzError::NotFound),
    }
}

/// Primary and secondary identifier, parted by `<<` (ICAO 9303-3 section 4.6). A single name is the primary one,
/// wherever it stands; without `<<` all of it is.
fn names(field: &str) -> (String, String) {
    let words = |part: &str| part.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let (family, given) = field.split_once("<<").unwrap_or((field, ""));
    match (words(family), words(given)) {
        (family, given) if family.is_empty() => (given, String::new()),
        both => both,
    }
}

impl Facts {
    /// What the document is known by.
    pub fn document(&self) -> &DocumentKey {
        &self.document
    }

    /// The holder, as a carrier's list would name them; who is under two on `today` is an infant.
    pub fn person(&self, today: Date) -> ManifestPerson {
        let born = self.birth.day();
        let under_two = born.is_some_and(|born| born.saturating_add(2.years()) > today);
        let capacity = if under_two { Capacity::Infant } else { Capacity::Passenger };
        ManifestPerson {
            born,
            born_in: self.birth.year_alone(),
            sex: Some(self.sex),
            nationality: Some(self.nationality.clone()),
            documents: vec![self.document.clone()],
            document_expires: Some(self.expiry),
            ..ManifestPerson::named(capacity, &self.family_name, &self.given_names)
        }
    }
}
