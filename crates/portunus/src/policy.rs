//! `portunus policy`: a pack checked, said in words, compared with another in words and in numbers.

use crate::house::{Folder, POLICIES, now, open_store, policy, policy_text};
use anyhow::{Context as _, Result, bail};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use portunus_core::policy::{
    Change, DataClass, Gone, PersonClass, Policy, Problem, RetentionRule, TakingRule, diff, explain,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(clap::Subcommand, Debug)]
pub(crate) enum Command {
    /// Find gaps, contradictions and bad units in packs, each with its line
    Check(Check),
    /// Say in words, with sources, what a pack asks and how long it keeps what
    Explain(Explain),
    /// Say what another pack would change, in words; with --data, for how much of what is held
    Diff(Diff),
}

#[derive(clap::Args, Debug)]
pub(crate) struct Check {
    /// Files, or names of built-in packs [default: the built-in packs]
    packs: Vec<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Explain {
    /// A file, or a built-in pack's name
    #[arg(default_value = POLICIES[0].0)]
    pack: PathBuf,
    /// Only these classes of people
    #[arg(long, value_name = "CLASS", value_parser = one_of(&PersonClass::ALL))]
    class: Vec<PersonClass>,
    /// Only these kinds of data
    #[arg(long, value_name = "KIND", value_parser = one_of(&DataClass::ALL))]
    kind: Vec<DataClass>,
    /// Print the rules as JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Diff {
    /// The pack in force: a file, or a built-in pack's name
    old: PathBuf,
    /// The pack to come
    new: PathBuf,
    /// Count, in this folder of data, what would be gone earlier, later or at once
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command) -> Result<()> {
    match command {
        Command::Check(args) => check(args),
        Command::Explain(args) => say(args),
        Command::Diff(args) => compare(args),
    }
}

#[derive(Serialize)]
struct Checked {
    pack: PathBuf,
    ok: bool,
    problems: Vec<Problem>,
}

fn check(args: &Check) -> Result<()> {
    let built_in = || POLICIES.iter().map(|(name, _)| PathBuf::from(name)).collect();
    let packs: Vec<PathBuf> = if args.packs.is_empty() { built_in() } else { args.packs.clone() };
    let mut checked = Vec::new();
    for pack in packs {
        let problems =
            Policy::from_toml(&policy_text(&pack)?).err().map(|error| error.problems).unwrap_or_default();
        checked.push(Checked { pack, ok: problems.is_empty(), problems });
    }
    if args.json {
        crate::print_json(&checked)?;
    } else {
        for Checked { pack, ok, problems } in &checked {
            if *ok {
                crate::print(&format!("{}: nothing wrong was found", pack.display()))?;
            }
            for Problem { line, what } in problems {
                crate::print(&format!("{}:{line}: {what}", pack.display()))?;
            }
        }
    }
    match checked.iter().filter(|checked| !checked.ok).count() {
        0 => Ok(()),
        wrong => bail!("{wrong} of {} packs cannot be used", checked.len()),
    }
}

/// The rules that a pack has of some classes and data.
#[derive(Serialize)]
struct Rules<'a> {
    id: &'a str,
    title: &'a str,
    taking: Vec<&'a TakingRule>,
    retention: Vec<&'a RetentionRule>,
}

fn say(args: &Explain) -> Result<()> {
    let pack = policy(&args.pack)?;
    let classes = if args.class.is_empty() { &PersonClass::ALL[..] } else { &args.class };
    let kinds = if args.kind.is_empty() { &DataClass::ALL[..] } else { &args.kind };
    if !args.json {
        return crate::print(explain(&pack, classes, kinds).trim_end());
    }
    let of = |rule: &[PersonClass]| rule.iter().any(|class| classes.contains(class));
    crate::print_json(&Rules {
        id: &pack.id,
        title: &pack.title,
        taking: pack.taking.iter().filter(|rule| of(&rule.class)).collect(),
        retention: pack
            .retention
            .iter()
            .filter(|rule| of(&rule.class) && rule.data.iter().any(|data| kinds.contains(data)))
            .collect(),
    })
}

/// What would become of what is held.
#[derive(Serialize, Default, Clone, Copy)]
struct Counts {
    unchanged: u64,
    later: u64,
    earlier: u64,
    at_once: u64,
}

#[derive(Serialize)]
struct Held {
    class: PersonClass,
    data: DataClass,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize)]
struct Compared {
    old: String,
    new: String,
    changes: Vec<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Vec<Held>>,
}

fn compare(args: &Diff) -> Result<()> {
    let (old, new) = (policy(&args.old)?, policy(&args.new)?);
    let held = args.data.as_ref().map(|folder| held(folder, &new)).transpose()?;
    let compared = Compared { changes: diff(&old, &new), held, old: old.id, new: new.id };
    if args.json {
        return crate::print_json(&compared);
    }
    if compared.changes.is_empty() {
        crate::print(&format!("{} and {} say the same", compared.old, compared.new))?;
    }
    for change in &compared.changes {
        let what = change.data.map_or("what is taken", DataClass::in_words);
        crate::print(&format!(
            "{}, {what}\n  was: {}\n  is:  {}",
            change.class.in_words(),
            change.was,
            change.is
        ))?;
    }
    let Some(held) = &compared.held else { return Ok(()) };
    crate::print("\nof what is held now            unchanged      later    earlier    at once")?;
    for Held { class, data, counts } in held {
        crate::print(&format!(
            "{:30} {:>9}  {:>9}  {:>9}  {:>9}",
            format!("{}, {}", class.in_words(), slug(data)),
            counts.unchanged,
            counts.later,
            counts.earlier,
            counts.at_once
        ))?;
    }
    if held.is_empty() {
        crate::print("nothing")?;
    }
    Ok(())
}

/// Counts what is held by what `new` would do with it.
fn held(folder: &Path, new: &Policy) -> Result<Vec<Held>> {
    let folder = Folder { data: Some(folder.to_owned()) }.with_data()?;
    let now = now();
    let mut counts: BTreeMap<(PersonClass, DataClass), Counts> = BTreeMap::new();
    open_store(&folder)?
        .holdings(|holding| {
            let start = holding.start;
            let counts = counts.entry((holding.class, holding.data)).or_default();
            match Gone::under(new, holding.class, holding.data, start, holding.due, now) {
                Gone::Unchanged => counts.unchanged += 1,
                Gone::Later => counts.later += 1,
                Gone::Earlier => counts.earlier += 1,
                Gone::AtOnce => counts.at_once += 1,
            }
        })
        .with_context(|| folder.display().to_string())?;
    Ok(counts.into_iter().map(|((class, data), counts)| Held { class, data, counts }).collect())
}

/// The word that a pack uses.
pub(crate) fn slug<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Takes the words of `all` on a command line, and nothing else.
fn one_of<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static>(
    all: &[T],
) -> impl TypedValueParser<Value = T> {
    let words: Vec<String> = all.iter().map(slug).collect();
    PossibleValuesParser::new(words).try_map(|word| serde_json::from_value(word.into()))
}
