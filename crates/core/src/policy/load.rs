//! Reading a pack: every gap, doubled or contradicting rule is found at once, each with its line.

use super::{DataClass, Event, Keep, Modality, Notice, PersonClass, Policy, RetentionRule, TakingRule};
use crate::document::State;
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;

/// The longest that what was taken of someone may live while their nationality is unknown (DESIGN section 5).
const UNKNOWN_MINUTES_MAX: i64 = 60;

/// One thing that is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Line in the file, from 1.
    pub line: usize,
    /// What was wrong, and what is expected.
    pub what: String,
}

/// Why a text is not a policy pack: everything that was found, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// In the order of their lines.
    pub problems: Vec<Problem>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("policy pack")?;
        for (at, problem) in self.problems.iter().enumerate() {
            let before = if at == 0 { ", " } else { "; " };
            write!(f, "{before}line {}: {}", problem.line, problem.what)?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {}

/// A pack as it stands in its file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    title: String,
    home: Spanned<State>,
    home_country: Spanned<String>,
    in_force: Date,
    transit_without_entry: bool,
    attempts_max: Spanned<u32>,
    wanted_fpir: crate::biometric::Rate,
    unkept_photo_shown_seconds: Spanned<u32>,
    #[serde(default = "within_a_month")]
    access_answered_within: Spanned<Keep>,
    #[serde(default = "within_a_month")]
    receipts_kept: Spanned<Keep>,
    notice_version: Spanned<String>,
    #[serde(default)]
    notice: BTreeMap<String, Notice>,
    #[serde(default)]
    taking: Vec<Spanned<TakingRule>>,
    #[serde(default)]
    retention: Vec<Spanned<RetentionRule>>,
}

/// Where a pack does not say by when somebody who asks for their records has an answer, or how long receipts open.
fn within_a_month() -> Spanned<Keep> {
    #[expect(clippy::unwrap_used, reason = "a length that is one")]
    Spanned::new(0..0, Keep::try_from("30 days".to_owned()).unwrap())
}

impl Policy {
    /// Reads and checks a pack.
    ///
    /// # Errors
    /// [`PolicyError`] names the line of each statement that is not of a pack's shape, missing, doubled, in
    /// contradiction to another, or against the walls.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            PolicyError {
                problems: vec![Problem { line: line(text, start), what: error.message().to_owned() }],
            }
        })?;
        let mut check = Check { text, problems: Vec::new() };
        check.head(&file);
        check.taking(&file.taking);
        check.retention(&file.retention);
        if !check.problems.is_empty() {
            check.problems.sort_by_key(|problem| problem.line);
            return Err(PolicyError { problems: check.problems });
        }
        Ok(Self {
            id: file.id,
            title: file.title,
            home: file.home.into_inner(),
            home_country: file.home_country.into_inner(),
            in_force: file.in_force,
            transit_without_entry: file.transit_without_entry,
            attempts_max: file.attempts_max.into_inner(),
            wanted_fpir: file.wanted_fpir,
            unkept_photo_shown_seconds: file.unkept_photo_shown_seconds.into_inner(),
            access_answered_within: file.access_answered_within.into_inner(),
            receipts_kept: file.receipts_kept.into_inner(),
            notice_version: file.notice_version.into_inner(),
            notice: file.notice,
            taking: file.taking.into_iter().map(Spanned::into_inner).collect(),
            retention: file.retention.into_iter().map(Spanned::into_inner).collect(),
        })
    }
}

