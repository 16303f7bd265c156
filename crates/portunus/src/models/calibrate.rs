//! `portunus models calibrate`: compares every picture of a folder with every picture of someone else there.

use super::CacheArgs;
use super::progress::Bar;
use anyhow::{Context as _, Result, anyhow, bail};
use portunus_biometrics::accuracy::Histogram;
use portunus_biometrics::accuracy::transaction::impostor_scores;
use portunus_biometrics::face::{FaceEngine, FaceError, Outcome, Template};
use portunus_biometrics::pack::Pack;
use portunus_biometrics::pack::calibration::{Curve, Measured, MeasuredCurve, Point, ScoreType, Transaction};
use portunus_core::biometric::Rate;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// More pictures than this take hours and memory: all pairs are compared.
const PICTURES_MAX: usize = 100_000;
/// A picture file has at most this many bytes.
const PICTURE_BYTES_MAX: u64 = 32 << 20;
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
}

/// Measures and prints.
pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<()> {
    let cache = args.cache.locate()?;
    let pack = match &args.pack {
        Some(dir) => Pack::load(dir)?,
        None => Pack::load(&cache.ensure_pack(&Bar)?)?,
    };
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let engine = FaceEngine::load(&pack, &cache.ensure_runtime(&Bar)?, workers)?;
    let (people, found, without) = templates(&engine, &args.faces, workers)?;
    let pictures = u32::try_from(found).context("too many pictures")?;
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

/// A template of every picture with a face, by person; how many pictures had one, how many had none.
fn templates(
    engine: &FaceEngine,
    faces: &Path,
    workers: usize,
) -> Result<(Vec<Vec<Template>>, usize, usize)> {
    let pictures = pictures(faces)?;
    let share = pictures.len().div_ceil(workers.max(1)).max(1);
    let made: Vec<Result<Vec<Option<Template>>>> = std::thread::scope(|scope| {
        let work =
            |part: &[(PathBuf, PathBuf)]| part.iter().map(|(_, path)| template(engine, path)).collect();
        let parts: Vec<_> = pictures.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
        // A panic there is a panic here.
        parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut people: BTreeMap<&PathBuf, Vec<Template>> = BTreeMap::new();
    let (mut found, mut without) = (0, 0);
    let mut made = made.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten();
    for (person, _) in &pictures {
        match made.next().flatten() {
            Some(template) => {
                people.entry(person).or_default().push(template);
                found += 1;
            }
            None => without += 1,
        }
    }
    Ok((people.into_values().collect(), found, without))
}

/// `None` for a picture without one clear face, and for a file that is no picture.
fn template(engine: &FaceEngine, path: &Path) -> Result<Option<Template>> {
    let size = path.metadata().with_context(|| path.display().to_string())?.len();
    if size > PICTURE_BYTES_MAX {
        return Ok(None);
    }
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    match engine.analyse(&bytes) {
        Ok(analysis) => match analysis.outcome {
            Outcome::Subject(subject) => Ok(Some(engine.template(&subject)?)),
            Outcome::NoFace | Outcome::Several => Ok(None),
        },
        Err(FaceError::Picture(_)) => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// The pictures as `(person's folder, file)`, in order of names.
fn pictures(faces: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
    let entries = |dir: &Path| -> Result<Vec<PathBuf>> {
        let listed = std::fs::read_dir(dir).with_context(|| dir.display().to_string())?;
        let mut paths: Vec<PathBuf> =
            listed.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        paths.sort();
        Ok(paths)
    };
    let mut pictures = Vec::new();
    for person in entries(faces)?.into_iter().filter(|path| path.is_dir()) {
        for path in entries(&person)?.into_iter().filter(|path| path.is_file()) {
            if pictures.len() == PICTURES_MAX {
                bail!("{} holds more than {PICTURES_MAX} pictures: use a part of them", faces.display());
            }
            pictures.push((person.clone(), path));
        }
    }
    Ok(pictures)
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

    #[test]
    fn people_are_folders_and_their_pictures_files_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["b/2.jpg", "b/1.jpg", "a/1.jpg", "stray.jpg", "c/deeper/1.jpg"] {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = pictures(dir.path()).unwrap();
        let names: Vec<_> = found.iter().map(|(_, path)| path.strip_prefix(dir.path()).unwrap()).collect();
        assert_eq!(names, [Path::new("a/1.jpg"), Path::new("b/1.jpg"), Path::new("b/2.jpg")]);
    }
}
