//! Who is in which gallery and who is searched: read from a list, or drawn.
//!
//! A list is tab-separated with the header `trial role person file`; the role is `reference`, `mated` (searched and in
//! the gallery) or `nonmated` (searched, not in it). Files are under `DIR/person/file`. All of it is checked before
//! anything is done.

use anyhow::{Context as _, Result, bail};
use portunus_biometrics::accuracy::identification::Kind;
use portunus_biometrics::accuracy::resample::Draws;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

/// A list has at most this many bytes.
const BYTES_MAX: u64 = 1 << 30;
const HEADER: &str = "trial\trole\tperson\tfile";

/// Trials over one set of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Protocol {
    /// What it is called.
    pub(crate) name: String,
    /// The people's names; elsewhere a person is a place in this list.
    pub(crate) people: Vec<String>,
    /// One gallery each.
    pub(crate) trials: Vec<Trial>,
}

/// One gallery and the searches in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Trial {
    /// Each member's references.
    pub(crate) references: BTreeMap<usize, Vec<PathBuf>>,
    /// Who is searched.
    pub(crate) probes: Vec<Probe>,
}

/// One search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    /// Whose picture.
    pub(crate) person: usize,
    /// Whether the person is in the gallery.
    pub(crate) kind: Kind,
    /// The picture.
    pub(crate) picture: PathBuf,
}

impl Protocol {
    /// The largest gallery, in people.
    pub(crate) fn gallery(&self) -> usize {
        self.trials.iter().map(|trial| trial.references.len()).max().unwrap_or(0)
    }

    /// The most references that one person has.
    pub(crate) fn references(&self) -> usize {
        self.trials.iter().flat_map(|trial| trial.references.values()).map(Vec::len).max().unwrap_or(0)
    }

    /// Every picture once.
    pub(crate) fn pictures(&self) -> BTreeSet<&PathBuf> {
        let references = self.trials.iter().flat_map(|trial| trial.references.values().flatten());
        references.chain(self.trials.iter().flat_map(|t| t.probes.iter().map(|p| &p.picture))).collect()
    }

    /// Reads and checks a list.
    pub(crate) fn read(list: &Path, faces: &Path) -> Result<Self> {
        let name = list.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = text(list)?;
        parse(name, &text, faces).with_context(|| list.display().to_string())
    }
}

/// The text of a list, of a bounded length.
pub(super) fn text(list: &Path) -> Result<String> {
    let read = || -> Result<String> {
        if list.metadata()?.len() > BYTES_MAX {
            bail!("more than {BYTES_MAX} bytes are no list of pictures");
        }
        let text = std::fs::read_to_string(list)?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
    };
    read().with_context(|| list.display().to_string())
}

/// A row of a list: its line's number from 1 on.
struct Row<'a> {
    line: usize,
    trial: &'a str,
    role: &'a str,
    person: &'a str,
    file: &'a str,
}

fn parse(name: String, text: &str, faces: &Path) -> Result<Protocol> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    match lines.next() {
        None => {
            bail!("line 1: the list is empty; expected the header \"trial role person file\", tab-separated")
        }
        Some((_, HEADER)) => {}
        Some(_) => bail!("line 1: expected the header \"trial role person file\", tab-separated"),
    }
    let mut rows = Vec::new();
    for (line, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
        let [trial, role, person, file] = text.split('\t').collect::<Vec<_>>()[..] else {
            let found = text.split('\t').count();
            bail!("line {line}: expected trial, role, person and file between tabs, found {found} fields");
        };
        for (what, name) in [("person", person), ("file", file)] {
            if !is_plain(name) {
                bail!(
                    "line {line}: the {what} must be the name of a folder or file, not a path, and not empty"
                );
            }
        }
        if trial.is_empty() {
            bail!("line {line}: the trial has no name");
        }
        rows.push(Row { line, trial, role, person, file });
    }
    if rows.is_empty() {
        bail!("line 2: the list is empty after its header");
    }
    build(name, &rows, faces)
}

/// Whether a name stays in its folder.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
}

