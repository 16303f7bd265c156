//! Lookouts: written by one person, approved by another; a hit refers and says why; who is not meant is hit no more.

use super::chapter::Chapter;
use super::country::{AIRPORT, Admission, Country};
use super::people::Cast;
use crate::demo::cast::Traveller;
use anyhow::{Context as _, Result};
use jiff::ToSpan as _;
use serde_json::{Value, json};

const API: &str = "/api/lookout/v1";
const HALL: &str = "Arrival hall";
const ROUTE: &str = "Arrival route";

/// A flight with a stolen passport on it, and with somebody who is called as a wanted person is.
pub(super) async fn play(country: &mut Country, cast: &mut Cast) -> Result<Chapter> {
    let mut chapter =
        Chapter::at(country, "Airport, arrival hall: two lookouts, one of them for somebody else")?;
    let people = cast.group(2, 0);
    let [thief, namesake] = people.as_slice() else { anyhow::bail!("two travellers") };
    country.add_references(&people).await?;
    let stolen = write(country, &mut chapter, &on_document(country, thief)).await?;
    let wanted = write(country, &mut chapter, &on_person(country, namesake)).await?;
    country.send_list(702, "CDG", AIRPORT, &people).await?;
    let watch = country.open_watch(HALL).await?;

    let encounter = hit(country, &mut chapter, thief, &stolen).await?;
    country.refuse(&encounter, "the passport is listed as stolen; handed to the police").await?;
    chapter.note("the officer refused, and said why; no machine did")?;

    let encounter = hit(country, &mut chapter, namesake, &wanted).await?;
    redress(country, &mut chapter, (&watch, &encounter), namesake, &wanted).await?;
    country.admit(&watch, &encounter, namesake, Admission::Visitor(90)).await?;
    let closed = country.close(&watch).await?;
    chapter.closed(&closed, 1)?;
    chapter.end()
}

/// A lookout in force.
struct InForce {
    id: String,
    reason: String,
}

fn on_document(country: &Country, of: &Traveller) -> Value {
    json!({
        "on": "document", "state": "stolen", "issuer": of.state, "kind": "P", "number": of.number,
        "authority": "Police", "reference": "17/26", "reason": "passport reported stolen",
        "expires": country.today().saturating_add(90.days()), "review": country.today().saturating_add(30.days()),
    })
}

fn on_person(country: &Country, like: &Traveller) -> Value {
    let born = format!("{}-{}-{}", &like.born[..4], &like.born[4..6], &like.born[6..]);
    json!({
        "on": "person", "names": format!("{}/{}", like.family, like.given), "born": born, "nationality": like.state,
        "authority": "Court", "reference": "4/26", "reason": "to be heard as a witness",
        "expires": country.today().saturating_add(90.days()), "review": country.today().saturating_add(30.days()),
    })
}

/// Written by an author, who may not approve it, and approved by another.
async fn write(country: &Country, chapter: &mut Chapter, lookout: &Value) -> Result<InForce> {
    let _: Value = country.author.post(&format!("{API}/lookouts"), lookout).await?;
    let kept = listed(country, lookout).await?;
    chapter.expect("the lookout, before anybody approved it", &json!("proposed"), &kept["state"])?;
    let id = kept["id"].as_str().context("no lookout")?.to_owned();
    let approve = format!("{API}/lookouts/{id}/approve");
    let looked_at = json!({ "written_at": kept["written_at"] });
    let why_not = country.author.refused(&approve, &looked_at).await?;
    let () = country.approver.post(&approve, &looked_at).await?;
    let kept = listed(country, lookout).await?;
    chapter.expect("the lookout, once another approved it", &json!("in-force"), &kept["state"])?;
    let text = |name: &str| kept[name].as_str().unwrap_or("?").to_owned();
    chapter.note(format!(
        "a lookout on a {}: {} ({}, {}); written by {}, who may not approve it ({why_not}); approved by {}",
        text("on"),
        text("reason"),
        text("authority"),
        text("reference"),
        text("author"),
        text("approver")
    ))?;
    Ok(InForce { id, reason: text("reason") })
}

async fn listed(country: &Country, lookout: &Value) -> Result<Value> {
    let all: Value = country.author.get(&format!("{API}/lookouts")).await?;
    let same = |one: &&Value| one["reference"] == lookout["reference"];
    Ok(all.as_array().and_then(|all| all.iter().find(same)).context("the lookout is not listed")?.clone())
}

/// Somebody shows the passport, is photographed, and is sent to an officer, whose card says why. Gives the encounter.
async fn hit(country: &mut Country, chapter: &mut Chapter, who: &Traveller, by: &InForce) -> Result<String> {
    let passed = country.pass(ROUTE, who, Some(who)).await?;
    chapter.came(who, &passed)?;
    chapter.expect("the step of whom a lookout hits", "see-officer", passed.step.as_str())?;
    let board = country.board(HALL).await?;
    let waiting = board["queue"]
        .as_array()
        .and_then(|queue| queue.iter().find(|one| one["encounter"] == passed.encounter.as_str()));
    let reasons = waiting.context("who is referred stands in the line")?["reasons"].to_string();
    let card = lookouts_on(&country.card(HALL, &passed.encounter).await?);
    chapter.expect_that("the card to say why", card.contains(&by.reason), &card)?;
    chapter.note(format!(
        "a traveller was told {}, for {reasons}; the officer's card says: {card}",
        passed.step
    ))?;
    Ok(passed.encounter)
}

/// The officer finds that it is somebody else; an approver agrees; the lookout hits them no more.
async fn redress(
    country: &Country,
    chapter: &mut Chapter,
    (watch, encounter): (&str, &str),
    who: &Traveller,
    lookout: &InForce,
) -> Result<()> {
    let passenger = country.find(watch, who).await?;
    country.not_this_person(&passenger, &lookout.id, "born elsewhere, and another mother's name").await?;
    let waiting: Value = country.approver.get(&format!("{API}/redress")).await?;
    let wish = waiting.as_array().and_then(|all| all.first()).context("no wish waits for an approver")?;
    let agreed = json!({ "traveller": wish["traveller"], "lookout": lookout.id });
    let () = country.approver.post(&format!("{API}/redress/approve"), &agreed).await?;
    let card = lookouts_on(&country.card(HALL, encounter).await?);
    chapter.expect("lookouts on the card after redress", "", card.as_str())?;
    chapter.note(format!(
        "it was somebody else: {} said so ({}), an approver agreed, and the card names no lookout any more",
        wish["asked_by"].as_str().unwrap_or("?"),
        wish["reason"].as_str().unwrap_or("?")
    ))
}

/// The words of a card's lookouts; none, none.
fn lookouts_on(card: &str) -> String {
    let Some((_, rest)) = card.split_once("aria-label=\"Lookouts\"") else { return String::new() };
    let (_, rest) = rest.split_once('>').unwrap_or_default();
    let section = rest.split("</section>").next().unwrap_or_default();
    let section = section.split("<button").next().unwrap_or_default();
    let mut words = String::new();
    for part in section.split('<') {
        let text = part.split_once('>').map_or(part, |(_, text)| text).trim();
        if !text.is_empty() {
            words.push_str(if words.is_empty() { "" } else { " " });
            words.push_str(text);
        }
    }
    words
}
