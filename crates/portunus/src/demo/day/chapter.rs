//! What happened at one place: told while it happens, counted at its end, and held against what the script expects.

use super::country::{Closed, Country, Passed};
use crate::demo::cast::Traveller;
use anyhow::{Context as _, Result, bail};
use portunus_core::accuracy::traffic::DeskTimes;
use portunus_core::parity::PEOPLE_MIN;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Debug;

/// As wide as what is told gets.
const COLUMNS: usize = 110;

/// What happened at one place.
#[derive(Debug, Serialize)]
pub(crate) struct Chapter {
    place: String,
    /// Travellers who came.
    people: usize,
    /// Of those, how many were photographed.
    photographed: usize,
    /// Known by the machine: through at an exit, before the officer already known at an entry.
    known: usize,
    /// Whom an officer met without: declined, not known, no document.
    met_by_officer: usize,
    /// Of those, how many had chosen no photo.
    declined: usize,
    /// Entries or exits on record at the end.
    crossings: usize,
    /// What declining cost, before the place was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    parity: Option<Parity>,
    /// An officer's time with each traveller.
    #[serde(skip_serializing_if = "Option::is_none")]
    desk: Option<Desk>,
    /// What else there was to see, in words.
    notes: Vec<String>,
    #[serde(skip)]
    quiet: bool,
}

/// An officer's time with each traveller, by the console's own clock.
#[derive(Debug, Clone, Copy, Serialize)]
struct Desk {
    /// Whom the cameras on the route had confirmed before the booth.
    known_before: DeskTimes,
    not_known_before: DeskTimes,
}

/// What declining costs in time at one point, as the service judges it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Parity {
    point: String,
    /// `met`, `falls-short` or `too-few-to-say`.
    judgement: String,
    pub(super) without_photo: u64,
    pub(super) with_photo: u64,
    without_photo_p95_ms: Option<u64>,
    with_photo_p95_ms: Option<u64>,
    /// What the promise allows.
    allowed_ms: u64,
}

impl Parity {
    /// Of the service's answer for one point.
    pub(super) fn of(at: &str, answer: &Value) -> Result<Self> {
        let judged = &answer["judgement"];
        let number = |name: &str| judged[name].as_u64().with_context(|| format!("no {name} in {judged}"));
        Ok(Self {
            point: at.to_owned(),
            judgement: judged["parity"].as_str().context("no judgement")?.to_owned(),
            without_photo: number("manual_people")?,
            with_photo: number("photo_people")?,
            without_photo_p95_ms: judged["manual_p95_ms"].as_u64(),
            with_photo_p95_ms: judged["photo_p95_ms"].as_u64(),
            allowed_ms: number("limit_ms")?,
        })
    }

    fn in_words(&self) -> String {
        let seconds = |ms: u64| format!("{:.1} s", ms as f64 / 1000.0);
        let p95 = |ms: Option<u64>| ms.map_or("-".to_owned(), seconds);
        let (without, with) = (self.without_photo, self.with_photo);
        match self.judgement.as_str() {
            "too-few-to-say" => format!(
                "what declining costs at {}: not enough people to say so, {without} without a photo and {with} with one \
                 (of each {PEOPLE_MIN} or more are needed)",
                self.point
            ),
            judged => format!(
                "what declining costs at {}: {judged}. Nineteen in twenty of {without} without a photo waited at most {}, \
                 of {with} with one {}; {} are allowed",
                self.point,
                p95(self.without_photo_p95_ms),
                p95(self.with_photo_p95_ms),
                seconds(self.allowed_ms)
            ),
        }
    }
}

impl Chapter {
    /// Begins, under its heading.
    pub(super) fn at(country: &Country, place: &str) -> Result<Self> {
        Self::begin(place, country.quiet)
    }

    pub(crate) fn begin(place: &str, quiet: bool) -> Result<Self> {
        if !quiet {
            crate::print(&format!("\n== {place}"))?;
        }
        Ok(Self {
            place: place.to_owned(),
            people: 0,
            photographed: 0,
            known: 0,
            met_by_officer: 0,
            declined: 0,
            crossings: 0,
            parity: None,
            desk: None,
            notes: Vec::new(),
            quiet,
        })
    }

    /// Tells something that the service answered.
    pub(crate) fn note(&mut self, text: impl Into<String>) -> Result<()> {
        let text = text.into();
        if !self.quiet {
            crate::print(&wrapped("   - ", &text))?;
        }
        self.notes.push(text);
        Ok(())
    }