fn build(name: String, rows: &[Row<'_>], faces: &Path) -> Result<Protocol> {
    let mut protocol = Protocol { name, people: Vec::new(), trials: Vec::new() };
    let (mut people, mut trials) = (HashMap::new(), HashMap::new());
    let (mut used, mut seen) = (HashMap::new(), HashSet::new());
    let mut missing = Vec::new();
    for row in rows {
        let line = row.line;
        if let Some(before) = used.insert((row.trial, row.person, row.file), line) {
            bail!("line {line}: this picture stands in line {before} of the same trial already");
        }
        let picture = faces.join(row.person).join(row.file);
        if seen.insert(picture.clone()) && !picture.is_file() {
            missing.push((line, picture.clone()));
        }
        let person = *people.entry(row.person).or_insert_with(|| {
            protocol.people.push(row.person.to_owned());
            protocol.people.len() - 1
        });
        let trial = *trials.entry(row.trial).or_insert_with(|| {
            protocol.trials.push(Trial::default());
            protocol.trials.len() - 1
        });
        let trial = &mut protocol.trials[trial];
        let kind = match row.role {
            "reference" => {
                trial.references.entry(person).or_default().push(picture);
                continue;
            }
            "mated" => Kind::Mated,
            "nonmated" => Kind::NonMated,
            _ => bail!("line {line}: expected the role reference, mated or nonmated, found {:?}", row.role),
        };
        trial.probes.push(Probe { person, kind, picture });
    }
    if let Some((line, picture)) = missing.first() {
        bail!("line {line}: {} is not there ({} pictures are missing)", picture.display(), missing.len());
    }
    // Only now is every gallery known.
    for row in rows.iter().filter(|row| row.role != "reference") {
        let known = protocol.trials[trials[row.trial]].references.contains_key(&people[row.person]);
        match (row.role, known) {
            ("mated", false) => {
                bail!("line {}: a mated person has no reference in trial {}", row.line, row.trial)
            }
            ("nonmated", true) => {
                bail!("line {}: a nonmated person has a reference in trial {}", row.line, row.trial)
            }
            _ => {}
        }
    }
    for (role, why) in [("mated", "no FNIR"), ("nonmated", "no FPIR and no threshold")] {
        if !rows.iter().any(|row| row.role == role) {
            bail!(
                "line {}: the list ends without a {role} person: {why} can be had",
                rows[rows.len() - 1].line
            );
        }
    }
    Ok(protocol)
}

/// What galleries shall be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drawing {
    /// People in a gallery.
    pub(crate) gallery: usize,
    /// References of each.
    pub(crate) references: usize,
    /// How many galleries.
    pub(crate) trials: usize,
    /// What fixes the draw.
    pub(crate) seed: u64,
}

/// Draws galleries from all people: members are those with more pictures than references, one of whose others is
/// searched, then, when they do not suffice, those with just enough pictures, who are not searched. All people
/// outside a gallery are searched with one picture each.
pub(crate) fn draw(people: &BTreeMap<String, Vec<PathBuf>>, drawing: Drawing) -> Result<Protocol> {
    let Drawing { gallery, references, trials, seed } = drawing;
    let pictures: Vec<&Vec<PathBuf>> = people.values().collect();
    let with = |at_least: usize| {
        let enough = |at: &usize| pictures[*at].len() >= at_least;
        (0..pictures.len()).filter(enough).collect::<Vec<_>>()
    };
    let (searched, enough) = (with(references + 1).len(), with(references).len());
    if searched == 0 {
        bail!("nobody has {} pictures: {references} to enrol and one to search with", references + 1);
    }
    if enough < gallery || people.len() <= gallery {
        bail!(
            "a gallery of {gallery} with {references} references each needs {gallery} people with as many pictures \
             and somebody outside; of {} people {enough} have {references} pictures or more",
            people.len()
        );
    }
    let mut draws = Draws::new(seed);
    let mut drawn = Vec::new();
    for _ in 0..trials {
        let (mut first, mut then): (Vec<usize>, Vec<usize>) =
            with(references).into_iter().partition(|at| pictures[*at].len() > references);
        draws.shuffle(&mut first);
        draws.shuffle(&mut then);
        first.append(&mut then);
        first.truncate(gallery);
        let mut trial = Trial::default();
        for person in first {
            let mut own = pictures[person].clone();
            draws.shuffle(&mut own);
            let probe = (own.len() > references).then(|| own.swap_remove(references));
            own.truncate(references);
            trial.references.insert(person, own);
            trial.probes.extend(probe.map(|picture| Probe { person, kind: Kind::Mated, picture }));
        }
        for person in
            (0..pictures.len()).filter(|person| !trial.references.contains_key(person)).collect::<Vec<_>>()
        {
            let picture = pictures[person][draws.below(pictures[person].len())].clone();
            trial.probes.push(Probe { person, kind: Kind::NonMated, picture });
        }
        drawn.push(trial);
    }
    let name = format!("drawn-{gallery}-k{references}-seed{seed}");
    Ok(Protocol { name, people: people.keys().cloned().collect(), trials: drawn })
}

#[cfg(test)]
mod tests;
