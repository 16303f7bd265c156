use super::*;
use crate::face::template::similarity;
use proptest::prelude::*;

const OPENS: &str = "2026-11-23T08:00:00Z";
const EXPIRES: &str = "2026-11-23T14:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-11-23T12:00:00Z")
}

fn window() -> Window {
    Window { opens: at(OPENS), expires: at(EXPIRES) }
}

fn pack() -> PackId {
    PackId("test@1".into())
}

fn voyage(n: u8) -> VoyageId {
    VoyageId::from_bytes([n; 16])
}

fn person(n: u32) -> PassengerId {
    PassengerId::from_bytes(u128::from(n).to_be_bytes())
}

/// Values that look random and are the same every time.
fn template(seed: u32) -> Template {
    let mut state = seed.wrapping_mul(2_654_435_769) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 - 0.5
    };
    Template::new(pack(), &std::array::from_fn::<f32, 130, _>(|_| next())).unwrap()
}

fn gallery(people: u32, each: u32) -> Gallery {
    let mut gallery = Gallery::new(voyage(1), window(), pack());
    for who in 0..people {
        for reference in 0..each {
            gallery.insert(person(who), &template(who * 100 + reference)).unwrap();
        }
    }
    gallery
}

fn found(gallery: &Gallery, probe: &Template, most: usize) -> Vec<(PassengerId, Score)> {
    gallery.search(probe, noon(), most).unwrap()
}

#[test]
fn a_person_is_found_by_any_of_their_references_and_named_once() {
    let gallery = gallery(50, 3);
    assert_eq!((gallery.people(), gallery.templates()), (50, 150));
    for reference in 0..3 {
        let best = found(&gallery, &template(700 + reference), 5);
        assert_eq!(best[0].0, person(7));
        assert!(best[0].1.0 > 0.4, "a third of the mean: {:?}", best[0].1);
        assert_eq!(best.len(), 5);
        assert!(best[1..].iter().all(|(who, _)| *who != person(7)));
        assert!(best.windows(2).all(|pair| pair[0].1 >= pair[1].1));
    }
}

#[test]
fn the_search_gives_what_comparing_one_by_one_gives() {
    let gallery = gallery(40, 2);
    let probe = template(99_999);
    let mut expected: Vec<(PassengerId, f32)> = (0..40)
        .map(|who| {
            let references = [template(who * 100), template(who * 100 + 1)];
            let fused = Template::mean(&[&references[0], &references[1]]).unwrap();
            (person(who), similarity(&probe, &fused).unwrap().0)
        })
        .collect();
    expected.sort_by(|a, b| b.1.total_cmp(&a.1));
    for ((who, score), (other, exact)) in found(&gallery, &probe, 10).into_iter().zip(expected) {
        assert_eq!(who, other);
        assert!((score.0 - exact).abs() < 1e-6);
    }
}

#[test]
fn nobody_is_found_outside_the_window() {
    let gallery = gallery(2, 1);
    let search = |now: &str| gallery.search(&template(0), at(now), 1);
    assert!(search(OPENS).is_ok());
    assert_eq!(search("2026-11-23T07:59:59Z"), Err(GalleryError::NotOpen { opens: at(OPENS) }));
    assert_eq!(search(EXPIRES), Err(GalleryError::Expired { expired: at(EXPIRES) }));
}

#[test]
fn an_empty_gallery_finds_nobody() {
    let empty = Gallery::new(voyage(1), window(), pack());
    assert_eq!(found(&empty, &template(1), 3), []);
}

#[test]
fn templates_of_another_pack_are_refused_in_and_at_the_search() {
    let mut gallery = gallery(2, 1);
    let other = Template::new(PackId("other@1".into()), &[1.0; 130]).unwrap();
    let short = Template::new(pack(), &[1.0; 64]).unwrap();
    for wrong in [&other, &short] {
        assert!(matches!(gallery.insert(person(9), wrong), Err(GalleryError::Pack(_))));
        assert!(matches!(gallery.search(wrong, noon(), 1), Err(GalleryError::Pack(_))));
    }
    assert!(gallery.replace(person(1), &[template(5), other]).is_err());
    assert_eq!(found(&gallery, &template(100), 1)[0].0, person(1), "a failed replacement changes nothing");
}

