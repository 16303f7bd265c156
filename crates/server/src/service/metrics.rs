//! Counters for operators, without personal data: no names, documents, places or identifiers.

use portunus_core::decide::Decision;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// One label: what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// One label: why.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    reason: String,
}

/// All counters of the process.
pub struct Metrics {
    registry: Registry,
    captures: Family<Outcome, Counter>,
    referrals: Family<Why, Counter>,
    decision_seconds: Histogram,
    /// Records erased as due.
    pub erased: Counter,
    /// 1 while nothing is erased: the clock is not believed, or it was switched off.
    pub erasing_halted: Gauge,
    /// For how long the longest overdue record was overdue when the eraser last looked.
    pub erasing_late_seconds: Gauge,
    /// Recalls that recipients should have acknowledged by now.
    pub recalls_late: Gauge,
    /// Passengers with a template, over all galleries in memory.
    pub gallery_people: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("portunus");
        let captures = Family::default();
        let referrals = Family::default();
        let decision_seconds = Histogram::new(exponential_buckets(0.01, 2.0, 10));
        let (erased, gallery_people) = (Counter::default(), Gauge::default());
        let (erasing_halted, erasing_late_seconds) = (Gauge::default(), Gauge::default());
        let recalls_late = Gauge::default();
        registry.register("captures", "Captures by what came of them", captures.clone());
        registry.register(
            "referrals",
            "Referrals by reason; one referral may have several",
            referrals.clone(),
        );
        registry.register("decision_seconds", "From frames received to decision", decision_seconds.clone());
        registry.register("records_erased", "Sealed records erased as due", erased.clone());
        registry.register(
            "erasing_halted",
            "1 while nothing is erased: the clock is not believed, or it was switched off",
            erasing_halted.clone(),
        );
        registry.register(
            "erasing_late_seconds",
            "Age of the longest overdue record when the eraser last looked",
            erasing_late_seconds.clone(),
        );
        registry.register(
            "recalls_late",
            "Copies that their recipients should have confirmed gone by now",
            recalls_late.clone(),
        );
        registry.register(
            "gallery_people",
            "People with a template in open galleries",
            gallery_people.clone(),
        );
        Self {
            registry,
            captures,
            referrals,
            decision_seconds,
            erased,
            erasing_halted,
            erasing_late_seconds,
            recalls_late,
            gallery_people,
        }
    }
}

impl Metrics {
    /// Counts one decision.
    pub(super) fn decided(&self, decision: &Decision, seconds: f64) {
        let outcome = match decision {
            Decision::Confirmed { .. } => "confirmed",
            Decision::Refer { .. } => "referred",
            Decision::Unavailable { .. } => "unavailable",
        };
        self.captures.get_or_create(&Outcome { outcome }).inc();
        if let Decision::Refer { reasons, .. } = decision {
            for reason in reasons {
                self.referrals.get_or_create(&Why { reason: super::slug(reason) }).inc();
            }
        }
        self.decision_seconds.observe(seconds);
    }

    /// The exposition text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String fails only if a metric's own formatting does; what was written stands.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}
