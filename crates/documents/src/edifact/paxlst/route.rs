//! Which voyage a message speaks of: TDT with its LOC and DTM (segment groups 2 and 3).

use super::super::envelope::Placed;
use super::super::problem::{Cost, Problem, Problems};
use super::super::token::Segment;
use super::date;
use super::person::{PORT_EXPECTED, port_code};
use jiff::civil::{Date, DateTime};
use portunus_core::voyage::{Leg, VoyageKey};

/// Flights that a message may name, and stops of each.
const FLIGHTS_MAX: usize = 32;
const STOPS_MAX: usize = 32;

/// A port where a flight stops.
struct Stop {
    port: Option<String>,
    arrives: Option<DateTime>,
    departs: Option<DateTime>,
}

/// One TDT with its stops.
struct Flight<'a> {
    tdt: Placed<'a>,
    designator: Option<(String, String)>,
    stops: Vec<Stop>,
    crosses: bool,
}

/// A voyage as a message's header tells it.
pub(super) struct Route {
    pub(super) voyage: VoyageKey,
    pub(super) legs: Vec<Leg>,
    /// Other flights named: connections under another number.
    pub(super) others: Vec<VoyageKey>,
}

/// Reads the header's TDT, LOC and DTM segments. `None`: no voyage can be told, and the problem says why.
///
/// The voyage is that of the flight whose leg crosses the border (LOC 125 and 87), else the first named. TDTs
/// next to it with the same carrier and number are legs of the same voyage; flights with other numbers are
/// named in [`Route::others`]. Its date is the local day on which its first leg departs.
pub(super) fn read(header: &[Placed<'_>], problems: &mut Problems) -> Option<Route> {
    let flights = flights(header, problems);
    let Some(chosen) = flights.iter().position(|f| f.crosses).or((!flights.is_empty()).then_some(0)) else {
        let place = header.first()?.place();
        problems.push(Problem::new(place, "no flight", "TDT+20 or TDT+34 with LOC and DTM", Cost::Message));
        return None;
    };
    let tdt = &flights[chosen].tdt;
    let Some((carrier, number)) = &flights[chosen].designator else {
        let expected = "a carrier and a number such as LH400, the carrier also in element 5";
        problems.push(Problem::new(tdt.place(), "no flight number", expected, Cost::Message));
        return None;
    };
    let same = |f: &&Flight<'_>| f.designator == flights[chosen].designator;
    let first = chosen - flights[..chosen].iter().rev().take_while(same).count();
    let run = &flights[first..];
    let legs: Vec<_> = run.iter().take_while(same).flat_map(|f| legs(f, problems)).collect();
    let departs = run.iter().take_while(same).flat_map(|f| &f.stops).find_map(|stop| stop.departs);
    let Some(departs) = departs else {
        let expected = "DTM+189, the scheduled local departure, as YYMMDDhhmm";
        problems.push(Problem::new(tdt.place(), "no departure", expected, Cost::Message));
        return None;
    };
    let voyage = VoyageKey::new(carrier, number, departs.date())?;
    let others = others(&flights, &voyage);
    if !others.is_empty() {
        let found = "flights of other numbers as well";
        let expected =
            "one voyage; its people are taken for the flight that crosses the border, else the first";
        problems.push(Problem::new(tdt.place(), found, expected, Cost::Nothing));
    }
    Some(Route { voyage, legs, others })
}

fn others(flights: &[Flight<'_>], voyage: &VoyageKey) -> Vec<VoyageKey> {
    let mut others: Vec<_> = flights
        .iter()
        .filter_map(|flight| {
            let (carrier, number) = flight.designator.as_ref()?;
            let departs = flight.stops.iter().find_map(|stop| stop.departs)?;
            VoyageKey::new(carrier, number, departs.date())
        })
        .filter(|key| (&key.carrier, &key.number) != (&voyage.carrier, &voyage.number))
        .collect();
    others.dedup();
    others
}

fn flights<'a>(header: &[Placed<'a>], problems: &mut Problems) -> Vec<Flight<'a>> {
    let mut flights: Vec<Flight<'a>> = Vec::new();
    let mut listening = false;
    for placed in header {
        let segment = &placed.segment;
        match segment.tag {
            // 20 is the main carriage, 34 an overflight; others (pre- and on-carriage) are not this voyage.
            "TDT" => {
                listening = matches!(&*segment.text(1, 0), "20" | "34") && flights.len() < FLIGHTS_MAX;
                if listening {
                    let designator = designator(placed, problems);
                    flights.push(Flight { tdt: *placed, designator, stops: Vec::new(), crosses: false });
                }
            }
            "LOC" if listening => {
                if let Some(flight) = flights.last_mut() {
                    stop(flight, placed, problems);
                }
            }
            "DTM" if listening => {
                if let Some(flight) = flights.last_mut() {
                    time(flight, placed, problems);
                }
            }
            _ => {}
        }
    }
    flights
}

