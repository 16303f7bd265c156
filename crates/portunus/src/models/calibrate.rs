//! `portunus models calibrate`: compares every picture of a folder with every picture of someone else there.

use super::CacheArgs;
use super::progress::Bar;
use crate::eval::templates;
use anyhow::{Context as _, Result, bail};
use portunus_biometrics::accuracy::transaction::curve;
use portunus_biometrics::face::{FaceEngine, Template};
use portunus_biometrics::pack::Pack;
use portunus_biometrics::pack::calibration::{Curve, Measured, ScoreType, Transaction};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// More pictures than this take hours and memory: all pairs are compared.
const PICTURES_MAX: usize = 100_000;
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
            match curve(people, kind, score, SEED) {
                Ok(curve) => curves.push(curve),
                Err(error) if kind == Transaction::ONE => bail!(error),
                // People with so many pictures are rare: the larger transactions are read by what there is.
                Err(error) => eprintln!("{score:?} scores, {kind:?}: left out: {error}"),
            }
        }
    }
    Ok(curves)
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
