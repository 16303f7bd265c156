//! `/second-look`: two photos and one question. And what the supervisor sees of it: disputes, shares, the estimate.

use super::board::PointView;
use super::layout::{Head, Section, Viewer, bar, clock_time, day_time, document, grouped};
use jiff::Timestamp;
use maud::{Markup, html};
use portunus_core::accuracy::Interval;
use portunus_core::id::EncounterId;
use portunus_core::sampling::{Estimate, Looks, ONE_IN_MAX, Shares, Stratum};

/// One answer: keys, verdict, words.
const ANSWERS: [([&str; 2], &str, &str); 3] = [
    (["1", "S"], "same", "Same person"),
    (["2", "D"], "different", "Different people"),
    (["3", "C"], "cannot-tell", "Cannot tell"),
];

/// A pair that a second officer judged to be two people. Personal data: no `Debug`.
pub struct DisputeView {
    /// Which encounter.
    pub encounter: EncounterId,
    /// Where.
    pub point: PointView,
    /// Family name, given names of whom the machine found.
    pub name: String,
    /// Their document, its number masked.
    pub document: String,
    /// What the machine decided.
    pub stratum: Stratum,
    /// When it was disputed.
    pub at: Timestamp,
    /// When the officer at the point was told.
    pub told_at: Option<Timestamp>,
    /// Whether the candidate is on board now.
    pub boarded: bool,
    /// Whether the candidate is held.
    pub held: bool,
}

/// How much is sampled.
pub struct SharesView {
    /// How much.
    pub shares: Shares,
    /// Who set it, and when.
    pub set: Option<(String, Timestamp)>,
}

/// What the supervisor's page shows of second looks.
pub struct DisputesView {
    /// Disputes that nobody has settled yet, the latest first.
    pub open: Vec<DisputeView>,
    /// How much is sampled.
    pub shares: SharesView,
}

