//! Measures a model pack through the whole pipeline, on pictures of known people, and prints what its manifest's
//! `[calibration]` needs.
//!
//! ```text
//! cargo run --release -p portunus-biometrics --example measure -- CACHE FACES [PAIRS]
//! ```
//! `CACHE` holds `packs/opencv-zoo` and `onnxruntime/1.32.0`, as `portunus models fetch` leaves it; `FACES` holds
//! `person/*.jpg`; `PAIRS` is a list of comparisons, `name i j` or `name i name j`, as LFW has them.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it times itself")]

use anyhow::Context;
use portunus_biometrics::accuracy::Comparisons;
use portunus_biometrics::face::quality::{MeasureKind, Quality, Verdict};
use portunus_biometrics::face::{FaceEngine, Outcome, Template, similarity};
use portunus_biometrics::pack::Pack;
use portunus_core::biometric::Score;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [cache, faces, rest @ ..] = &arguments[..] else {
        anyhow::bail!("usage: measure CACHE FACES [PAIRS]")
    };
    let workers = std::thread::available_parallelism()?.get();
    let pack = Pack::load(&cache.join("packs/opencv-zoo"))?;
    let runtime = cache.join("onnxruntime/1.32.0/libonnxruntime.so.1.32.0");
    let engine = FaceEngine::load(&pack, &runtime, workers)?;

    let people = pictures(faces)?;
    let started = Instant::now();
    let share = people.len().div_ceil(workers);
    let enrolled = std::thread::scope(|scope| {
        let parts: Vec<_> = people.chunks(share).map(|part| scope.spawn(|| enrol(&engine, part))).collect();
        let joined =
            parts.into_iter().map(|part| part.join().map_err(|_| anyhow::anyhow!("a worker panicked"))?);
        joined.collect::<anyhow::Result<Vec<Enrolled>>>()
    })?;
    let took = started.elapsed();
    report(enrolled, took, workers, rest.first().map(PathBuf::as_path))
}

struct Person {
    name: String,
    files: Vec<PathBuf>,
}

