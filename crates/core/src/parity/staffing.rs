//! How many officers a promised wait needs: Erlang's delay formula (Erlang 1917; Kleinrock 1975, 3.5), for arrivals by
//! chance (Poisson), services of exponential length, first come first served, nobody going away: M/M/c.
//!
//! Real services vary less than exponential ones, mostly: then fewer wait than it says, and the officers that it asks for
//! are enough. Where a few services take very long, it asks for too few. How far off it is stands in the tests, which
//! play the queue out.

use serde::Serialize;

/// More officers than these are not asked for at one point.
const OFFICERS_MAX: u32 = 500;
/// The promise is about nineteen in twenty.
const MAY_WAIT_LONGER: f64 = 0.05;

/// What comes to a queue, and how long each takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Demand {
    /// People joining in an hour.
    pub arrivals_per_hour: f64,
    /// How long one is attended to, on average.
    pub service_seconds: f64,
}

/// What would keep a promise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Staffing {
    /// What comes.
    pub demand: Demand,
    /// What was promised: the p95 of waits, in seconds.
    pub target_seconds: f64,
    /// So many officers keep it.
    pub officers: u32,
    /// What nineteen in twenty would then not exceed, in seconds.
    pub p95_seconds: f64,
}

impl Demand {
    /// Officers busy on average, if there are enough: Erlangs.
    pub fn load(&self) -> f64 {
        self.arrivals_per_hour * self.service_seconds / 3600.0
    }

    /// The chance to wait at all with so many officers (Erlang C): 1 where they are too few for the load.
    pub fn chance_to_wait(&self, officers: u32) -> f64 {
        let (load, of) = (self.load(), f64::from(officers));
        if load >= of {
            return 1.0;
        }
        // Erlang B by its recurrence, which does not overflow; then C from B.
        let blocked = (1..=officers).fold(1.0, |b, n| load * b / (f64::from(n) + load * b));
        blocked / (1.0 - load / of * (1.0 - blocked))
    }

    /// The chance to wait longer than `seconds`: 1 where the officers are too few for the load.
    pub fn chance_to_wait_longer(&self, officers: u32, seconds: f64) -> f64 {
        let spare = f64::from(officers) - self.load();
        if spare <= 0.0 {
            return 1.0;
        }
        self.chance_to_wait(officers) * (-spare * seconds / self.service_seconds).exp()
    }

    /// What nineteen in twenty do not exceed, in seconds; `None` where the queue grows without end.
    pub fn p95_seconds(&self, officers: u32) -> Option<f64> {
        let spare = f64::from(officers) - self.load();
        let waits = self.chance_to_wait(officers);
        (spare > 0.0).then(|| ((waits / MAY_WAIT_LONGER).ln() * self.service_seconds / spare).max(0.0))
    }

    /// The fewest officers with whom nineteen in twenty wait at most `target_seconds`. `None` where nothing is known of the
    /// demand, or no number of officers that a point can have is enough.
    ///
    /// ```
    /// use portunus_core::parity::Demand;
    /// let demand = Demand { arrivals_per_hour: 40.0, service_seconds: 90.0 }; // one officer is just busy all the time
    /// assert_eq!(demand.officers_for(300.0).unwrap().officers, 2);
    /// ```
    pub fn officers_for(self, target_seconds: f64) -> Option<Staffing> {
        let known = |of: f64| of.is_finite() && of > 0.0;
        if !known(self.arrivals_per_hour) || !known(self.service_seconds) || !target_seconds.is_finite() {
            return None;
        }
        (1..=OFFICERS_MAX).find_map(|officers| {
            let p95_seconds = self.p95_seconds(officers)?;
            let enough = p95_seconds <= target_seconds.max(0.0);
            enough.then_some(Staffing { demand: self, target_seconds, officers, p95_seconds })
        })
    }
}

#[cfg(test)]
#[path = "staffing_tests.rs"]
mod tests;
