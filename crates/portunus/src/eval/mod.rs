//! `portunus eval`: how often a model pack errs, on pictures of known people, by the pipeline that the service runs.
//!
//! Pictures become [`templates`], a [`protocol`] says who is searched where, [`identification`] searches, [`figures`]
//! counts after ISO/IEC 19795-1.

mod card;
mod figures;
mod from_store;
mod groups;
mod identification;
mod pairs;
mod plot;
mod protocol;
mod report;
mod steps;
mod table;
pub(crate) mod templates;

pub(crate) use report::place;

use crate::house::Folder;
use crate::models::{Bar, CacheArgs};
use anyhow::{Context as _, Result, bail};
use figures::Figures;
use groups::Groups;
use identification::{Scores, Searched};
use portunus_biometrics::accuracy::verification;
use portunus_biometrics::face::{FaceEngine, similarity};
use portunus_biometrics::pack::{Calibration, Pack};
use portunus_core::biometric::PackId;
use protocol::{Drawing, Protocol};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use templates::Templates;

/// What it takes.
#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("what").args(["protocol", "gallery", "pairs", "from_store"]).required(true).multiple(true))]
pub(crate) struct Args {
    #[command(flatten)]
    cache: CacheArgs,
    /// The pack's folder [default: the built-in pack]
    #[arg(long, value_name = "DIR")]
    pack: Option<PathBuf>,
    /// One folder for each person, with JPEG or PNG pictures of them
    #[arg(long, value_name = "DIR", required_unless_present = "from_store")]
    faces: Option<PathBuf>,
    /// A port's own adjudicated traffic instead of pictures: what the service counted, and the threshold that follows
    /// [default folder: as `portunus serve`]
    #[arg(long, value_name = "DATA", num_args = 0..=1, conflicts_with_all = ["protocol", "gallery", "pairs", "faces"])]
    from_store: Option<Option<PathBuf>>,
    /// The FPIR that a port's own threshold is to keep (with --from-store) [default: the built-in policy's]
    #[arg(long, value_name = "RATE", requires = "from_store")]
    fpir: Option<f64>,
    /// Trials to run: trial, role (reference, mated, nonmated), person, file; tab-separated, with that header
    #[arg(long, value_name = "FILE")]
    protocol: Vec<PathBuf>,
    /// People in galleries drawn at random from the faces
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = at_least_one)]
    gallery: Vec<usize>,
    /// References of each person in drawn galleries
    #[arg(long, value_name = "K", default_value = "1", value_parser = at_least_one)]
    references: usize,
    /// How many galleries are drawn
    #[arg(long, value_name = "T", default_value = "20", value_parser = at_least_one)]
    trials: usize,
    /// The same seed draws the same galleries
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Pairs to compare one to one: `name i j`, `name i name j` as LFW has them, or two paths
    #[arg(long, value_name = "FILE")]
    pairs: Option<PathBuf>,
    /// Declared groups: person, then a column for each attribute; tab-separated, with a header
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// Figures as JSON
    #[arg(long)]
    json: bool,
    /// Folder for report.html, figures.json and the plots as SVG and PNG
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// File for the pack's accuracy card, in Markdown
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
    /// What the pictures are, in a sentence for the card
    #[arg(long, value_name = "TEXT", requires = "card")]
    data: Option<String>,
    /// Leave the pipeline's steps out, one after the other, and say what each buys and costs
    #[arg(long)]
    steps: bool,
    /// Make all templates anew, keep none
    #[arg(long)]
    no_cache: bool,
    /// How many threads [default: one for each processor core]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    threads: Option<usize>,
}

impl Args {
    fn faces(&self) -> Result<&Path> {
        self.faces.as_deref().context("say where the pictures are: --faces DIR")
    }
}

/// More galleries, people or threads than this are a slip of the pen.
const COUNT_MAX: usize = 1_000_000;

fn at_least_one(text: &str) -> Result<usize, String> {
    let count = text.trim().parse().ok().filter(|count| (1..=COUNT_MAX).contains(count));
    count.ok_or_else(|| format!("expected a number from 1 to {COUNT_MAX}"))
}

/// All that was asked for, read and checked.
struct Asked {
    protocols: Vec<Protocol>,
    pairs: Vec<pairs::Pair>,
    groups: Option<Groups>,
}

