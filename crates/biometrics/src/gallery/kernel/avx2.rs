//! AVX2: tiles of four scores, two registers for each.

use super::{Bytes, Floats, Signed, ahead, scalar};
use std::arch::x86_64::*;

#[target_feature(enable = "avx2")]
pub(super) fn floats(lanes: usize, rows: &[Floats], queries: &[Floats], scores: &mut [f32]) {
    match queries.len() / lanes {
        1 => float_tiles::<4, 1>(lanes, rows, queries, scores),
        2 => float_tiles::<2, 2>(lanes, rows, queries, scores),
        4 => float_tiles::<1, 4>(lanes, rows, queries, scores),
        _ => float_tiles::<1, 8>(lanes, rows, queries, scores),
    }
}

#[target_feature(enable = "avx2")]
pub(super) fn bytes(lanes: usize, rows: &[Bytes], queries: &[Signed], scores: &mut [i32]) {
    match queries.len() / lanes {
        1 => byte_tiles::<4, 1>(lanes, rows, queries, scores),
        2 => byte_tiles::<2, 2>(lanes, rows, queries, scores),
        4 => byte_tiles::<1, 4>(lanes, rows, queries, scores),
        _ => byte_tiles::<1, 8>(lanes, rows, queries, scores),
    }
}

/// `R` rows by `Q` queries, four at a time, so that the sums stay in registers.
#[target_feature(enable = "avx2")]
fn float_tiles<const R: usize, const Q: usize>(
    lanes: usize,
    rows: &[Floats],
    queries: &[Floats],
    scores: &mut [f32],
) {
    let (by_lane, _) = queries.as_chunks::<Q>();
    let (mut tiles, mut outs) = (rows.chunks_exact(R * lanes), scores.chunks_exact_mut(R * Q));
    for (tile, out) in (&mut tiles).zip(&mut outs) {
        for (part, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let mut sums = [[_mm256_setzero_ps(); 2]; 4];
            for (row, sums) in tile.chunks_exact(lanes).zip(sums.chunks_exact_mut(Q.min(4))) {
                for (values, queries) in row.iter().zip(by_lane) {
                    ahead(values);
                    let values = load(values);
                    for (sum, query) in sums.iter_mut().zip(&queries[part * 4..]) {
                        let query = load(query);
                        sum[0] = _mm256_add_ps(sum[0], _mm256_mul_ps(values[0], query[0]));
                        sum[1] = _mm256_add_ps(sum[1], _mm256_mul_ps(values[1], query[1]));
                    }
                }
            }
            let mut halves = [_mm256_setzero_ps(); 4];
            for (half, sum) in halves.iter_mut().zip(sums) {
                *half = _mm256_add_ps(sum[0], sum[1]);
            }
            let folded = fold(halves, |a, b| _mm_add_ps(a, b));
            // SAFETY: `out` is four f32, which is what is written.
            unsafe { _mm_storeu_ps(out.as_mut_ptr(), folded) };
        }
    }
    scalar::floats(lanes, tiles.remainder(), queries, outs.into_remainder());
}

/// `R` rows by `Q` queries, four at a time, so that the sums stay in registers.
#[target_feature(enable = "avx2")]
fn byte_tiles<const R: usize, const Q: usize>(
    lanes: usize,
    rows: &[Bytes],
    queries: &[Signed],
    scores: &mut [i32],
) {
    let (by_lane, _) = queries.as_chunks::<Q>();
    let nought = _mm256_set1_epi8(Bytes::NOUGHT.cast_signed());
    let ones = _mm256_set1_epi16(1);
    let (mut tiles, mut outs) = (rows.chunks_exact(R * lanes), scores.chunks_exact_mut(R * Q));
    for (tile, out) in (&mut tiles).zip(&mut outs) {
        for (part, out) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let mut sums = [_mm256_setzero_si256(); 4];
            for (row, sums) in tile.chunks_exact(lanes).zip(sums.chunks_exact_mut(Q.min(4))) {
                for (values, queries) in row.iter().zip(by_lane) {
                    ahead(values);
                    let values = load_bytes(values);
                    let values = [_mm256_xor_si256(values[0], nought), _mm256_xor_si256(values[1], nought)];
                    for (sum, query) in sums.iter_mut().zip(&queries[part * 4..]) {
                        let query = load_signed(query);
                        for half in 0..2 {
                            // |row| by the query under the row's sign: pairs are at most 2 * 127 * 127 < 2^15.
                            let query = _mm256_sign_epi8(query[half], values[half]);
                            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(values[half]), query);
                            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
                        }
                    }
                }
            }
            let mut bits = [_mm256_setzero_ps(); 4];
            for (bits, sum) in bits.iter_mut().zip(sums) {
                *bits = _mm256_castsi256_ps(sum);
            }
            let folded =
                fold(bits, |a, b| _mm_castsi128_ps(_mm_add_epi32(_mm_castps_si128(a), _mm_castps_si128(b))));
            // SAFETY: `out` is four i32, which is what is written.
            unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), _mm_castps_si128(folded)) };
        }
    }
    scalar::bytes(lanes, tiles.remainder(), queries, outs.into_remainder());
}

/// The sum of each register's eight values, in order. Each adds 4 apart first, then 2, 1, as `dot` does.
#[target_feature(enable = "avx2")]
#[inline]
fn fold(sums: [__m256; 4], add: impl Fn(__m128, __m128) -> __m128) -> __m128 {
    let by_4 = |sum| add(_mm256_castps256_ps128(sum), _mm256_extractf128_ps::<1>(sum));
    let by_2 = |a, b| add(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
    let (ab, cd) = (by_2(by_4(sums[0]), by_4(sums[1])), by_2(by_4(sums[2]), by_4(sums[3])));
    add(_mm_shuffle_ps::<0b10_00_10_00>(ab, cd), _mm_shuffle_ps::<0b11_01_11_01>(ab, cd))
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(lane: &Floats) -> [__m256; 2] {
    let (low, high) = lane.0.split_at(8);
    // SAFETY: each half of a lane is eight f32, which is what is read, aligned to 32 bytes.
    unsafe { [_mm256_load_ps(low.as_ptr()), _mm256_load_ps(high.as_ptr())] }
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_bytes(lane: &Bytes) -> [__m256i; 2] {
    let (low, high) = lane.0.split_at(32);
    // SAFETY: each half of a lane is 32 bytes, which is what is read, aligned to 32.
    unsafe { [_mm256_load_si256(low.as_ptr().cast()), _mm256_load_si256(high.as_ptr().cast())] }
}

#[target_feature(enable = "avx2")]
#[inline]
fn load_signed(lane: &Signed) -> [__m256i; 2] {
    let (low, high) = lane.0.split_at(32);
    // SAFETY: each half of a lane is 32 bytes, which is what is read, aligned to 32.
    unsafe { [_mm256_load_si256(low.as_ptr().cast()), _mm256_load_si256(high.as_ptr().cast())] }
}