#[test]
fn a_member_can_be_replaced_and_taken_out() {
    let mut gallery = gallery(10, 3);
    gallery.replace(person(4), &[template(5000), template(5001)]).unwrap();
    assert_eq!(gallery.templates_of(person(4)), Some(2));
    assert_eq!(found(&gallery, &template(5001), 1)[0].0, person(4));
    assert!(found(&gallery, &template(400), 1)[0].1.0 < 0.9);

    assert!(gallery.remove(person(4)));
    assert!(!gallery.remove(person(4)));
    assert_eq!((gallery.people(), gallery.templates()), (9, 27));
    assert!(found(&gallery, &template(5001), 10).iter().all(|(who, _)| *who != person(4)));
    for other in [0, 3, 5, 9] {
        assert_eq!(found(&gallery, &template(other * 100 + 1), 1)[0].0, person(other));
    }
}

#[test]
fn a_gallery_that_lost_everyone_takes_new_members() {
    let mut gallery = gallery(1, 1);
    gallery.remove(person(0));
    gallery.insert(person(1), &template(1)).unwrap();
    assert_eq!(found(&gallery, &template(1), 1)[0].0, person(1));
}

#[test]
fn from_a_hundred_people_on_scores_are_about_what_all_members_share() {
    // Everyone here shares a direction, as one nation's faces may.
    let shared = |seed: u32| {
        let own = template(seed);
        let values: Vec<f32> = own.values().iter().map(|value| value + 0.3).collect();
        Template::new(pack(), &values).unwrap()
    };
    let of = |people: u32| {
        let mut gallery = Gallery::new(voyage(1), window(), pack());
        (0..people).for_each(|n| gallery.insert(person(n), &shared(n)).unwrap());
        found(&gallery, &shared(5), 2)
    };
    let (raw, normalised) = (of(99), of(100));
    assert_eq!((raw[0].0, normalised[0].0), (person(5), person(5)));
    assert!((raw[0].1.0 - 1.0).abs() < 1e-5 && (normalised[0].1.0 - 1.0).abs() < 1e-5);
    assert!(normalised[1].1.0 < raw[1].1.0 - 0.2, "{:?} {:?}", normalised[1].1, raw[1].1);
}

#[test]
fn a_person_of_several_references_is_one_row_of_their_mean() {
    let (a, b) = (template(1), template(2));
    let mut gallery = Gallery::new(voyage(1), window(), pack());
    gallery.insert(person(1), &a).unwrap();
    gallery.insert(person(1), &b).unwrap();
    let mean = Template::mean(&[&a, &b]).unwrap();
    let best = found(&gallery, &mean, 10);
    assert_eq!(best.len(), 1);
    assert!((best[0].1.0 - 1.0).abs() < 1e-5, "{:?}", best[0].1);
}

#[test]
fn a_sealed_gallery_opens_with_its_key_for_its_voyage_and_finds_the_same() {
    let before = gallery(20, 2);
    let sealed = before.seal(&[7; KEY_BYTES], &[9; NONCE_BYTES]);
    let after = Gallery::open(&sealed, voyage(1), &[7; KEY_BYTES]).ok().unwrap();
    assert_eq!((after.people(), after.templates(), after.window()), (20, 40, window()));
    let probe = template(12_345);
    let (old, new) = (found(&before, &probe, 10), found(&after, &probe, 10));
    assert!(old.iter().zip(&new).all(|(a, b)| a.0 == b.0 && (a.1.0 - b.1.0).abs() < 1e-6));
}

#[test]
fn a_sealed_gallery_opens_for_no_other_key_voyage_or_byte() {
    let sealed = gallery(2, 1).seal(&[7; KEY_BYTES], &[9; NONCE_BYTES]);
    let open = |bytes: &[u8], owner, key| Gallery::open(bytes, voyage(owner), &[key; KEY_BYTES]).err();
    assert_eq!(open(&sealed, 1, 8), Some(SealError::Authentication));
    assert_eq!(open(&sealed, 2, 7), Some(SealError::Authentication));
    assert_eq!(open(&sealed[..20], 1, 7), Some(SealError::Layout));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(open(&changed, 1, 7).is_some(), "byte {at}");
    }
}

