//! Lists of lookouts as authorities send them: CSV and JSON ([`crate::table`]). All faults are told, each with its line and
//! field; none of them repeats what was sent.
//!
//! | column | what stands there |
//! |---|---|
//! | `on` | `document`, `person`, `voyage`; the columns of the other two stay empty |
//! | `authority`, `reference`, `reason` | who asks, their own file number, why |
//! | `expires`, `review` | `2027-06-01T00:00:00Z` or a day, which ends at midnight UTC; a day |
//! | `state`, `issuer`, `kind`, `number` | of a document: `lost`, `stolen`, `revoked`; as in its machine-readable zone |
//! | `names` | of a person: `FAMILY/GIVEN`, several apart by `;` |
//! | `born`, `nationality` | `1990-01-31`, `1990`, `1990+-2`; as in a machine-readable zone; one of them may be empty |
//! | `carrier`, `voyage`, `date` | of a voyage: `LH`, `400`; a day, or empty for every one |
//!
//! JSON is a list of objects with these same fields, all of them texts.

use crate::table::{self, Row, field};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use portunus_core::document::{DocumentKey, DocumentKind, State};
use portunus_core::lookout::{DocumentState, Fault, Lookout, On, StatedName};
use std::collections::{BTreeMap, HashMap};

pub use crate::table::Placed;

/// The largest list that is read: a hundred thousand lines, and room to spare.
pub const INPUT_BYTES_MAX: usize = 64 << 20;
/// Lookouts in one list.
pub const LOOKOUTS_MAX: usize = 1_000_000;
/// Faults that are told; the others are counted.
pub const FAULTS_MAX: usize = 200;

/// The columns, in the order in which they are written.
pub const FIELDS: [&str; 16] = [
    "on",
    "authority",
    "reference",
    "reason",
    "expires",
    "review",
    "state",
    "issuer",
    "kind",
    "number",
    "names",
    "born",
    "nationality",
    "carrier",
    "voyage",
    "date",
];

/// A list, read. Either there is no fault, or nothing of it is to be kept.
#[derive(Default)]
pub struct Reading {
    /// What was read without fault.
    pub lookouts: Vec<Lookout>,
    /// What was not.
    pub faults: Vec<Placed>,
    /// Faults beyond those told.
    pub faults_left_out: usize,
}

impl Reading {
    fn fault(&mut self, line: usize, fault: Fault) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Placed::new(line, fault));
        } else {
            self.faults_left_out += 1;
        }
    }
}

/// Reads CSV or JSON, whichever it is: JSON begins with `[`. What `now` makes of dates is checked too, but not of what
/// `is_kept` as it stands: a list that was exported is read back, though a review in it is late by now.
///
/// # Errors
/// What `is_kept` says.
pub fn read<E>(
    bytes: &[u8],
    now: Timestamp,
    mut is_kept: impl FnMut(&Lookout) -> Result<bool, E>,
) -> Result<Reading, E> {
    let mut reading = Reading::default();
    if bytes.len() > INPUT_BYTES_MAX {
        reading.fault(1, Fault::new("line", format!("at most {INPUT_BYTES_MAX} bytes")));
        return Ok(reading);
    }
    let (mut named, mut failed) = (Named::new(), None);
    table::read(bytes, &FIELDS, "on", |line, row| {
        let read = row
            .and_then(lookout)
            .and_then(|lookout| named_once(&mut named, line, &lookout).map(|()| lookout));
        let taken = read.and_then(|lookout| match lookout.check(now) {
            Ok(()) => Ok(lookout),
            Err(fault) => match is_kept(&lookout) {
                Ok(true) => Ok(lookout),
                Ok(false) => Err(fault),
                Err(error) => {
                    failed = Some(error);
                    Err(fault)
                }
            },
        });
        match taken {
            Ok(_) if reading.lookouts.len() == LOOKOUTS_MAX => {
                reading.fault(line, Fault::new("line", format!("at most {LOOKOUTS_MAX} lookouts")));
            }
            Ok(lookout) => reading.lookouts.push(lookout),
            Err(fault) => reading.fault(line, fault),
        }
    });
    failed.map_or(Ok(reading), Err)
}

/// Where each authority's file numbers stand.
type Named = HashMap<(String, String), usize>;

/// Authority and file number name a lookout: of two of one name the later would take the earlier one's place.
fn named_once(named: &mut Named, line: usize, lookout: &Lookout) -> Result<(), Fault> {
    let earlier = *named.entry((lookout.authority.clone(), lookout.reference.clone())).or_insert(line);
    if earlier == line {
        return Ok(());
    }
    let expected = format!(
        "a number of its own, and line {earlier} (of JSON: entry) has this one: each person of one file needs one, as 7/26-1"
    );
    Err(Fault::new("reference", expected))
}

/// What stands in the fields that belong to one kind alone.
const FIELDS_OF: [(&str, &[&str]); 3] = [
    ("document", &["state", "issuer", "kind", "number"]),
    ("person", &["names", "born", "nationality"]),
    ("voyage", &["carrier", "voyage", "date"]),
];

