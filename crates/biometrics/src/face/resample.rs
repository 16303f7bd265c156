//! Brings a picture to another size: smaller by area averaging, where every source pixel counts by how much of it is
//! covered, larger by bilinear interpolation.

use crate::face::picture::Picture;
use zeroize::Zeroizing;

/// The picture at `width` x `height`, each larger than the picture's own or both smaller: interleaved RGB, 0 to 255.
pub(crate) fn resize(picture: &Picture, width: usize, height: usize) -> Zeroizing<Vec<f32>> {
    let (from_w, from_h) = (picture.width() as usize, picture.height() as usize);
    if width <= from_w && height <= from_h {
        return shrink(picture, width, height);
    }
    let columns: Vec<(usize, usize, f32)> = (0..width).map(|x| neighbours(x, width, from_w)).collect();
    let mut out = Zeroizing::new(Vec::with_capacity(width * height * 3));
    // The last two source rows, widened: those with an even number in the first, odd ones in the second.
    let mut wide = [0; 2].map(|_| Zeroizing::new(vec![0.0; width * 3]));
    let mut held = [usize::MAX; 2];
    for y in 0..height {
        let (above, below, down) = neighbours(y, height, from_h);
        for source in [above, below] {
            if held[source % 2] != source {
                widen(picture.row(source), &columns, &mut wide[source % 2]);
                held[source % 2] = source;
            }
        }
        let (upper, lower) = (&wide[above % 2], &wide[below % 2]);
        out.extend(upper.iter().zip(lower.iter()).map(|(a, b)| a + (b - a) * down));
    }
    out
}

/// One row, with as many pixels as there are `columns`.
fn widen(row: &[u8], columns: &[(usize, usize, f32)], out: &mut [f32]) {
    for ((left, right, along), out) in columns.iter().zip(out.as_chunks_mut::<3>().0) {
        let (a, b) = (&row[left * 3..left * 3 + 3], &row[right * 3..right * 3 + 3]);
        for c in 0..3 {
            let (a, b) = (f32::from(a[c]), f32::from(b[c]));
            out[c] = a + (b - a) * along;
        }
    }
}

/// The two source pixels that a target pixel lies between, and how near it is to the second.
fn neighbours(at: usize, to: usize, from: usize) -> (usize, usize, f32) {
    let place = ((at as f64 + 0.5) * from as f64 / to as f64 - 0.5).clamp(0.0, (from - 1) as f64);
    let first = place as usize;
    (first, (first + 1).min(from - 1), (place - first as f64) as f32)
}

/// The picture at `width` x `height`, each at most the picture's own: interleaved RGB, 0 to 255.
pub(crate) fn shrink(picture: &Picture, width: usize, height: usize) -> Zeroizing<Vec<f32>> {
    let (from_w, from_h) = (picture.width() as usize, picture.height() as usize);
    if (width, height) == (from_w, from_h) {
        return Zeroizing::new(picture.rgb().iter().map(|&v| f32::from(v)).collect());
    }
    let columns = gathered(&shares(from_w, width), width);
    let rows = shares(from_h, height);
    let mut out = Zeroizing::new(vec![0.0; width * height * 3]);
    // Rows are summed first, whole and side by side, then columns, for which only the target's rows are left.
    let mut sum = Zeroizing::new(vec![0.0; from_w * 3]);
    let mut next = Zeroizing::new(vec![0.0; from_w * 3]);
    for (y, share) in rows.iter().enumerate() {
        let row = picture.row(y);
        add(&mut sum, row, share.weight);
        if share.next_weight > 0.0 {
            add(&mut next, row, share.next_weight);
        }
        if rows.get(y + 1).is_none_or(|after| after.first != share.first) {
            narrow(&sum, &columns, &mut out[share.first * width * 3..(share.first + 1) * width * 3]);
            std::mem::swap(&mut sum, &mut next);
            next.fill(0.0);
        }
    }
    out
}

fn add(sum: &mut [f32], row: &[u8], weight: f32) {
    for (sum, &value) in sum.iter_mut().zip(row) {
        *sum += weight * f32::from(value);
    }
}

/// For each target column the first source column that falls on it, and the weights from there on.
fn gathered(shares: &[Share], to: usize) -> Vec<(usize, Vec<f32>)> {
    let mut columns = vec![(usize::MAX, Vec::new()); to];
    for (source, share) in shares.iter().enumerate() {
        for (column, weight) in share.parts() {
            let (first, weights) = &mut columns[column];
            *first = source.min(*first);
            weights.push(weight);
        }
    }
    columns
}

fn narrow(row: &[f32], columns: &[(usize, Vec<f32>)], out: &mut [f32]) {
    let pixels = row.as_chunks::<3>().0;
    for ((first, weights), out) in columns.iter().zip(out.as_chunks_mut::<3>().0) {
        for (weight, pixel) in weights.iter().zip(pixels.get(*first..).unwrap_or_default()) {
            for c in 0..3 {
                out[c] += weight * pixel[c];
            }
        }
    }
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
    fn enlarging_interpolates_between_pixel_centres() {
        let two = Picture::from_rgb(2, 1, vec![0, 0, 0, 100, 100, 100]).unwrap();
        let wide: Vec<f32> = resize(&two, 4, 2).iter().copied().step_by(3).collect();
        assert_eq!(wide, [0.0, 25.0, 75.0, 100.0, 0.0, 25.0, 75.0, 100.0]);
    }

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
