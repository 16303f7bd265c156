//! Brings a face to the place that a recogniser was trained on: the similarity that fits the five points best
//! in the least-squares sense (Umeyama 1991, in the plane), then resampling.

use crate::face::geometry::{Landmarks, Point};
use crate::face::picture::Picture;

/// Where the five points lie in a 112 x 112 chip (the template of ArcFace, Deng et al. 2019).
pub const ARCFACE_112: [Point; 5] = [
    Point { x: 38.2946, y: 51.6963 },
    Point { x: 73.5318, y: 51.5014 },
    Point { x: 56.0252, y: 71.7366 },
    Point { x: 41.5493, y: 92.3655 },
    Point { x: 70.7299, y: 92.2041 },
];

/// Samples a side, at most, that are averaged into one pixel of the chip.
const SAMPLES_MAX: usize = 16;

/// Scaling, rotation and shift: `x' = a x - b y + tx`, `y' = b x + a y + ty`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    a: f32,
    b: f32,
    tx: f32,
    ty: f32,
}

impl Similarity {
    /// The similarity that brings `from` nearest to `to`, without mirroring; `None` when all of `from` (or of
    /// `to`) is one place, or not finite.
    pub fn fit(from: &[Point; 5], to: &[Point; 5]) -> Option<Self> {
        let mean = |points: &[Point; 5]| {
            let sum = points.iter().fold((0.0, 0.0), |s, p| (s.0 + f64::from(p.x), s.1 + f64::from(p.y)));
            (sum.0 / 5.0, sum.1 / 5.0)
        };
        let (mf, mt) = (mean(from), mean(to));
        let (mut dot, mut cross, mut spread) = (0.0, 0.0, 0.0);
        for (f, t) in from.iter().zip(to) {
            let (fx, fy) = (f64::from(f.x) - mf.0, f64::from(f.y) - mf.1);
            let (tx, ty) = (f64::from(t.x) - mt.0, f64::from(t.y) - mt.1);
            dot += fx * tx + fy * ty;
            cross += fx * ty - fy * tx;
            spread += fx * fx + fy * fy;
        }
        let (a, b) = (dot / spread, cross / spread);
        let sound = spread > 1e-6 && a.is_finite() && b.is_finite() && a.hypot(b) > 1e-6;
        sound.then_some(Self {
            a: a as f32,
            b: b as f32,
            tx: (mt.0 - a * mf.0 + b * mf.1) as f32,
            ty: (mt.1 - b * mf.0 - a * mf.1) as f32,
        })
    }

    /// Where a place goes.
    pub fn apply(&self, p: Point) -> Point {
        Point { x: self.a * p.x - self.b * p.y + self.tx, y: self.b * p.x + self.a * p.y + self.ty }
    }

    /// How many times larger things become.
    pub fn scale(&self) -> f32 {
        self.a.hypot(self.b)
    }
}

/// The face at the place that `template` says, `side` x `side` pixels; black where the picture ends.
///
/// Bilinear; a face larger than the chip is averaged over as many samples as its pixels, so that it does
/// not alias. `None` when the landmarks are no face (all one place).
pub fn chip(picture: &Picture, landmarks: &Landmarks, template: &[Point; 5], side: usize) -> Option<Picture> {
    let back = Similarity::fit(template, &landmarks.points())?;
    // Not `ceil`: up to one and a half pixels each, plain bilinear is sharper and aliases little.
    let samples = (back.scale().round() as usize).clamp(1, SAMPLES_MAX);
    let mut rgb = Vec::with_capacity(side * side * 3);
    for y in 0..side {
        for x in 0..side {
            let mut sum = [0.0; 3];
            for sy in 0..samples {
                for sx in 0..samples {
                    let offset = |s: usize| (s as f32 + 0.5) / samples as f32 - 0.5;
                    let at = back.apply(Point { x: x as f32 + offset(sx), y: y as f32 + offset(sy) });
                    let value = bilinear(picture, at);
                    (0..3).for_each(|c| sum[c] += value[c]);
                }
            }
            let n = (samples * samples) as f32;
            rgb.extend(sum.map(|v| (v / n + 0.5) as u8));
        }
    }
    Picture::from_rgb(side as u32, side as u32, rgb).ok()
}