fn lookout(row: &Row<'_>) -> Result<Lookout, Fault> {
    let on = match field(row, "on") {
        "document" => document(row)?,
        "person" => person(row)?,
        "voyage" => On::Voyage {
            carrier: field(row, "carrier").to_owned(),
            number: field(row, "voyage").to_owned(),
            date: match field(row, "date") {
                "" => None,
                date => Some(
                    date.parse().map_err(|_| Fault::new("date", "2027-06-01, or nothing for every day"))?,
                ),
            },
        },
        _ => return Err(Fault::new("on", "document, person or voyage")),
    };
    for (kind, fields) in FIELDS_OF.iter().filter(|(kind, _)| *kind != on.slug()) {
        if let Some(filled) = fields.iter().find(|name| !field(row, name).is_empty()) {
            let expected =
                format!("nothing: it belongs to a {kind}; leave it empty in a {}'s row", on.slug());
            return Err(Fault::new(filled, expected));
        }
    }
    Ok(Lookout {
        on,
        authority: field(row, "authority").to_owned(),
        reference: field(row, "reference").to_owned(),
        reason: field(row, "reason").to_owned(),
        expires_at: instant(field(row, "expires"))
            .ok_or_else(|| Fault::new("expires", "2027-06-01T00:00:00Z, or a day"))?,
        review_on: field(row, "review").parse().map_err(|_| Fault::new("review", "a day: 2027-06-01"))?,
    })
}

/// An instant, or the end of a day.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let next: Date = text.parse::<Date>().ok()?.tomorrow().ok()?;
        TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).ok()
    })
}

fn document(row: &Row<'_>) -> Result<On, Fault> {
    let issuer = State::new(field(row, "issuer")).map_err(|error| Fault::new("issuer", said(&error)))?;
    let kind = DocumentKind::new(field(row, "kind")).map_err(|error| Fault::new("kind", said(&error)))?;
    let document = DocumentKey::new(issuer, kind, field(row, "number"))
        .map_err(|error| Fault::new("number", said(&error)))?;
    let state = match field(row, "state") {
        "lost" => DocumentState::Lost,
        "stolen" => DocumentState::Stolen,
        "revoked" => DocumentState::Revoked,
        _ => return Err(Fault::new("state", "lost, stolen or revoked")),
    };
    Ok(On::Document { document, state })
}

/// What an error of `core` expects, without the word.
fn said(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    text.strip_prefix("expected ").unwrap_or(&text).to_owned()
}

fn person(row: &Row<'_>) -> Result<On, Fault> {
    let name = |text: &str| {
        let (family, given) = text.split_once('/').unwrap_or((text, ""));
        StatedName { family: family.trim().to_owned(), given: given.trim().to_owned() }
    };
    let names: Vec<StatedName> =
        field(row, "names").split(';').filter(|n| !n.trim().is_empty()).map(name).collect();
    let born = field(row, "born").parse().map_err(|_| Fault::new("born", "1990-01-31, 1990 or 1990+-2"))?;
    let nationality = match field(row, "nationality") {
        "" => None,
        code => Some(State::new(code).map_err(|error| Fault::new("nationality", said(&error)))?),
    };
    Ok(On::Person { names, born, nationality })
}

/// A lookout's fields, as both forms have them.
pub fn fields(lookout: &Lookout) -> BTreeMap<&'static str, String> {
    let mut row: BTreeMap<&'static str, String> =
        FIELDS.into_iter().map(|field| (field, String::new())).collect();
    let mut set = |field: &'static str, value: String| {
        row.insert(field, value);
    };
    set("on", lookout.on.slug().to_owned());
    set("authority", lookout.authority.clone());
    set("reference", lookout.reference.clone());
    set("reason", lookout.reason.clone());
    set("expires", lookout.expires_at.to_string());
    set("review", lookout.review_on.to_string());
    match &lookout.on {
        On::Document { document, state } => {
            set("state", state.in_words().to_owned());
            set("issuer", document.issuer.to_string());
            set("kind", document.kind.as_str().to_owned());
            set("number", document.number().to_owned());
        }
        On::Person { names, born, nationality } => {
            let name = |name: &StatedName| match name.given.as_str() {
                "" => name.family.clone(),
                given => format!("{}/{given}", name.family),
            };
            set("names", names.iter().map(name).collect::<Vec<_>>().join(";"));
            set("born", String::from(*born));
            set("nationality", nationality.as_ref().map_or_else(String::new, ToString::to_string));
        }
        On::Voyage { carrier, number, date } => {
            set("carrier", carrier.clone());
            set("voyage", number.clone());
            set("date", date.map_or_else(String::new, |date| date.to_string()));
        }
    }
    row
}

