//! The day's end: the records office looks at three stays, and anybody checks the public log.

use super::air::Visitors;
use super::chapter::Chapter;
use super::country::Country;
use crate::demo::cast::Traveller;
use anyhow::{Context as _, Result};
use portunus_ledger::verify::Report;
use serde_json::{Value, json};

/// Who left in time, who did not, and of whom that cannot be said; each with its grounds.
pub(super) async fn stays(country: &Country, visitors: &Visitors) -> Result<Chapter> {
    let mut chapter =
        Chapter::at(country, "Records office: the stays of the three visitors of six days ago")?;
    let service = country.service.clone();
    tokio::task::spawn_blocking(move || service.compute_overstays()).await??;
    let new = json!({
        "kind": "stay-inquiry", "reference": "day/1", "basis": "8 U.S.C. 1365b (demonstration)", "reason": "the week's stays",
    });
    let opened: Value = country.records.post("/api/records/v1/cases", &new).await?;
    let case = opened["id"].as_str().context("no case")?.to_owned();
    for (who, what, state) in [
        (&visitors.leaves, "one left today", "left"),
        (&visitors.stays_on, "one did not", "overstay"),
        (&visitors.unknown, "of one nothing is asserted", "unknown"),
    ] {
        let stay = one_stay(country, &case, who).await?;
        chapter.expect(what, &json!(state), &stay["state"]["state"])?;
        let text = |name: &str| stay[name].as_str().unwrap_or("?").to_owned();
        chapter.note(format!("{what}: {}. {}", text("state_in_words"), text("explained")))?;
    }
    let list: Value = country.records.get("/api/records/v1/overstays").await?;
    let stays = list["stays"].as_array().context("no list")?;
    chapter.expect("stays past their last day, on the list that names nobody", 2, stays.len())?;
    chapter.note(format!("the list of stays past their last day has {}, and names nobody", stays.len()))?;
    chapter.end()
}

async fn one_stay(country: &Country, case: &str, who: &Traveller) -> Result<Value> {
    let document = json!({ "issuer": who.state, "kind": "P", "number": who.number });
    let wanted = json!({ "person": { "document": document } });
    let found: Value = country.records.post(&format!("/api/records/v1/cases/{case}/stays"), &wanted).await?;
    let stays = found["stays"].as_array().context("no stays")?;
    let [stay] = stays.as_slice() else {
        anyhow::bail!("expected one stay, and {} are recorded", stays.len())
    };
    Ok(stay.clone())
}

/// What an outsider finds in the day's log.
pub(crate) fn log(report: &Report, quiet: bool) -> Result<Chapter> {
    let mut chapter = Chapter::begin("The public log, checked by somebody who trusts nobody", quiet)?;
    let stated = &report.stated;
    chapter.note(format!("{} leaves, signed by {}", report.size, report.origin))?;
    for witness in &report.witnesses {
        chapter.note(format!("witnessed by {}", witness.witness))?;
    }
    chapter.note(format!(
        "captures: {} = {} sealed + {} never stored + {} discarded + {} missing; {} records stated, {} erased",
        stated.captures,
        stated.captures_sealed,
        stated.captures_never_stored,
        stated.captures_discarded,
        stated.captures_missing,
        stated.records,
        stated.erased
    ))?;
    let faults: Vec<&str> = report.faults.iter().map(|fault| fault.what.as_str()).collect();
    chapter.expect("faults in the log", Vec::<&str>::new(), faults)?;
    chapter.expect("witnesses of the log", 1, report.witnesses.len())?;
    chapter.note(format!("nothing is wrong as of {}", report.as_of))?;
    chapter.end()
}
