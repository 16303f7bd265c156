//! How often a stranger matches in a whole transaction: frames fused, references fused, attempts repeated.

use super::EVENTS_MIN;
use super::histogram::Histogram;
use super::resample::Draws;
use crate::face::template::{Template, TemplateError, dot};
use crate::gallery::Centre;
use crate::pack::calibration::{Curve, MeasuredCurve, Point, ScoreType, Transaction};
use portunus_core::biometric::{Rate, Score};
use zeroize::Zeroizing;

/// The rates that are looked for; those that too few comparisons stand behind are left out.
const RATES: [f64; 17] =
    [1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 2e-6, 1e-6, 3e-7, 1e-7, 3e-8, 1e-8, 1e-9];
/// People in the galleries that normalised scores are measured in: a medium-haul flight.
const GALLERY_PEOPLE: usize = 420;
/// After so many transactions nothing new is learnt.
const TRANSACTIONS_MAX: u64 = 40_000_000;
/// Rounds of other draws, at most.
const ROUNDS_MAX: u32 = 60;

/// The scores of transactions between different people; `people` holds each person's templates, one for each picture.
///
/// In each round, whoever has pictures enough is drawn as a member, with `references` pictures fused, and as a
/// traveller, with `frames` pictures fused for each of `attempts` probes, of which the best score counts. Raw scores
/// are measured among all; normalised ones in a gallery of up to 420 of them, against travellers who are not in it.
///
/// # Errors
/// [`TemplateError::Fusion`] when templates are of several packs.
pub fn impostor_scores(
    people: &[Vec<Template>],
    kind: Transaction,
    score: ScoreType,
    seed: u64,
) -> Result<Histogram, TemplateError> {
    let mut draws = Draws::new(seed);
    let mut scores = Histogram::default();
    let (references, frames) = (kind.references as usize, kind.frames as usize);
    let probes = frames * kind.attempts as usize;
    let having = |pictures: usize| (0..people.len()).filter(move |who| people[*who].len() >= pictures.max(1));
    let mut members: Vec<usize> = having(references).collect();
    let travellers: Vec<usize> = having(probes).collect();
    for _ in 0..ROUNDS_MAX {
        draws.shuffle(&mut members);
        let gallery = match score {
            ScoreType::Raw => &members[..],
            ScoreType::Normalised => &members[..GALLERY_PEOPLE.min(members.len() / 2)],
        };
        let fused = gallery
            .iter()
            .map(|who| Template::mean(&drawn(&people[*who], references, &mut draws)))
            .collect::<Result<Vec<_>, _>>()?;
        let centre = match score {
            ScoreType::Raw => None,
            ScoreType::Normalised => Centre::of(fused.iter().map(Template::values)),
        };
        let seen = |template: &Template| match &centre {
            Some(centre) => centre.seen_from(template.values()),
            None => Zeroizing::new(template.values().to_vec()),
        };
        let rows: Vec<Zeroizing<Vec<f32>>> = fused.iter().map(seen).collect();
        for who in &travellers {
            if score == ScoreType::Normalised && gallery.contains(who) {
                continue;
            }
            let pictures = drawn(&people[*who], probes, &mut draws);
            let attempts = pictures
                .chunks_exact(frames)
                .map(|frames| Ok(seen(&Template::mean(frames)?)))
                .collect::<Result<Vec<_>, TemplateError>>()?;
            for (_, row) in gallery.iter().zip(&rows).filter(|(member, _)| *member != who) {
                let best = attempts.iter().map(|probe| dot(probe, row)).fold(f32::NEG_INFINITY, f32::max);
                scores.add(Score(best));
            }
        }
        if scores.count() >= TRANSACTIONS_MAX {
            break;
        }
    }
    Ok(scores)
}

