//! `/`: where to go.

use super::layout::{Head, Section, Viewer, document, mark};
use maud::{Markup, html};

/// The page.
#[derive(Default)]
pub struct DoorView {
    /// Who looks, when signed in.
    pub viewer: Option<Viewer>,
    /// Whether the first administrator has yet to be made.
    pub needs_setup: bool,
}

fn what(section: Section) -> &'static str {
    match section {
        Section::Console => "Travellers who wait for an officer, and the voyage's progress",
        Section::Supervisor => "Voyages, boarding, and the waits of both choices",
        Section::Accuracy => "How often the machine errs here, and how many people a day that is",
        Section::SecondLook => "Two photos, one question: a random sample judged again",
        Section::Records => "What is held on a person: requests, holds and corrections, in cases",
        Section::Lookouts => {
            "Documents, people and voyages that send a traveller to an officer, and who approved them"
        }
        Section::Admin => "Crossing points, designations, devices, people",
    }
}

/// The page.
pub fn door(view: &DoorView) -> Markup {
    let body = html! {
        main .door-card #main {
            p .brand { (mark()) span { "Portunus" } }
            h1 { "Who stands at the door is who the document names" }
            @if view.needs_setup {
                p { "No administrator has been made yet. Open the set-up link that " code { "portunus serve" } " printed." }
            }
            ul .ways {
                @match &view.viewer {
                    Some(viewer) => {
                        @for section in &viewer.sections {
                            li { a href=(section.path()) { b { (section.name()) } span { (what(*section)) } } }
                        }
                    }
                    None => li { a href="/sign-in" { b { "Sign in" } span { "Officers, supervisors, administrators" } } },
                }
                li { a href="/decline" { b { "Decline the photo" } span { "For travellers, before the voyage: with the booking and the document" } } }
                li { a href="/receipt" { b { "Receipt" } span { "For travellers: what was captured, until when it is kept, and the proof" } } }
                li { a href="/oversight" { b { "Oversight" } span { "For everybody: choices, waits, errors, erasing, where cameras are and under what law" } } }
                li { a href="/gate" { b { "Gate" } span { "The traveller's page, for a browser that was enrolled as a gate" } } }
                li { a href="/api" { b { "API" } span { "For devices and carriers, described as OpenAPI" } } }
            }
            @if let Some(viewer) = &view.viewer {
                form .who method="post" action="/sign-out" {
                    span { b { (viewer.name) } " " span .muted { (viewer.role) } }
                    button type="submit" .quiet { "Sign out" }
                }
            }
        }
    };
    document(&Head { title: "Door", sheets: &["base.css", "door.css"], module: None }, "door-page", &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::tests::a_viewer;

    #[test]
    fn each_role_sees_its_rooms_only() {
        let viewer = Viewer { sections: vec![Section::Console], ..a_viewer() };
        let html = door(&DoorView { viewer: Some(viewer), needs_setup: false }).into_string();
        assert!(html.contains(r#"href="/console""#) && !html.contains(r#"href="/admin""#));
        let html = door(&DoorView::default()).into_string();
        assert!(html.contains(r#"href="/oversight""#), "it is for everybody");
        assert!(html.contains(r#"href="/sign-in""#) && !html.contains(r#"href="/console""#));
    }
}
