//! Designations on `/admin`: what a draft still needs, what is in force, what comes next.

use super::layout::day_time;
use jiff::Timestamp;
use maud::{Markup, html};
use portunus_core::designation::{Attestation, Draft};
use portunus_core::id::{DesignationId, PointId};
use portunus_core::place::Designation;
use portunus_core::role::{Action, Role, allows};
use portunus_store::Designated;

/// Where a designation is on its way.
pub enum State {
    /// Drafted; these have not attested yet.
    Draft {
        /// Owner and contractors that keep the rest waiting.
        unattested: Vec<String>,
    },
    /// Published.
    Published {
        /// Who approved it.
        approver: Option<String>,
        /// Its end has come.
        over: bool,
        /// It was withdrawn.
        withdrawn: bool,
        /// It begins later.
        begins_later: bool,
        /// The notice in force hangs at the point.
        notice_hangs: bool,
        /// The version of that notice.
        notice: String,
        /// A device is enrolled at the point.
        device: bool,
    },
}

/// A designation, drafted or published.
pub struct DesignationView {
    /// As it is, or would be, published.
    pub designation: Designation,
    /// Who wrote it.
    pub author: Option<String>,
    /// Who attested what.
    pub attestations: Vec<Attestation>,
    /// Where it is on its way.
    pub state: State,
}

impl DesignationView {
    /// One that nobody has approved yet.
    pub fn of_draft(draft: Draft) -> Self {
        let unattested = draft.unattested();
        let Draft { designation, author, attestations, .. } = draft;
        Self { designation, author: Some(author), attestations, state: State::Draft { unattested } }
    }

    /// One that was published; `notice` is the version in force, `device` whether one is enrolled at the point.
    pub fn of(one: Designated, notice: &str, device: bool, now: Timestamp) -> Self {
        let state = State::Published {
            over: one.over(now),
            withdrawn: one.withdrawn_at.is_some(),
            begins_later: now < one.designation.from,
            notice_hangs: one.notice_hangs(notice),
            notice: notice.to_owned(),
            device,
            approver: one.approver,
        };
        Self { designation: one.designation, author: one.author, attestations: one.attestations, state }
    }

    /// What comes next, in words; `None` where nothing does.
    pub fn next_step(&self) -> Option<String> {
        match &self.state {
            State::Draft { unattested } => Some(match unattested.first() {
                Some(party) => format!("{party} attests that it keeps no frames"),
                None => "somebody else than its author approves it".to_owned(),
            }),
            State::Published { over: true, .. } => None,
            State::Published { notice_hangs: false, notice, .. } => {
                Some(format!("post notice {notice} where travellers read it before a camera, and say so"))
            }
            State::Published { device: false, .. } => Some("enrol a device".to_owned()),
            State::Published { .. } => None,
        }
    }

    fn state_in_words(&self) -> &'static str {
        match &self.state {
            State::Draft { .. } => "draft: no photo under it",
            State::Published { over: true, withdrawn: true, .. } => "withdrawn",
            State::Published { over: true, .. } => "over",
            State::Published { begins_later: true, .. } => "published, begins later",
            State::Published { .. } => "published",
        }
    }
}

/// One row, with what `role` may do about it.
pub(super) fn designation(view: &DesignationView, role: Role, viewer: &str) -> Markup {
    let d = &view.designation;
    let live = matches!(view.state, State::Published { over: false, .. });
    html! {
        li data-designation=(d.id) {
            div {
                b { (d.legal_basis) } " "
                span .tag .tag-open[live] { (view.state_in_words()) }
                p .muted {
                    "from " (day_time(d.from))
                    @if let Some(until) = d.until { " until " (day_time(until)) }
                    @if let Some(hours) = &d.hours { " · " (hours) }
                    " · cameras: " (d.device_owner)
                    @if !d.contractors.is_empty() { " · contractors: " (d.contractors.join(", ")) }
                }
                (stood_for(view))
                @if let Some(next) = view.next_step() { p .next { b { "Next: " } (next) "." } }
            }
            div .steps { (steps(view, role, viewer)) }
        }
    }
}

/// Who stands for it.
fn stood_for(view: &DesignationView) -> Markup {
    html! {
        p .muted {
            @match &view.author { Some(author) => { "drafted by " (author) } None => "published before two people had to stand for it" }
            @if let State::Published { approver: Some(approver), .. } = &view.state { ", approved by " (approver) }
            @for one in &view.attestations {
                " · " (one.party) " keeps no frames: " (one.by) ", " (day_time(one.at))
            }
        }
    }
}

