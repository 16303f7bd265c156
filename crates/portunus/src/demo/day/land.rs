//! A road, a footbridge, a marina: nobody is expected by name, the document comes first.

use super::chapter::Chapter;
use super::country::{Admission, Country};
use super::people::{Cast, side_by_side};
use crate::demo::cast::{Traveller, frames};
use anyhow::{Context as _, Result};
use portunus_core::parity::PEOPLE_MIN;

const ROAD: &str = "North road, in";
const BRIDGE: &str = "Footbridge, out";
/// Cars that come until one is known.
const CARS_MAX: usize = 4;

/// Cars: faces and documents are given to each other one to one; somebody unseen; somebody who declines.
pub(super) async fn road(country: &mut Country, cast: &mut Cast) -> Result<Chapter> {
    let mut chapter = Chapter::at(country, "North road: cars come in")?;
    let watch = country.open_watch(ROAD).await?;
    let mut crossed = 0;
    // More faces near than people who have chosen, and nobody in the car is looked at: it happens with pictures of a crowd.
    let mut given = false;
    for _ in 0..CARS_MAX {
        let family = photographed(cast, 4);
        crossed += family.len();
        given = one_car(country, &mut chapter, (&watch, "a car"), &family, family.len()).await?;
        if given {
            break;
        }
    }
    chapter.expect_that("one of the cars to be known by half of its faces or more", given, CARS_MAX)?;
    let pair = photographed(cast, 2);
    crossed += pair.len();
    one_car(country, &mut chapter, (&watch, "a car in which one leans back"), &pair, 1).await?;
    crossed += with_a_decline(country, &mut chapter, &watch, &cast.group(1, 1)).await?;
    chapter.ask_parity(country, ROAD).await?;
    let closed = country.close(&watch).await?;
    chapter.closed(&closed, crossed)?;
    chapter.end()
}

fn photographed(cast: &mut Cast, people: usize) -> Vec<Traveller> {
    cast.group(people, 0).into_iter().filter(|one| !one.declines()).collect()
}

/// Everybody in a car shows a document; the camera sees the first so many of them. Whether half of those seen or more were given
/// a document.
async fn one_car(
    country: &mut Country,
    chapter: &mut Chapter,
    (watch, what): (&str, &str),
    people: &[Traveller],
    seen_by_camera: usize,
) -> Result<bool> {
    country.add_references(people).await?;
    let car = country.begin_car(ROAD, people).await?;
    let seats: Vec<Vec<u8>> = people.iter().take(seen_by_camera).map(first_frame).collect::<Result<_>>()?;
    let picture = side_by_side(&seats)?;
    let mut seen = country.capture_car(ROAD, &car, picture.clone()).await?;
    while seen["step"] == "try-again" {
        seen = country.capture_car(ROAD, &car, picture.clone()).await?;
    }
    let count = |name: &str| seen[name].as_u64().with_context(|| format!("no {name} in {seen}"));
    let (matched, ambiguous) = (count("matched")?, count("ambiguous")?);
    let (faces, documents) = (count("unmatched_faces")?, count("unmatched_documents")?);
    chapter.expect("documents matched or left over", people.len() as u64, matched + ambiguous + documents)?;
    let unseen = people.len() - seen_by_camera;
    chapter.expect_that(
        "a document left over for each who was not seen",
        documents >= unseen as u64,
        documents,
    )?;
    let step = seen["step"].as_str().context("no step")?;
    chapter.note(format!(
        "{what} with {} documents, {seen_by_camera} faces before the camera: {matched} matched one to one, {faces} faces and \
         {documents} documents left over; all of them: {step}",
        people.len()
    ))?;
    for (n, (person, encounter)) in people.iter().zip(&car).enumerate() {
        chapter.photographed_as(step);
        country.admit(watch, encounter, person, Admission::of(n)).await?;
    }
    Ok(2 * (matched + ambiguous) >= seen_by_camera as u64)
}

fn first_frame(person: &Traveller) -> Result<Vec<u8>> {
    frames(person)?.into_iter().next().context("a face without a picture")
}

/// One of a car would rather not: the camera is armed for nobody in it.
async fn with_a_decline(
    country: &mut Country,
    chapter: &mut Chapter,
    watch: &str,
    couple: &[Traveller],
) -> Result<usize> {
    country.add_references(couple).await?;
    let car = country.begin_car(ROAD, couple).await?;
    let driver = couple.first().context("an empty car")?;
    let why = country.may_not_capture_car(ROAD, &car, first_frame(driver)?).await?;
    chapter.note(format!("in the next car one declined, and the camera was refused: {why}"))?;
    let (mut all, mut line) = (car.clone(), country.line(ROAD).await?);
    // They came in the same instant.
    all.sort_unstable();
    line.sort_unstable();
    chapter.expect("who sees an officer", all, line)?;
    for (n, (person, encounter)) in couple.iter().zip(&car).enumerate() {
        chapter.not_photographed(person.declines());
        country.admit(watch, encounter, person, Admission::of(n)).await?;
    }
    Ok(couple.len())
}

