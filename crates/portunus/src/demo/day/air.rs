//! The airport: who came days ago, a flight that leaves, a flight that lands.

use super::chapter::Chapter;
use super::country::{AIRPORT, Admission, Country};
use super::people::Cast;
use crate::demo::cast::Traveller;
use anyhow::{Context as _, Result};
use serde_json::json;

const HALL: &str = "Arrival hall";
const ROUTE: &str = "Arrival route";
const GATES: [&str; 2] = ["Gate 1", "Gate 2"];

/// Three visitors, of whom the day's end will tell: who leaves in time, who does not, of whom that cannot be said.
pub(super) struct Visitors {
    pub(super) leaves: Traveller,
    pub(super) stays_on: Traveller,
    pub(super) unknown: Traveller,
}

/// Three visitors come in, days before: each may stay for so long.
pub(super) async fn earlier(country: &mut Country, cast: &mut Cast) -> Result<(Chapter, Visitors)> {
    let mut chapter = Chapter::at(country, "Six days ago, arrival hall: three visitors come in")?;
    let visitors = cast.visitors(3);
    country.add_references(&visitors).await?;
    country.send_list(690, "CDG", AIRPORT, &visitors).await?;
    let watch = country.open_watch(HALL).await?;
    for (visitor, days) in visitors.iter().zip([1, 90, 3]) {
        let passed = country.pass(ROUTE, visitor, None).await?;
        chapter.came(visitor, &passed)?;
        country.admit(&watch, &passed.encounter, visitor, Admission::Visitor(days)).await?;
    }
    let closed = country.close(&watch).await?;
    chapter.closed(&closed, visitors.len())?;
    let [stays_on, leaves, unknown] = visitors.try_into().ok().context("three visitors")?;
    Ok((chapter.end()?, Visitors { leaves, stays_on, unknown }))
}

/// A flight leaves: three decline, the gate changes while they board, one is late, and is taken off again.
pub(super) async fn out(country: &mut Country, cast: &mut Cast, leaver: &Traveller) -> Result<Chapter> {
    let mut chapter = Chapter::at(country, "Airport, gates 1 and 2: a flight leaves")?;
    let mut people = cast.group(10, 3);
    // The second who is photographed is the late one.
    let late = people.remove(2);
    people.push(leaver.clone());
    let on_time = people.len();
    people.push(late.clone());
    country.add_references(&people).await?;
    let early = people.get(..on_time).unwrap_or_default();
    country.send_list(100, AIRPORT, "CDG", early).await?;
    let voyage = country.voyage(100)?;
    country.open_voyage(&voyage, GATES[0]).await?;
    let (mut gate, mut waits) = (GATES[0], None::<(&Traveller, String)>);
    for (n, person) in early.iter().enumerate() {
        if n == on_time / 2 {
            country.move_voyage(&voyage, GATES[0], GATES[1]).await?;
            gate = GATES[1];
            let line = country.line(gate).await?;
            if let Some((waiting, encounter)) = waits.take() {
                chapter.expect("who waits at the new gate", vec![encounter.clone()], line.clone())?;
                country.board_by_document(&voyage, &encounter, waiting).await?;
            }
            chapter.note(format!(
                "the gate changed: boarding went on at gate 2, and {} who waited for an officer stood in line there",
                line.len()
            ))?;
        }
        let passed = country.pass(gate, person, None).await?;
        chapter.came(person, &passed)?;
        if passed.step == "proceed" {
            continue;
        }
        if person.declines() && waits.is_none() && gate == GATES[0] {
            waits = Some((person, passed.encounter));
        } else {
            country.board_by_document(&voyage, &passed.encounter, person).await?;
        }
    }
    come_late(country, &mut chapter, (&voyage, &people), &late).await?;
    let board = country.board(gate).await?;
    let aboard = |name: &str| board[name].as_u64().unwrap_or(0);
    let aboard_by = aboard("boarded_by_face") + aboard("boarded_by_document");
    chapter.expect("boarded, as the officer sees it", on_time as u64, aboard_by)?;
    let (expected, boarded) = country.as_the_carrier_sees(100).await?;
    chapter.expect("boarded, as the carrier is told", on_time as u64, boarded)?;
    chapter.note(format!(
        "on board: {} by face, {} by document; the carrier is told {boarded} of {expected}, and never how",
        board["boarded_by_face"], board["boarded_by_document"]
    ))?;
    chapter.ask_parity(country, gate).await?;
    let closed = country.close(&voyage).await?;
    chapter.closed(&closed, on_time)?;
    chapter.mostly_known()?.end()
}