/// The curve of one kind of transaction, for a pack's calibration.
///
/// # Errors
/// Why the pictures are too few for one.
pub fn curve(
    people: &[Vec<Template>],
    kind: Transaction,
    score: ScoreType,
    seed: u64,
) -> Result<Curve, String> {
    let scores = impostor_scores(people, kind, score, seed).map_err(|error| error.to_string())?;
    let with = |pictures: u32| people.iter().filter(|own| own.len() >= pictures as usize).count() as f64;
    // Rounds draw the same two people again: what stands behind a rate are pairs of people, by pictures fused of each.
    let pairs = with(kind.references) * with(kind.frames * kind.attempts) / 2.0;
    let pairs = pairs * f64::from(kind.frames * kind.references);
    let backed: Vec<f64> = RATES.into_iter().filter(|rate| rate * pairs >= EVENTS_MIN as f64).collect();
    let mut points: Vec<Point> = Vec::new();
    for (fmr, score) in scores.calibrate(&backed) {
        let fmr = Rate::new(fmr).ok_or("a rate over 1")?;
        // A rate that needs no higher a score than the one before says nothing new.
        if points.last().is_none_or(|last| last.score < score) {
            points.push(Point { fmr, score });
        }
    }
    let Transaction { frames, references, attempts } = kind;
    let comparisons = scores.count();
    MeasuredCurve { score, frames, references, attempts, comparisons, points }
        .try_into()
        .map_err(|error: String| format!("{comparisons} comparisons between people are too few: {error}"))
}

fn drawn<'a>(pictures: &'a [Template], count: usize, draws: &mut Draws) -> Vec<&'a Template> {
    let mut pictures: Vec<&Template> = pictures.iter().collect();
    draws.shuffle(&mut pictures);
    pictures.truncate(count);
    pictures
}

#[cfg(test)]
mod tests {
    use super::*;
    use portunus_core::biometric::PackId;

    /// `count` people of `pictures` pictures each, all directions random.
    fn strangers(count: usize, pictures: usize) -> Vec<Vec<Template>> {
        let mut draws = Draws::new(7);
        let mut value = || draws.bits() as i64 as f32 / i64::MAX as f32;
        let mut template = || {
            let values: Vec<f32> = (0..32).map(|_| value()).collect();
            Template::new(PackId("test".to_owned()), &values).unwrap()
        };
        (0..count).map(|_| (0..pictures).map(|_| template()).collect()).collect()
    }

    #[test]
    fn every_stranger_is_compared_with_every_member_and_nobody_with_themselves() {
        let once = impostor_scores(&strangers(30, 1), Transaction::ONE, ScoreType::Raw, 1).unwrap();
        assert_eq!(once.count(), u64::from(ROUNDS_MAX) * 30 * 29);
        let halves = impostor_scores(&strangers(30, 1), Transaction::ONE, ScoreType::Normalised, 1).unwrap();
        assert_eq!(halves.count(), u64::from(ROUNDS_MAX) * 15 * 15);
    }

    #[test]
    fn a_second_attempt_matches_strangers_more_often() {
        let people = strangers(60, 4);
        let at = |attempts| {
            let kind = Transaction { frames: 2, references: 2, attempts };
            let scores = impostor_scores(&people, kind, ScoreType::Raw, 1).unwrap();
            scores.share_from(Score(0.3)).unwrap()
        };
        let (once, twice) = (at(1), at(2));
        assert!(twice > 1.7 * once && twice < 2.1 * once, "{once} {twice}");
    }

    #[test]
    fn who_has_too_few_pictures_takes_no_part() {
        let mut people = strangers(10, 3);
        people.extend(strangers(10, 1));
        let kind = Transaction { frames: 3, references: 1, attempts: 1 };
        let scores = impostor_scores(&people, kind, ScoreType::Raw, 1).unwrap();
        assert_eq!(scores.count(), u64::from(ROUNDS_MAX) * 10 * 19);
    }

    #[test]
    fn a_rate_needs_thirty_pairs_of_people_behind_it_and_draws_of_the_same_two_do_not_count() {
        let measured = |count| curve(&strangers(count, 1), Transaction::ONE, ScoreType::Raw, 1);
        // 4,950 pairs of people, though 594,000 comparisons.
        let rates: Vec<f64> =
            measured(100).unwrap().measured().points.iter().map(|point| point.fmr.get()).collect();
        assert_eq!(rates, [1e-1, 3e-2, 1e-2]);
        assert!(measured(5).unwrap_err().contains("too few"));
    }
}