fn pictures(faces: &Path) -> anyhow::Result<Vec<Person>> {
    let mut people = Vec::new();
    for folder in std::fs::read_dir(faces).with_context(|| faces.display().to_string())? {
        let folder = folder?;
        let mut files =
            std::fs::read_dir(folder.path())?.map(|f| Ok(f?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        files.retain(|f| f.extension().is_some_and(|e| e == "jpg"));
        files.sort();
        people.push(Person { name: folder.file_name().to_string_lossy().into_owned(), files });
    }
    people.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(people)
}

#[derive(Default)]
struct Enrolled {
    people: Vec<(String, Vec<(String, Template)>)>,
    qualities: Vec<Quality>,
    no_face: u32,
    several: u32,
    analysis: Duration,
    template: Duration,
}

fn enrol(engine: &FaceEngine, people: &[Person]) -> anyhow::Result<Enrolled> {
    let mut done = Enrolled::default();
    for person in people {
        let mut templates = Vec::new();
        for file in &person.files {
            let bytes = std::fs::read(file)?;
            let start = Instant::now();
            let outcome = engine.analyse(&bytes)?.outcome;
            done.analysis += start.elapsed();
            match outcome {
                Outcome::NoFace => done.no_face += 1,
                Outcome::Several => done.several += 1,
                Outcome::Subject(subject) => {
                    let start = Instant::now();
                    let template = engine.template(&subject)?;
                    done.template += start.elapsed();
                    let stem = file.file_stem().map(|s| s.to_string_lossy().into_owned());
                    templates.push((stem.unwrap_or_default(), template));
                    done.qualities.push(subject.quality);
                }
            }
        }
        done.people.push((person.name.clone(), templates));
    }
    Ok(done)
}

fn report(parts: Vec<Enrolled>, took: Duration, workers: usize, pairs: Option<&Path>) -> anyhow::Result<()> {
    let mut all = Enrolled::default();
    for part in parts {
        all.people.extend(part.people);
        all.qualities.extend(part.qualities);
        all.no_face += part.no_face;
        all.several += part.several;
        all.analysis += part.analysis;
        all.template += part.template;
    }
    let count = all.qualities.len();
    println!(
        "{count} subjects, {} without a face, {} with several, {took:.1?} by {workers}",
        all.no_face, all.several
    );
    let each = |total: Duration| total.as_secs_f64() * 1000.0 / count.max(1) as f64;
    println!("analysis {:.1} ms, template {:.1} ms each", each(all.analysis), each(all.template));
    quality(&all.qualities);
    if let Some(pairs) = pairs {
        verification(&all, pairs)?;
    }
    let people = all.people.len();
    let templates: Vec<Vec<Template>> =
        all.people.into_iter().map(|(_, own)| own.into_iter().map(|(_, t)| t).collect()).collect();
    let start = Instant::now();
    let scores = Comparisons::of(&templates)?;
    let pairs = scores.genuine.count() + scores.impostor.count();
    println!("{pairs} comparisons in {:.1?}", start.elapsed());
    for fmr in [1e-3, 1e-4, 1e-5] {
        if let Some(threshold) = scores.impostor.threshold_for(fmr) {
            let fnmr = scores.fnmr(threshold).unwrap_or(f64::NAN);
            println!("FMR {fmr:e}: threshold {:.4}, FNMR {:.3} %", threshold.0, fnmr * 100.0);
        }
    }
    println!("people = {people}\npictures = {count}\ncomparisons = {}\npoints = [", scores.impostor.count());
    let steps = (1..=7).flat_map(|decade| [1.0, 0.3].map(|m| m * 10_f64.powi(-decade)));
    for (fmr, threshold) in scores.calibrate(&steps.collect::<Vec<_>>()) {
        println!("  {{ fmr = {fmr:.1e}, score = {:.4} }},", threshold.0);
    }
    println!("]");
    Ok(())
}

fn quality(all: &[Quality]) {
    let share = |n: usize| n as f64 * 100.0 / all.len().max(1) as f64;
    println!("usable: {:.2} %", share(all.iter().filter(|q| q.usable()).count()));
    println!("without advice: {:.2} %", share(all.iter().filter(|q| q.advice().is_empty()).count()));
    for kind in MeasureKind::ALL {
        let mut values: Vec<f32> = all.iter().filter_map(|q| q.value(kind)).collect();
        values.sort_by(f32::total_cmp);
        let at = |share: f32| {
            values.get(((values.len().max(1) - 1) as f32 * share) as usize).copied().unwrap_or(0.0)
        };
        let judged = |verdict| {
            let hit = |q: &&Quality| q.measures.iter().any(|m| m.kind == kind && m.verdict == verdict);
            share(all.iter().filter(hit).count())
        };
        println!(
            "  {:22} min {:8.3}  1 % {:8.3}  50 % {:8.3}  99 % {:8.3}  max {:8.3}  advise {:5.2} %  unusable {:5.2} %",
            kind.name(),
            at(0.0),
            at(0.01),
            at(0.5),
            at(0.99),
            at(1.0),
            judged(Verdict::Advise),
            judged(Verdict::Unusable)
        );
    }
}

/// The accuracy of "same or not" over ten folds, each judged by the threshold that is best on the other nine.
fn verification(all: &Enrolled, pairs: &Path) -> anyhow::Result<()> {
    let by_stem: HashMap<&str, &Template> =
        all.people.iter().flat_map(|(_, own)| own.iter().map(|(stem, t)| (stem.as_str(), t))).collect();
    let text = std::fs::read_to_string(pairs).with_context(|| pairs.display().to_string())?;
    let mut scores: Vec<(Score, bool)> = Vec::new();
    let mut missing = 0;
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let (a, b, same) = match fields[..] {
            [name, i, j] => ((name, i), (name, j), true),
            [a, i, b, j] => ((a, i), (b, j), false),
            _ => continue,
        };
        let find = |(name, i): (&str, &str)| {
            by_stem.get(format!("{name}_{:04}", i.parse::<u32>().unwrap_or(0)).as_str()).copied()
        };
        match (find(a), find(b)) {
            (Some(a), Some(b)) => scores.push((similarity(a, b)?, same)),
            _ => missing += 1,
        }
    }
    let right = |of: &[&(Score, bool)], at: Score| of.iter().filter(|(s, same)| (*s >= at) == *same).count();
    let mut correct = 0;
    for fold in 0..10 {
        let (test, train): (Vec<_>, Vec<_>) = scores.iter().enumerate().partition(|(i, _)| i % 10 == fold);
        let (test, train) = (test.into_iter().map(|p| p.1), train.into_iter().map(|p| p.1));
        let (test, train): (Vec<_>, Vec<_>) = (test.collect(), train.collect());
        let best = (0..=1000).map(|t| Score(t as f32 / 1000.0)).max_by_key(|t| right(&train, *t));
        correct += right(&test, best.unwrap_or(Score(0.0)));
    }
    let share = correct as f64 * 100.0 / scores.len().max(1) as f64;
    println!("10-fold accuracy {share:.2} % of {} pairs ({missing} more without a template)", scores.len());
    Ok(())
}
