//! What a message is for: BGM's document name, identifier and function (data elements 1001, 1004, 1225).
//!
//! Codes: WCO/IATA/ICAO PAXLST implementation guide, section BGM; 1225 as in D.05B.

use super::super::envelope::Placed;
use super::super::problem::{Cost, Place, Problem, Problems, shown};
use portunus_core::voyage::ManifestAction;
use serde::Serialize;

/// Whom a message lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    /// Passengers (745).
    Passengers,
    /// Crew (250).
    Crew,
    /// Those that a change of the flight's status concerns (266).
    FlightStatus,
}

/// Reads BGM. `None`: the message is refused, and the problem says why.
///
/// | BGM | action |
/// |---|---|
/// | 745, 250 | add (the guide's lists are cumulative: parties of interactive API, parts of a batch) |
/// | 745 + CP | add: known people are updated |
/// | 745 + XR, RP | remove: reservation cancelled, party reduced |
/// | 250 + C, B, A, D, E, F; CC, BC, EC, FC | add: scheduled crew; changed crew |
/// | 266 + CL, CLOB, CLNB | close; close-out with those on board; with those not on board |
/// | 266 + XF, CF | cancel the voyage; add (its legs are updated) |
/// | any of the above without identifier, with function 1, 3 or 5 | remove, remove, replace |
/// | 336, 655 | refused: a master crew list and a gate pass concern no voyage |
pub(super) fn read(
    bgm: Option<&Placed<'_>>,
    header: Place,
    problems: &mut Problems,
) -> Option<(List, ManifestAction)> {
    let Some(bgm) = bgm else {
        let expected = "BGM; taken as a list of passengers (745)";
        problems.push(Problem::new(header, "no BGM", expected, Cost::Nothing));
        return Some((List::Passengers, ManifestAction::Add));
    };
    let mut refuse = |found, expected: &'static str| {
        problems.push(Problem::new(bgm.place(), found, expected, Cost::Message));
        None
    };
    let identifier = bgm.segment.text(2, 0);
    let list = match &*bgm.segment.text(1, 0) {
        "745" => List::Passengers,
        "250" => List::Crew,
        "266" => List::FlightStatus,
        "336" => return refuse("a master crew list (336)".into(), "a list of a voyage: 745, 250 or 266"),
        "655" => return refuse("a gate pass request (655)".into(), "a list of a voyage: 745, 250 or 266"),
        other => return refuse(shown(other), "745, 250 or 266 in element 1"),
    };
    let action = match (list, &*identifier) {
        (List::Passengers, "CP") => ManifestAction::Add,
        (List::Passengers, "XR" | "RP") => ManifestAction::Remove,
        (List::Crew, "C" | "B" | "A" | "D" | "E" | "F" | "CC" | "BC" | "EC" | "FC") => ManifestAction::Add,
        (List::FlightStatus, "CL") => ManifestAction::Close,
        (List::FlightStatus, "CLOB") => ManifestAction::CloseOut,
        (List::FlightStatus, "CLNB") => ManifestAction::CloseOutExcept,
        (List::FlightStatus, "XF") => ManifestAction::CancelVoyage,
        (List::FlightStatus, "CF") => {
            let expected = "the same flight and date; another flight needs XF and a new list";
            problems.push(Problem::new(bgm.place(), "a changed flight (CF)", expected, Cost::Nothing));
            ManifestAction::Add
        }
        (List::FlightStatus, other) => return refuse(shown(other), "CL, CLOB, CLNB, XF or CF in element 2"),
        (_, identifier) => return by_function(bgm, identifier, problems).map(|action| (list, action)),
    };
    Some((list, action))
}

/// What a passenger or crew list without a known identifier asks for, by its message function (1225).
fn by_function(bgm: &Placed<'_>, identifier: &str, problems: &mut Problems) -> Option<ManifestAction> {
    // D.02B senders put a document number where later guides have codes.
    if !identifier.is_empty() {
        let expected = "an identifier of the implementation guide; its message function decides";
        problems.push(Problem::new(bgm.place(), "another identifier", expected, Cost::Nothing));
    }
    match &*bgm.segment.text(3, 0) {
        "" | "2" | "4" | "9" => Some(ManifestAction::Add),
        "1" | "3" => Some(ManifestAction::Remove),
        "5" => Some(ManifestAction::Replace),
        other => {
            let expected = "a message function 1, 2, 3, 4, 5 or 9 in element 3";
            problems.push(Problem::new(bgm.place(), shown(other), expected, Cost::Message));
            None
        }
    }
}