    /// Holds what the service answered against what the script expects.
    pub(super) fn expect<T: PartialEq + Debug>(&self, what: &str, expected: T, came: T) -> Result<()> {
        if expected == came {
            return Ok(());
        }
        bail!("{}: {what}: expected {expected:?}, and the service answered {came:?}", self.place)
    }

    /// The same of what is no single value: `answered` says what came.
    pub(super) fn expect_that(&self, what: &str, holds: bool, answered: impl Debug) -> Result<()> {
        if holds {
            return Ok(());
        }
        bail!("{}: expected {what}, and the service answered {answered:?}", self.place)
    }

    /// One traveller chose, and was told a step. Who declines sees an officer.
    pub(super) fn came(&mut self, person: &Traveller, passed: &Passed) -> Result<()> {
        if person.declines() {
            self.expect("what who declines is told", "see-officer", passed.step.as_str())?;
            self.declined += 1;
        } else {
            self.photographed += 1;
        }
        self.told(&passed.step);
        Ok(())
    }

    /// Somebody is told a step, who chose nothing.
    pub(super) fn told(&mut self, step: &str) {
        self.people += 1;
        let known = matches!(step, "proceed" | "go-to-booth");
        self.known += usize::from(known);
        self.met_by_officer += usize::from(!known);
    }

    /// One of those whom a camera saw together.
    pub(super) fn photographed_as(&mut self, step: &str) {
        self.photographed += 1;
        self.told(step);
    }

    /// One of a party for whom no camera was armed.
    pub(super) fn not_photographed(&mut self, declined: bool) {
        self.declined += usize::from(declined);
        self.told("see-officer");
    }

    /// What declining costs, asked before the place is closed.
    pub(super) async fn ask_parity(&mut self, country: &Country, at: &str) -> Result<()> {
        let parity = country.parity(at).await?;
        self.note(parity.in_words())?;
        self.parity = Some(parity);
        Ok(())
    }

    pub(super) fn parity(&self) -> Option<&Parity> {
        self.parity.as_ref()
    }

    /// What cameras before the booth save an officer.
    pub(super) fn ask_desk(&mut self, country: &Country, watch: &str) -> Result<()> {
        let [known_before, not_known_before] = country.at_the_desk(watch)?;
        let words = |of: DeskTimes| match of.seconds_p50 {
            Some(seconds) => format!("{seconds:.3} s a traveller (p50 of {})", of.people),
            None => "nobody".to_owned(),
        };
        self.note(format!(
            "an officer's time by the console's own clock: known before the booth {}, not known {}. (A script is the officer \
             here: what is shown is that it is measured)",
            words(known_before),
            words(not_known_before)
        ))?;
        self.desk = Some(Desk { known_before, not_known_before });
        Ok(())
    }

    /// Whom the console timed, known before and not.
    pub(super) fn people_at_the_desk(&self) -> (usize, usize) {
        self.desk.map_or((0, 0), |desk| (desk.known_before.people, desk.not_known_before.people))
    }

    /// The place is closed; so many are expected to have crossed.
    pub(super) fn closed(&mut self, closed: &Closed, expected: usize) -> Result<()> {
        self.expect("entries and exits on record", expected, closed.crossings)?;
        self.expect("people who declined and still waited", 0, closed.left_waiting)?;
        self.crossings += closed.crossings;
        Ok(())
    }

    /// At least half of those who were photographed were known.
    pub(super) fn mostly_known(self) -> Result<Self> {
        let enough = 2 * self.known >= self.photographed;
        self.expect_that("half of the photographed or more to be known", enough, self.known)?;
        Ok(self)
    }

    /// Its end: how many came, and what is on record.
    pub(super) fn end(self) -> Result<Self> {
        if !self.quiet && self.people > 0 {
            let sum = format!(
                "{} came, {} of them photographed: {} known by face, {} met by an officer without ({} had chosen no photo); \
                 {} on record",
                self.people,
                self.photographed,
                self.known,
                self.met_by_officer,
                self.declined,
                self.crossings
            );
            crate::print(&wrapped("   ", &sum))?;
        }
        Ok(self)
    }
}

/// Words in lines that fit a terminal, those after the first indented as far as it.
pub(super) fn wrapped(first: &str, text: &str) -> String {
    let mut lines = vec![first.to_owned()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > first.len() && line + 1 + word.chars().count() > COLUMNS {
            lines.push(" ".repeat(first.len()));
        }
        if let Some(line) = lines.last_mut() {
            if !line.ends_with(' ') && !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
