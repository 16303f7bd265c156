//! How the demo ends: on what one traveller takes away, and on what anybody may see.

use super::play::{Passage, Played};
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use portunus_core::receipt::ReceiptCode;
use portunus_server::pages::oversight::headlines;
use portunus_server::service::{ReceiptShown, RecordOfReceipt, Service};
use std::fmt::Write as _;

/// Whose receipt is shown: the first who was confirmed and of whom something is kept, else the first of all.
pub(super) fn whose<'a>(passages: impl Iterator<Item = &'a Passage> + Clone) -> Option<&'a Passage> {
    let mut all = passages.clone();
    all.find(|passage| passage.step == "proceed" && passage.photo == "sealed").or(passages.clone().next())
}

/// The end of `--once`, in words; `None` when nobody passed.
pub(super) fn in_words(service: &Service, played: &[Played]) -> Result<Option<String>> {
    let passages = played.iter().flat_map(|voyage| &voyage.passages);
    let Some(passage) = whose(passages) else { return Ok(None) };
    let code = ReceiptCode::parse(&passage.receipt).context("a passage without a receipt")?;
    let shown = service.receipt(code)?.context("no such receipt")?;
    let mut text = format!("\nWhat {} takes away, at /receipt\n{}", passage.traveller, receipt(code, &shown));
    if let Some(report) = service.oversight(None)? {
        text.push_str("\nWhat anybody sees, at /oversight\n");
        for sentence in headlines(&report) {
            let _ = writeln!(text, "  {sentence}");
        }
    }
    Ok(Some(text))
}

fn receipt(code: ReceiptCode, shown: &ReceiptShown) -> String {
    let mut text = format!("  code      {}\n", code.grouped());
    if let Some(passage) = &shown.passage {
        let law = passage.legal_basis.as_deref().unwrap_or("no designation");
        let _ = writeln!(text, "  where     {}, {}, under {law}", passage.point, minute(passage.at));
    }
    for record in &shown.records {
        let _ = writeln!(text, "  kept      {}", kept(record));
    }
    let _ = writeln!(
        text,
        "  proof     in the public log from leaf {} on, signed by {}",
        shown.ledger.from, shown.ledger.origin
    );
    text
}

fn kept(record: &RecordOfReceipt) -> String {
    let until = match (record.due, record.erased_at) {
        (Some(due), _) => format!("until {}", minute(due)),
        (None, Some(at)) => format!("erased {}", minute(at)),
        (None, None) => "being erased".to_owned(),
    };
    let read = match record.read.len() {
        0 => "read by nobody".to_owned(),
        times => format!("read {times} times"),
    };
    let stated = if record.stated { "stated in the log" } else { "waits to be stated with nine others'" };
    format!("{}, {until}, {read}, {stated}", record.data.in_words())
}

fn minute(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}
