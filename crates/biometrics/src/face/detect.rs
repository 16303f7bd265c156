//! Finds faces: YuNet (Wu et al. 2023), an anchor-free detector with five landmarks.
//!
//! A picture is looked at with its longest side at most [`WORKING_SIDE_MAX`] pixels. YuNet finds faces from about
//! 10 pixels wide, reliably from 20; a face 80 pixels wide in a 1280 x 720 frame is 40 there, and a face
//! smaller than that is too small to recognise anyway (see `quality::size`). Larger pictures cost no more.

use crate::face::geometry::{Area, Landmarks, Point};
use crate::face::net::{Net, NetError};
use crate::face::picture::Picture;
use crate::face::resample::shrink;
use zeroize::Zeroizing;

/// Longest side, in pixels, at which faces are looked for.
pub const WORKING_SIDE_MAX: u32 = 640;
/// Most faces that are kept of one picture: enough to say "several".
pub const FACES_MAX: usize = 32;
/// Most boxes, best first, that enter the suppression of overlaps, which takes quadratic time.
const BOXES_MAX: usize = 1024;
/// From which score on something is a face, and from which overlap on two boxes are one face.
const SCORE_MIN: f32 = 0.6;
const OVERLAP_MAX: f32 = 0.3;
const STRIDES: [usize; 3] = [8, 16, 32];
const OUTPUTS: [&str; 12] = [
    "cls_8", "cls_16", "cls_32", "obj_8", "obj_16", "obj_32", "bbox_8", "bbox_16", "bbox_32", "kps_8",
    "kps_16", "kps_32",
];

/// A face found in a picture, in the picture's own pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Where it is; may reach over the edge.
    pub area: Area,
    /// Its five points.
    pub landmarks: Landmarks,
    /// How sure the detector is, 0 to 1.
    pub confidence: f32,
}

/// The faces in a picture, best first, at most [`FACES_MAX`].
pub(crate) fn detect(net: &Net, picture: &Picture) -> Result<Vec<Detection>, NetError> {
    let longest = picture.width().max(picture.height());
    let scale = (WORKING_SIDE_MAX as f32 / longest as f32).min(1.0);
    let side = |length: u32| ((length as f32 * scale).round() as usize).clamp(1, length as usize);
    let (width, height) = (side(picture.width()), side(picture.height()));
    let (padded_w, padded_h) = (width.next_multiple_of(32), height.next_multiple_of(32));
    let small = shrink(picture, width, height);
    let mut planes = Zeroizing::new(vec![0.0; 3 * padded_w * padded_h]);
    for (y, line) in small.chunks_exact(width * 3).enumerate() {
        for (x, pixel) in line.chunks_exact(3).enumerate() {
            for (plane, value) in pixel.iter().rev().enumerate() {
                planes[(plane * padded_h + y) * padded_w + x] = *value;
            }
        }
    }
    let outputs = net.run(&planes, padded_h, padded_w, &OUTPUTS)?;
    let outputs: Vec<&[f32]> = outputs.iter().map(|o| o.as_slice()).collect();
    let found = suppress(boxes(&outputs, padded_w, padded_h)?);
    let (sx, sy) = (picture.width() as f32 / width as f32, picture.height() as f32 / height as f32);
    Ok(found.into_iter().map(|d| enlarged(d, sx, sy)).collect())
}

/// Decodes the twelve outputs into boxes over [`SCORE_MIN`].
fn boxes(outputs: &[&[f32]], width: usize, height: usize) -> Result<Vec<Detection>, NetError> {
    let mut found = Vec::new();
    for (level, stride) in STRIDES.into_iter().enumerate() {
        let (columns, rows) = (width / stride, height / stride);
        let [cls, obj, bbox, kps] = [0, 3, 6, 9].map(|kind| outputs[kind + level]);
        for (values, per_cell, kind) in [(cls, 1, 0), (obj, 1, 3), (bbox, 4, 6), (kps, 10, 9)] {
            if values.len() != columns * rows * per_cell {
                return Err(NetError::Output { output: OUTPUTS[kind + level].to_owned() });
            }
        }
        for cell in 0..columns * rows {
            let confidence = (cls[cell].clamp(0.0, 1.0) * obj[cell].clamp(0.0, 1.0)).sqrt();
            if confidence < SCORE_MIN || !confidence.is_finite() {
                continue;
            }
            let (x, y, s) = ((cell % columns) as f32, (cell / columns) as f32, stride as f32);
            let b = &bbox[cell * 4..cell * 4 + 4];
            // Sizes come as logarithms; a face is at most the picture.
            let (w, h) = ((b[2].min(10.0).exp() * s), (b[3].min(10.0).exp() * s));
            let k = &kps[cell * 10..cell * 10 + 10];
            let point = |i: usize| Point { x: (k[2 * i] + x) * s, y: (k[2 * i + 1] + y) * s };
            let area =
                Area { left: (x + b[0]) * s - w / 2.0, top: (y + b[1]) * s - h / 2.0, width: w, height: h };
            let landmarks =
                Landmarks { eyes: [point(0), point(1)], nose: point(2), mouth: [point(3), point(4)] };
            let finite = landmarks.points().iter().all(|p| p.x.is_finite() && p.y.is_finite());
            if finite && area.left.is_finite() && area.top.is_finite() && area.size().is_finite() {
                found.push(Detection { area, landmarks, confidence });
            }
        }
    }
    Ok(found)
}

/// Keeps the best box of each face: greedy non-maximum suppression.
fn suppress(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found.truncate(BOXES_MAX);
    let mut kept: Vec<Detection> = Vec::new();
    for face in found {
        if kept.len() == FACES_MAX {
            break;
        }
        if kept.iter().all(|k| k.area.overlap(face.area) <= OVERLAP_MAX) {
            kept.push(face);
        }
    }
    kept
}

fn enlarged(face: Detection, sx: f32, sy: f32) -> Detection {
    let point = |p: Point| Point { x: p.x * sx, y: p.y * sy };
    let Landmarks { eyes, nose, mouth } = face.landmarks;
    Detection {
        area: Area {
            left: face.area.left * sx,
            top: face.area.top * sy,
            width: face.area.width * sx,
            height: face.area.height * sy,
        },
        landmarks: Landmarks { eyes: eyes.map(point), nose: point(nose), mouth: mouth.map(point) },
        confidence: face.confidence,
    }
}
