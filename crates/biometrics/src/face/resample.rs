//! Makes a picture smaller by area averaging: every source pixel counts by how much of it is covered.

use crate::face::picture::Picture;
use zeroize::Zeroizing;

/// The picture at `width` x `height`, each at most the picture's own: interleaved RGB, 0 to 255.
pub(crate) fn shrink(picture: &Picture, width: usize, height: usize) -> Zeroizing<Vec<f32>> {
    let (from_w, from_h) = (picture.width() as usize, picture.height() as usize);
    if (width, height) == (from_w, from_h) {
        return Zeroizing::new(picture.rgb().iter().map(|&v| f32::from(v)).collect());
    }
    let columns = shares(from_w, width);
    let rows = shares(from_h, height);
    let mut out = Zeroizing::new(vec![0.0; width * height * 3]);
    let mut line = Zeroizing::new(vec![0.0; width * 3]);
    for (y, shares_of_row) in rows.iter().enumerate() {
        line.fill(0.0);
        for (pixel, share) in picture.row(y).chunks_exact(3).zip(&columns) {
            for (to, weight) in share.parts() {
                for c in 0..3 {
                    line[to * 3 + c] += weight * f32::from(pixel[c]);
                }
            }
        }
        for (to, weight) in shares_of_row.parts() {
            let row = &mut out[to * width * 3..(to + 1) * width * 3];
            for (sum, value) in row.iter_mut().zip(line.iter()) {
                *sum += weight * value;
            }
        }
    }
    out
}

/// Which target pixels a source pixel falls on, and with what weight. Shrinking, at most two.
struct Share {
    first: usize,
    weight: f32,
    next_weight: f32,
}

impl Share {
    fn parts(&self) -> impl Iterator<Item = (usize, f32)> {
        let next = (self.next_weight > 0.0).then_some((self.first + 1, self.next_weight));
        std::iter::once((self.first, self.weight)).chain(next)
    }
}

fn shares(from: usize, to: usize) -> Vec<Share> {
    let ratio = to as f64 / from as f64;
    (0..from)
        .map(|i| {
            let (start, end) = (i as f64 * ratio, (i + 1) as f64 * ratio);
            let first = (start as usize).min(to - 1);
            let boundary = (first + 1) as f64;
            let over = if first + 1 < to { (end - boundary).max(0.0) } else { 0.0 };
            Share { first, weight: (end - start - over) as f32, next_weight: over as f32 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_keeps_the_mean_and_a_flat_picture_flat() {
        let grey = Picture::from_rgb(7, 5, vec![90; 105]).unwrap();
        assert!(shrink(&grey, 3, 2).iter().all(|v| (v - 90.0).abs() < 1e-3));
        let ramp: Vec<u8> = (0..7 * 5).flat_map(|i| [i as u8, 2 * i as u8, 3 * i as u8]).collect();
        let mean = |v: &[f32]| v.iter().step_by(3).sum::<f32>() / (v.len() / 3) as f32;
        let small = shrink(&Picture::from_rgb(7, 5, ramp).unwrap(), 3, 2);
        assert!((mean(&small) - 17.0).abs() < 1e-3, "{}", mean(&small));
    }
}
