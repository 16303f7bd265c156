//! Several people and the documents that they present: who holds which, one to one, or nobody.
//!
//! Each face is searched in the one small gallery of the presented documents, one at a time, as any probe is; what
//! the searches give is a matrix, and [`portunus_core::assign`] finds the pairs.

use super::{Gallery, GalleryError, Wanted};
use crate::face::Occupant;
use crate::pack::Calibration;
use jiff::Timestamp;
use portunus_core::assign::assign;
use portunus_core::biometric::{Candidates, Comparison};
use portunus_core::id::PassengerId;

/// A face and the document it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// Which of the occupants, from nought.
    pub occupant: usize,
    /// The document's holder, how alike the two are, and what is needed to read that.
    pub comparison: Comparison,
}

/// Who holds which document. Every occupant and every document is named once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pairing {
    /// Pairs that stand.
    pub pairs: Vec<Holder>,
    /// Pairs that an officer must look at: another face or another document fits nearly as well.
    pub ambiguous: Vec<Holder>,
    /// Occupants who are like no document presented.
    pub occupants: Vec<usize>,
    /// Documents that no occupant is like, or that have no reference.
    pub documents: Vec<PassengerId>,
}

/// Gives occupants the documents that they present, one to one.
///
/// `gallery` holds the references of `documents` and nothing else; a document that is not in it has no reference and
/// stays unmatched. `wanted.fpir` is what it is for one traveller; each occupant's own number of frames is read in
/// place of `wanted.frames`, and the highest threshold and margin of all hold for all.
///
/// # Errors
/// As [`Gallery::search`]; [`GalleryError::Full`] for more than [`portunus_core::assign::SIDE_MAX`] documents or occupants.
pub fn pair(
    occupants: &[Occupant],
    documents: &[PassengerId],
    gallery: &Gallery,
    now: Timestamp,
    calibration: &Calibration,
    wanted: Wanted,
) -> Result<Pairing, GalleryError> {
    let search = |occupant: &Occupant| {
        let wanted = Wanted { frames: occupant.fused, ..wanted };
        gallery.candidates(&occupant.template, now, calibration, wanted)
    };
    let found = occupants.iter().map(search).collect::<Result<Vec<Candidates>, _>>()?;
    let threshold = found.iter().map(|one| one.threshold.0).fold(f32::NEG_INFINITY, f32::max);
    let margin = found.iter().map(|one| one.tie_margin).fold(0.0, f32::max);
    if found.is_empty() || !threshold.is_finite() {
        // Nobody, or a threshold above every score: nothing is paired.
        let occupants = (0..found.len()).collect();
        return Ok(Pairing { occupants, documents: documents.to_vec(), ..Pairing::default() });
    }
    let score = |one: &Candidates, document: &PassengerId| {
        one.best.iter().find(|c| c.passenger == *document).map_or(f32::NEG_INFINITY, |c| c.score.0)
    };
    let matrix: Vec<Vec<f32>> =
        found.iter().map(|one| documents.iter().map(|document| score(one, document)).collect()).collect();
    // The one error left, as scores are numbers and the rows are made here.
    let given = assign(&matrix, documents.len(), threshold, margin).map_err(|_| GalleryError::Full)?;
    let holder =
        |occupant: usize, column: usize| holder(&found[occupant], occupant, documents[column], threshold);
    Ok(Pairing {
        pairs: given.pairs.iter().filter_map(|pair| holder(pair.row, pair.column)).collect(),
        ambiguous: given.ambiguous.iter().filter_map(|a| holder(a.pair.row, a.pair.column)).collect(),
        occupants: given.rows,
        documents: given.columns.into_iter().map(|column| documents[column]).collect(),
    })
}

/// The comparison of an occupant with one document's holder, who is among the candidates if they were paired.
fn holder(found: &Candidates, occupant: usize, document: PassengerId, threshold: f32) -> Option<Holder> {
    let candidate = found.best.iter().find(|candidate| candidate.passenger == document)?.clone();
    let runner_up = found.best.iter().find(|other| other.passenger != document).map(|other| other.score);
    let comparison = Comparison {
        candidate,
        pack: found.pack.clone(),
        threshold: portunus_core::biometric::Score(threshold),
        runner_up,
        gallery_people: found.gallery_people,
    };
    Some(Holder { occupant, comparison })
}