impl Asked {
    fn read(args: &Args) -> Result<Self> {
        let faces = args.faces()?;
        if !faces.is_dir() {
            bail!("{} is no folder of faces", faces.display());
        }
        let mut protocols = Vec::new();
        for list in &args.protocol {
            protocols.push(Protocol::read(list, faces)?);
        }
        if !args.gallery.is_empty() {
            let people = templates::people(faces)?;
            let Args { references, trials, seed, .. } = *args;
            for gallery in args.gallery.iter().copied() {
                protocols.push(protocol::draw(&people, Drawing { gallery, references, trials, seed })?);
            }
        }
        let pairs = args.pairs.as_ref().map(|list| pairs::read(list, faces)).transpose()?;
        let groups = args.groups.as_deref().map(Groups::read).transpose()?;
        Ok(Self { protocols, pairs: pairs.unwrap_or_default(), groups })
    }

    fn pictures(&self) -> Vec<PathBuf> {
        let compared = self.pairs.iter().flat_map(|pair| pair.0.iter().map(|(_, path)| path));
        let all: BTreeSet<&PathBuf> =
            self.protocols.iter().flat_map(Protocol::pictures).chain(compared).collect();
        all.into_iter().cloned().collect()
    }
}

/// What was measured: the figures, and what the plots are made of.
pub(crate) struct Evaluation {
    figures: Figures,
    searched: Vec<Searched>,
    compared: Vec<verification::Pair>,
}

/// Measures and prints.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(data) = &args.from_store {
        let wanted = args
            .fpir
            .map_or_else(|| Ok(crate::house::built_in_policy()?.wanted_fpir.get()), Ok::<_, anyhow::Error>)?;
        return from_store::run(&Folder { data: data.clone() }.path()?, wanted, args.json);
    }
    let asked = Asked::read(args)?;
    let cache = args.cache.locate()?;
    let pack = match &args.pack {
        Some(dir) => Pack::load(dir)?,
        None => Pack::load(&cache.ensure_pack(&Bar)?)?,
    };
    let threads = args.threads.unwrap_or_else(threads);
    let engine = FaceEngine::load(&pack, &cache.ensure_runtime(&Bar)?, threads)?;
    let kept = if args.no_cache { None } else { Some(templates::Cache::open(cache.dir(), engine.pack())?) };
    let templates = templates::acquire(&engine, kept.as_ref(), &asked.pictures(), threads)?;
    drop(kept);
    let mut evaluation =
        evaluate(&asked, templates, (engine.pack(), pack.calibration()), Scores::AsServed, threads)?;
    if args.steps {
        evaluation.figures.steps = steps::run(args, &asked, &cache, &pack, threads)?;
    }
    if let Some(folder) = &args.out {
        report::write(&evaluation, folder)?;
    }
    if let Some(file) = &args.card {
        let faces = args.faces()?;
        let folder = || faces.file_name().unwrap_or_default().to_string_lossy();
        let data = args.data.clone().unwrap_or_else(|| format!("The pictures of the folder `{}`.", folder()));
        place(file, card::card(pack.manifest(), &evaluation.figures, &data).as_bytes())?;
    }
    if args.json {
        crate::print_json(&evaluation.figures)
    } else {
        crate::print(&table::text(&evaluation.figures))
    }
}

/// One thread for each core.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn evaluate(
    asked: &Asked,
    templates: Templates,
    pack: (&PackId, &Calibration),
    scores: Scores,
    threads: usize,
) -> Result<Evaluation> {
    let searched: Result<Vec<Searched>> = asked
        .protocols
        .iter()
        .map(|protocol| identification::run(protocol, &templates, pack, scores, threads))
        .collect();
    let searched = searched?;
    let compared = compare(&asked.pairs, &templates)?;
    let figures = Figures::of(pack.0.0.clone(), &templates, &searched, &compared, asked.groups.as_ref());
    Ok(Evaluation { figures, searched, compared })
}

fn compare(pairs: &[pairs::Pair], templates: &Templates) -> Result<Vec<verification::Pair>> {
    let mut people: HashMap<&str, usize> = HashMap::new();
    let template = |path: &Path| templates.get(path).and_then(|acquired| acquired.as_ref().ok());
    let mut compared = Vec::new();
    for pairs::Pair([one, other]) in pairs {
        let mut number = |name| {
            let next = people.len();
            *people.entry(name).or_insert(next)
        };
        let people = [number(one.0.as_str()), number(other.0.as_str())];
        let score = match (template(&one.1), template(&other.1)) {
            (Some(one), Some(other)) => Some(similarity(one, other).context("a pair")?),
            _ => None,
        };
        compared.push(verification::Pair { people, score });
    }
    Ok(compared)
}