/// Writes CSV that [`read`] reads back.
pub fn write_csv<'a>(lookouts: impl IntoIterator<Item = &'a Lookout>) -> String {
    table::write_csv(&FIELDS, lookouts.into_iter().map(fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// As read where nothing is kept.
    fn read(bytes: &[u8], now: Timestamp) -> Reading {
        let Ok(reading) = super::read(bytes, now, |_| Ok::<_, Infallible>(false));
        reading
    }

    const HEAD: &str = "on,authority,reference,reason,expires,review,state,issuer,kind,number,names,born,nationality,carrier,voyage,date\n";

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn good() -> String {
        format!(
            "{HEAD}document,Police,1,\"lost, then \"\"found\"\"\",2027-06-01,2027-01-01,lost,UTO,P,L898902C3,,,,,,\n\
             person,Police,2,witness,2027-06-01T10:00:00Z,2027-01-01,,,,,Кузнецов/Юрий;SMIRNOV,1974+-2,RUS,,,\n\
             voyage,Customs,3,goods,2027-06-01,2027-01-01,,,,,,,,XY,12,2026-12-24\n"
        )
    }

    #[test]
    fn a_list_of_all_three_kinds_is_read_and_written_and_read_again() {
        let first = read(good().as_bytes(), now());
        assert!(first.faults.is_empty(), "{:?}", first.faults);
        assert_eq!(first.lookouts.len(), 3);
        assert_eq!(first.lookouts[0].reason, "lost, then \"found\"");
        assert_eq!(first.lookouts[0].expires_at.to_string(), "2027-06-02T00:00:00Z");
        let again = read(write_csv(&first.lookouts).as_bytes(), now());
        assert!(again.lookouts == first.lookouts);
        let json = serde_json::to_string(&first.lookouts.iter().map(fields).collect::<Vec<_>>()).unwrap();
        assert!(read(json.as_bytes(), now()).lookouts == first.lookouts);
    }

    #[test]
    fn every_fault_is_told_with_line_and_field_and_says_nothing_of_what_was_sent() {
        let text = format!(
            "{HEAD}person,Police,2,witness,2027-06-01,2027-01-01,,,,,SECRETNAME/ANNA,,,,,\n\
             document,Police,1,lost,2027-06-01,2027-01-01,mislaid,UTO,P,L898902C3,,,,,,\n\
             voyage,Customs,3\n\
             document,Police,3,lost,2020-06-01,2027-01-01,lost,UTO,P,L898902C3,,,,,,\n\
             ship,Police,4,lost,2027-06-01,2027-01-01,lost,,,,,,,,,\n"
        );
        let reading = read(text.as_bytes(), now());
        let places: Vec<_> = reading.faults.iter().map(|fault| (fault.line, fault.field)).collect();
        assert_eq!(places, [(2, "born"), (3, "state"), (4, "line"), (5, "expires"), (6, "on")]);
        assert!(reading.faults.iter().all(|fault| !fault.to_string().contains("SECRETNAME")));
        for (bad, field) in [(&b"[{\"on\":1}]"[..], "line"), (b"\xff", "line"), (b"on,who\n", "line")] {
            assert_eq!(read(bad, now()).faults[0].field, field);
        }
        assert_eq!(read(b"[{\"on\":\"voyage\",\"colour\":\"red\"}]", now()).faults.len(), 1);
    }

    #[test]
    fn a_number_that_stands_twice_is_told_with_both_places() {
        let row = |reference: &str| {
            format!("document,Police,{reference},lost,2027-06-01,2027-01-01,lost,UTO,P,L898902C3,,,,,,\n")
        };
        let reading = read(format!("{HEAD}{}{}{}", row("1"), row("2"), row(" 1 ")).as_bytes(), now());
        assert_eq!(reading.faults.len(), 1);
        let told = reading.faults[0].to_string();
        assert!(told.starts_with("line 4, reference: ") && told.contains("line 2 "), "{told}");
    }

    #[test]
    fn what_belongs_to_another_kind_is_told_and_not_dropped() {
        for (fields, name) in [("L898902C3,SMITH/JOHN,,,,,", "names"), ("L898902C3,,,,LH,,", "carrier")] {
            let text = format!("{HEAD}document,Police,1,lost,2027-06-01,2027-01-01,lost,UTO,P,{fields}\n");
            let reading = read(text.as_bytes(), now());
            assert_eq!(reading.faults.iter().map(|fault| fault.field).collect::<Vec<_>>(), [name]);
            assert!(reading.faults[0].expected.contains("leave it empty"));
        }
    }

    #[test]
    fn what_is_kept_as_it_stands_is_read_though_its_review_is_late_and_anything_else_is_not() {
        let kept = read(good().as_bytes(), now()).lookouts;
        let later = "2027-02-01T12:00:00Z".parse().unwrap();
        let again = |text: &str| {
            let Ok(reading) =
                super::read(text.as_bytes(), later, |one| Ok::<_, Infallible>(kept.contains(one)));
            reading
        };
        let exported = write_csv(&kept);
        assert!(again(&exported).faults.is_empty() && again(&exported).lookouts == kept);
        let changed = again(&exported.replace("witness", "suspect"));
        assert_eq!(changed.faults.iter().map(|f| (f.line, f.field)).collect::<Vec<_>>(), [(3, "review")]);
        assert!(super::read(exported.as_bytes(), later, |_| Err("the disk")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_input_brings_it_down(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400), text in "\\PC{0,200}") {
            let _ = read(&bytes, now());
            let _ = read(format!("{HEAD}{text}").as_bytes(), now());
        }
    }
}
