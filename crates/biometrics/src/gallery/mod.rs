//! Galleries: the templates of the people expected at one place and time, and the search of one face in them.
//!
//! A gallery has an owner (a voyage), a window and an expiry. It is the only thing that a face is searched in,
//! one at a time: there is no function here that takes two. Past its expiry it answers nothing, and destroying
//! its sealing key destroys it at rest ([`Gallery::seal`]).

mod centre;
mod kernel;
mod matrix;
mod pairing;
pub mod scan;
mod seal;
mod searched;

use crate::face::template::{PackMismatch, Template};
use crate::pack::Calibration;
use crate::pack::calibration::{ScoreType, Transaction};
use jiff::Timestamp;
use matrix::Matrix;
use portunus_core::biometric::{Candidate, Candidates, PackId, Rate, Score};
use portunus_core::id::{PassengerId, VoyageId};
use searched::Searched;
use std::sync::OnceLock;

pub(crate) use centre::Centre;
pub use pairing::{Holder, Pairing, pair};
pub use seal::{KEY_BYTES, NONCE_BYTES, SealError};

/// Most templates in a gallery: the largest ship carries 10,000 people; ten references each.
pub const TEMPLATES_MAX: usize = 100_000;
/// Most candidates that a search gives.
pub const CANDIDATES_MAX: usize = 10;

/// When a gallery may be searched: from `opens` on, until before `expires`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From this moment on.
    pub opens: Timestamp,
    /// Until before this moment; then it is to be destroyed.
    pub expires: Timestamp,
}

/// Why a gallery does not answer, or does not take a member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GalleryError {
    /// It is not to be searched yet.
    #[error("the gallery opens at {opens}: search it then")]
    NotOpen {
        /// When it opens.
        opens: Timestamp,
    },
    /// It is past its end.
    #[error("the gallery expired at {expired}: it must be destroyed, not searched")]
    Expired {
        /// When it expired.
        expired: Timestamp,
    },
    /// A template of another model pack.
    #[error(transparent)]
    Pack(#[from] PackMismatch),
    /// It is full.
    #[error("a gallery holds at most {TEMPLATES_MAX} templates")]
    Full,
}

/// What a search is to keep, and what the probe is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// How often, at most, somebody who is not in the gallery may be found in it.
    pub fpir: Rate,
    /// Frames fused into the probe.
    pub frames: u32,
    /// Probes of this traveller that may be compared, this one included.
    pub attempts: u32,
}

/// The templates of the people expected at one place and time. Biometric data: no `Debug`, zeroised when dropped.
pub struct Gallery {
    owner: VoyageId,
    window: Window,
    pack: PackId,
    /// The references.
    matrix: Matrix,
    /// What a search reads, made of them.
    searched: OnceLock<Searched>,
    raw: bool,
}

impl Gallery {
    /// An empty gallery for a voyage, for templates of one pack.
    pub fn new(owner: VoyageId, window: Window, pack: PackId) -> Self {
        Self { owner, window, pack, matrix: Matrix::default(), searched: OnceLock::new(), raw: false }
    }

    /// Scores stay raw, however many people come: to measure what normalising buys. A service does not.
    pub fn keep_raw(&mut self) {
        self.searched.take();
        self.raw = true;
    }

    fn score_type(&self) -> ScoreType {
        if self.raw { ScoreType::Raw } else { ScoreType::of_gallery(self.people()) }
    }

    /// Whose it is.
    pub fn owner(&self) -> VoyageId {
        self.owner
    }

    /// When it may be searched.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Moves the window: a voyage is late.
    pub fn set_window(&mut self, window: Window) {
        self.window = window;
    }

    /// The pack of its templates.
    pub fn pack(&self) -> &PackId {
        &self.pack
    }

    /// How many people are in it.
    pub fn people(&self) -> u32 {
        self.matrix.people()
    }

    /// How many templates are in it.
    pub fn templates(&self) -> usize {
        self.matrix.rows()
    }

    /// How many templates a person has in it; `None` for somebody who is not.
    pub fn templates_of(&self, person: PassengerId) -> Option<u32> {
        self.matrix.rows_of(person)
    }

