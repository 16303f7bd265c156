//! Which way the head points, from the five points alone: the rotation under which a mean face, seen from far
//! (weak perspective), falls nearest to them (the linear step of POSIT, DeMenthon and Davis 1995).
//!
//! Five points give a few degrees' accuracy in yaw and roll, less in pitch, which faces' proportions confound.

use super::{Measure, MeasureKind};
use crate::face::geometry::Landmarks;

/// A mean face in millimetres: x to the picture's right, y down, z away from the camera, nose tip at 0.
/// Eyes, nose, mouth corners, in the order of [`Landmarks::points`].
const FACE_MM: [[f64; 3]; 5] =
    [[-32.0, -39.0, 28.0], [32.0, -39.0, 28.0], [0.0, 0.0, 0.0], [-25.0, 31.0, 22.0], [25.0, 31.0, 22.0]];

/// Turn, nod and tilt of a head, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Positive when the face looks to the picture's left.
    pub yaw_deg: f32,
    /// Positive when it looks down.
    pub pitch_deg: f32,
    /// Positive when the head leans to the picture's right (clockwise).
    pub roll_deg: f32,
}

impl Pose {
    /// Estimates the pose. Points that are no face give 90 degrees of yaw.
    pub fn of(landmarks: &Landmarks) -> Self {
        let points = landmarks.points();
        let centre = |c: usize| FACE_MM.iter().map(|p| p[c]).sum::<f64>() / 5.0;
        let model: Vec<[f64; 3]> =
            FACE_MM.iter().map(|p| [p[0] - centre(0), p[1] - centre(1), p[2] - centre(2)]).collect();
        // Normal equations: (model' model) row = model' observed, for the image's x and its y.
        let mut normal = [[0.0; 3]; 3];
        let mut right = [[0.0; 3]; 2];
        for (m, p) in model.iter().zip(&points) {
            for i in 0..3 {
                (0..3).for_each(|j| normal[i][j] += m[i] * m[j]);
                right[0][i] += m[i] * f64::from(p.x);
                right[1][i] += m[i] * f64::from(p.y);
            }
        }
        let rows = right.map(|r| solve(&normal, r).and_then(unit));
        let [Some(across), Some(down)] = rows else {
            return Self { yaw_deg: 90.0, pitch_deg: 0.0, roll_deg: 0.0 };
        };
        let [x, y, z] = cross(across, down);
        let (yaw, pitch) = ((-x).atan2(z), y.atan2(x.hypot(z)));
        // Where `across` would point without roll, and a quarter turn on from it.
        let level = [yaw.cos(), 0.0, yaw.sin()];
        let lower = [pitch.sin() * yaw.sin(), pitch.cos(), -pitch.sin() * yaw.cos()];
        let roll = (-dot(across, lower)).atan2(dot(across, level));
        let degrees = |radians: f64| radians.to_degrees() as f32;
        Self { yaw_deg: degrees(yaw), pitch_deg: degrees(pitch), roll_deg: degrees(roll) }
    }

    pub(super) fn measures(self) -> [Measure; 3] {
        [
            // Of press photographs turned by 65 to 80 degrees three in five are still found in a gallery of 420.
            Measure::angle(MeasureKind::Yaw, self.yaw_deg, 30.0, 80.0),
            Measure::angle(MeasureKind::Pitch, self.pitch_deg, 18.0, 40.0),
            Measure::angle(MeasureKind::Roll, self.roll_deg, 15.0, 60.0),
        ]
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(v: [f64; 3]) -> Option<[f64; 3]> {
    let length = dot(v, v).sqrt();
    (length.is_finite() && length > 1e-9).then(|| v.map(|c| c / length))
}

/// Cramer's rule.
fn solve(m: &[[f64; 3]; 3], r: [f64; 3]) -> Option<[f64; 3]> {
    let determinant = dot(m[0], cross(m[1], m[2]));
    (determinant.abs() > 1e-9).then(|| {
        [0, 1, 2].map(|column| {
            let mut with = *m;
            (0..3).for_each(|row| with[row][column] = r[row]);
            dot(with[0], cross(with[1], with[2])) / determinant
        })
    })
}
