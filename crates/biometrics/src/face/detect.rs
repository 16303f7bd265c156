//! Finds faces: YuNet (Wu et al. 2023), an anchor-free detector with five landmarks.
//!
//! A picture is looked at with its longest side at most [`WORKING_SIDE_MAX`] pixels. YuNet finds faces from about
//! 10 pixels wide, reliably from 20; a face 80 pixels wide in a 1280 x 720 frame is 40 there, and a face
//! smaller than that is too small to recognise anyway (see `quality::size`). Larger pictures cost no more.

use crate::face::geometry::{Area, Landmarks, Point};
use crate::face::net::{Net, NetError, Planes};
use crate::face::picture::Picture;
use crate::face::resample::resize;
use crate::pack::Pack;
use crate::pack::manifest::DetectorKind;
use std::path::Path;

/// Longest side, in pixels, at which faces are looked for.
pub const WORKING_SIDE_MAX: u32 = 640;
/// Most faces that are kept of one picture: enough to say "several".
pub const FACES_MAX: usize = 32;
/// Most boxes, best first, that enter the suppression of overlaps, which takes quadratic time.
const BOXES_MAX: usize = 1024;
/// Side of the close-up in which the subject's points are found again, in pixels, and the margin around the face.
const CLOSE_UP_SIDE: u32 = 320;
const CLOSE_UP_MARGIN: f32 = 0.4;
/// A close-up enlarges at most this much: there is nothing more to see.
const ENLARGED_MAX: f32 = 4.0;
/// The face in the close-up is the one looked for when the boxes overlap this much.
const SAME_FACE_OVERLAP: f32 = 0.5;
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

impl Detection {
    fn moved(self, right: f32, down: f32) -> Self {
        let point = |p: Point| Point { x: p.x + right, y: p.y + down };
        let Landmarks { eyes, nose, mouth } = self.landmarks;
        let landmarks = Landmarks { eyes: eyes.map(point), nose: point(nose), mouth: mouth.map(point) };
        let area = Area { left: self.area.left + right, top: self.area.top + down, ..self.area };
        Self { area, landmarks, ..self }
    }

    fn mirrored(self, picture_width: f32) -> Self {
        let (area, landmarks) = (self.area.mirrored(picture_width), self.landmarks.mirrored(picture_width));
        Self { area, landmarks, ..self }
    }
}

/// A pack's detector, loaded.
pub(crate) struct Detector {
    net: Net,
    planes: Planes,
    side_multiple: usize,
    score_min: f32,
    overlap_max: f32,
}

impl Detector {
    pub(crate) fn load(pack: &Pack, runtime: &Path, workers: usize) -> Result<Self, NetError> {
        let manifest = pack.detector();
        // Exhaustive: another kind of detector needs its own way of reading outputs.
        match manifest.kind {
            DetectorKind::Yunet => {}
        }
        Ok(Self {
            net: Net::load(runtime, "detector", pack.detector_model(), workers)?,
            planes: Planes::new(manifest.channels, manifest.mean, manifest.scale),
            // Each stride must divide the sides, whatever the manifest says.
            side_multiple: (manifest.side_multiple_px.get() as usize).next_multiple_of(STRIDES[2]),
            score_min: manifest.score_min.get(),
            overlap_max: manifest.overlap_max.get(),
        })
    }

    /// The faces in a picture, best first, at most [`FACES_MAX`].
    pub(crate) fn detect(&self, picture: &Picture) -> Result<Vec<Detection>, NetError> {
        let longest = picture.width().max(picture.height());
        self.detect_at(picture, (WORKING_SIDE_MAX as f32 / longest as f32).min(1.0))
    }

    /// A face found by [`Self::detect`], looked at once more, close up: its points become more exact; with `both_ways`
    /// more exact still, as the mean of what is found there and what is found in its mirror image, whose errors
    /// differ. Returns it as it was when nothing is found there any more.
    pub(crate) fn refine(
        &self,
        picture: &Picture,
        face: &Detection,
        both_ways: bool,
    ) -> Result<Detection, NetError> {
        let area = face.area.widened(CLOSE_UP_MARGIN);
        let crop = picture.crop(area);
        // The crop begins at whole pixels within the picture.
        let (left, top) = (area.left.round().max(0.0), area.top.round().max(0.0));
        let wanted = face.moved(-left, -top);
        let seen = self.nearest(&crop, &wanted)?;
        let mut close = seen.unwrap_or(wanted);
        if both_ways {
            let width = crop.width() as f32;
            if let Some(mirrored) = self.nearest(&crop.mirrored(), &wanted.mirrored(width))? {
                let other = mirrored.mirrored(width);
                close = match seen {
                    Some(seen) => Detection { landmarks: seen.landmarks.midway(&other.landmarks), ..seen },
                    None => other,
                };
            }
        }
        Ok(close.moved(left, top))
    }

    /// The face in a close-up that is the wanted one.
    fn nearest(&self, crop: &Picture, wanted: &Detection) -> Result<Option<Detection>, NetError> {
        let longest = crop.width().max(crop.height());
        let scale = (CLOSE_UP_SIDE as f32 / longest as f32).min(ENLARGED_MAX);
        let overlap = |face: &Detection| face.area.overlap(wanted.area);
        let found = self.detect_at(crop, scale)?.into_iter();
        let nearest = found.max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
        Ok(nearest.filter(|face| overlap(face) >= SAME_FACE_OVERLAP))
    }