/// Somebody comes whom the list did not have: the carrier sends it again. They board, and leave the aircraft after all.
async fn come_late(
    country: &mut Country,
    chapter: &mut Chapter,
    (voyage, people): (&str, &[Traveller]),
    late: &Traveller,
) -> Result<()> {
    let (before, _) = country.as_the_carrier_sees(100).await?;
    country.send_list(100, AIRPORT, "CDG", people).await?;
    let (after, _) = country.as_the_carrier_sees(100).await?;
    let passed = country.pass(GATES[1], late, None).await?;
    chapter.came(late, &passed)?;
    if passed.step != "proceed" {
        country.board_by_document(voyage, &passed.encounter, late).await?;
    }
    let boarded = country.find(voyage, late).await?["boarded"] == true;
    chapter.expect("the late passenger to have boarded", true, boarded)?;
    chapter.note(format!(
        "a passenger came late: the list was sent again, {before} became {after}; at the gate they were told: {}",
        passed.step
    ))?;
    country.off_load(voyage, &passed.encounter, late).await?;
    let boarded = country.find(voyage, late).await?["boarded"] == true;
    chapter.expect("the late passenger to be on board after leaving", false, boarded)?;
    chapter.note("they left the aircraft: off-loaded, and not on board any more")
}

/// A flight lands: cameras on the route, an officer at the booth, some who declined, one who asks for protection.
pub(super) async fn lands(country: &mut Country, cast: &mut Cast) -> Result<Chapter> {
    let mut chapter =
        Chapter::at(country, "Airport, arrival hall: a flight lands (cameras before the booth)")?;
    let people = cast.group(8, 3);
    country.add_references(&people).await?;
    country.send_list(701, "CDG", AIRPORT, &people).await?;
    let watch = country.open_watch(HALL).await?;
    let mut came = Vec::new();
    for person in &people {
        let passed = country.pass(ROUTE, person, None).await?;
        chapter.came(person, &passed)?;
        came.push(passed.encounter);
    }
    let line = country.line(HALL).await?;
    chapter.expect("the line at the booth", &came, &line)?;
    chapter.note(format!(
        "the hall has one line of {}, known or not, in the order in which they came",
        line.len()
    ))?;
    for (n, (person, encounter)) in people.iter().zip(&came).enumerate() {
        country.admit(&watch, encounter, person, Admission::of(n)).await?;
    }
    protection(country, &mut chapter, &watch).await?;
    chapter.ask_desk(country, &watch)?;
    let timed = chapter.people_at_the_desk();
    chapter.expect("whom the console timed", people.len() + 1, timed.0 + timed.1)?;
    chapter.ask_parity(country, ROUTE).await?;
    let closed = country.close(&watch).await?;
    chapter.closed(&closed, people.len() + 1)?;
    chapter.mostly_known()?.end()
}

/// Somebody without a state's document asks for an officer instead of any choice.
async fn protection(country: &mut Country, chapter: &mut Chapter, watch: &str) -> Result<()> {
    let asks = country.officer_only(ROUTE).await?;
    chapter.expect("who asks for an officer", "see-officer", asks.step.as_str())?;
    chapter.told(&asks.step);
    let given = country.given_to_recipients()?;
    let entered = country.register(watch, "NO DOCUMENT").await?;
    country.take(&asks.encounter).await?;
    let reason = "asks for protection; an interview is arranged";
    country.rule(&asks.encounter, &json!({ "ruling": "secondary", "reason": reason })).await?;
    country.admit_as(&asks.encounter, &entered, Admission::Refugee).await?;
    let since = country.given_to_recipients()? - given;
    chapter.expect("crossings that recipients may ask for", 0, since)?;
    chapter.note(
        "one asked for an officer instead of any choice: no photo, admitted, and no copy of it may be had by any recipient",
    )
}
