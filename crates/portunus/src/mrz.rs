//! `portunus mrz`: a document's machine-readable zone read and explained, nothing kept.

use crate::house::now;
use anyhow::{Context as _, Result, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use portunus_documents::mrz::{
    Birth, Check, Facts, Fault, Faulty, Field, Format, INPUT_BYTES_MAX, Reading, Suggestion, Verdict, read,
};
use serde::Serialize;
use std::io::Read;
use std::path::PathBuf;

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// A file with the zone's lines; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What is printed as JSON: who the document names only where everything fits.
#[derive(Serialize, Default)]
struct Told {
    holds: bool,
    format: Option<Format>,
    holder: Option<Holder>,
    checks: Vec<Check>,
    faults: Vec<Fault>,
    suggestions: Vec<Suggestion>,
}

#[derive(Serialize)]
struct Holder {
    code: String,
    kind: &'static str,
    issuer: String,
    number: String,
    family_name: String,
    given_names: String,
    name_may_be_cut: bool,
    nationality: String,
    born: String,
    sex: String,
    expiry: Date,
    expired: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let bytes = bytes_of(args)?;
    let today = now().to_zoned_datetime(TimeZone::UTC).date();
    let told = told(read(&bytes, today), today);
    if args.json {
        crate::print_json(&told)?;
    } else {
        crate::print(&in_words(&told))?;
    }
    match told.faults.len() {
        0 => Ok(()),
        1 => bail!("the zone does not hold; what is wrong stands above"),
        faults => bail!("the zone does not hold; the {faults} things that are wrong stand above"),
    }
}

/// What is to be read, and no more of it than tells that it is too long.
fn bytes_of(args: &Args) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = INPUT_BYTES_MAX as u64 + 1;
    if args.file.as_os_str() == "-" {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes).context("reading standard input")?;
    } else {
        let reading = || format!("reading {}", args.file.display());
        let file = std::fs::File::open(&args.file).with_context(reading)?;
        file.take(most).read_to_end(&mut bytes).with_context(reading)?;
    }
    Ok(bytes)
}

fn told(reading: Reading, today: Date) -> Told {
    match reading {
        Reading::Holds(facts) => Told {
            holds: true,
            format: Some(facts.format),
            checks: facts.checks.clone(),
            holder: Some(holder(*facts, today)),
            ..Told::default()
        },
        Reading::Faulty(Faulty { format, checks, faults, suggestions }) => {
            Told { format: Some(format), checks, faults, suggestions, ..Told::default() }
        }
        Reading::None(fault) => Told { faults: vec![fault], ..Told::default() },
    }
}

fn holder(facts: Facts, today: Date) -> Holder {
    let document = facts.document();
    Holder {
        kind: document.kind.in_words(),
        issuer: document.issuer.to_string(),
        number: document.number().to_owned(),
        name_may_be_cut: facts.name_may_be_cut,
        nationality: facts.nationality.to_string(),
        born: born(facts.birth),
        sex: format!("{:?}", facts.sex),
        expiry: facts.expiry,
        expired: facts.person(today).document_is_out_of_date(now()),
        code: facts.code,
        family_name: facts.family_name,
        given_names: facts.given_names,
    }
}

/// A date of birth as ISO 8601 has it, as far as it is known.
fn born(birth: Birth) -> String {
    match birth {
        Birth::On(day) => day.to_string(),
        Birth::Partly { year, month } => {
            let year = year.map_or("????".to_owned(), |year| format!("{year:04}"));
            let month = month.map_or("??".to_owned(), |month| format!("{month:02}"));
            format!("{year}-{month}-??")
        }
        Birth::Unknown => "unknown".to_owned(),
    }
}

fn in_words(told: &Told) -> String {
    let mut lines = vec![match (told.format, told.holds) {
        (Some(format), true) => format!("{}; every check digit fits", format.in_words()),
        (Some(format), false) => format!("laid out as {}; not everything fits", format.in_words()),
        (None, _) => "no machine-readable zone".to_owned(),
    }];
    if let Some(holder) = &told.holder {
        lines.extend(holder_in_words(holder));
    }
    lines.extend(told.checks.iter().map(|check| format!("  {}", check_in_words(check))));
    lines.extend(told.faults.iter().map(|fault| format!("  wrong: {fault}")));
    for suggestion in &told.suggestions {
        let of = |c: &portunus_documents::mrz::Change| {
            format!("{} in line {}, character {}", c.instead, c.line, c.column)
        };
        let changes: Vec<String> = suggestion.changes.iter().map(of).collect();
        lines.push(format!("  everything checked would fit with {}; look again", changes.join(", ")));
    }
    lines.join("\n")
}

fn holder_in_words(holder: &Holder) -> Vec<String> {
    let cut = if holder.name_may_be_cut { " (may go on)" } else { "" };
    let gone = if holder.expired { " (expired)" } else { "" };
    vec![
        format!("  {:<14} {} ({})", "document", holder.kind, holder.code),
        format!("  {:<14} {}", "issued by", holder.issuer),
        format!("  {:<14} {}", "number", holder.number),
        format!("  {:<14} {}, {}{cut}", "name", holder.family_name, holder.given_names),
        format!("  {:<14} {}", "nationality", holder.nationality),
        format!("  {:<14} {}", "born", holder.born),
        format!("  {:<14} {}", "sex", holder.sex),
        format!("  {:<14} {}{gone}", "valid until", holder.expiry),
    ]
}

fn check_in_words(check: &Check) -> String {
    let Check { field, line, column, verdict } = check;
    let of = if *field == Field::Composite { "all of it" } else { field.in_words() };
    let verdict = match verdict {
        Verdict::Fits => "fits".to_owned(),
        Verdict::Wrong(expected) => format!("does not fit, {expected} would"),
        Verdict::Unreadable => "cannot be worked out".to_owned(),
    };
    format!("check digit of {of} (line {line}, character {column}): {verdict}")
}
