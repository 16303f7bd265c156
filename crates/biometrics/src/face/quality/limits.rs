//! A pack's own limits, from its manifest: a recogniser may need more of a face than others do.

use super::{Measure, MeasureKind, Verdict};
use crate::face::net::NetError;
use crate::pack::manifest::QualityLimit;
use std::collections::BTreeMap;

/// What makes a face unusable for this pack, beside what makes it unusable for all.
#[derive(Default)]
pub(crate) struct Limits(Vec<(MeasureKind, f32, f32)>);

impl Limits {
    pub(crate) fn of(manifest: &BTreeMap<String, QualityLimit>) -> Result<Self, NetError> {
        let limit = |(name, limit): (&String, &QualityLimit)| {
            let kind = MeasureKind::ALL.into_iter().find(|k| k.name() == name);
            let kind = kind.ok_or_else(|| NetError::QualityLimit { name: name.clone() })?;
            let least = limit.min.map_or(f32::NEG_INFINITY, |v| v.get());
            Ok((kind, least, limit.max.map_or(f32::INFINITY, |v| v.get())))
        };
        manifest.iter().map(limit).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn apply(&self, measure: &mut Measure) {
        let broken = |(kind, least, most): &(MeasureKind, f32, f32)| {
            *kind == measure.kind && !(*least..=*most).contains(&measure.value)
        };
        if self.0.iter().any(broken) {
            measure.verdict = Verdict::Unusable;
            measure.advice = Some(measure.kind.advice(measure.value));
        }
    }
}
