//! Photograph bytes to template, against OpenCV's detector and recogniser with the same weights.

use super::measure::take_turns;
use super::peers::{Missing, Peer, Peers};
use super::pictures::{self, Set};
use super::{Comparison, Context, Records};
use crate::ambient::instant;
use anyhow::{Context as _, Result};
use portunus_biometrics::face::{FaceEngine, Outcome};
use portunus_biometrics::pack::Pack;
use portunus_biometrics::pack::onnx::{self, Rewrite};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// In a round each side has so many pictures.
const IN_A_ROUND: usize = 20;
const SETS: [&str; 2] = ["250x250", "1280x720"];
const KINDS: [&str; 3] = ["template", "template-both-passes", "found"];
const PACKAGE: &str = "opencv-python-headless";

/// What can be asked for.
pub(super) fn names() -> Vec<String> {
    SETS.iter().flat_map(|set| KINDS.map(|kind| format!("photo/{set}/{kind}"))).collect()
}

/// Measures what was asked for.
pub(super) fn run(context: &Context, peers: &Peers) -> Result<Records> {
    let paths = context.models()?;
    let pack = Pack::load(&paths.pack_dir)?;
    let engine = FaceEngine::load(&pack, &paths.runtime, 1)?;
    let folder = tempfile::tempdir().context("a folder for the pictures")?;
    let most = if context.quick { 6 } else { 200 };
    let peer_name = format!("{} FaceDetectorYN + FaceRecognizerSF", peers.name(PACKAGE));
    let mut records = Records::new();
    for set in pictures::sets(context, &engine, folder.path(), most)? {
        if context.wants(&format!("photo/{}", set.name)) {
            let peer = peers.start(1).and_then(|mut peer| {
                let files: Files = peer.ask(&load_request(context, &pack, folder.path(), &set)?)?;
                Ok((peer, files.to_string()))
            });
            let measuring = Measuring { context, engine: &engine, set: &set, peer_name: &peer_name };
            records.extend(measuring.records(peer)?);
        }
    }
    Ok(records)
}

/// What the peer made of the files that it was offered.
#[derive(serde::Deserialize)]
struct Files {
    detector: String,
    recogniser: String,
    failed: BTreeMap<String, String>,
}

impl std::fmt::Display for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "of the files with these weights OpenCV was the fastest with {} and {}",
            self.detector, self.recogniser
        )?;
        if self.failed.is_empty() {
            Ok(())
        } else {
            write!(f, " and does not load {}", self.failed.keys().cloned().collect::<Vec<_>>().join(", "))
        }
    }
}

/// The weights as published, plainly dequantised, and as our pack has them.
fn load_request(context: &Context, pack: &Pack, folder: &Path, set: &Set) -> Result<Value, Missing> {
    let manifest = pack.manifest();
    let plain = |path: &Path, rewrite: Rewrite| -> Result<Vec<PathBuf>, Missing> {
        // Without the published file the pack's own is left.
        let Ok(bytes) = std::fs::read(path) else { return Ok(Vec::new()) };
        let Ok(plain) = onnx::dequantise(&bytes, rewrite) else { return Ok(vec![path.to_owned()]) };
        let place = folder.join(format!("plain-{}", path.file_name().unwrap_or_default().to_string_lossy()));
        std::fs::write(&place, plain).map_err(|error| Missing(format!("{}: {error}", place.display())))?;
        Ok(vec![path.to_owned(), place])
    };
    let [detector, recogniser] = context.cache.published();
    let sizes_free = Rewrite { dynamic_height_width: true, ..Rewrite::default() };
    let mut detectors = plain(&detector, sizes_free)?;
    let mut recognisers = plain(&recogniser, Rewrite::default())?;
    detectors.push(pack.dir().join(manifest.detector.file.path.as_str()));
    recognisers.push(pack.dir().join(manifest.recogniser.file.path.as_str()));
    Ok(json!({
        "do": "load-photo", "detectors": detectors, "recognisers": recognisers, "pictures": set.files,
        "confidence": manifest.detector.score_min.get(), "overlap": manifest.detector.overlap_max.get(),
    }))
}

/// One set of pictures, measured.
struct Measuring<'a> {
    context: &'a Context,
    engine: &'a FaceEngine,
    set: &'a Set,
    peer_name: &'a str,
}