#[test]
fn what_is_sealed_shows_no_template() {
    let gallery = gallery(1, 1);
    let sealed = gallery.seal(&[7; KEY_BYTES], &[9; NONCE_BYTES]);
    let plain: Vec<u8> = template(0).values().iter().flat_map(|v| v.to_le_bytes()).collect();
    let shown = |bytes: &[u8]| plain.chunks_exact(8).any(|part| bytes.windows(8).any(|w| w == part));
    assert!(!shown(&sealed));
    assert!(shown(&[b"before".as_slice(), &plain].concat()), "the search itself finds");
}

#[test]
fn candidates_carry_threshold_rates_and_pack() {
    use crate::pack::calibration::{Measured, MeasuredCurve};
    let points = [(1e-2, 0.2), (1e-4, 0.4), (1e-6, 0.6)]
        .map(|(fmr, score)| crate::pack::Point { fmr: Rate::new(fmr).unwrap(), score: Score(score) });
    let curve = |score| MeasuredCurve {
        score,
        frames: 1,
        references: 1,
        attempts: 1,
        comparisons: 1 << 40,
        points: points.to_vec(),
    };
    let curves =
        [ScoreType::Raw, ScoreType::Normalised].map(|score| curve(score).try_into().unwrap()).to_vec();
    let (data, caveats) = (String::new(), String::new());
    let calibration: Calibration =
        Measured { data, caveats, people: 100, pictures: 100, curves }.try_into().unwrap();
    let wanted = Wanted { fpir: Rate::new(1e-3).unwrap(), frames: 1, attempts: 1 };
    let of = |people| gallery(people, 1).candidates(&template(300), noon(), &calibration, wanted).unwrap();
    let (small, large) = (of(10), of(100));
    assert!(small.threshold < large.threshold, "more people need a higher threshold");
    assert_eq!((large.gallery_people, &large.pack), (100, &pack()));
    assert!((large.tie_margin - 0.1).abs() < 1e-6, "a decade of false matches");
    assert_eq!(large.best.len(), CANDIDATES_MAX);
    assert_eq!(large.best[0].passenger, person(3));
    assert!(large.best[0].false_match_rate < large.best[1].false_match_rate);
    assert_eq!(large.found().map(|c| c.candidate.passenger), Some(person(3)));
}

proptest! {
    #[test]
    fn whatever_came_and_went_everyone_in_it_is_found_under_their_own_name(
        steps in proptest::collection::vec((0_u32..12, 0_u32..4), 1..60)
    ) {
        // A step puts this many references in the place of a person's; none takes the person out.
        let mut gallery = gallery(3, 1);
        let mut expected: std::collections::BTreeMap<u32, Vec<u32>> =
            (0..3).map(|who| (who, vec![who * 100])).collect();
        for (at, (who, references)) in steps.into_iter().enumerate() {
            let seeds: Vec<u32> = (0..references).map(|n| 1000 + at as u32 * 10 + n).collect();
            let templates: Vec<Template> = seeds.iter().map(|seed| template(*seed)).collect();
            gallery.replace(person(who), &templates).unwrap();
            expected.insert(who, seeds);
        }
        expected.retain(|_, seeds| !seeds.is_empty());
        prop_assert_eq!(gallery.people() as usize, expected.len());
        prop_assert_eq!(gallery.templates(), expected.values().map(Vec::len).sum::<usize>());
        for (who, seeds) in expected {
            prop_assert_eq!(gallery.templates_of(person(who)), Some(seeds.len() as u32));
            let references: Vec<Template> = seeds.into_iter().map(template).collect();
            let fused = Template::mean(&references.iter().collect::<Vec<_>>()).unwrap();
            let best = found(&gallery, &fused, 1);
            prop_assert!(best[0].0 == person(who) && best[0].1.0 > 0.999);
        }
    }

    #[test]
    fn arbitrary_sealed_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Gallery::open(&[b"PGL\x01".as_slice(), &bytes].concat(), voyage(1), &[0; KEY_BYTES]);
    }

    #[test]
    fn opened_bytes_that_are_no_gallery_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Gallery::from_plain(&bytes, voyage(1));
    }
}
