//! What each step of the pipeline buys and costs: the same searches with steps left out, one after the other.

use super::identification::Scores;
use super::{Args, Asked, templates};
use crate::ambient::instant;
use crate::models::{Bar, Cache};
use anyhow::{Context as _, Result};
use portunus_biometrics::face::{FaceEngine, Outcome, Steps};
use portunus_biometrics::pack::Pack;
use serde::Serialize;
use std::path::PathBuf;

/// The rate at which steps are compared.
pub(super) const FPIR: f64 = 0.003;
/// Pictures that the time is measured on.
const TIMED: usize = 60;

/// The pipeline with some steps, and what that gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Step {
    /// What was added to the line before.
    pub(crate) step: &'static str,
    /// From a picture's bytes to its template, one thread, median, in milliseconds.
    pub(crate) milliseconds: f64,
    /// One for each protocol.
    pub(crate) identification: Vec<Missed>,
}

/// The FNIR of one protocol at an FPIR of 0.3 %.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Missed {
    pub(crate) protocol: String,
    pub(crate) fpir: f64,
    pub(crate) fnir: f64,
    /// 95 % interval of the FNIR.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// From the plain pipeline to the whole one.
const LINES: [(&str, Steps, Scores); 5] = [
    (
        "detect, align, recognise",
        Steps { close_up: false, points_both_ways: false, mirrored_pass: false },
        Scores::Raw,
    ),
    (
        "+ points found again in a close-up",
        Steps { close_up: true, points_both_ways: false, mirrored_pass: false },
        Scores::Raw,
    ),
    (
        "+ and in its mirror image",
        Steps { close_up: true, points_both_ways: true, mirrored_pass: false },
        Scores::Raw,
    ),
    ("+ the chip's mirror image recognised too", Steps::ALL, Scores::Raw),
    ("+ scores about the gallery's mean", Steps::ALL, Scores::AsServed),
];

/// Evaluates each line; slow, as each but the last makes all templates anew.
pub(super) fn run(
    args: &Args,
    asked: &Asked,
    cache: &Cache,
    pack: &Pack,
    threads: usize,
) -> Result<Vec<Step>> {
    let runtime = cache.ensure_runtime(&Bar)?;
    let pictures = asked.pictures();
    let mut engines = Vec::new();
    let mut lines = Vec::new();
    for (step, steps, scores) in LINES {
        eprintln!("{step}");
        let engine = FaceEngine::load_with(pack, &runtime, threads, steps)?;
        let kept = match args.no_cache {
            true => None,
            false => Some(templates::Cache::open(cache.dir(), engine.pack())?),
        };
        let templates = templates::acquire(&engine, kept.as_ref(), &pictures, threads)?;
        let pack = (engine.pack(), pack.calibration());
        let figures = super::evaluate(asked, templates, pack, scores, threads)?.figures;
        let missed = figures.identification.into_iter().filter(|at| at.fpir == FPIR).map(|at| Missed {
            protocol: at.protocol,
            fpir: at.fpir,
            fnir: at.fnir,
            low: at.low,
            high: at.high,
        });
        lines.push(Step { step, milliseconds: 0.0, identification: missed.collect() });
        engines.push(engine);
    }
    for (line, milliseconds) in lines.iter_mut().zip(milliseconds(&engines, &pictures)?) {
        line.milliseconds = milliseconds;
    }
    Ok(lines)
}

/// The median time from bytes to template over a few pictures, of each engine, one after the other on each picture.
fn milliseconds(engines: &[FaceEngine], pictures: &[PathBuf]) -> Result<Vec<f64>> {
    let mut took = vec![Vec::new(); engines.len()];
    for path in pictures.iter().step_by((pictures.len() / TIMED).max(1)).take(TIMED) {
        let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
        for (engine, took) in engines.iter().zip(&mut took) {
            let started = instant();
            if let Ok(analysis) = engine.analyse(&bytes)
                && let Outcome::Subject(subject) = analysis.outcome
            {
                engine.template(&subject)?;
                took.push(started.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let median = |mut took: Vec<f64>| {
        took.sort_by(f64::total_cmp);
        took.get(took.len() / 2).copied().unwrap_or_default()
    };
    Ok(took.into_iter().map(median).collect())
}