    fn detect_at(&self, picture: &Picture, scale: f32) -> Result<Vec<Detection>, NetError> {
        let side = |length: u32| ((length as f32 * scale).round() as usize).max(1);
        let (width, height) = (side(picture.width()), side(picture.height()));
        let padded = |length: usize| length.next_multiple_of(self.side_multiple);
        let (padded_w, padded_h) = (padded(width), padded(height));
        let input = self.planes.lay(&resize(picture, width, height), width, (padded_w, padded_h));
        let outputs = self.net.run(&input, padded_h, padded_w, &OUTPUTS)?;
        let outputs: Vec<&[f32]> = outputs.iter().map(|o| o.as_slice()).collect();
        let found = suppress(boxes(&outputs, padded_w, padded_h, self.score_min)?, self.overlap_max);
        let (sx, sy) = (picture.width() as f32 / width as f32, picture.height() as f32 / height as f32);
        Ok(found.into_iter().map(|d| enlarged(d, sx, sy)).collect())
    }
}

/// Decodes the twelve outputs into boxes of at least this score.
fn boxes(
    outputs: &[&[f32]],
    width: usize,
    height: usize,
    score_min: f32,
) -> Result<Vec<Detection>, NetError> {
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
            if confidence < score_min || !confidence.is_finite() {
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
fn suppress(mut found: Vec<Detection>, overlap_max: f32) -> Vec<Detection> {
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found.truncate(BOXES_MAX);
    let mut kept: Vec<Detection> = Vec::new();
    for face in found {
        if kept.len() == FACES_MAX {
            break;
        }
        if kept.iter().all(|k| k.area.overlap(face.area) <= overlap_max) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn face(left: f32, top: f32, side: f32, confidence: f32) -> Detection {
        let p = Point { x: left, y: top };
        let landmarks = Landmarks { eyes: [p; 2], nose: p, mouth: [p; 2] };
        Detection { area: Area { left, top, width: side, height: side }, landmarks, confidence }
    }

    /// The outputs of an input of 64 x 32, all nought.
    fn silent() -> Vec<Vec<f32>> {
        let cells = STRIDES.map(|s| (64 / s) * (32 / s));
        [1, 1, 4, 10].iter().flat_map(|n| cells.iter().map(move |c| vec![0.0; c * n])).collect()
    }

    fn read(outputs: &[Vec<f32>]) -> Result<Vec<Detection>, NetError> {
        let outputs: Vec<&[f32]> = outputs.iter().map(Vec::as_slice).collect();
        boxes(&outputs, 64, 32, 0.6)
    }

    #[test]
    fn a_cell_is_decoded_into_box_and_points() {
        let mut outputs = silent();
        // Stride 16, second row, third column of four.
        let cell = 4 + 2;
        (outputs[1][cell], outputs[4][cell]) = (0.81, 1.0);
        outputs[7][cell * 4..cell * 4 + 4].copy_from_slice(&[0.5, -0.5, 2.0_f32.ln(), 0.0]);
        outputs[10][cell * 10..cell * 10 + 2].copy_from_slice(&[0.25, -1.0]);
        let found = read(&outputs).unwrap();
        assert_eq!(found.len(), 1);
        assert!((found[0].confidence - 0.9).abs() < 1e-6);
        // Centre (2.5, 0.5) cells = (40, 8) pixels; 32 x 16 pixels.
        let Area { left, top, width, height } = found[0].area;
        for (got, want) in [(left, 24.0), (top, 0.0), (width, 32.0), (height, 16.0)] {
            assert!((got - want).abs() < 1e-4, "{got} for {want}");
        }
        assert_eq!(found[0].landmarks.eyes[0], Point { x: 36.0, y: 0.0 });
        assert_eq!(found[0].landmarks.eyes[1], Point { x: 32.0, y: 16.0 });
    }

    #[test]
    fn numbers_that_are_none_are_no_face() {
        let mut outputs = silent();
        (outputs[0][0], outputs[3][0], outputs[0][1], outputs[3][1]) = (f32::NAN, 1.0, 1.0, 1.0);
        outputs[6][4] = f32::INFINITY;
        assert!(read(&outputs).unwrap().is_empty());
    }

    #[test]
    fn outputs_of_another_shape_are_an_error_that_names_them() {
        let mut outputs = silent();
        outputs[11].pop();
        let error = read(&outputs).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(error.contains("kps_32"), "{error}");
    }

    #[test]
    fn of_overlapping_boxes_the_surest_stays() {
        let kept = suppress(
            vec![face(2.0, 0.0, 20.0, 0.7), face(0.0, 0.0, 20.0, 0.9), face(40.0, 0.0, 20.0, 0.8)],
            0.3,
        );
        assert_eq!(kept.iter().map(|f| f.confidence).collect::<Vec<_>>(), [0.9, 0.8]);
    }

    #[test]
    fn a_crowd_is_bounded() {
        let crowd = (0..5000).map(|i| face(i as f32 * 30.0, 0.0, 20.0, 0.9)).collect();
        assert_eq!(suppress(crowd, 0.3).len(), FACES_MAX);
    }
}