    /// Adds one more reference of a person, known or new.
    ///
    /// # Errors
    /// [`GalleryError::Pack`] for a template of another pack or dimension, [`GalleryError::Full`].
    pub fn insert(&mut self, person: PassengerId, template: &Template) -> Result<(), GalleryError> {
        if template.pack() != &self.pack || !self.matrix.fits(template.values().len()) {
            return Err(self.mismatch(template).into());
        }
        if self.matrix.rows() == TEMPLATES_MAX {
            return Err(GalleryError::Full);
        }
        self.searched.take();
        self.matrix.push(person, template.values());
        Ok(())
    }

    /// Puts these references in the place of all that a person had. On an error nothing has changed.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn replace(&mut self, person: PassengerId, templates: &[Template]) -> Result<(), GalleryError> {
        let dimension =
            if self.templates() == 0 { templates.first().map(|t| t.values().len()) } else { None };
        let fits = |length| dimension.map_or_else(|| self.matrix.fits(length), |d| d == length);
        if let Some(other) = templates.iter().find(|t| t.pack() != &self.pack || !fits(t.values().len())) {
            return Err(self.mismatch(other).into());
        }
        let had = self.templates_of(person).unwrap_or(0) as usize;
        if self.templates() - had + templates.len() > TEMPLATES_MAX {
            return Err(GalleryError::Full);
        }
        self.remove(person);
        templates.iter().try_for_each(|template| self.insert(person, template))
    }

    /// Takes a person out; tells whether they were in it.
    pub fn remove(&mut self, person: PassengerId) -> bool {
        self.searched.take();
        self.matrix.remove(person)
    }

    /// The people most like a probe, best first, at most `most` and at most [`CANDIDATES_MAX`]. Every person is compared,
    /// by their references fused into one; from [`crate::pack::calibration::NORMALISED_FROM`] people on scores are
    /// normalised: cosines about the gallery's mean.
    ///
    /// # Errors
    /// [`GalleryError::NotOpen`], [`GalleryError::Expired`], [`GalleryError::Pack`].
    pub fn search(
        &self,
        probe: &Template,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<(PassengerId, Score)>, GalleryError> {
        let Window { opens, expires } = self.window;
        if now >= expires {
            return Err(GalleryError::Expired { expired: expires });
        }
        if now < opens {
            return Err(GalleryError::NotOpen { opens });
        }
        if probe.pack() != &self.pack || (self.templates() > 0 && !self.matrix.fits(probe.values().len())) {
            return Err(self.mismatch(probe).into());
        }
        Ok(self.searched().best(probe.values(), most.min(CANDIDATES_MAX)))
    }

    /// Searches and reads the scores by the pack's calibration: the threshold that keeps the wanted FPIR in a
    /// gallery of this many people, and each candidate's false-match rate.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn candidates(
        &self,
        probe: &Template,
        now: Timestamp,
        calibration: &Calibration,
        wanted: Wanted,
    ) -> Result<Candidates, GalleryError> {
        let found = self.search(probe, now, CANDIDATES_MAX)?;
        let Wanted { fpir, frames, attempts } = wanted;
        let transaction = Transaction { frames, references: self.searched().references, attempts };
        let curve = calibration.curve(self.score_type(), transaction);
        let candidate = |(passenger, score)| Candidate {
            passenger,
            score,
            false_match_rate: curve.false_match_rate(score),
        };
        Ok(Candidates {
            pack: self.pack.clone(),
            threshold: curve.threshold(self.people(), fpir),
            tie_margin: curve.tie_margin(),
            gallery_people: self.people(),
            best: found.into_iter().map(candidate).collect(),
        })
    }

    fn searched(&self) -> &Searched {
        self.searched.get_or_init(|| Searched::of(&self.matrix, self.score_type()))
    }

    fn mismatch(&self, template: &Template) -> PackMismatch {
        PackMismatch { left: self.pack.clone(), right: template.pack().clone() }
    }
}

#[cfg(test)]
mod tests;
