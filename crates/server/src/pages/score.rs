//! A score in plain words and as a small picture. It never travels without threshold, gallery and rate.

use super::layout::grouped;
use maud::{Markup, html};
use portunus_core::biometric::{Rate, Score};

/// A comparison score with what is needed to read it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreView {
    /// The best candidate's score.
    pub score: Score,
    /// From where on a candidate counts as found, for this gallery's size.
    pub threshold: Score,
    /// How often two different people score at least this much.
    pub false_match_rate: Rate,
    /// How many people the gallery holds.
    pub gallery_people: u32,
    /// The next person's score, where there is one.
    pub runner_up: Option<Score>,
}

impl ScoreView {
    /// Where the score stands, in two or three words.
    pub fn standing(&self) -> &'static str {
        let (score, threshold) = (f64::from(self.score.0), f64::from(self.threshold.0));
        let above = (score - threshold) / threshold.abs().max(f64::MIN_POSITIVE);
        match above {
            a if a >= 0.30 => "well above",
            a if a >= 0.08 => "above",
            a if a >= 0.0 => "just above",
            a if a > -0.08 => "just below",
            a if a > -0.30 => "below",
            _ => "far below",
        }
    }

    /// The whole sentence.
    pub fn in_words(&self) -> String {
        let people = match self.gallery_people {
            1 => "one person".to_owned(),
            n => format!("{} people", grouped(n.into())),
        };
        format!(
            "{:.2}: {} {:.2}, the threshold for a gallery of {people}. {}.",
            self.score.0,
            self.standing(),
            self.threshold.0,
            chance_in_words(self.false_match_rate)
        )
    }
}

/// How often two different people score this much, for a reader who is no statistician.
pub fn chance_in_words(rate: Rate) -> String {
    let rate = rate.get();
    if rate <= 1e-9 {
        return "Two different people were never seen to score this much".to_owned();
    }
    if rate >= 0.5 {
        return "Two different people score this much more often than not".to_owned();
    }
    // Two leading digits: a calibration knows no more.
    let times = 1.0 / rate;
    let unit = 10_f64.powf(times.log10().floor() - 1.0).max(1.0);
    let rounded = (times / unit).round() * unit;
    format!("Two different people score this much about once in {} comparisons", grouped(rounded as u64))
}

const WIDTH: f32 = 300.0;

/// The picture: an axis from nothing to alike, the threshold as a mark, the score as a bar.
pub fn picture(view: &ScoreView) -> Markup {
    let top = view.score.0.max(view.threshold.0).max(1.0);
    let at = |score: f32| (score.max(0.0) / top * WIDTH).clamp(0.0, WIDTH);
    let (score, threshold) = (at(view.score.0), at(view.threshold.0));
    let found = view.score >= view.threshold;
    html! {
        svg .score-picture viewBox="0 0 300 26" preserveAspectRatio="none" role="img" aria-label=(view.in_words()) {
            rect .score-axis x="0" y="8" width="300" height="10" rx="2" {}
            rect .score-bar .found[found] x="0" y="8" width=(format!("{score:.1}")) height="10" rx="2" {}
            @if let Some(next) = view.runner_up {
                rect .score-next x=(format!("{:.1}", at(next.0).min(298.0))) y="6" width="2" height="14" {}
            }
            rect .score-threshold x=(format!("{:.1}", threshold.min(297.0))) y="1" width="3" height="24" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(score: f32, threshold: f32, rate: f64, people: u32) -> ScoreView {
        ScoreView {
            score: Score(score),
            threshold: Score(threshold),
            false_match_rate: Rate::new(rate).unwrap(),
            gallery_people: people,
            runner_up: None,
        }
    }

    #[test]
    fn a_match_reads_as_a_sentence() {
        assert_eq!(
            view(0.71, 0.42, 5e-7, 200).in_words(),
            "0.71: well above 0.42, the threshold for a gallery of 200 people. \
             Two different people score this much about once in 2,000,000 comparisons."
        );
    }

    #[test]
    fn the_standing_never_contradicts_the_threshold() {
        for n in -20_i8..=100 {
            let score = f32::from(n) / 100.0;
            let view = view(score, 0.42, 1e-3, 10);
            assert_eq!(view.standing().contains("above"), score >= 0.42, "{score}");
        }
    }

    #[test]
    fn rates_keep_two_leading_digits() {
        let said = |rate| chance_in_words(Rate::new(rate).unwrap());
        assert!(said(1.0 / 1234.0).ends_with("once in 1,200 comparisons"));
        assert!(said(0.25).ends_with("once in 4 comparisons"));
        assert!(said(0.0).contains("never seen"));
        assert!(said(1.0).contains("more often than not"));
    }

    #[test]
    fn the_bar_stays_inside_its_picture() {
        for score in [-0.3, 0.0, 0.42, 1.0, 7.5] {
            let html = picture(&view(score, 0.42, 1e-3, 10)).into_string();
            assert!(!html.contains("width=\"-") && !html.contains("NaN"), "{html}");
        }
    }
}
