//! The innermost loop: the scores of rows against a few queries, in the code that suits the processor best.
//!
//! Every kernel gives bit for bit what the scalar one gives: products and sums of f32 are rounded one by one and in
//! one order everywhere (no fused multiply-add), those of int8 are exact. So the same templates have the same score
//! on every machine, and another machine can check a score later.
#![allow(unsafe_code, reason = "code for a processor's extensions is called after looking for them")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod scalar;
#[cfg(test)]
mod tests;

use zeroize::DefaultIsZeroes;

/// Most queries in one pass; a pass takes 1, 2, 4 or 8.
pub const QUERIES_MAX: usize = 8;

/// Sixteen values. Rows and queries are whole lanes, padded with noughts; a lane is a cache line.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(super) struct Floats(pub(super) [f32; 16]);

/// Sixty-four values of a row from -127 to 127, each kept as itself plus [`Self::NOUGHT`].
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Bytes(pub(super) [u8; 64]);

/// Sixty-four values of a query from -127 to 127.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Signed(pub(super) [i8; 64]);

impl Floats {
    /// How many.
    pub(super) const VALUES: usize = 16;
}

impl Bytes {
    /// How many.
    pub(super) const VALUES: usize = 64;
    /// The value nought.
    pub(super) const NOUGHT: u8 = 128;
}

impl Signed {
    /// How many.
    pub(super) const VALUES: usize = 64;
}

impl Default for Bytes {
    fn default() -> Self {
        Self([Self::NOUGHT; 64])
    }
}

impl Default for Signed {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl DefaultIsZeroes for Floats {}
impl DefaultIsZeroes for Bytes {}
impl DefaultIsZeroes for Signed {}

/// Code that this machine can run: only [`Self::available`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Family);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Default for Kernel {
    /// The fastest.
    fn default() -> Self {
        Self::available().last().copied().unwrap_or(Self(Family::Scalar))
    }
}

impl Kernel {
    /// What this machine can run, the scalar kernel first, the fastest last.
    pub fn available() -> Vec<Self> {
        #[cfg_attr(
            not(target_arch = "x86_64"),
            allow(unused_mut, reason = "other processors have one kernel")
        )]
        let mut found = vec![Self(Family::Scalar)];
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx2") {
                found.push(Self(Family::Avx2));
            }
            if std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vnni") {
                found.push(Self(Family::Avx512));
            }
        }
        found
    }

    /// The kernel of this name; `None` when this machine cannot run it.
    pub fn named(name: &str) -> Option<Self> {
        Self::available().into_iter().find(|kernel| kernel.name() == name)
    }

    /// `scalar`, `avx2` or `avx512` (with VNNI).
    pub fn name(self) -> &'static str {
        match self.0 {
            Family::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Family::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Family::Avx512 => "avx512",
        }
    }

    /// Sums of products, row by row: `scores[row * width + query]`. A row is `lanes` long; 1, 2, 4 or 8 queries
    /// (the width) lie lane by lane: `queries[lane * width + query]`.
    pub(super) fn floats(self, lanes: usize, rows: &[Floats], queries: &[Floats], scores: &mut [f32]) {
        check(lanes, rows.len(), queries.len(), scores.len());
        match self.0 {
            Family::Scalar => scalar::floats(lanes, rows, queries, scores),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX2: `available` looked.
            Family::Avx2 => unsafe { avx2::floats(lanes, rows, queries, scores) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX-512F: `available` looked.
            Family::Avx512 => unsafe { avx512::floats(lanes, rows, queries, scores) },
        }
    }

    /// As [`Self::floats`], of int8.
    pub(super) fn bytes(self, lanes: usize, rows: &[Bytes], queries: &[Signed], scores: &mut [i32]) {
        check(lanes, rows.len(), queries.len(), scores.len());
        match self.0 {
            Family::Scalar => scalar::bytes(lanes, rows, queries, scores),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX2: `available` looked.
            Family::Avx2 => unsafe { avx2::bytes(lanes, rows, queries, scores) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX-512F and AVX-512 VNNI: `available` looked.
            Family::Avx512 => unsafe { avx512::bytes(lanes, rows, queries, scores) },
        }
    }
}

/// The kernels index by these; wrong ones are a fault of ours.
fn check(lanes: usize, rows: usize, queries: usize, scores: usize) {
    assert!(
        lanes > 0 && rows.is_multiple_of(lanes) && queries.is_multiple_of(lanes),
        "whole rows and queries"
    );
    assert!(matches!(queries / lanes, 1 | 2 | 4 | QUERIES_MAX), "1, 2, 4 or 8 queries");
    assert_eq!(scores, rows / lanes * (queries / lanes), "a score for each row and query");
}

/// Asks for the row that comes this much later: by itself the processor does not look beyond a page of memory.
#[cfg(target_arch = "x86_64")]
#[inline]
fn ahead<T>(lane: &T) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    const AHEAD_BYTES: usize = 1024;
    let later = std::ptr::from_ref(lane).wrapping_byte_add(AHEAD_BYTES);
    // SAFETY: a hint, which reads nothing and faults nowhere; every x86-64 processor has it.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(later.cast()) };
}
