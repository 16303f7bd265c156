//! `portunus models calibrate`: compares every picture of a folder with every picture of someone else there.

use super::CacheArgs;
use super::progress::Bar;
use crate::eval::templates;
use anyhow::{Context as _, Result, anyhow, bail};
use portunus_biometrics::accuracy::Histogram;
use portunus_biometrics::accuracy::transaction::impostor_scores;
use portunus_biometrics::face::{FaceEngine, Template};
use portunus_biometrics::pack::Pack;
use portunus_biometrics::pack::calibration::{Curve, Measured, MeasuredCurve, Point, ScoreType, Transaction};
use portunus_core::biometric::Rate;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// More pictures than this take hours and memory: all pairs are compared.
const PICTURES_MAX: usize = 100_000;
/// The rates that are looked for; those that too few comparisons stand behind are left out.
const RATES: [f64; 17] =
    [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 2e-6, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8, 1e-9];
/// One picture against one; frames and references fused; and two attempts of that.
const TRANSACTIONS: [Transaction; 3] = [
    Transaction::ONE,
    Transaction { frames: 3, references: 3, attempts: 1 },
    Transaction { frames: 3, references: 3, attempts: 2 },
];
/// The same pictures give the same curves.
const SEED: u64 = 1;

/// What it takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    cache: CacheArgs,
    /// The pack's folder [default: the built-in pack]
    #[arg(long, value_name = "DIR")]
    pack: Option<PathBuf>,
    /// One folder for each person, with JPEG or PNG pictures of them
    #[arg(long, value_name = "DIR")]
    faces: PathBuf,
    /// Make all templates anew, keep none
    #[arg(long)]
    no_cache: bool,
}

/// Measures and prints.
pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let cache = args.cache.locate()?;
    let pack = match &args.pack {
        Some(dir) => Pack::load(dir)?,
        None => Pack::load(&cache.ensure_pack(&Bar)?)?,
    };
    let workers = crate::eval::threads();
    let engine = FaceEngine::load(&pack, &cache.ensure_runtime(&Bar)?, workers)?;
    let (people, without) = templates(args, &engine, cache.dir(), workers)?;
    let pictures = u32::try_from(people.iter().map(Vec::len).sum::<usize>()).context("too many pictures")?;
    eprintln!("{} people, {pictures} pictures with a face, {without} without; comparing", people.len());
    let measured = Measured {
        data: "(name the data)".to_owned(),
        caveats: "(say what it shows and lacks: kind of pictures, wrong names, groups)".to_owned(),
        people: u32::try_from(people.len()).context("too many people")?,
        pictures,
        curves: curves(&people)?,
    };
    writeln!(out, "{}", toml::to_string(&BTreeMap::from([("calibration", measured)]))?)?;
    Ok(())
}

/// The curve of each score type and transaction that the pictures are enough for.
fn curves(people: &[Vec<Template>]) -> Result<Vec<Curve>> {
    let mut curves = Vec::new();
    for score in [ScoreType::Raw, ScoreType::Normalised] {
        for kind in TRANSACTIONS {
            let scores = impostor_scores(people, kind, score, SEED)?;
            match curve(score, kind, &scores) {
                Ok(curve) => curves.push(curve),
                Err(error) if kind == Transaction::ONE => return Err(error),
                // People with so many pictures are rare: the larger transactions are read by what there is.
                Err(error) => eprintln!("{score:?} scores, {kind:?}: left out: {error}"),
            }
        }
    }
    Ok(curves)
}

fn curve(score: ScoreType, kind: Transaction, scores: &Histogram) -> Result<Curve> {
    let mut points: Vec<Point> = Vec::new();
    for (fmr, score) in scores.calibrate(&RATES) {
        let fmr = Rate::new(fmr).context("a constant between 0 and 1")?;
        // A rate that needs no higher a score than the one before says nothing new.
        if points.last().is_none_or(|last| last.score < score) {
            points.push(Point { fmr, score });
        }
    }
    let Transaction { frames, references, attempts } = kind;
    let comparisons = scores.count();
    MeasuredCurve { score, frames, references, attempts, comparisons, points }
        .try_into()
        .map_err(|error: String| anyhow!("{comparisons} comparisons between people are too few: {error}"))
}

/// The templates of everyone who has any, by person; how many pictures gave none.
fn templates(
    args: &Args,
    engine: &FaceEngine,
    cache: &Path,
    workers: usize,
) -> Result<(Vec<Vec<Template>>, usize)> {
    let people = templates::people(&args.faces)?;
    let pictures: Vec<PathBuf> = people.values().flatten().cloned().collect();
    if pictures.len() > PICTURES_MAX {
        bail!("{} holds more than {PICTURES_MAX} pictures: use a part of them", args.faces.display());
    }
    let kept = if args.no_cache { None } else { Some(templates::Cache::open(cache, engine.pack())?) };
    let mut made = templates::acquire(engine, kept.as_ref(), &pictures, workers)?;
    let without = made.values().filter(|acquired| acquired.is_err()).count();
    let own = |paths: &Vec<PathBuf>| paths.iter().filter_map(|path| made.remove(path)?.ok()).collect();
    let people: Vec<Vec<Template>> = people.values().map(own).collect();
    Ok((people.into_iter().filter(|own| !own.is_empty()).collect(), without))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portunus_core::biometric::Score;

    /// `count` impostor scores, evenly from 0 to 1.
    fn even(count: u32) -> Histogram {
        let mut scores = Histogram::default();
        (0..count).for_each(|at| scores.add(Score(at as f32 / count as f32)));
        scores
    }

    fn of(count: u32) -> Result<Curve> {
        curve(ScoreType::Raw, Transaction::ONE, &even(count))
    }

    #[test]
    fn the_printed_curve_is_one_that_a_manifest_takes() {
        let measured = of(110_000).unwrap();
        let rates: Vec<f64> = measured.measured().points.iter().map(|point| point.fmr.get()).collect();
        // 30 false matches stand behind 3e-4 of 110,000, fewer behind what comes next.
        assert_eq!(rates, [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4]);
        for point in &measured.measured().points {
            assert!((f64::from(point.score.0) - (1.0 - point.fmr.get())).abs() < 2e-4, "{point:?}");
        }
        let again: Curve = toml::from_str(&toml::to_string(&measured).unwrap()).unwrap();
        assert_eq!(again, measured);
    }

    #[test]
    fn too_few_comparisons_are_an_error_that_says_so() {
        for count in [0, 200] {
            let said = of(count).unwrap_err().to_string();
            assert!(said.contains("too few"), "{said}");
        }
    }
}
