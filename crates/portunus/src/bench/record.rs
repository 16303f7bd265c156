//! One comparison: what was measured, of us and of a peer, and how noisy it was.

use super::peers::Missing;

/// Which way is better. A ratio is always ours through the peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Better {
    /// Times, memory, misses.
    Lower,
    /// Rates, shares found, bandwidth.
    Higher,
}

/// One measured comparison, as it is printed.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Comparison {
    /// Its name in parts, the general before the special: `search/42000/f32/one-query/1-thread/faiss`.
    pub(super) name: String,
    /// Our median over the rounds.
    pub(super) ours: f64,
    /// The peer's median over the same rounds; none where the peer is missing, and the note says why.
    pub(super) peer: Option<f64>,
    /// `ours / peer`.
    pub(super) ratio: Option<f64>,
    /// Of `ours` and `peer`.
    pub(super) unit: &'static str,
    pub(super) better: Better,
    /// Whom or what we are compared with, with its version.
    pub(super) peer_name: String,
    /// How often each side was measured.
    pub(super) rounds: usize,
    /// Lower and upper quartile of our rounds, the peer's, and each round's ratio: the noise.
    pub(super) ours_spread: Option<[f64; 2]>,
    pub(super) peer_spread: Option<[f64; 2]>,
    pub(super) ratio_spread: Option<[f64; 2]>,
    /// What a reader must know to take the figures for what they are.
    pub(super) note: Option<String>,
}

/// What the parts of the benchmark give.
pub(super) type Records = Vec<Comparison>;

impl Comparison {
    /// Of rounds in which we and the peer took turns; an empty `peer` is a missing one, to be explained by a note.
    pub(super) fn new(
        name: impl Into<String>,
        unit: &'static str,
        ours: &[f64],
        peer_name: impl Into<String>,
        peer: &[f64],
    ) -> Self {
        let (our_median, peer_median) = (median(ours).unwrap_or(f64::NAN), median(peer));
        let ratios: Vec<f64> = ours.iter().zip(peer).map(|(ours, peer)| ours / peer).collect();
        Self {
            name: name.into(),
            ours: our_median,
            peer: peer_median,
            ratio: peer_median.map(|peer| our_median / peer).filter(|ratio| ratio.is_finite()),
            unit,
            better: Better::Lower,
            peer_name: peer_name.into(),
            rounds: ours.len(),
            ours_spread: quartiles(ours),
            peer_spread: quartiles(peer),
            ratio_spread: quartiles(&ratios).filter(|spread| spread.iter().all(|ratio| ratio.is_finite())),
            note: None,
        }
    }

    /// Of figures of which more is better.
    pub(super) fn higher_is_better(mut self) -> Self {
        self.better = Better::Higher;
        self
    }

    /// Says why there is no peer.
    pub(super) fn missing(self, missing: Option<&Missing>) -> Self {
        match missing {
            Some(Missing(why)) => self.noting(format!("the peer is missing: {why}")),
            None => self,
        }
    }

    /// Says what a reader must know; several notes become one.
    pub(super) fn noting(mut self, note: impl AsRef<str>) -> Self {
        let note = note.as_ref();
        if note.is_empty() {
            return self;
        }
        self.note = Some(self.note.map_or_else(|| note.to_owned(), |before| format!("{before}; {note}")));
        self
    }
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// A single value has no spread.
fn quartiles(values: &[f64]) -> Option<[f64; 2]> {
    (values.len() > 1).then_some(())?;
    Some([quantile(values, 0.25)?, quantile(values, 0.75)?])
}

/// Between the values on both sides, linearly.
fn quantile(values: &[f64], at: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = at * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_make_the_ratio_and_quartiles_the_noise() {
        let made = Comparison::new("a/b", "ms", &[2.0, 1.0, 30.0], "peer 1", &[4.0, 5.0, 3.0]);
        assert_eq!((made.ours, made.peer, made.ratio), (2.0, Some(4.0), Some(0.5)));
        assert_eq!((made.ours_spread, made.peer_spread), (Some([1.5, 16.0]), Some([3.5, 4.5])));
        // 0.5, 0.2 and 10 round by round.
        assert_eq!(made.ratio_spread, Some([0.35, 5.25]));
    }

    #[test]
    fn a_missing_peer_is_null_and_its_reason_is_said() {
        let made =
            Comparison::new("a", "ms", &[2.0], "peer 1", &[]).noting("no pip").noting("and no network");
        let json = serde_json::to_value(&made).unwrap();
        assert_eq!((&json["ours"], &json["peer"], &json["ratio"]), (&2.0.into(), &().into(), &().into()));
        assert_eq!((&json["note"], &json["better"]), (&"no pip; and no network".into(), &"lower".into()));
        assert!(json["ours_spread"].is_null(), "one round has no spread");
    }

    #[test]
    fn nothing_divided_by_nothing_is_no_ratio() {
        assert_eq!(Comparison::new("a", "%", &[0.0], "peer", &[0.0]).ratio, None);
    }
}
