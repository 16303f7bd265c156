//! Travel documents: what names a traveller, and what a reference portrait is kept under.

use serde::{Deserialize, Serialize};

/// Why a text is not a code of a travel document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not a state or nationality code.
    #[error("expected three letters as in ICAO 9303-3 section 5, or D")]
    State,
    /// Not a document number.
    #[error("expected 1 to 35 letters, digits or hyphens")]
    Number,
    /// Not a kind of document.
    #[error("expected one or two letters, first P, V, I, A, C, T or another of PAXLST's code list 1001")]
    Kind,
}

/// A state or nationality, as in an MRZ (ICAO 9303-3 section 5): `USA`, `D`, `UTO`, `XXA`.
///
/// Always upper case. Fillers (`<`) are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct State(String);

impl State {
    /// Reads a code, with or without MRZ fillers, in either case. Germany is `D` in an MRZ and `DEU` in
    /// carriers' messages: both become `D`.
    pub fn new(text: &str) -> Result<Self, DocumentError> {
        let code: String = text.trim().chars().filter(|c| *c != '<').collect::<String>().to_ascii_uppercase();
        match code.as_str() {
            "D" | "DEU" => Ok(Self("D".to_owned())),
            // Two letters are ISO 3166's, which no document has: they would match nothing.
            _ if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) => Ok(Self(code)),
            _ => Err(DocumentError::State),
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it says that no state's protection is had: a stateless person, a refugee, another refugee (ICAO 9303-3,
    /// section 5, part D).
    pub fn is_nobodys(&self) -> bool {
        matches!(self.0.as_str(), "XXA" | "XXB" | "XXC")
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for State {
    type Error = DocumentError;
    /// What was kept is read as it was kept: codes of two letters, which [`State::new`] took once, among it.
    fn try_from(text: String) -> Result<Self, DocumentError> {
        let is_old = (1..3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase());
        if is_old { Ok(Self(text)) } else { Self::new(&text) }
    }
}

impl From<State> for String {
    fn from(state: State) -> String {
        state.0
    }
}

/// The kind of a travel document: the first letter of its MRZ, or of PAXLST's DOC segment.
///
/// What stands second in an MRZ (`PP`, `PM`, `C1`) is for the issuer to say, and carriers do not send it: it
/// cannot be part of what a document is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DocumentKind(String);

impl DocumentKind {
    /// Reads a kind of one or two characters, with or without MRZ fillers, in either case; keeps the first.
    pub fn new(text: &str) -> Result<Self, DocumentError> {
        let code: String = text.trim().chars().filter(|c| *c != '<').collect::<String>().to_ascii_uppercase();
        let plain = (1..=2).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
        if plain { Ok(Self(code[..1].to_owned())) } else { Err(DocumentError::Kind) }
    }

    /// The letter.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a person calls it.
    pub fn in_words(&self) -> &'static str {
        match self.0.as_bytes().first() {
            Some(b'P') => "passport",
            Some(b'V') => "visa",
            Some(b'I' | b'A') => "identity card",
            Some(b'C') => "resident card",
            Some(b'T') => "re-entry permit or refugee travel document",
            _ => "travel document",
        }
    }
}

impl TryFrom<String> for DocumentKind {
    type Error = DocumentError;
    fn try_from(text: String) -> Result<Self, DocumentError> {
        Self::new(&text)
    }
}

impl From<DocumentKind> for String {
    fn from(kind: DocumentKind) -> String {
        kind.0
    }
}

/// What a travel document is known by: issuing state, kind, number. Personal data: no `Debug`, no `Display`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Unread")]
pub struct DocumentKey {
    /// Who issued it.
    pub issuer: State,
    /// What it is.
    pub kind: DocumentKind,
    number: String,
}

/// As JSON has it: its number is brought into the one form that all are compared by.
#[derive(Deserialize)]
struct Unread {
    issuer: State,
    kind: DocumentKind,
    number: String,
}

impl TryFrom<Unread> for DocumentKey {
    type Error = DocumentError;

    fn try_from(unread: Unread) -> Result<Self, DocumentError> {
        Self::new(unread.issuer, unread.kind, &unread.number)
    }
}

impl DocumentKey {
    /// Makes a key. The number loses fillers, spaces and hyphens and becomes upper case, so that a number
    /// typed, scanned and sent by a carrier is the same.
    pub fn new(issuer: State, kind: DocumentKind, number: &str) -> Result<Self, DocumentError> {
        let number: String = number
            .chars()
            .filter(|c| !matches!(c, '<' | ' ' | '-'))
            .map(|c| c.to_ascii_uppercase())
            .take(36)
            .collect();
        let plain = (1..=35).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
        if plain { Ok(Self { issuer, kind, number }) } else { Err(DocumentError::Number) }
    }

    /// The number, upper case, without fillers.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Whether the number is what is typed where there is none: one character over and over. It names nobody's document, and
    /// would make one person of all for whom it is typed.
    pub fn is_placeholder(&self) -> bool {
        let mut letters = self.number.bytes();
        let first = letters.next();
        self.number.len() > 1 && letters.all(|letter| Some(letter) == first)
    }

    /// The number's last two characters behind dots, for places where the whole would say too much.
    pub fn masked(&self) -> String {
        let tail = self.number.len().saturating_sub(2);
        format!("{} …{}", self.issuer, &self.number[tail..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_two_letters_is_refused_and_one_that_was_kept_is_still_read() {
        assert!(State::new("FR").is_err() && State::new("d").ok().is_some_and(|state| state.as_str() == "D"));
        let kept: State = serde_json::from_str("\"FR\"").unwrap();
        assert_eq!(serde_json::to_string(&kept).unwrap(), "\"FR\"");
    }

    #[test]
    fn a_number_in_json_is_the_same_as_one_that_is_typed() {
        let read = |number: &str| {
            serde_json::from_str::<DocumentKey>(&format!(
                r#"{{"issuer":"UTO","kind":"P","number":"{number}"}}"#
            ))
        };
        assert!(read("l8-989 02c3").ok().unwrap() == read("L898902C3").ok().unwrap());
        assert!(read("").is_err() && read("ÄÖ").is_err());
    }

    #[test]
    fn the_same_number_typed_scanned_and_sent_is_one_key() {
        let key = |n: &str| DocumentKey::new(State::new("D<<").unwrap(), DocumentKind::new("P<").unwrap(), n);
        let (typed, scanned) = (key("c01x-00t47").ok().unwrap(), key("C01X00T47<").ok().unwrap());
        assert!(typed == scanned);
        let sent =
            DocumentKey::new(State::new("DEU").unwrap(), DocumentKind::new("PP").unwrap(), "C01X00T47");
        assert!(sent.ok().unwrap() == typed);
        assert_eq!(typed.masked(), "D …47");
    }

    #[test]
    fn one_character_over_and_over_names_nobodys_document() {
        let key = |n: &str| DocumentKey::new(State::new("GBR").unwrap(), DocumentKind::new("P").unwrap(), n);
        let placeholder = |n: &str| key(n).ok().unwrap().is_placeholder();
        assert!(placeholder("000000000") && placeholder("XX") && placeholder("9-9 9<9"));
        assert!(!placeholder("000000001") && !placeholder("7"));
    }

    #[test]
    fn what_is_not_a_code_is_refused() {
        assert_eq!(State::new("U5A"), Err(DocumentError::State));
        assert_eq!(State::new("ABCD"), Err(DocumentError::State));
        assert_eq!(DocumentKind::new(""), Err(DocumentError::Kind));
        let (state, kind) = (State::new("USA").unwrap(), DocumentKind::new("P").unwrap());
        assert!(DocumentKey::new(state.clone(), kind.clone(), "<<<").is_err());
        assert!(DocumentKey::new(state, kind, &"9".repeat(36)).is_err());
    }
}
