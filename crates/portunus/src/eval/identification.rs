//! One protocol, run: a real gallery for each trial, each probe searched in it as the service searches.

use super::protocol::{Probe, Protocol, Trial};
use super::templates::Templates;
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use portunus_biometrics::accuracy::identification::{Kind, Listed, Search};
use portunus_biometrics::face::Template;
use portunus_biometrics::gallery::{CANDIDATES_MAX, Gallery, GalleryError, Wanted, Window};
use portunus_biometrics::pack::Calibration;
use portunus_core::biometric::{PackId, Rate};
use portunus_core::id::{PassengerId, VoyageId};
use std::path::Path;

/// The rates that a programme is asked for.
pub(crate) const FPIRS: [f64; 3] = [0.001, 0.003, 0.01];

/// All searches of a protocol, and what the pack's own thresholds make of them.
pub(crate) struct Searched {
    /// What the protocol is called.
    pub(crate) protocol: String,
    /// People in a gallery, as the protocol has it.
    pub(crate) gallery: usize,
    /// References of a person, at most.
    pub(crate) references: usize,
    /// How many galleries.
    pub(crate) trials: usize,
    /// Of the members of all galleries, how many have no template (failure to enrol).
    pub(crate) not_enrolled: usize,
    /// How many members all galleries have.
    pub(crate) members: usize,
    /// The people's names.
    pub(crate) people: Vec<String>,
    /// The searches.
    pub(crate) searches: Vec<Search>,
    /// For each of [`FPIRS`].
    pub(crate) calibrated: [Calibrated; FPIRS.len()],
}

/// What the pack's threshold for a wanted FPIR gives, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Calibrated {
    /// The highest that a gallery had.
    pub(crate) threshold: f32,
    /// Non-mated searches that found somebody.
    pub(crate) false_positives: usize,
    /// Mated searches that did not find their person.
    pub(crate) misses: usize,
}

/// How galleries score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scores {
    /// As the service does.
    AsServed,
    /// Never normalised, to see what normalising buys.
    Raw,
}

/// Runs a protocol with the templates of its pictures.
pub(crate) fn run(
    protocol: &Protocol,
    templates: &Templates,
    (pack, calibration): (&PackId, &Calibration),
    scores: Scores,
    threads: usize,
) -> Result<Searched> {
    let mut searched = Searched {
        protocol: protocol.name.clone(),
        gallery: protocol.gallery(),
        references: protocol.references(),
        trials: protocol.trials.len(),
        not_enrolled: 0,
        members: protocol.trials.iter().map(|trial| trial.references.len()).sum(),
        people: protocol.people.clone(),
        searches: Vec::new(),
        calibrated: [Calibrated { threshold: f32::MIN, ..Calibrated::default() }; FPIRS.len()],
    };
    for trial in &protocol.trials {
        let mut gallery = gallery(trial, pack, templates)?;
        if scores == Scores::Raw {
            gallery.keep_raw();
        }
        searched.not_enrolled += trial.references.len() - gallery.people() as usize;
        let share = trial.probes.len().div_ceil(threads.max(1)).max(1);
        let done: Vec<Result<Vec<_>>> = std::thread::scope(|scope| {
            let work = |part: &[Probe]| -> Result<Vec<_>> {
                part.iter()
                    .map(|probe| {
                        one(
                            &gallery,
                            calibration,
                            probe.person,
                            probe.kind,
                            template(templates, &probe.picture),
                        )
                    })
                    .collect()
            };
            let parts: Vec<_> =
                trial.probes.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
            let join = |part: std::thread::ScopedJoinHandle<'_, _>| {
                part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            parts.into_iter().map(join).collect()
        });
        for (search, judged) in done.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten() {
            for (calibrated, (threshold, found)) in searched.calibrated.iter_mut().zip(judged) {
                calibrated.threshold = calibrated.threshold.max(threshold);
                match (search.kind, found) {
                    (Kind::NonMated, Some(_)) => calibrated.false_positives += 1,
                    (Kind::Mated, None | Some(false)) => calibrated.misses += 1,
                    _ => {}
                }
            }
            searched.searches.push(search);
        }
    }
    Ok(searched)
}

fn template<'a>(templates: &'a Templates, picture: &Path) -> Option<&'a Template> {
    templates.get(picture)?.as_ref().ok()
}

/// A trial's gallery; who has no template is not in it.
fn gallery(trial: &Trial, pack: &PackId, templates: &Templates) -> Result<Gallery> {
    let window = Window { opens: Timestamp::UNIX_EPOCH, expires: Timestamp::MAX };
    let mut gallery = Gallery::new(VoyageId::from_bytes([0; 16]), window, pack.clone());
    for (person, references) in &trial.references {
        for template in references.iter().filter_map(|path| template(templates, path)) {
            gallery.insert(id(*person), template).context("a gallery")?;
        }
    }
    Ok(gallery)
}

fn id(person: usize) -> PassengerId {
    PassengerId::from_bytes((person as u128).to_be_bytes())
}

/// For each of [`FPIRS`] the pack's threshold, and whom it finds: nobody, the right person, or another.
type Judged = [(f32, Option<bool>); FPIRS.len()];

fn one(
    gallery: &Gallery,
    calibration: &Calibration,
    person: usize,
    kind: Kind,
    probe: Option<&Template>,
) -> Result<(Search, Judged)> {
    let mut judged = [(f32::MIN, None); FPIRS.len()];
    let Some(probe) = probe else {
        return Ok((Search { person, kind, candidates: None }, judged));
    };
    let now = Timestamp::UNIX_EPOCH;
    let own = |found: PassengerId| kind == Kind::Mated && found == id(person);
    for (judged, fpir) in judged.iter_mut().zip(FPIRS) {
        let fpir = Rate::new(fpir).context("a constant between 0 and 1")?;
        let wanted = Wanted { fpir, frames: 1, attempts: 1 };
        let candidates = gallery.candidates(probe, now, calibration, wanted)?;
        *judged = (candidates.threshold.0, candidates.found().map(|found| own(found.candidate.passenger)));
    }
    let found: Result<_, GalleryError> = gallery.search(probe, now, CANDIDATES_MAX);
    let listed = |(passenger, score)| Listed { score, same_person: own(passenger) };
    Ok((Search { person, kind, candidates: Some(found?.into_iter().map(listed).collect()) }, judged))
}
