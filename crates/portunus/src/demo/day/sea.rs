//! The cruise terminal, both ways.

use super::chapter::Chapter;
use super::country::{Admission, Country, HARBOUR};
use super::people::Cast;
use anyhow::Result;

/// A ship's guests embark, she comes back to the pier, and leaves at last.
pub(super) async fn out(country: &mut Country, cast: &mut Cast) -> Result<Chapter> {
    const PIER: &str = "Pier, out";
    let mut chapter = Chapter::at(country, "Cruise terminal: a ship's guests embark")?;
    let guests = cast.group(6, 2);
    country.add_references(&guests).await?;
    country.send_list(300, HARBOUR, "BDA", &guests).await?;
    let voyage = country.voyage(300)?;
    country.open_voyage(&voyage, PIER).await?;
    for person in &guests {
        let passed = country.pass(PIER, person, None).await?;
        chapter.came(person, &passed)?;
        if passed.step != "proceed" {
            country.board_by_document(&voyage, &passed.encounter, person).await?;
        }
    }
    chapter.ask_parity(country, PIER).await?;
    let left = country.close(&voyage).await?.crossings;
    let undone = country.come_back(&voyage).await?;
    chapter.expect("departures undone", left, undone)?;
    chapter.note(format!("she left with {left}, and came back to the pier: {undone} departures erased"))?;
    country.open_voyage(&voyage, PIER).await?;
    let closed = country.close(&voyage).await?;
    chapter.note(format!("she left again, with who had embarked: {} departures", closed.crossings))?;
    chapter.closed(&closed, guests.len())?;
    chapter.mostly_known()?.end()
}

/// Another ship's guests debark.
pub(super) async fn lands(country: &mut Country, cast: &mut Cast) -> Result<Chapter> {
    const PIER: &str = "Pier, in";
    let mut chapter = Chapter::at(country, "Cruise terminal: another ship's guests debark")?;
    let guests = cast.group(5, 3);
    country.add_references(&guests).await?;
    country.send_list(301, "BDA", HARBOUR, &guests).await?;
    let watch = country.open_watch(PIER).await?;
    let expected = country.board(PIER).await?["expected"].as_u64();
    chapter.expect(
        "expected at the pier: the ship's guests, and nobody of the airport's",
        Some(guests.len() as u64),
        expected,
    )?;
    for (n, person) in guests.iter().enumerate() {
        let passed = country.pass(PIER, person, None).await?;
        chapter.came(person, &passed)?;
        country.admit(&watch, &passed.encounter, person, Admission::of(n)).await?;
    }
    chapter.ask_desk(country, &watch)?;
    chapter.ask_parity(country, PIER).await?;
    let closed = country.close(&watch).await?;
    chapter.closed(&closed, guests.len())?;
    chapter.mostly_known()?.end()
}
