//! What a change of a pack means.

use super::{DataClass, Modality, PersonClass, Policy, Start, Traveller, explain::length};
use jiff::Timestamp;
use serde::Serialize;

/// One thing that another pack says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Of whom.
    pub class: PersonClass,
    /// Of which data; none where it is about taking.
    pub data: Option<DataClass>,
    /// What was said.
    pub was: String,
    /// What is said.
    pub is: String,
}

/// When what is kept is gone under another pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gone {
    /// As before.
    Unchanged,
    /// Later than now stated.
    Later,
    /// Earlier than now stated, and not yet.
    Earlier,
    /// At once: it would be past its date, or is not to be kept at all.
    AtOnce,
}

impl Gone {
    /// What becomes of data of `class` that is there since `start` and now due at `due`.
    pub fn under(
        policy: &Policy,
        class: PersonClass,
        data: DataClass,
        start: Start,
        due: Timestamp,
        now: Timestamp,
    ) -> Self {
        match policy.due(class, data, start) {
            None => Self::AtOnce,
            Some(then) if then <= now => Self::AtOnce,
            // Stores keep microseconds.
            Some(then) if then.as_microsecond() == due.as_microsecond() => Self::Unchanged,
            Some(then) if then < due => Self::Earlier,
            Some(_) => Self::Later,
        }
    }
}

/// Everything that `new` says otherwise than `old`: of every class, what is taken and how long what is kept.
pub fn diff(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = Vec::new();
    for class in PersonClass::ALL {
        for modality in Modality::ALL {
            let say = |policy: &Policy| duties(policy, class, modality);
            push(&mut changes, class, None, say(old), say(new));
        }
        for data in DataClass::ALL {
            let say = |policy: &Policy| policy.retention_rule(class, data).map(length).unwrap_or_default();
            push(&mut changes, class, Some(data), say(old), say(new));
        }
    }
    changes
}

fn push(changes: &mut Vec<Change>, class: PersonClass, data: Option<DataClass>, was: String, is: String) {
    if was != is {
        changes.push(Change { class, data, was, is });
    }
}

/// The duties of a class by age and standing, in words that are the same where the law is the same.
fn duties(policy: &Policy, class: PersonClass, modality: Modality) -> String {
    let of = |traveller: &Traveller<'_>| {
        let rule = policy.taking_rule(class, modality, traveller);
        rule.map(super::TakingRule::in_words).unwrap_or_default()
    };
    let mut said = format!("{}: {}", modality.in_words(), of(&Traveller::default()));
    let mut from = 0;
    for age in 1..=u8::MAX {
        let here = |age| of(&Traveller { age: Some(age), standings: &[] });
        if age == u8::MAX || here(age) != here(from) {
            let other = here(from);
            if other != of(&Traveller::default()) {
                match age {
                    u8::MAX => said += &format!(". Aged {from} and over: {other}"),
                    _ => said += &format!(". Aged {from} to {}: {other}", age - 1),
                }
            }
            from = age;
        }
    }
    let mut standings: Vec<&str> = policy.taking.iter().filter_map(|rule| rule.standing.as_deref()).collect();
    standings.sort_unstable();
    standings.dedup();
    for standing in standings {
        let other = of(&Traveller { age: None, standings: &[standing] });
        if other != of(&Traveller::default()) {
            said += &format!(". With the standing \"{standing}\": {other}");
        }
    }
    said
}
