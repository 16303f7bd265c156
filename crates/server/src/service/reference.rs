//! References: portraits that were there before, kept sealed under the document they belong to.

use super::{Refused, Service};
use portunus_biometrics::face::{FaceError, Outcome};
use portunus_core::document::DocumentKey;
use portunus_core::policy::{DataClass, Start};
use portunus_core::retention::{Evidence, standing};
use portunus_store::{NewReference, PutReference};
use serde::Serialize;

/// A portrait of which an officer shall recognise someone.
const PORTRAIT_JPEG_QUALITY: u8 = 90;

/// What became of one portrait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum ReferenceOutcome {
    /// New.
    Added,
    /// The same portrait was there.
    Unchanged,
    /// It took the place of the same portrait's template of another pack.
    Replaced,
    /// Not taken.
    Refused {
        /// Why.
        reason: String,
    },
}

impl Service {
    /// Takes in a portrait for a document: finds the face, makes its template, seals both.
    ///
    /// # Errors
    /// When the store or the models fail; a portrait that does not serve is an outcome, with the reason.
    pub fn add_reference(
        &self,
        document: &DocumentKey,
        portrait: &[u8],
    ) -> Result<ReferenceOutcome, Refused> {
        let refused = |reason: String| Ok(ReferenceOutcome::Refused { reason });
        let analysis = match self.engine().analyse(portrait) {
            Ok(analysis) => analysis,
            Err(FaceError::Picture(error)) => return refused(error.to_string()),
            Err(error) => return Err(error.into()),
        };
        let subject = match analysis.outcome {
            Outcome::NoFace => return refused("no face was found in the portrait".to_owned()),
            Outcome::Several => return refused("several faces, and no telling whose is meant".to_owned()),
            Outcome::Subject(subject) if !subject.quality.usable() => {
                let advice: Vec<&str> = subject.quality.advice().iter().map(|a| a.slug()).collect();
                return refused(format!("the portrait is not good enough to compare: {}", advice.join(", ")));
            }
            Outcome::Subject(subject) => subject,
        };
        let template = self.engine().template(&subject)?;
        let crop = subject.crop.to_jpeg(PORTRAIT_JPEG_QUALITY).map_err(FaceError::from)?;
        let now = self.now();
        let documents = std::slice::from_ref(document);
        let noted = self.store().class_noted(documents, now)?;
        let evidence = Evidence { documents, noted, reference_matched: true, ..Evidence::default() };
        let class = standing(&evidence, self.policy()).class;
        let Some(erase_after) = self.policy().due(class, DataClass::Reference, Start::at(now)) else {
            return refused("the policy pack keeps no references of this class".to_owned());
        };
        let (bytes, pack) = (template.to_bytes(), self.engine().pack());
        let new = NewReference { portrait: &crop, template: &bytes, pack, class, erase_after };
        Ok(match self.store().put_reference(document, &new, now)? {
            PutReference::Added(_) => ReferenceOutcome::Added,
            PutReference::Unchanged(_) => ReferenceOutcome::Unchanged,
            PutReference::Replaced(_) => ReferenceOutcome::Replaced,
            PutReference::Full => ReferenceOutcome::Refused {
                reason: "eight other portraits of this document are kept".to_owned(),
            },
        })
    }
}