fn line(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

struct Check<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn says(&mut self, offset: usize, what: String) {
        self.problems.push(Problem { line: line(self.text, offset), what });
    }

    fn head(&mut self, file: &File) {
        if file.notice.is_empty() {
            let what = "no [notice.LANGUAGE]: travellers read one before the camera starts".to_owned();
            self.says(file.notice_version.span().start, what);
        }
        if !(1..=5).contains(file.attempts_max.get_ref()) {
            self.says(file.attempts_max.span().start, "expected one to five attempts".to_owned());
        }
        if *file.access_answered_within.get_ref() == Keep::Never {
            let what =
                "access_answered_within: expected a length such as \"30 days\", found \"never\"".to_owned();
            self.says(file.access_answered_within.span().start, what);
        }
        if !(1..=30).contains(file.unkept_photo_shown_seconds.get_ref()) {
            let what = "an unkept photo is shown for 1 to 30 seconds".to_owned();
            self.says(file.unkept_photo_shown_seconds.span().start, what);
        }
        if State::new(file.home.get_ref().as_str()).is_err() {
            let what = "home: expected three letters as in ICAO 9303-3 section 5, or D".to_owned();
            self.says(file.home.span().start, what);
        }
        let country = file.home_country.get_ref().as_bytes();
        if country.len() != 2 || !country.iter().all(u8::is_ascii_uppercase) {
            let what = "home_country: expected two capital letters (ISO 3166-1 alpha-2)".to_owned();
            self.says(file.home_country.span().start, what);
        }
    }

    /// One rule for everybody of a class and modality; those for an age or a standing do not contradict each other.
    fn taking(&mut self, rules: &[Spanned<TakingRule>]) {
        let end = rules.last().map_or(0, |rule| rule.span().start);
        for (class, modality) in PersonClass::ALL.into_iter().flat_map(|c| Modality::ALL.map(|m| (c, m))) {
            let of = rules.iter().filter(|rule| {
                let rule = rule.get_ref();
                rule.class.contains(&class) && rule.modality.contains(&modality)
            });
            let whose = format!("{} of the class \"{}\"", modality.in_words(), class.in_words());
            let (general, special): (Vec<_>, Vec<_>) = of.partition(|rule| rule.get_ref().is_for_all());
            let missing = format!("no [[taking]] rule for {whose}: expected one without age or standing");
            self.one(&general, (end, missing), &whose, |a, b| a.duty == b.duty);
            if let Some((other, first)) = special.iter().enumerate().find_map(|(at, rule)| {
                let first = special[..at].iter().find(|first| first.get_ref().duty != rule.get_ref().duty)?;
                Some((rule, first))
            }) {
                let first = line(self.text, first.span().start);
                let what =
                    format!("another duty for {whose} than line {first} has: one person may fall under both");
                self.says(other.span().start, what);
            }
        }
        for rule in rules {
            let (below, above) = (rule.get_ref().below_age, rule.get_ref().above_age);
            if let (Some(below), Some(above)) = (below, above)
                && above.saturating_add(1) >= below
            {
                let what = format!("nobody is older than {above} and younger than {below}: write two rules");
                self.says(rule.span().start, what);
            }
        }
    }

    /// There is one rule, and no second, like it or in contradiction to it.
    fn one<T>(
        &mut self,
        rules: &[&Spanned<T>],
        missing: (usize, String),
        whose: &str,
        alike: impl Fn(&T, &T) -> bool,
    ) {
        let Some((first, others)) = rules.split_first() else { return self.says(missing.0, missing.1) };
        let at = line(self.text, first.span().start);
        for other in others {
            let what = match alike(first.get_ref(), other.get_ref()) {
                true => format!("a second rule for {whose}: line {at} has one"),
                false => format!("this rule for {whose} contradicts line {at}"),
            };
            self.says(other.span().start, what);
        }
    }

    fn retention(&mut self, rules: &[Spanned<RetentionRule>]) {
        let end = rules.last().map_or(0, |rule| rule.span().start);
        for (class, data) in PersonClass::ALL.into_iter().flat_map(|c| DataClass::ALL.map(|d| (c, d))) {
            let whose = format!("the {} of the class \"{}\"", data.in_words(), class.in_words());
            let of: Vec<_> = rules
                .iter()
                .filter(|rule| rule.get_ref().class.contains(&class) && rule.get_ref().data.contains(&data))
                .collect();
            let missing = format!("no [[retention]] rule for {whose}: expected one");
            self.one(&of, (end, missing), &whose, |a, b| a.keep == b.keep && a.from == b.from);
            for rule in of {
                for what in against_the_walls(rule.get_ref(), class, data) {
                    self.says(rule.span().start, format!("{whose}: {what}"));
                }
            }
        }
    }
}

fn against_the_walls(rule: &RetentionRule, class: PersonClass, data: DataClass) -> Vec<String> {
    let mut found = Vec::new();
    if class == PersonClass::Citizen && data.is_biometric() && rule.keep != Keep::Never {
        found.push("what is taken of a citizen is never written: keep must be \"never\"".to_owned());
    }
    let epoch = Timestamp::UNIX_EPOCH;
    let too_long = |keep: &Keep| {
        let most = SignedDuration::from_mins(UNKNOWN_MINUTES_MAX);
        keep.due(epoch).is_some_and(|due| due.duration_since(epoch) > most)
    };
    if class == PersonClass::Unknown
        && data.is_biometric()
        && std::iter::once(&rule.keep).chain(&rule.without_exit).any(too_long)
    {
        found.push(format!("while nationality is unknown it lives at most {UNKNOWN_MINUTES_MAX} minutes"));
    }
    if !data.begins_with().contains(&rule.from) {
        let expected: Vec<String> = data.begins_with().iter().map(|e| format!("\"{}\"", slug(*e))).collect();
        found.push(format!(
            "its count cannot start from \"{}\": expected {}",
            slug(rule.from),
            expected.join(" or ")
        ));
    }
    if (rule.from == Event::LastExit) != rule.without_exit.is_some() {
        found.push("`without_exit` goes with from = \"last-exit\", and only with it".to_owned());
    }
    found
}

fn slug(event: Event) -> &'static str {
    match event {
        Event::Capture => "capture",
        Event::Import => "import",
        Event::Crossing => "crossing",
        Event::CloseOut => "close-out",
        Event::LastExit => "last-exit",
        Event::Reading => "reading",
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

pub(super) fn one_or_many<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let many = match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    };
    if many.is_empty() { Err(serde::de::Error::custom("expected at least one")) } else { Ok(many) }
}

pub(super) fn of_the_face() -> Vec<Modality> {
    vec![Modality::Face]
}