fn steps(view: &DesignationView, role: Role, viewer: &str) -> Markup {
    let path = |step: &str| format!("/api/admin/v1/designations/{}/{step}", view.designation.id);
    let (drafts, approves) =
        (allows(role, Action::DraftDesignations), allows(role, Action::ApproveDesignations));
    let own = view.author.as_ref().is_some_and(|author| author.to_lowercase() == viewer.to_lowercase());
    html! {
        @match &view.state {
            State::Draft { unattested } => {
                @for party in unattested.iter().filter(|_| drafts) { (attest(view.designation.id, party)) }
                @if unattested.is_empty() && approves && !own {
                    form data-post=(path("approve")) data-ask="Approve and publish this designation? It stands in the public ledger from then on." {
                        button type="submit" .primary { "Approve and publish…" }
                    }
                }
                @if drafts {
                    form data-post=(path("drop")) data-ask="Drop this draft?" { button type="submit" .quiet { "Drop…" } }
                }
            }
            State::Published { over: false, notice_hangs, notice, .. } => {
                @if drafts && !notice_hangs {
                    form data-post=(path("notice")) { button type="submit" .primary { "Notice " (notice) " hangs" } }
                }
                @if allows(role, Action::WithdrawDesignations) {
                    form data-post=(path("withdraw")) data-ask="Withdraw this designation? From then on no photo can be taken under it." {
                        button type="submit" .quiet { "Withdraw…" }
                    }
                }
            }
            State::Published { .. } => {}
        }
    }
}

fn attest(id: DesignationId, party: &str) -> Markup {
    html! {
        form .inline data-post={ "/api/admin/v1/designations/" (id) "/attest" } {
            input type="hidden" name="party" value=(party);
            label { (party) " keeps no frames, says " input name="by" required maxlength="100" autocomplete="off"; }
            button type="submit" .quiet { "Put on record" }
        }
    }
}

pub(super) fn new_designation(id: PointId, name: &str) -> Markup {
    html! {
        details .new {
            summary { "Draft a designation of " (name) }
            form .fields data-post="/api/admin/v1/designations" {
                input type="hidden" name="point" value=(id);
                label for={ "law-" (id) } { "Legal basis, as travellers read it" }
                input #{ "law-" (id) } name="legal_basis" required maxlength="200" placeholder="8 CFR 215.8, 235.1";
                label for={ "owner-" (id) } { "Who owns the cameras" }
                input #{ "owner-" (id) } name="device_owner" required maxlength="100";
                label for={ "contractors-" (id) } { "Contractors who handle them, one a line (owner and contractors each attest to keep no frames)" }
                textarea #{ "contractors-" (id) } name="contractors" rows="2" data-as="lines" {}
                label for={ "from-" (id) } { "In force from (empty: once it is approved)" }
                input #{ "from-" (id) } name="from" type="datetime-local" data-as="instant";
                label for={ "until-" (id) } { "Until (empty: no end set)" }
                input #{ "until-" (id) } name="until" type="datetime-local" data-as="instant";
                label for={ "hours-" (id) } { "Hours of the day, with their time zone (empty: at any hour)" }
                input #{ "hours-" (id) } name="hours" maxlength="60" placeholder="05:00-23:30 America/New_York" data-as="optional";
                button type="submit" .primary { "Draft" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::a_designation;

    fn shown(view: &DesignationView, role: Role, viewer: &str) -> String {
        designation(view, role, viewer).into_string()
    }

    fn draft(unattested: &[&str]) -> DesignationView {
        let unattested = unattested.iter().map(|party| (*party).to_owned()).collect();
        DesignationView { state: State::Draft { unattested }, ..a_designation() }
    }

    #[test]
    fn its_author_is_not_offered_to_approve_it_and_others_are_once_all_have_attested() {
        let ready = draft(&[]);
        assert!(shown(&ready, Role::Supervisor, "b.osei").contains("/approve\""));
        assert!(!shown(&ready, Role::Administrator, "A.Okafor").contains("/approve\""), "four eyes");
        assert!(!shown(&ready, Role::Auditor, "x").contains("data-post"), "an auditor reads");
        let waits = draft(&["Example Cameras Inc."]);
        assert!(!shown(&waits, Role::Supervisor, "b.osei").contains("/approve\""));
        assert!(shown(&waits, Role::Administrator, "a.okafor").contains("/attest\""));
        assert_eq!(waits.next_step().unwrap(), "Example Cameras Inc. attests that it keeps no frames");
    }

    #[test]
    fn what_comes_next_after_publication_is_the_notice_then_a_device_then_nothing() {
        let mut view = a_designation();
        let mut at = |hangs, enrolled, ended| {
            if let State::Published { notice_hangs, device, over, .. } = &mut view.state {
                (*notice_hangs, *device, *over) = (hangs, enrolled, ended);
            }
            view.next_step()
        };
        assert!(at(false, false, false).unwrap().starts_with("post notice 2026-11"));
        assert_eq!(at(true, false, false).unwrap(), "enrol a device");
        assert_eq!(at(true, true, false), None);
        assert_eq!(at(false, false, true), None, "it is over");
        assert!(
            !shown(&view, Role::Administrator, "x").contains("/withdraw"),
            "what is over cannot be withdrawn"
        );
    }
}
