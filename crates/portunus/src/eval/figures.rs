//! The figures as they are printed: searches and pairs become rates with intervals (ISO/IEC 19795-1).

use super::groups::{self, Groups};
use super::identification::{FPIRS, Searched};
use super::templates::Templates;
use portunus_biometrics::accuracy::identification::{self as searches, Kind};
use portunus_biometrics::accuracy::resample::Interval;
use portunus_biometrics::accuracy::verification as pairs;
use serde::Serialize;
use std::collections::BTreeMap;

/// The wanted rates of comparisons one to one.
const FMRS: [f64; 4] = [0.0001, 0.001, 0.003, 0.01];
/// The draws of all intervals.
pub(super) const SEED: u64 = 19_795;

/// All figures of one run. Rates are 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figures {
    /// The model pack.
    pub(crate) pack: String,
    /// One for each protocol and wanted FPIR.
    pub(crate) identification: Vec<Identification>,
    /// One for each wanted FMR.
    pub(crate) verification: Vec<Verification>,
    /// Equal error rate of the pairs.
    pub(crate) eer: Option<f64>,
    /// Ten-fold accuracy of the pairs.
    pub(crate) accuracy: Option<f64>,
    /// Pairs of which a picture could not be acquired: in no rate, wrong in the accuracy when genuine.
    pub(crate) pairs_not_compared: usize,
    /// Failure to acquire: share of the pictures without a template.
    pub(crate) fta: f64,
    /// How many pictures, by reason.
    pub(crate) fta_reasons: BTreeMap<&'static str, usize>,
    /// How many pictures.
    pub(crate) pictures: usize,
    /// What each step of the pipeline buys and costs, where it was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) steps: Vec<super::steps::Step>,
    /// Figures by declared group.
    pub(crate) groups: Vec<groups::Cell>,
}

/// A protocol at a wanted FPIR.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Identification {
    pub(crate) protocol: String,
    /// People in a gallery.
    pub(crate) gallery: usize,
    /// References of a person, at most.
    pub(crate) references: usize,
    pub(crate) trials: usize,
    /// The wanted rate.
    pub(crate) fpir: f64,
    /// The rate at the threshold.
    pub(crate) fpir_measured: f64,
    pub(crate) fnir: f64,
    /// 95 % interval of the FNIR.
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) threshold: f32,
    /// How many mated searches.
    pub(crate) mated: usize,
    /// How many non-mated searches.
    pub(crate) nonmated: usize,
    /// How many people are searched.
    pub(crate) people: usize,
    /// Share of mated searches whose person is not first.
    pub(crate) rank1_miss: f64,
    /// Share of mated searches that confirm somebody else.
    pub(crate) wrong_person: f64,
    /// Mean number of candidates over the threshold in a non-mated search.
    pub(crate) selectivity: f64,
    /// Share of searches whose probe was not acquired.
    pub(crate) fta: f64,
    /// Share of gallery members without a template.
    pub(crate) fte: f64,
    /// Fewer than 30 false positives stand behind the wanted rate.
    pub(crate) few: bool,
    /// What the pack's own threshold gives on the same searches.
    pub(crate) calibrated: Calibrated,
}

/// What the pack's own threshold gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Calibrated {
    pub(crate) threshold: f32,
    pub(crate) fpir: f64,
    pub(crate) fnir: f64,
}

/// Comparisons one to one at a wanted FMR.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Verification {
    /// The wanted rate.
    pub(crate) fmr: f64,
    pub(crate) fnmr: f64,
    /// 95 % interval of the FNMR.
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) threshold: f32,
    /// How many genuine pairs.
    pub(crate) genuine: usize,
    /// How many impostor pairs.
    pub(crate) impostor: usize,
    /// Fewer than 30 false matches stand behind the wanted rate.
    pub(crate) few: bool,
}

impl Figures {
    /// The figures of all that was searched and compared.
    pub(crate) fn of(
        pack: String,
        templates: &Templates,
        searched: &[Searched],
        compared: &[pairs::Pair],
        declared: Option<&Groups>,
    ) -> Self {
        let mut fta_reasons = BTreeMap::new();
        for lost in templates.values().filter_map(|acquired| acquired.as_ref().err()) {
            *fta_reasons.entry(lost.slug()).or_default() += 1;
        }
        let lost: usize = fta_reasons.values().sum();
        Self {
            pack,
            identification: searched.iter().flat_map(identified).collect(),
            verification: verified(compared),
            eer: pairs::eer(compared),
            accuracy: pairs::ten_fold_accuracy(compared),
            pairs_not_compared: compared.iter().filter(|pair| pair.score.is_none()).count(),
            fta: share(lost, templates.len()),
            fta_reasons,
            pictures: templates.len(),
            steps: Vec::new(),
            groups: declared.map_or_else(Vec::new, |declared| groups::cells(declared, searched)),
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn identified(searched: &Searched) -> Vec<Identification> {
    let all = &searched.searches;
    let (mated, nonmated) = (searches::count(all, Kind::Mated), searches::count(all, Kind::NonMated));
    let people: std::collections::HashSet<usize> = all.iter().map(|search| search.person).collect();
    let lost = all.iter().filter(|search| search.candidates.is_none()).count();
    let at = |(fpir, own): (f64, &super::identification::Calibrated)| {
        let at = searches::at_fpir(all, fpir, SEED)?;
        let fnir = at.rates.fnir?;
        let Interval { low, high } = at.interval.unwrap_or(Interval { low: fnir, high: fnir });
        Some(Identification {
            protocol: searched.protocol.clone(),
            gallery: searched.gallery,
            references: searched.references,
            trials: searched.trials,
            fpir,
            fpir_measured: at.rates.fpir?,
            fnir,
            low,
            high,
            threshold: at.threshold.0,
            mated,
            nonmated,
            people: people.len(),
            rank1_miss: searches::rank1_miss(all)?,
            wrong_person: at.rates.wrong_person?,
            selectivity: at.rates.selectivity?,
            fta: share(lost, all.len()),
            fte: share(searched.not_enrolled, searched.members),
            few: at.few,
            calibrated: Calibrated {
                threshold: own.threshold,
                fpir: share(own.false_positives, nonmated),
                fnir: share(own.misses, mated),
            },
        })
    };
    FPIRS.into_iter().zip(&searched.calibrated).filter_map(at).collect()
}

fn verified(compared: &[pairs::Pair]) -> Vec<Verification> {
    let (genuine, impostor) = pairs::counts(compared);
    let at = |fmr| {
        let at = pairs::at_fmr(compared, fmr, SEED)?;
        let Interval { low, high } = at.interval.unwrap_or(Interval { low: at.fnmr, high: at.fnmr });
        let pairs::AtFmr { threshold, fnmr, few, .. } = at;
        Some(Verification { fmr, fnmr, low, high, threshold: threshold.0, genuine, impostor, few })
    };
    FMRS.into_iter().filter_map(at).collect()
}