/// A flood closes the footbridge: who leaves there leaves no record, until two people designate it anew.
pub(super) async fn flood(country: &mut Country) -> Result<Chapter> {
    let mut chapter = Chapter::at(country, "Three days ago, footbridge: a flood, and the point is closed")?;
    country.withdraw(BRIDGE).await?;
    let why = country.may_not_open(BRIDGE).await?;
    chapter.note(format!("its designation is withdrawn; the service refuses to work there: {why}"))?;
    chapter.end()
}

/// On foot: the document first, then the face against it alone; and known again without it, for who asked for that.
pub(super) async fn footbridge(country: &mut Country, cast: &mut Cast) -> Result<Chapter> {
    let mut chapter = Chapter::at(country, "Footbridge: designated anew, and people walk out")?;
    country.designate(BRIDGE).await?;
    let watch = country.open_watch(BRIDGE).await?;
    let walkers = cast.by_document(5, 1);
    let known = walk(country, &mut chapter, &watch, &walkers).await?;
    let (person, encounter) = known.context("nobody was known by their document")?;
    country.consent(BRIDGE, &encounter).await?;
    let closed = country.close(&watch).await?;
    chapter.closed(&closed, walkers.len())?;

    let evening = country.open_watch(BRIDGE).await?;
    let again = country.pass(BRIDGE, &person, None).await?;
    chapter.came(&person, &again)?;
    chapter.note(format!(
        "one asked to be known again; without a document the lane told them: {}",
        again.step
    ))?;
    let mut crossed = 1;
    if again.step != "proceed" {
        // Not known this time: they show it after all.
        country.refuse(&again.encounter, "shows the document after all").await?;
        crossed = 0;
    }
    let taken_back = country.withdraw_consent(BRIDGE, &person).await?;
    chapter.expect("consents erased", 1, taken_back)?;
    chapter.note(format!("and took it back: {taken_back} consent erased"))?;
    let closed = country.close(&evening).await?;
    chapter.closed(&closed, crossed)?;
    chapter.mostly_known()?.end()
}

/// As many of each choice as it takes to say what declining costs.
pub(super) async fn market_day(country: &mut Country, cast: &mut Cast) -> Result<Chapter> {
    let each = usize::try_from(PEOPLE_MIN)? + 1;
    let title = format!("Footbridge: market day, {each} people of each choice");
    let mut chapter = Chapter::at(country, &title)?;
    let watch = country.open_watch(BRIDGE).await?;
    let (photo, manual) = (cast.by_document(each, 0), cast.by_document(0, each));
    let walkers: Vec<Traveller> = photo.into_iter().zip(manual).flat_map(|(a, b)| [a, b]).collect();
    walk(country, &mut chapter, &watch, &walkers).await?;
    chapter.ask_parity(country, BRIDGE).await?;
    let counted = chapter.parity().map(|parity| (parity.with_photo, parity.without_photo));
    chapter.expect_that(
        "everybody's wait to be counted",
        counted.is_some_and(|(with, without)| with.min(without) >= each as u64),
        counted,
    )?;
    let closed = country.close(&watch).await?;
    chapter.closed(&closed, walkers.len())?;
    chapter.mostly_known()?.end()
}

/// People walk out one by one. Gives the first whom the machine knew.
async fn walk(
    country: &mut Country,
    chapter: &mut Chapter,
    watch: &str,
    walkers: &[Traveller],
) -> Result<Option<(Traveller, String)>> {
    let mut first = None;
    country.add_references(walkers).await?;
    for person in walkers {
        let passed = country.pass(BRIDGE, person, Some(person)).await?;
        chapter.came(person, &passed)?;
        if passed.step == "proceed" {
            first.get_or_insert((person.clone(), passed.encounter));
        } else {
            country.board_by_document(watch, &passed.encounter, person).await?;
        }
    }
    Ok(first)
}

/// A yacht: a tablet is camera and console in one.
pub(super) async fn marina(country: &mut Country, cast: &mut Cast) -> Result<Chapter> {
    const MARINA: &str = "Marina, in";
    let mut chapter = Chapter::at(country, "Marina: a yacht comes in (a tablet is camera and console)")?;
    let watch = country.open_watch(MARINA).await?;
    let crew = cast.by_document(2, 1);
    country.add_references(&crew).await?;
    for (n, person) in crew.iter().enumerate() {
        let passed = country.pass(MARINA, person, Some(person)).await?;
        chapter.came(person, &passed)?;
        country.admit(&watch, &passed.encounter, person, Admission::of(n)).await?;
    }
    chapter.ask_parity(country, MARINA).await?;
    let closed = country.close(&watch).await?;
    chapter.closed(&closed, crew.len())?;
    chapter.mostly_known()?.end()
}
