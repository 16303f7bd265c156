//! AVX-512F and, for int8, VNNI: tiles of sixteen scores, one register for each.

use super::{Bytes, Floats, Signed, ahead, scalar};
use std::arch::x86_64::*;

#[target_feature(enable = "avx512f")]
pub(super) fn floats(lanes: usize, rows: &[Floats], queries: &[Floats], scores: &mut [f32]) {
    match queries.len() / lanes {
        1 => float_tiles::<16, 1>(lanes, rows, queries, scores),
        2 => float_tiles::<8, 2>(lanes, rows, queries, scores),
        4 => float_tiles::<4, 4>(lanes, rows, queries, scores),
        _ => float_tiles::<2, 8>(lanes, rows, queries, scores),
    }
}

#[target_feature(enable = "avx512f,avx512vnni")]
pub(super) fn bytes(lanes: usize, rows: &[Bytes], queries: &[Signed], scores: &mut [i32]) {
    match queries.len() / lanes {
        1 if lanes == 2 => byte_tiles::<16, 1, 2>(lanes, rows, queries, scores),
        1 => byte_tiles::<16, 1, 0>(lanes, rows, queries, scores),
        2 => byte_tiles::<8, 2, 0>(lanes, rows, queries, scores),
        4 => byte_tiles::<4, 4, 0>(lanes, rows, queries, scores),
        _ => byte_tiles::<2, 8, 0>(lanes, rows, queries, scores),
    }
}

/// `R` rows by `Q` queries are sixteen.
#[target_feature(enable = "avx512f")]
fn float_tiles<const R: usize, const Q: usize>(
    lanes: usize,
    rows: &[Floats],
    queries: &[Floats],
    scores: &mut [f32],
) {
    let (by_lane, _) = queries.as_chunks::<Q>();
    let (mut tiles, mut outs) = (rows.chunks_exact(R * lanes), scores.chunks_exact_mut(16));
    for (tile, out) in (&mut tiles).zip(&mut outs) {
        let mut sums = [_mm512_setzero_ps(); 16];
        let (sums_by_row, _) = sums.as_chunks_mut::<Q>();
        for (row, sums) in tile.chunks_exact(lanes).zip(sums_by_row) {
            for (values, queries) in row.iter().zip(by_lane) {
                ahead(values);
                let values = load(values);
                for (sum, query) in sums.iter_mut().zip(queries) {
                    *sum = _mm512_add_ps(*sum, _mm512_mul_ps(values, load(query)));
                }
            }
        }
        let folded = fold(sums, |a, b| _mm512_add_ps(a, b));
        // SAFETY: `out` is sixteen f32, which is what is written.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), folded) };
    }
    scalar::floats(lanes, tiles.remainder(), queries, outs.into_remainder());
}

/// `R` rows by `Q` queries are sixteen. `L` is `lanes` where that is worth a copy of the code, or nought.
#[target_feature(enable = "avx512f,avx512vnni")]
fn byte_tiles<const R: usize, const Q: usize, const L: usize>(
    lanes: usize,
    rows: &[Bytes],
    queries: &[Signed],
    scores: &mut [i32],
) {
    let (by_lane, _) = queries.as_chunks::<Q>();
    let lanes = if L == 0 { lanes } else { L };
    let by_lane = &by_lane[..lanes];
    // Rows are multiplied as they are kept, 128 too large: what comes of that depends on the query alone.
    let mut excess = [0_i32; 16];
    for (at, excess) in excess.iter_mut().enumerate() {
        let values = by_lane.iter().flat_map(|lane| lane[at % Q].0).map(i32::from);
        *excess = values.sum::<i32>() * i32::from(Bytes::NOUGHT);
    }
    // SAFETY: `excess` is sixteen i32, which is what is read.
    let excess = unsafe { _mm512_loadu_si512(excess.as_ptr().cast()) };
    let (mut tiles, mut outs) = (rows.chunks_exact(R * lanes), scores.chunks_exact_mut(16));
    for (tile, out) in (&mut tiles).zip(&mut outs) {
        let mut sums = [_mm512_setzero_si512(); 16];
        let (sums_by_row, _) = sums.as_chunks_mut::<Q>();
        for (row, sums) in tile.chunks_exact(lanes).zip(sums_by_row) {
            for (values, queries) in row.iter().zip(by_lane) {
                ahead(values);
                let values = load_bytes(values);
                for (sum, query) in sums.iter_mut().zip(queries) {
                    *sum = _mm512_dpbusd_epi32(*sum, values, load_signed(query));
                }
            }
        }
        let mut bits = [_mm512_setzero_ps(); 16];
        for (bits, sum) in bits.iter_mut().zip(sums) {
            *bits = _mm512_castsi512_ps(sum);
        }
        let folded = fold(bits, |a, b| {
            _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)))
        });
        let folded = _mm512_sub_epi32(_mm512_castps_si512(folded), excess);
        // SAFETY: `out` is sixteen i32, which is what is written.
        unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), folded) };
    }
    scalar::bytes(lanes, tiles.remainder(), queries, outs.into_remainder());
}

/// The sum of each register's sixteen values, in order. Each adds 8 apart first, then 4, 2, 1, as `dot` does.
#[target_feature(enable = "avx512f")]
#[inline]
fn fold(sums: [__m512; 16], add: impl Fn(__m512, __m512) -> __m512) -> __m512 {
    // Halves, of two registers: a b.
    let by_8 =
        |a, b| add(_mm512_shuffle_f32x4::<0b01_00_01_00>(a, b), _mm512_shuffle_f32x4::<0b11_10_11_10>(a, b));
    // Quarters, of four: a b c d.
    let by_4 =
        |a, b| add(_mm512_shuffle_f32x4::<0b10_00_10_00>(a, b), _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b));
    // Within each quarter.
    let by_2 = |a, b| add(_mm512_shuffle_ps::<0b01_00_01_00>(a, b), _mm512_shuffle_ps::<0b11_10_11_10>(a, b));
    let by_1 = |a, b| add(_mm512_shuffle_ps::<0b10_00_10_00>(a, b), _mm512_shuffle_ps::<0b11_01_11_01>(a, b));
    // Quarter n of this holds what is left of the scores n*4+from.
    let four = |from: usize| by_4(by_8(sums[from], sums[from + 4]), by_8(sums[from + 8], sums[from + 12]));
    by_1(by_2(four(0), four(1)), by_2(four(2), four(3)))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load(lane: &Floats) -> __m512 {
    // SAFETY: a lane is sixteen f32, which is what is read, aligned to 64 bytes.
    unsafe { _mm512_load_ps(lane.0.as_ptr()) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load_bytes(lane: &Bytes) -> __m512i {
    // SAFETY: a lane is 64 bytes, which is what is read, aligned to 64.
    unsafe { _mm512_load_si512(lane.0.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn load_signed(lane: &Signed) -> __m512i {
    // SAFETY: a lane is 64 bytes, which is what is read, aligned to 64.
    unsafe { _mm512_load_si512(lane.0.as_ptr().cast()) }
}