/// Carrier and number from `TDT+20+CA339+++CA`, `TDT+20+339+++CA`, `TDT+20+CA339` or, where the mode (element
/// 3) is not air, `TDT+20+VOYAGE+1++LINE`.
///
/// A number that begins with a carrier other than the one in element 5 keeps its own: under that it is known.
fn designator(tdt: &Placed<'_>, problems: &mut Problems) -> Option<(String, String)> {
    let plain = |element: usize| -> String {
        let text = tdt.segment.text(element, 0);
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase()
    };
    let (reference, carrier) = (plain(2), plain(5));
    let parts = |key: VoyageKey| (key.carrier, key.number);
    let with =
        |carrier: &str, number: &str| VoyageKey::new(carrier, number, Date::constant(2000, 1, 1)).map(parts);
    let digit_first = |text: &str| text.bytes().next().is_some_and(|b| b.is_ascii_digit());
    if let Some(number) = reference.strip_prefix(&*carrier).filter(|n| !carrier.is_empty() && digit_first(n))
    {
        return with(&carrier, number);
    }
    let by_air = matches!(&*tdt.segment.text(3, 0), "" | "4" | "40");
    let bare = digit_first(&reference)
        && reference.len() <= 5
        && reference.as_bytes()[1..].iter().all(|b| !b.is_ascii_alphabetic());
    if !carrier.is_empty() && (bare || !by_air) {
        return with(&carrier, &reference);
    }
    let own = VoyageKey::from_designator(&reference, Date::constant(2000, 1, 1)).map(parts)?;
    if !carrier.is_empty() && own.0 != carrier {
        let expected = "the carrier of the flight number in element 2, which is taken";
        problems.push(Problem::new(tdt.place(), "another carrier in element 5", expected, Cost::Nothing));
    }
    Some(own)
}

/// Qualifiers of LOC that name a stop: 125 last abroad, 87 first at home, 92 in between, 130 last at home;
/// 5 and 9 departure, 61 next port of call, 8, 11 and 12 arrival in other modes than air.
fn stop(flight: &mut Flight<'_>, loc: &Placed<'_>, problems: &mut Problems) {
    let qualifier = loc.segment.text(1, 0);
    if !matches!(&*qualifier, "125" | "87" | "92" | "130" | "5" | "9" | "61" | "8" | "11" | "12") {
        return;
    }
    flight.crosses |= matches!(&*qualifier, "125" | "87");
    let port = port_code(&loc.segment.text(2, 0));
    if port.is_none() {
        problems.push(Problem::new(loc.place(), "no port's code", PORT_EXPECTED, Cost::Value));
    }
    if flight.stops.len() < STOPS_MAX {
        flight.stops.push(Stop { port, arrives: None, departs: None });
    }
}

/// Scheduled (189, 232), else estimated (133, 132) times of the stop before.
fn time(flight: &mut Flight<'_>, dtm: &Placed<'_>, problems: &mut Problems) {
    let qualifier = dtm.segment.text(1, 0);
    if !matches!(&*qualifier, "189" | "133" | "232" | "132") {
        return;
    }
    let Some(time) = moment(&dtm.segment, dtm, problems) else { return };
    if flight.stops.is_empty() {
        flight.stops.push(Stop { port: None, arrives: None, departs: None });
    }
    let Some(stop) = flight.stops.last_mut() else { return };
    match &*qualifier {
        "189" => stop.departs = Some(time),
        "133" => stop.departs = stop.departs.or(Some(time)),
        "232" => stop.arrives = Some(time),
        _ => stop.arrives = stop.arrives.or(Some(time)),
    }
}

fn moment(segment: &Segment<'_>, dtm: &Placed<'_>, problems: &mut Problems) -> Option<DateTime> {
    let time = date::movement(segment);
    if time.is_none() {
        let expected = "a local date and time as YYMMDDhhmm or CCYYMMDDhhmm";
        problems.push(Problem::new(dtm.place(), "no such time", expected, Cost::Value));
    }
    time
}

/// The legs between a flight's stops. Of two stops, the one left first is the first, whatever the order sent;
/// times sent together after both ports are shared out.
fn legs(flight: &Flight<'_>, problems: &mut Problems) -> Vec<Leg> {
    let mut stops: Vec<&Stop> = flight.stops.iter().collect();
    let two = stops.len() == 2;
    if two && stops[0].departs.is_none() && stops[1].departs.is_some() && stops[1].arrives.is_none() {
        stops.swap(0, 1);
    }
    let legs: Vec<_> = stops
        .windows(2)
        .filter_map(|pair| {
            let departs = pair[0].departs.or(pair[1].departs.filter(|_| two));
            let arrives = pair[1].arrives.or(pair[0].arrives.filter(|_| two));
            Some(Leg { from: pair[0].port.clone()?, to: pair[1].port.clone()?, departs, arrives })
        })
        .collect();
    if legs.is_empty() {
        let expected = "LOC 125 and 87 (or 92) with the ports of departure and arrival";
        problems.push(Problem::new(flight.tdt.place(), "no leg", expected, Cost::Value));
    }
    legs
}