/// What a side made of some pictures.
#[derive(Clone, Copy, Default, serde::Deserialize)]
struct Run {
    nanoseconds: f64,
    found: u32,
    #[serde(default)]
    several: u32,
}

impl Measuring<'_> {
    fn records(&self, peer: Result<(Peer, String), Missing>) -> Result<Records> {
        let (mut peer, files) = match peer {
            Ok((peer, files)) => (Ok(peer), files),
            Err(missing) => (Err(missing), String::new()),
        };
        let mut records = Records::new();
        for (kind, mirrored) in [(KINDS[0], false), (KINDS[1], true)] {
            if self.context.wants(&self.name(kind)) {
                records.push(self.times(kind, mirrored, &mut peer)?.noting(&files));
            }
        }
        if self.context.wants(&self.name(KINDS[2])) {
            records.push(self.found(&mut peer)?);
        }
        Ok(records)
    }

    fn name(&self, kind: &str) -> String {
        format!("photo/{}/{kind}", self.set.name)
    }

    fn times(&self, kind: &str, mirrored: bool, peer: &mut Result<Peer, Missing>) -> Result<Comparison> {
        let count = self.set.bytes.len().min(IN_A_ROUND);
        let rounds = if self.context.quick { 2 } else { 9 };
        let bar = self.context.bar(rounds as u64 + 1, "photo to template");
        let milliseconds = |run: Run| run.nanoseconds / 1e6 / count as f64;
        let ours = || Ok(milliseconds(ours(self.engine, &self.set.bytes[..count])?));
        let turns = take_turns(rounds, 1, ours, |_| {
            bar.inc(1);
            Ok(milliseconds(theirs(peer, count, mirrored)?))
        })?;
        bar.finish_and_clear();
        let [turns] = <[_; 1]>::try_from(turns).map_err(|_| anyhow::anyhow!("one peer has one record"))?;
        let passes = if mirrored {
            "the peer, too, runs its recogniser on the face and its mirror image"
        } else {
            "ours does more: a second look at the found face, a second recogniser pass on its mirror image"
        };
        let more = "quality measures, the crop that an officer sees, checks of the file";
        Ok(turns.comparison(self.name(kind), "ms", self.peer_name).noting(format!(
            "per picture, one thread, decoding included; {count} {}; {passes}; only ours: {more}",
            pictures::source(self.context)
        )))
    }

    /// Of the same pictures, how many give a template.
    fn found(&self, peer: &mut Result<Peer, Missing>) -> Result<Comparison> {
        let count = self.set.bytes.len();
        let (ours, theirs) = (ours(self.engine, &self.set.bytes)?, theirs(peer, count, false));
        let percent = |run: Run| f64::from(run.found) * 100.0 / count as f64;
        let (theirs, missing) = match theirs {
            Ok(run) => (vec![percent(run)], None),
            Err(missing) => (Vec::new(), Some(missing)),
        };
        let made = Comparison::new(self.name(KINDS[2]), "%", &[percent(ours)], self.peer_name, &theirs);
        Ok(made.higher_is_better().missing(missing.as_ref()).noting(format!(
            "pictures with a template, of {count}; {} of ours are left to an officer because nobody in them stands \
             out, where the peer takes the largest face",
            ours.several
        )))
    }
}

fn ours(engine: &FaceEngine, pictures: &[Vec<u8>]) -> Result<Run> {
    let (mut run, begun) = (Run::default(), instant());
    for bytes in pictures {
        match engine.analyse(bytes)?.outcome {
            Outcome::Subject(subject) => {
                std::hint::black_box(engine.template(&subject)?);
                run.found += 1;
            }
            Outcome::Several => run.several += 1,
            Outcome::NoFace => {}
        }
    }
    run.nanoseconds = begun.elapsed().as_nanos() as f64;
    Ok(run)
}

fn theirs(peer: &mut Result<Peer, Missing>, count: usize, mirrored: bool) -> Result<Run, Missing> {
    let peer = peer.as_mut().map_err(|missing| missing.clone())?;
    peer.ask(&json!({ "do": "run-photo", "first": 0, "count": count, "mirrored": mirrored }))
}
