//! A pack in words.

use super::{DataClass, Keep, Modality, PersonClass, Policy, RetentionRule, TakingRule};
use std::fmt::Write as _;

/// What a pack says of these classes of people and data, a sentence for each rule, with its source.
pub fn explain(policy: &Policy, classes: &[PersonClass], data: &[DataClass]) -> String {
    let mut text = format!("{} ({}), in force from {}\n", policy.title, policy.id, policy.in_force);
    for class in classes {
        let _ = writeln!(text, "\nClass: {}", class.in_words());
        for modality in Modality::ALL {
            for rule in
                policy.taking.iter().filter(|r| r.class.contains(class) && r.modality.contains(&modality))
            {
                let _ = writeln!(text, "  {}", taking(rule, modality));
            }
        }
        for data in data {
            if let Some(rule) = policy.retention_rule(*class, *data) {
                let _ = writeln!(text, "  {}", kept(rule, *data));
            }
        }
    }
    text
}

fn taking(rule: &TakingRule, modality: Modality) -> String {
    let mut which = Vec::new();
    which.extend(rule.below_age.map(|age| format!("is under {age}")));
    which.extend(rule.above_age.map(|age| format!("is over {age}")));
    which.extend(rule.standing.as_ref().map(|standing| format!("has the standing \"{standing}\"")));
    let whom = if which.is_empty() {
        "everyone of this class".to_owned()
    } else {
        format!("who {}", which.join(" and "))
    };
    format!("{}: {whom} {}. {}", modality.in_words(), rule.in_words(), source(&rule.citation, rule.checked))
}

fn kept(rule: &RetentionRule, data: DataClass) -> String {
    format!("{}: {}. {}", data.in_words(), length(rule), source(&rule.citation, rule.checked))
}

/// How long, in words.
pub(super) fn length(rule: &RetentionRule) -> String {
    let keep = match &rule.keep {
        Keep::Never => return "never written".to_owned(),
        Keep::For(length) => format!("kept for {length} from {}", rule.from.in_words()),
    };
    match &rule.without_exit {
        Some(Keep::For(length)) => format!("{keep}, and for {length} from an entry that no exit followed"),
        Some(Keep::Never) => format!("{keep}, and not at all of an entry that no exit followed"),
        None => keep,
    }
}

fn source(citation: &str, checked: bool) -> String {
    let checked = if checked { "checked" } else { "not checked in the source itself" };
    format!("Source: {citation} ({checked})")
}