fn bilinear(picture: &Picture, at: Point) -> [f32; 3] {
    let (w, h) = (picture.width() as f32, picture.height() as f32);
    if !(at.x > -1.0 && at.y > -1.0 && at.x < w && at.y < h) {
        return [0.0; 3];
    }
    if at.x >= 0.0 && at.y >= 0.0 && at.x + 1.0 < w && at.y + 1.0 < h {
        // All four neighbours are there, as nearly always. Cutting off is cheaper than `floor`, and here the same.
        let (x, y) = (at.x as usize, at.y as usize);
        let (fx, fy) = (at.x - x as f32, at.y - y as f32);
        let (upper, lower) = (picture.row(y), picture.row(y + 1));
        if let (Some(upper), Some(lower)) = (upper.get(x * 3..x * 3 + 6), lower.get(x * 3..x * 3 + 6)) {
            return [0, 1, 2].map(|c| {
                let mix = |row: &[u8]| (1.0 - fx) * f32::from(row[c]) + fx * f32::from(row[c + 3]);
                (1.0 - fy) * mix(upper) + fy * mix(lower)
            });
        }
    }
    let (x0, y0) = (at.x.floor(), at.y.floor());
    let (fx, fy) = (at.x - x0, at.y - y0);
    let mut sum = [0.0; 3];
    for (dy, wy) in [(0.0, 1.0 - fy), (1.0, fy)] {
        for (dx, wx) in [(0.0, 1.0 - fx), (1.0, fx)] {
            let (x, y) = (x0 + dx, y0 + dy);
            if x >= 0.0 && y >= 0.0 && x < w && y < h {
                let i = x as usize * 3;
                let pixel = &picture.row(y as usize)[i..i + 3];
                (0..3).for_each(|c| sum[c] += wx * wy * f32::from(pixel[c]));
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_similarity_is_found_exactly() {
        let (scale, angle, tx, ty) = (2.5_f32, 0.4_f32, -13.0_f32, 40.0_f32);
        let (a, b) = (scale * angle.cos(), scale * angle.sin());
        let moved = ARCFACE_112.map(|p| Point { x: a * p.x - b * p.y + tx, y: b * p.x + a * p.y + ty });
        let found = Similarity::fit(&ARCFACE_112, &moved).unwrap();
        assert!((found.scale() - scale).abs() < 1e-4);
        for (p, q) in ARCFACE_112.iter().zip(&moved) {
            assert!(found.apply(*p).distance(*q) < 1e-3);
        }
    }

    #[test]
    fn a_noisy_fit_is_a_least_squares_minimum() {
        let mut noisy = ARCFACE_112;
        noisy[2].x += 9.0;
        noisy[4].y -= 5.0;
        let best = Similarity::fit(&ARCFACE_112, &noisy).unwrap();
        let error = |s: &Similarity| {
            let d = ARCFACE_112.iter().zip(&noisy).map(|(p, q)| s.apply(*p).distance(*q).powi(2));
            d.sum::<f32>()
        };
        let at_best = error(&best);
        for step in [-1e-2_f32, 1e-2] {
            for other in [
                Similarity { a: best.a + step, ..best },
                Similarity { b: best.b + step, ..best },
                Similarity { tx: best.tx + step * 10.0, ..best },
                Similarity { ty: best.ty + step * 10.0, ..best },
            ] {
                assert!(error(&other) > at_best);
            }
        }
    }

    #[test]
    fn points_that_are_no_face_give_no_chip() {
        let one = [Point { x: 3.0, y: 3.0 }; 5];
        assert_eq!(Similarity::fit(&one, &ARCFACE_112), None);
        assert_eq!(Similarity::fit(&ARCFACE_112, &one), None);
        let mut wild = ARCFACE_112;
        wild[0].x = f32::NAN;
        assert_eq!(Similarity::fit(&wild, &ARCFACE_112), None);
    }

    #[test]
    fn a_face_already_in_place_is_copied() {
        let rgb: Vec<u8> = (0..112 * 112 * 3).map(|i| (i * 7 % 251) as u8).collect();
        let picture = Picture::from_rgb(112, 112, rgb).unwrap();
        let [e0, e1, nose, m0, m1] = ARCFACE_112;
        let marks = Landmarks { eyes: [e0, e1], nose, mouth: [m0, m1] };
        let chip = chip(&picture, &marks, &ARCFACE_112, 112).unwrap();
        let worst = chip.rgb().iter().zip(picture.rgb()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(1), "{worst:?}");
    }
}
