//! Whose data it is, and therefore what may be written and until when.

use crate::document::{DocumentKey, State};
use crate::policy::{DataClass, PersonClass, Policy, Start};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is known of a traveller's nationality at the moment of a capture.
#[derive(Clone, Default)]
pub struct Evidence<'a> {
    /// The traveller says: I am a citizen.
    pub claims_citizenship: bool,
    /// An officer has established it.
    pub officer_says: Option<PersonClass>,
    /// The records office has noted a change of class, naturalisation for one, of a document's holder.
    pub noted: Option<PersonClass>,
    /// The carrier's statement of nationality, of the passenger found or presented.
    pub carrier_says: Option<&'a State>,
    /// The documents of the passenger found or presented.
    pub documents: &'a [DocumentKey],
    /// Whether the face matched the reference kept under the first of `documents`.
    pub reference_matched: bool,
}

/// A class, and whether it is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Whose rules apply now.
    pub class: PersonClass,
    /// Confirmed by the reference's issuer, the chip or an officer; never by the carrier or a claim alone.
    pub confirmed: bool,
}

/// Selects the class. Any claim or evidence of citizenship selects citizen handling at once.
pub fn standing(evidence: &Evidence<'_>, policy: &Policy) -> Standing {
    let home = |document: &&DocumentKey| document.issuer == policy.home;
    let first_letter = |document: &DocumentKey| document.kind.as_str().bytes().next();
    let home_kind = |letters: &[u8]| {
        evidence.documents.iter().filter(home).any(|d| first_letter(d).is_some_and(|l| letters.contains(&l)))
    };
    let settled = |class| Standing { class, confirmed: true };
    if let Some(class) = evidence.officer_says.filter(|class| *class != PersonClass::Unknown) {
        return settled(class);
    }
    if evidence.noted == Some(PersonClass::Citizen) {
        return settled(PersonClass::Citizen);
    }
    // A passport or a passport card (P, I) of the state is its citizen's; a visa or resident card is not.
    let home_passport = home_kind(b"PI");
    let states_home = evidence.carrier_says == Some(&policy.home);
    if evidence.claims_citizenship || states_home || home_passport {
        return Standing {
            class: PersonClass::Citizen,
            confirmed: home_passport && evidence.reference_matched,
        };
    }
    if !evidence.reference_matched {
        return Standing { class: PersonClass::Unknown, confirmed: false };
    }
    let resident = evidence.noted == Some(PersonClass::PermanentResident) || home_kind(b"CAT");
    settled(if resident { PersonClass::PermanentResident } else { PersonClass::NonImmigrant })
}

/// What happens to a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum ProbeFate {
    /// It is never written; it dies in the memory of the process that answered.
    NeverWritten,
    /// It is sealed, and erased at `due`.
    Sealed {
        /// When it is to be gone.
        due: Timestamp,
    },
}

/// What happens to a probe of someone of `class`, taken at `captured`.
pub fn probe_fate(class: PersonClass, captured: Start, policy: &Policy) -> ProbeFate {
    match policy.due(class, DataClass::Probe, captured) {
        None => ProbeFate::NeverWritten,
        Some(due) => ProbeFate::Sealed { due },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DocumentKind;

    fn us() -> Policy {
        Policy::from_toml(include_str!("../../../policies/us-2025.toml")).unwrap()
    }

    fn document(issuer: &str, kind: &str) -> DocumentKey {
        DocumentKey::new(State::new(issuer).unwrap(), DocumentKind::new(kind).unwrap(), "X1").ok().unwrap()
    }

    fn class(evidence: &Evidence<'_>) -> (PersonClass, bool) {
        let standing = standing(evidence, &us());
        (standing.class, standing.confirmed)
    }

    #[test]
    fn a_claim_alone_is_citizen_handling_at_once_but_not_confirmed() {
        let foreign = [document("FRA", "P")];
        let evidence = Evidence {
            claims_citizenship: true,
            documents: &foreign,
            reference_matched: true,
            ..Evidence::default()
        };
        assert_eq!(class(&evidence), (PersonClass::Citizen, false));
    }

    #[test]
    fn the_carriers_word_selects_citizen_handling_but_never_confirms() {
        let home = State::new("USA").unwrap();
        let evidence = Evidence { carrier_says: Some(&home), reference_matched: true, ..Evidence::default() };
        assert_eq!(class(&evidence), (PersonClass::Citizen, false));
    }

    #[test]
    fn the_matched_reference_settles_the_class_by_its_issuer() {
        let with = |documents: &[DocumentKey], reference_matched| {
            class(&Evidence { documents, reference_matched, ..Evidence::default() })
        };
        assert_eq!(with(&[document("USA", "P")], true), (PersonClass::Citizen, true));
        assert_eq!(with(&[document("USA", "P")], false), (PersonClass::Citizen, false));
        assert_eq!(with(&[document("FRA", "P")], true), (PersonClass::NonImmigrant, true));
        assert_eq!(
            with(&[document("FRA", "P"), document("USA", "V")], true),
            (PersonClass::NonImmigrant, true)
        );
        assert_eq!(
            with(&[document("FRA", "P"), document("USA", "C1")], true),
            (PersonClass::PermanentResident, true)
        );
        assert_eq!(with(&[document("FRA", "P")], false), (PersonClass::Unknown, false));
        assert_eq!(with(&[], false), (PersonClass::Unknown, false));
    }

    #[test]
    fn a_noted_change_of_class_selects_it_and_never_takes_citizen_handling_away() {
        let foreign = [document("FRA", "P")];
        let with = |noted, reference_matched, claims_citizenship| {
            let noted = Some(noted);
            let documents = &foreign[..];
            class(&Evidence {
                noted,
                documents,
                reference_matched,
                claims_citizenship,
                ..Evidence::default()
            })
        };
        assert_eq!(with(PersonClass::Citizen, false, false), (PersonClass::Citizen, true));
        assert_eq!(with(PersonClass::PermanentResident, true, false), (PersonClass::PermanentResident, true));
        assert_eq!(with(PersonClass::PermanentResident, true, true), (PersonClass::Citizen, false));
        assert_eq!(with(PersonClass::PermanentResident, false, false), (PersonClass::Unknown, false));
    }

    #[test]
    fn an_officers_finding_settles_it() {
        let home = State::new("USA").unwrap();
        let evidence = Evidence {
            officer_says: Some(PersonClass::NonImmigrant),
            carrier_says: Some(&home),
            ..Evidence::default()
        };
        assert_eq!(class(&evidence), (PersonClass::NonImmigrant, true));
    }
}
