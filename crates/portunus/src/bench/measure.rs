//! Taking turns with a stopwatch.

use super::peers::Missing;
use super::record::Comparison;
use crate::ambient::instant;
use anyhow::Result;
use std::time::Duration;

/// After a peer's turn its threads may go on spinning for a while, which would cost us.
const PAUSE: Duration = Duration::from_millis(50);

/// What was measured against one peer: in each round we, then the peer.
pub(super) struct Turns {
    pub(super) ours: Vec<f64>,
    /// Empty where the peer failed.
    pub(super) peer: Vec<f64>,
    /// Why it failed.
    pub(super) missing: Option<Missing>,
}

impl Turns {
    /// Makes them a record; a missing peer's reason becomes its note.
    pub(super) fn comparison(
        &self,
        name: impl Into<String>,
        unit: &'static str,
        peer_name: impl Into<String>,
    ) -> Comparison {
        Comparison::new(name, unit, &self.ours, peer_name, &self.peer).missing(self.missing.as_ref())
    }
}

/// We and each of the peers take turns, after one turn each that does not count. A peer that fails is left out
/// from then on, and nothing of it is kept.
pub(super) fn take_turns(
    rounds: usize,
    peers: usize,
    mut ours: impl FnMut() -> Result<f64>,
    mut theirs: impl FnMut(usize) -> Result<f64, Missing>,
) -> Result<Vec<Turns>> {
    let mut turns: Vec<Turns> =
        (0..peers).map(|_| Turns { ours: Vec::new(), peer: Vec::new(), missing: None }).collect();
    for round in 0..=rounds {
        for (which, turn) in turns.iter_mut().enumerate() {
            let our_time = ours()?;
            let peer_time = if turn.missing.is_none() { Some(theirs(which)) } else { None };
            if peer_time.is_some() {
                std::thread::sleep(PAUSE);
            }
            if round > 0 {
                turn.ours.push(our_time);
            }
            match peer_time {
                Some(Ok(time)) if round > 0 => turn.peer.push(time),
                Some(Err(missing)) => {
                    turn.peer.clear();
                    turn.missing = Some(missing);
                }
                _ => {}
            }
        }
    }
    Ok(turns)
}

/// The median time of one run in seconds, over runs that take so long together.
pub(super) fn typical(limit: Duration, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let begun = instant();
    let mut times = Vec::new();
    while times.is_empty() || begun.elapsed() < limit {
        let from = instant();
        work()?;
        times.push(from.elapsed().as_secs_f64());
    }
    Ok(super::record::median(&times).unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_and_the_peers_take_turns_and_a_failed_peer_leaves_our_figures() {
        let order = std::cell::RefCell::new(String::new());
        let turns = take_turns(
            2,
            2,
            || {
                order.borrow_mut().push('o');
                Ok(1.0)
            },
            |peer| {
                order.borrow_mut().push(if peer == 0 { 'a' } else { 'b' });
                if peer == 1 { Err(Missing("gone".to_owned())) } else { Ok(2.0) }
            },
        )
        .unwrap();
        assert_eq!(*order.borrow(), "oaob".to_owned() + "oao" + "oao");
        assert_eq!((&turns[0].ours[..], &turns[0].peer[..]), (&[1.0, 1.0][..], &[2.0, 2.0][..]));
        assert_eq!((&turns[1].ours[..], turns[1].peer.len()), (&[1.0, 1.0][..], 0));
        assert_eq!(turns[1].missing.as_ref().unwrap().0, "gone");
    }
}
