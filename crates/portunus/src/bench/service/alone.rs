//! Where a capture's time goes when nobody else is there: the parts in this process, the whole over TLS.

use super::gate::{Address, Gate};
use super::process::Running;
use super::{faces, instant};
use crate::bench::pictures;
use crate::bench::record::{Comparison, Records};
use crate::house::now;
use anyhow::Result;
use portunus_biometrics::face::{Outcome, Picture, PictureLimits};
use portunus_server::service::Service;
use portunus_store::RecordKind;
use std::path::PathBuf;
use std::sync::Arc;

/// Captures timed, one after the other.
const CAPTURES_MAX: usize = 30;
/// As the service seals an officer's view of the subject.
const CROP_JPEG_QUALITY: u8 = 90;

/// Milliseconds of each part, one value for each capture.
#[derive(Default)]
pub(super) struct Parts {
    decode: Vec<f64>,
    see: Vec<f64>,
    template: Vec<f64>,
    probe: Vec<f64>,
    encode: Vec<f64>,
    seal: Vec<f64>,
}

fn timed<T>(into: &mut f64, work: impl FnOnce() -> T) -> T {
    let started = instant();
    let done = work();
    *into += started.elapsed().as_secs_f64() * 1e3;
    done
}

/// The parts of a capture, each by itself, on one thread.
pub(super) fn parts(service: &Service, pictures: &[&PathBuf]) -> Result<Parts> {
    let (engine, mut parts) = (service.engine(), Parts::default());
    for picture in pictures.iter().take(CAPTURES_MAX) {
        let frames = faces::frames(&pictures::read(picture)?)?;
        let (mut decode, mut see, mut template, mut encode, mut seal, mut probe) =
            (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for frame in &frames {
            let decoded = timed(&mut decode, || Picture::decode(frame, &PictureLimits::default()))?;
            let seen = timed(&mut see, || engine.analyse_picture(&decoded, None))?;
            let Outcome::Subject(subject) = seen.outcome else { continue };
            timed(&mut template, || engine.template(&subject))?;
            // One crop of a capture is kept.
            (encode, seal) = (0.0, 0.0);
            let crop = timed(&mut encode, || subject.crop.to_jpeg(CROP_JPEG_QUALITY))?;
            // No row names it: the next sweep takes it.
            let _ = timed(&mut seal, || service.store().seal(RecordKind::PROBE, &crop, now()))?;
        }
        let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        timed(&mut probe, || engine.probe(&frames, None))?;
        for (part, value) in [
            (&mut parts.decode, decode),
            (&mut parts.see, see),
            (&mut parts.template, template),
            (&mut parts.probe, probe),
            (&mut parts.encode, encode),
            (&mut parts.seal, seal),
        ] {
            part.push(value);
        }
    }
    Ok(parts)
}

/// The whole of a choice and of a capture, over TLS, one traveller after the other; and the parts.
pub(super) fn measure(
    parts: &Parts,
    running: &Running,
    gate: &mut Gate,
    notice_version: &str,
    captures: &[Arc<[u8]>],
) -> Result<Records> {
    gate.speaks_with(&Address::new(running.address, &running.certificate)?);
    let (mut choices, mut whole) = (Vec::new(), Vec::new());
    for capture in captures.iter().take(CAPTURES_MAX) {
        gate.connect()?;
        let (mut choice, mut took) = (0.0, 0.0);
        let encounter = timed(&mut choice, || gate.choose(notice_version))?;
        let ready = gate.sign_capture(&encounter, capture);
        timed(&mut took, || gate.send(&ready, capture, "step"))?;
        choices.push(choice);
        whole.push(took);
    }
    let record = |name: &str, values: &[f64], note: &str| {
        Comparison::new(format!("service/alone/{name}"), "ms", values, "none", &[]).noting(note)
    };
    Ok(vec![
        record("capture", &whole, "photo-in to decision-out over TLS, one traveller after the other"),
        record(
            "capture/decode",
            &parts.decode,
            "of which: three frames decoded, by themselves, on one thread",
        ),
        record("capture/see", &parts.see, "of which: three frames' faces found, measured, cropped"),
        record("capture/template", &parts.template, "of which: a template of each of three"),
        record("capture/probe", &parts.probe, "FaceEngine::probe, which is the three before"),
        record("capture/encode", &parts.encode, "of which: the crop as a JPEG"),
        record("capture/seal", &parts.seal, "of which: the crop sealed under a fresh key, both durable"),
        record("choice", &choices, "a signed request over TLS with two commits, without a picture"),
    ])
}
