//! Rows to search in: drawn at random like the templates of real faces where there are some, else in all
//! directions alike. Copies of a few would be kinder to a search than people are.

use super::Context;
use super::pictures;
use super::service::distribution::Distribution;
use crate::dice::Dice;
use crate::house::cores;
use anyhow::{Context as _, Result};
use portunus_biometrics::face::{FaceEngine, Outcome, Template};
use portunus_biometrics::pack::Pack;
use std::path::{Path, PathBuf};

/// The same rows at every run.
const SEED: u64 = 42;
/// Of the templates when no pack is asked: that of the built-in one.
const DIMENSION: usize = 128;
/// From how many people the distribution is measured.
const PEOPLE_MAX: usize = 400;
/// A query is made of so much of a row, and for the rest of another draw: a mate among strangers.
const MATE: f32 = 0.6;

/// Where rows are drawn from.
pub(super) struct Rows {
    distribution: Distribution,
    dimension: usize,
    /// What it is, in words.
    pub(super) said: String,
}

/// Rows and queries, one after the other, each of length one.
pub(super) struct Drawn {
    pub(super) dimension: usize,
    pub(super) rows: Vec<f32>,
    pub(super) queries: Vec<f32>,
}

impl Rows {
    /// Measures the distribution where there are faces.
    pub(super) fn new(context: &Context) -> Result<Self> {
        if context.faces.is_none() {
            let said = "rows drawn in all directions alike (no --faces)".to_owned();
            return Ok(Self { distribution: Distribution::isotropic(DIMENSION), dimension: DIMENSION, said });
        }
        let templates = templates(context)?;
        let dimension =
            templates.first().context("no face is in any of the pictures of --faces")?.values().len();
        let said =
            format!("rows drawn from the mean and covariance of {} people's templates", templates.len());
        Ok(Self { distribution: Distribution::of(&templates), dimension, said })
    }

    /// Draws them, always the same.
    pub(super) fn draw(&self, rows: usize, queries: usize) -> Drawn {
        let mut dice = Dice::new(SEED);
        let mut one = || unit(self.distribution.draw(&mut dice));
        let drawn: Vec<f32> = (0..rows).flat_map(|_| one()).collect();
        let mut mate = |n: usize| {
            let row = &drawn[n * rows / queries * self.dimension..][..self.dimension];
            let stranger = one();
            unit(row.iter().zip(stranger).map(|(r, s)| MATE * r + (1.0 - MATE * MATE).sqrt() * s).collect())
        };
        let queries = (0..queries).flat_map(&mut mate).collect();
        Drawn { dimension: self.dimension, rows: drawn, queries }
    }
}

impl Drawn {
    /// Writes both as f32 little-endian.
    pub(super) fn write(&self, folder: &Path) -> Result<(PathBuf, PathBuf)> {
        let write = |name: &str, values: &[f32]| {
            let path = folder.join(format!("{name}-{}.f32", self.rows.len()));
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
            Ok::<_, anyhow::Error>(path)
        };
        Ok((write("rows", &self.rows)?, write("queries", &self.queries)?))
    }
}

fn unit(mut values: Vec<f32>) -> Vec<f32> {
    let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
    values.iter_mut().for_each(|v| *v /= norm);
    values
}

/// One of each of some people.
fn templates(context: &Context) -> Result<Vec<Template>> {
    let paths = context.models()?;
    let workers = cores();
    let engine = FaceEngine::load(&Pack::load(&paths.pack_dir)?, &paths.runtime, workers)?;
    let files = pictures::files(context, if context.quick { 40 } else { PEOPLE_MAX })?;
    let bar = context.bar(files.len() as u64, "templates measured");
    let one = |path: &PathBuf| -> Result<Option<Template>> {
        bar.inc(1);
        Ok(match engine.analyse(&pictures::read(path)?)?.outcome {
            Outcome::Subject(subject) => Some(engine.template(&subject)?),
            Outcome::NoFace | Outcome::Several => None,
        })
    };
    let made: Vec<Result<Vec<Option<Template>>>> = std::thread::scope(|scope| {
        let parts: Vec<_> = files
            .chunks(files.len().div_ceil(workers.max(1)).max(1))
            .map(|part| scope.spawn(|| part.iter().map(one).collect()))
            .collect();
        parts
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    bar.finish_and_clear();
    Ok(made.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_query_has_a_mate_among_the_rows() {
        let rows = Rows {
            distribution: Distribution::isotropic(DIMENSION),
            dimension: DIMENSION,
            said: String::new(),
        };
        let drawn = rows.draw(400, 8);
        for (n, query) in drawn.queries.chunks_exact(DIMENSION).enumerate() {
            let score = |row: &[f32]| row.iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
            let scores: Vec<f32> = drawn.rows.chunks_exact(DIMENSION).map(score).collect();
            let best = (0..400).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap();
            assert_eq!(best, n * 50);
        }
    }
}
