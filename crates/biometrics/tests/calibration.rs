//! What a calibration predicts is what happens: strangers found in galleries, against the wanted rate.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod support;

use portunus_biometrics::accuracy::resample::Draws;
use portunus_biometrics::accuracy::transaction::curve;
use portunus_biometrics::face::{Outcome, Template};
use portunus_biometrics::gallery::{Gallery, Wanted, Window};
use portunus_biometrics::pack::Calibration;
use portunus_biometrics::pack::calibration::{Measured, ScoreType, Transaction};
use portunus_core::biometric::Rate;
use portunus_core::id::{PassengerId, VoyageId};
use std::path::PathBuf;

/// One template of each of the people with real faces, half of the work on each of two threads.
fn one_of_each() -> Option<Vec<Template>> {
    let (faces, engine) = (support::faces()?, support::engine()?);
    let mut pictures: Vec<PathBuf> = std::fs::read_dir(faces)
        .unwrap()
        .map(|person| {
            let mut files: Vec<PathBuf> =
                std::fs::read_dir(person.unwrap().path()).unwrap().map(|file| file.unwrap().path()).collect();
            files.sort();
            files.swap_remove(0)
        })
        .collect();
    pictures.sort();
    let template = |path: &PathBuf| match engine.analyse(&std::fs::read(path).unwrap()).unwrap().outcome {
        Outcome::Subject(subject) => Some(engine.template(&subject).unwrap()),
        Outcome::NoFace | Outcome::Several => None,
    };
    let half = pictures.len().div_ceil(2);
    let made = std::thread::scope(|scope| {
        let parts: Vec<_> = pictures
            .chunks(half)
            .map(|part| scope.spawn(move || part.iter().filter_map(template).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    Some(made)
}

fn id(number: usize) -> PassengerId {
    PassengerId::from_bytes((number as u128).to_be_bytes())
}

/// Galleries of `size` drawn from `people`, everyone else searched in each: how many strangers were found, of how many.
fn strangers_found(
    people: &[Template],
    size: usize,
    galleries: usize,
    calibration: &Calibration,
    fpir: f64,
) -> (u64, u64) {
    let mut draws = Draws::new(size as u64);
    let mut order: Vec<usize> = (0..people.len()).collect();
    let (mut found, mut searches) = (0, 0);
    let window = Window { opens: jiff::Timestamp::MIN, expires: jiff::Timestamp::MAX };
    let wanted = Wanted { fpir: Rate::new(fpir).unwrap(), frames: 1, attempts: 1 };
    for _ in 0..galleries {
        draws.shuffle(&mut order);
        let (members, strangers) = order.split_at(size);
        let mut gallery = Gallery::new(VoyageId::from_bytes([1; 16]), window, people[0].pack().clone());
        members.iter().for_each(|who| gallery.insert(id(*who), &people[*who]).unwrap());
        for who in strangers {
            let searched =
                gallery.candidates(&people[*who], jiff::Timestamp::UNIX_EPOCH, calibration, wanted);
            found += u64::from(searched.unwrap().found().is_some());
            searches += 1;
        }
    }
    (found, searches)
}

/// Says so when the observed rate is not the predicted one, give or take what chance and the data's people under two
/// names do: a gallery's searches share its members, so that the spread is wider than a coin's.
fn held(
    people: &[Template],
    size: usize,
    galleries: usize,
    calibration: &Calibration,
    fpir: f64,
) -> Result<(), String> {
    let (found, searches) = strangers_found(people, size, galleries, calibration, fpir);
    let (predicted, observed) = (fpir * searches as f64, found as f64);
    let spread = 4.0 * (2.0 * predicted).sqrt();
    eprintln!("{size} people: {found} of {searches} strangers found, {predicted:.0} predicted");
    let held = observed <= predicted * 1.3 + spread && observed >= predicted * 0.3 - spread;
    held.then_some(())
        .ok_or(format!("{size} people at FPIR {fpir}: {observed} found, {predicted:.0} predicted"))
}

#[test]
fn strangers_are_found_as_often_as_predicted() {
    let Some(people) = one_of_each() else { return };
    assert!(people.len() > 2_800);
    let shipped = support::calibration();
    let mut wrong = Vec::new();
    // The shipped curves, in galleries of every size; below a hundred people scores are raw.
    for (size, galleries) in [(50, 20), (99, 20), (420, 20), (2_000, 12)] {
        for fpir in [0.003, 0.01] {
            wrong.extend(held(&people, size, galleries, &shipped, fpir).err());
        }
    }
    // A true prediction: curves measured on one half of the people, strangers searched among the other half.
    let (known, unknown) = people.split_at(people.len() / 2);
    let known: Vec<Vec<Template>> = known.iter().map(|template| vec![template.clone()]).collect();
    let curves = [ScoreType::Raw, ScoreType::Normalised]
        .map(|score| curve(&known, Transaction::ONE, score, 1).unwrap())
        .to_vec();
    let (data, caveats) = (String::new(), String::new());
    let half: Calibration = Measured { data, caveats, people: 0, pictures: 0, curves }.try_into().unwrap();
    for (size, galleries) in [(50, 20), (420, 20)] {
        wrong.extend(held(unknown, size, galleries, &half, 0.01).err());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