/// The second officer's page. Its module asks for pairs; until one comes nothing of anybody is on it.
pub fn second_look(viewer: &Viewer) -> Markup {
    let body = html! {
        (bar(viewer, Section::SecondLook, &html! {}))
        p #lost .alarm role="alert" hidden { "Connection lost. No pair comes until it is back." }
        main #main .look tabindex="-1" {
            section #rest aria-labelledby="rest-title" {
                h1 #rest-title tabindex="-1" { "Second look" }
                p #rest-why role="status" { "Take a moment free of other work: a pair of photos stays for seconds." }
                p { button #ready type="button" .primary { "I am ready " kbd { "Enter" } } }
                (what_it_is())
            }
            section #waiting hidden aria-labelledby="waiting-title" {
                h1 #waiting-title tabindex="-1" { "Waiting for a pair" }
                p #waiting-why .muted role="status" {}
                p { button #pause type="button" { "Pause " kbd { "Esc" } } }
                (what_it_is())
            }
            section #pair hidden aria-labelledby="question" {
                header .look-head {
                    h1 #question tabindex="-1" { "Are these the same person?" }
                    p .left { span #left role="timer" aria-live="off" { } }
                }
                div .look-photos {
                    figure { div #taken .frame {} figcaption { "Taken now" } }
                    figure { div #reference .frame {} figcaption { "Reference" } }
                }
                div .answers role="group" aria-labelledby="question" {
                    @for (keys, verdict, words) in ANSWERS {
                        button type="button" data-verdict=(verdict) aria-keyshortcuts=(keys.join(" ")) { kbd { (keys[0]) } span { (words) } }
                    }
                }
                p .look-foot {
                    label .check { input #keys-on type="checkbox" checked; " One-key answers are on" }
                    span .muted { "Also " kbd { "S" } " " kbd { "D" } " " kbd { "C" } }
                }
            }
        }
        p #said .said role="status" aria-live="polite" {}
    };
    let head = Head {
        title: "Second look",
        sheets: &["base.css", "second-look.css"],
        module: Some("second-look.js"),
    };
    document(&head, "look-page", &body)
}

fn what_it_is() -> Markup {
    html! {
        div .look-words {
            p { "Pairs are drawn by chance: some that the machine confirmed, some that it sent to an officer. You are not told which, nor who it is. Judge what you see, and nothing else; “cannot tell” is an answer, too." }
            p { "No pair comes from a crossing point where you have worked in the last minute. The photo taken now is gone within 30 seconds and is not stored for this. Your answer is counted without your name." }
        }
    }
}

/// The supervisor's alarm and setting.
pub(super) fn disputes(view: &DisputesView, may_act: bool) -> Markup {
    html! {
        @if !view.open.is_empty() {
            section .disputes aria-labelledby="disputes-title" {
                h2 #disputes-title { "A second officer says: not the same person" }
                p { "Have the document inspected by hand; nobody is refused by this." }
                @if may_act { @for dispute in &view.open { (one(dispute)) } }
                @else { p { (view.open.len()) " open. A supervisor sees to it." } }
            }
        }
    }
}

fn one(dispute: &DisputeView) -> Markup {
    let title = format!("dispute-{}", dispute.encounter);
    html! {
        article .dispute aria-labelledby=(title) data-dispute=(dispute.encounter) {
            h3 #(title) { (dispute.name) " " span .muted { (dispute.document) } }
            p {
                span .tag { (dispute.point.name) } " "
                @match dispute.stratum {
                    Stratum::Confirmed => "The machine confirmed; disputed at ",
                    Stratum::Referred => "The machine referred, with this passenger as candidate; disputed at ",
                }
                (clock_time(dispute.at)) ". "
                @if dispute.boarded { b { "Already through." } } @else { "Not through yet." }
                " The officer at the point was " @if dispute.told_at.is_none() { "not " } "told."
                @if dispute.held { " " span .tag .tag-off { "held" } }
            }
            p .dispute-steps {
                @if dispute.told_at.is_none() {
                    button type="button" .primary data-step="hold" { "Hold, and tell the officer" }
                }
                button type="button" data-step="same-person" { "Inspected: same person" }
                button type="button" data-step="another-person" { "Inspected: another person" }
                a href={ "/console?point=" (dispute.point.id) "&encounter=" (dispute.encounter) } { "Open the case" }
            }
        }
    }
}

/// How much is sampled, and for a supervisor the way to change it.
pub(super) fn shares(view: &SharesView, may_act: bool) -> Markup {
    let share = |one_in: u32| match one_in {
        0 => "none".to_owned(),
        1 => "every one".to_owned(),
        n => format!("1 in {}", grouped(u64::from(n))),
    };
    let Shares { confirmed_one_in, referred_one_in } = view.shares;
    let field = |name: &str, words: &str, value: u32| {
        html! {
            label for=(name) { (words) }
            input #(name) name=(name) type="number" inputmode="numeric" min="0" max=(ONE_IN_MAX) step="1" required value=(value);
        }
    };
    html! {
        section .shares aria-labelledby="shares-title" {
            h2 #shares-title { "Second looks" }
            p { "By chance alone a second officer judges blind: of confirmed pairs " b { (share(confirmed_one_in)) }
                ", of pairs referred with a candidate " b { (share(referred_one_in)) } "."
                @match &view.set {
                    Some((by, at)) => { span .muted { " Set by " (by) ", " (day_time(*at)) "." } }
                    None => span .muted { " Nobody has changed the default." },
                }
            }
            @if may_act {
                form .inline data-shares {
                    (field("confirmed_one_in", "Confirmed: one in", confirmed_one_in))
                    (field("referred_one_in", "Referred: one in", referred_one_in))
                    button type="submit" { "Change" }
                    span .muted { "0: none" }
                }
            }
        }
    }
}

fn rate(rate: Option<Interval>, of: u64) -> Markup {
    let percent = |rate: f64| format!("{:.2} %", rate * 100.0);
    html! {
        @match rate {
            Some(rate) => {
                td .number { b { (percent(rate.estimate)) } }
                td .number { (percent(rate.low)) " to " (percent(rate.high)) }
                td .number .muted { (grouped(of)) }
            }
            None => td colspan="3" .muted { "nothing counted yet" },
        }
    }
}

/// What second looks say, as a section of a report.
pub fn estimate(estimate: &Estimate) -> Markup {
    let (confirmed, referred) = (&estimate.counts.confirmed, &estimate.counts.referred);
    let row = |words: &str, measured: Option<Interval>, of: u64| {
        html! { tr { th scope="row" { (words) } (rate(measured, of)) } }
    };
    let counted = |name: &str, looks: &Looks| {
        html! {
            tr { th scope="row" { (name) }
                @for n in [looks.drawn(), looks.agreed, looks.disputed, looks.cannot_tell, looks.lapsed, looks.upheld, looks.dismissed] {
                    td .number { (grouped(n)) }
                }
            }
        }
    };
    html! {
        section .second-looks aria-labelledby="second-looks-title" {
            h2 #second-looks-title { "Second looks: a random sample judged blind" }
            p { "False matches that nobody noticed are in no other count. A dispute counts as one until an inspected document dismisses it; the interval’s lower end counts only what an inspection upheld. Second officers err, too." }
            table {
                thead { tr { th scope="col" { "Of the sample" } th scope="col" { "rate" } th scope="col" { "95 % interval" } th scope="col" { "out of" } } }
                tbody {
                    (row("False matches among the confirmed", estimate.false_matches, confirmed.judged()))
                    (row("Confirmed, and judged different", estimate.disputed, confirmed.judged()))
                    (row("Answered in time", estimate.response, confirmed.drawn() + referred.drawn()))
                    (row("Disputed, and nobody at the point had objected", estimate.let_pass, confirmed.let_pass + confirmed.objected))
                    (row("Judged different, boarded all the same by the first officer (automation bias, at most)", estimate.followed, referred.boarded + referred.not_boarded))
                }
            }
            table {
                thead { tr { th scope="col" { "Machine" } th scope="col" { "drawn" } th scope="col" { "same" } th scope="col" { "different" } th scope="col" { "cannot tell" } th scope="col" { "not answered" } th scope="col" { "upheld" } th scope="col" { "dismissed" } } }
                tbody { (counted("confirmed", confirmed)) (counted("referred with a candidate", referred)) }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::pages::tests::a_viewer;
    use portunus_core::place::Direction;
    use portunus_core::sampling::{Counts, estimate as read};

    pub(crate) fn a_dispute() -> DisputesView {
        let open = DisputeView {
            encounter: EncounterId::from_bytes([7; 16]),
            point: PointView {
                id: portunus_core::id::PointId::from_bytes([1; 16]),
                name: "JFK B22".to_owned(),
                direction: Direction::Exit,
                kind: portunus_core::place::PointKind::BoardingGate,
            },
            name: "BERGER, ALEX".to_owned(),
            document: "FRA ···0003".to_owned(),
            stratum: Stratum::Confirmed,
            at: "2026-11-23T14:03:22Z".parse().unwrap(),
            told_at: None,
            boarded: true,
            held: false,
        };
        DisputesView { open: vec![open], shares: SharesView { shares: Shares::default(), set: None } }
    }

    #[test]
    fn the_page_says_nothing_that_a_pair_could_be_judged_by() {
        let html = second_look(&a_viewer()).into_string();
        for hint in ["score", "threshold", "candidate", "%"] {
            assert!(!html.contains(hint), "{hint}");
        }
        for (_, verdict, _) in ANSWERS {
            assert!(html.contains(&format!("data-verdict=\"{verdict}\"")));
        }
    }

    #[test]
    fn a_dispute_names_the_case_to_who_may_act_and_to_nobody_else() {
        let acts = disputes(&a_dispute(), true).into_string();
        assert!(acts.contains("BERGER, ALEX") && acts.contains("data-step=\"hold\""));
        assert!(acts.contains("Already through."));
        let reads = disputes(&a_dispute(), false).into_string();
        assert!(!reads.contains("BERGER") && reads.contains("1 open"));
        let nothing = DisputesView { open: vec![], ..a_dispute() };
        assert_eq!(disputes(&nothing, true).into_string(), "");
    }

    #[test]
    fn who_has_counted_nothing_claims_nothing() {
        let html = estimate(&Estimate::default()).into_string();
        assert_eq!(html.matches("nothing counted yet").count(), 5);
        let mut counts = Counts::default();
        counts.add("second-look-confirmed-agreed", 400);
        let html = estimate(&read(&counts)).into_string();
        assert!(html.contains("0.00 % to 0.95 %"), "none seen is not none: {html}");
    }
}
