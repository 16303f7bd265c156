use super::*;
use crate::face::template::dot;
use proptest::prelude::*;

/// Lanes, rows, the exponent of the number of queries.
fn shape() -> impl Strategy<Value = (usize, usize, usize)> {
    (1_usize..10, 0_usize..40, 0_u32..4).prop_map(|(lanes, rows, width)| (lanes, rows, 1 << width))
}

fn others() -> Vec<Kernel> {
    Kernel::available().split_off(1)
}

/// Values that look random, the same for the same seed.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    }
}

fn floats(count: usize, seed: u64) -> Vec<Floats> {
    let mut next = noise(seed);
    let mut value = || (next() % 2_000_001) as f32 / 1_000_000.0 - 1.0;
    (0..count).map(|_| Floats(std::array::from_fn(|_| value()))).collect()
}

proptest! {
    #[test]
    fn every_kernel_gives_the_scalar_kernels_floats_bit_for_bit(
        (lanes, rows, width) in shape(), seed in any::<u64>()
    ) {
        let (rows, queries) = (floats(rows * lanes, seed), floats(width * lanes, !seed));
        let mut plain = vec![f32::NAN; rows.len() / lanes * width];
        scalar::floats(lanes, &rows, &queries, &mut plain);
        for kernel in others() {
            let mut scores = vec![f32::NAN; plain.len()];
            kernel.floats(lanes, &rows, &queries, &mut scores);
            let bits = |scores: &[f32]| scores.iter().map(|s| s.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&scores), bits(&plain), "{}", kernel.name());
        }
    }

    #[test]
    fn every_kernel_gives_the_scalar_kernels_bytes(
        (lanes, rows, width) in shape(), seed in any::<u64>(), extreme in any::<bool>()
    ) {
        let mut next = noise(seed);
        // Also nothing but the largest values, where a sum of 16 bits would not hold.
        let mut value = || if extreme { [-127, 127][next() as usize % 2] } else { (next() % 255) as i32 - 127 };
        let rows: Vec<Bytes> =
            (0..rows * lanes).map(|_| Bytes(std::array::from_fn(|_| (value() + 128) as u8))).collect();
        let queries: Vec<Signed> =
            (0..width * lanes).map(|_| Signed(std::array::from_fn(|_| value() as i8))).collect();
        let mut plain = vec![i32::MIN; rows.len() / lanes * width];
        scalar::bytes(lanes, &rows, &queries, &mut plain);
        for kernel in others() {
            let mut scores = vec![i32::MIN; plain.len()];
            kernel.bytes(lanes, &rows, &queries, &mut scores);
            prop_assert_eq!(&scores, &plain, "{}", kernel.name());
        }
    }

    #[test]
    fn a_score_by_the_scalar_kernel_is_the_similarity_of_two_templates(seed in any::<u64>()) {
        let (row, query) = (floats(8, seed), floats(8, !seed));
        let flat = |lanes: &[Floats]| lanes.iter().flat_map(|lane| lane.0).collect::<Vec<_>>();
        let mut score = [0.0];
        scalar::floats(8, &row, &query, &mut score);
        prop_assert_eq!(score[0].to_bits(), dot(&flat(&row), &flat(&query)).to_bits());
    }
}

#[test]
fn this_machines_kernels_are_known_by_their_names() {
    let names: Vec<_> = Kernel::available().iter().map(|kernel| kernel.name()).collect();
    assert_eq!(names[0], "scalar");
    assert_eq!(Kernel::default().name(), *names.last().unwrap());
    for name in names {
        assert_eq!(Kernel::named(name).map(Kernel::name), Some(name));
    }
    assert_eq!(Kernel::named("abacus"), None);
    eprintln!(
        "kernels held to the scalar one here: {:?}",
        others().iter().map(|k| k.name()).collect::<Vec<_>>()
    );
}
