//! What is in the cache, for people and as JSON.

use super::cache::{Cache, are_whole, built_in, pinned_runtime};
use super::pins;
use anyhow::{Context as _, Result, bail};
use portunus_biometrics::pack::calibration::{MeasuredCurve, ScoreType, Transaction};
use portunus_biometrics::pack::manifest::PresentationAttack;
use portunus_biometrics::pack::{Manifest, Pack};
use portunus_core::biometric::{PackId, Rate};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// One thing that the cache holds or should hold.
#[derive(Serialize)]
struct Holding {
    what: String,
    path: PathBuf,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// There, every hash right.
    Whole,
    /// Not there.
    Missing,
    /// There, and not what it should be.
    Damaged,
}

impl State {
    fn of(whole: bool, path: &Path) -> Self {
        match (whole, path.exists()) {
            (true, _) => Self::Whole,
            (false, true) => Self::Damaged,
            (false, false) => Self::Missing,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Missing => "missing",
            Self::Damaged => "damaged",
        }
    }
}

/// All packs, the runtime and the pictures; the built-in ones also when they are missing.
fn holdings(cache: &Cache) -> Result<Vec<Holding>> {
    let packs = cache.packs_dir();
    let mut dirs = vec![packs.join(built_in()?.name.as_str())];
    let found = std::fs::read_dir(&packs).into_iter().flatten().flatten().map(|entry| entry.path());
    dirs.extend(found.filter(|path| path.is_dir()));
    dirs.sort();
    dirs.dedup();
    let mut all: Vec<Holding> = dirs
        .into_iter()
        .map(|path| match Pack::load(&path) {
            Ok(pack) => Holding { what: format!("pack {}", pack.id().0), path, state: State::Whole },
            Err(_) => Holding { what: "pack".to_owned(), state: State::of(false, &path), path },
        })
        .collect();
    if let Ok((package, member)) = pinned_runtime() {
        let dir = cache.dir().join("onnxruntime").join(package.version);
        let state = State::of(are_whole(&dir, &[member]), &dir);
        all.push(Holding { what: format!("ONNX Runtime {}", package.version), path: dir, state });
    }
    let path = cache.pictures_dir();
    let state = State::of(are_whole(&path, &pins::PICTURE_MEMBERS), &path);
    all.push(Holding { what: "pictures for the demo".to_owned(), path, state });
    Ok(all)
}

/// Lists what is there.
pub(super) fn list(cache: &Cache, json: bool, out: &mut dyn Write) -> Result<()> {
    let all = holdings(cache)?;
    if json {
        return Ok(writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?);
    }
    for Holding { what, path, state } in &all {
        writeln!(out, "{:8} {what:40} {}", state.text(), path.display())?;
    }
    Ok(())
}

/// Lists what is there; an error when anything is missing or damaged.
pub(super) fn verify(cache: &Cache, out: &mut dyn Write) -> Result<()> {
    list(cache, false, out)?;
    if holdings(cache)?.iter().any(|holding| holding.state != State::Whole) {
        bail!("not everything is there and whole: run `portunus models fetch`");
    }
    Ok(())
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a PackId,
    dir: &'a Path,
    manifest: &'a Manifest,
}

/// Shows one pack.
pub(super) fn show(cache: &Cache, dir: Option<&Path>, json: bool, out: &mut dyn Write) -> Result<()> {
    let built_in_dir = cache.packs_dir().join(built_in()?.name.as_str());
    let pack = Pack::load(dir.unwrap_or(&built_in_dir))?;
    if json {
        let shown = Shown { id: pack.id(), dir: pack.dir(), manifest: pack.manifest() };
        return Ok(writeln!(out, "{}", serde_json::to_string_pretty(&shown)?)?);
    }
    Ok(out.write_all(page(&pack)?.as_bytes())?)
}

fn page(pack: &Pack) -> Result<String> {
    let manifest = pack.manifest();
    let mut page = format!("{}\n{}\nin {}\n", pack.id().0, manifest.title, pack.dir().display());
    for (role, file) in [("detector", &manifest.detector.file), ("recogniser", &manifest.recogniser.file)] {
        writeln!(page, "\n{role}: {} ({} bytes)\n  sha256 {}", file.path, file.bytes.get(), file.sha256)?;
        writeln!(page, "  licence {}\n  {}\n  {}", file.licence, file.provenance, file.changes)?;
    }
    writeln!(page, "\ntraining, known: {}", manifest.training.known)?;
    writeln!(page, "training, not known: {}", manifest.training.not_known)?;
    let measured = pack.calibration().measured();
    writeln!(
        page,
        "\ncalibration on {} ({} people, {} pictures)\n{}",
        measured.data, measured.people, measured.pictures, measured.caveats
    )?;
    for curve in &measured.curves {
        writeln!(page, "\n{}", title(curve.measured()))?;
        writeln!(page, "  false-match rate   score")?;
        for point in &curve.measured().points {
            writeln!(page, "  {:>16.1e}   {:.4}", point.fmr.get(), point.score.0)?;
        }
    }
    writeln!(page, "\n  people in the gallery   threshold for one false candidate in 1000 searches")?;
    for people in [1, 99, 100, 420, 42_000] {
        let rate = Rate::new(1e-3).context("a constant between 0 and 1")?;
        let curve = pack.calibration().curve(ScoreType::of_gallery(people), Transaction::ONE);
        writeln!(page, "  {people:>21}   {:.4}", curve.threshold(people, rate).0)?;
    }
    let attack = match &manifest.presentation_attack {
        PresentationAttack::None { note } => format!("none. {note}"),
        PresentationAttack::Tested { report } => format!("tested. {report}"),
    };
    writeln!(page, "\npresentation-attack detection: {attack}")?;
    Ok(page)
}

/// What a curve was measured on, in words.
fn title(curve: &MeasuredCurve) -> String {
    let score = curve.score.slug();
    format!(
        "{score} scores, {} frames against {} references, best of {} attempts: {} comparisons",
        curve.frames, curve.references, curve.attempts, curve.comparisons
    )
}
