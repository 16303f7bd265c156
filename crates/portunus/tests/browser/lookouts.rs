//! `/lookouts` and the officer's card: written by one, approved by another, hit, put right; a list with a faulty line.

use crate::camera::pictures_there;
use crate::chromium::{ENTER, TAB, there};
use crate::hall::{in_days, typed};
use crate::keyboard::{presses, tabs_to};
use crate::pages::Desk;
use crate::support::{House, Options, PASSWORD, Person, Picture, Staff, choice};
use serde_json::json;

/// Somebody's own browser, on the page of lookouts.
fn on_lookouts(house: &House, staff: &Staff, role: &str) -> Desk {
    let user = json!({ "name": role, "role": role, "password": PASSWORD });
    staff.administrator.post("/api/admin/v1/users", &user).ok();
    let desk = Desk::of(house);
    desk.sign_in(role, "/lookouts");
    desk
}

/// Whether the page says so.
fn says(words: &str) -> String {
    format!("document.querySelector('main')?.innerText.includes({words:?})")
}

#[test]
fn a_lookout_is_written_approved_hits_says_why_and_is_put_right_for_who_is_not_meant() {
    if !there() || !pictures_there() {
        return;
    }
    let (house, mut staff) = Staff::with_house(Options::default());
    let traveller = Person::new(0, "FRA").with_reference(Picture::Obama);
    let voyage = staff.stage(300, std::slice::from_ref(&traveller));
    let author = on_lookouts(&house, &staff, "lookout-author");
    an_author_writes(&author);
    assert!(
        author.browser.see("document.querySelector('form[data-then=approve]')").is_null(),
        "not by its author"
    );
    let approver = on_lookouts(&house, &staff, "lookout-approver");
    presses(&approver.browser, "form[data-then=approve] button");
    approver.browser.accept();
    approver.browser.wait(&format!("!{}", says("waits for approval")));
    approver.looked_at("lookouts-in-force");

    let encounter = staff.gate.begin(&choice("photo", false, None));
    assert_eq!(staff.gate.capture(&encounter, &[Picture::Obama2.bytes()]).ok().json()["step"], "see-officer");
    let desk = Desk::of(&house);
    desk.sign_in("officer", "/console");
    desk.waiting(1);
    an_officer_sees_why_and_says_not_this_person(&desk);
    approver.open("/lookouts");
    approver.browser.wait(&says("born elsewhere"));
    approver.looked_at("lookouts-redress");
    presses(&approver.browser, "form[data-then=agree] button");
    approver.browser.accept();
    approver.browser.wait(&says("Nothing waits."));

    desk.open("/console");
    desk.waiting(1);
    assert!(desk.browser.see("document.querySelector('.lookouts')").is_null(), "gone from the card");
    staff.rule(&encounter, &json!({ "ruling": "refuse", "reason": "begins anew" })).ok();
    staff.close(&voyage).ok();
    staff.stage(301, std::slice::from_ref(&traveller));
    let again = staff.gate.begin(&choice("photo", false, None));
    let told = staff.gate.capture(&again, &[Picture::Obama3.bytes()]).ok().json();
    assert_eq!(told["step"], "proceed", "on a later voyage, too");
}

fn an_author_writes(author: &Desk) {
    let page = &author.browser;
    presses(page, "details.new summary");
    for (field, text) in [
        ("#lookout-names", "ADEYEMI/ALEX".to_owned()),
        ("#lookout-born", "1950-01-10".to_owned()),
        ("#lookout-authority", "Police".to_owned()),
        ("#lookout-reference", "17/26".to_owned()),
        ("#lookout-reason", "to be heard as a witness".to_owned()),
        ("#lookout-expires", typed(in_days(90))),
        ("#lookout-review", typed(in_days(30))),
    ] {
        tabs_to(page, field);
        page.keys(&text);
    }
    author.looked_at("lookouts-write");
    presses(page, "form[data-then=write] button");
    page.wait(&says("waits for approval"));
    author.looked_at("lookouts-proposed");
}

fn an_officer_sees_why_and_says_not_this_person(desk: &Desk) {
    let page = &desk.browser;
    let hit = "document.querySelector('.lookouts')?.innerText";
    for words in ["to be heard as a witness", "Police, 17/26", "written the same", "of a hundred hits"] {
        page.wait(&format!("{hit}?.includes({words:?})"));
    }
    desk.looked_at("console-lookout");
    presses(page, "[data-not-this-person]");
    page.wait("document.activeElement?.id === 'why-text'");
    page.keys(&format!("born elsewhere{TAB}{ENTER}"));
    page.wait("document.querySelector('#said').innerText.includes('once an approver agrees')");
    desk.open("/console");
    page.wait(&format!("{hit}?.includes('waits for an approver')"));
}

/// Puts a file of this text into the page's field for lists, and sends it.
fn imports(author: &Desk, list: &str) {
    presses(&author.browser, "details.new:has([data-then=import]) > summary");
    author.browser.run(&format!(
        "const files = new DataTransfer();
         files.items.add(new File([{list:?}], 'list.csv', {{ type: 'text/csv' }}));
         document.querySelector('#list-file').files = files.files;"
    ));
    presses(&author.browser, "form[data-then=import] button");
}

#[test]
fn a_list_with_a_faulty_line_says_which_and_nothing_of_it_comes_in() {
    if !there() {
        return;
    }
    let (house, staff) = Staff::with_house(Options::default());
    let author = on_lookouts(&house, &staff, "lookout-author");
    let page = &author.browser;
    let head = "on,authority,reference,reason,expires,review,names,born\n";
    let (expires, review) = (in_days(90), in_days(30));
    let good = format!("person,Police,1,witness,{expires},{review},SUAREZ/ANNA,1974+-2\n");
    let bad = format!("person,Police,2,witness,{expires},{review},SUAREZ/BELA,yesterday\n");
    imports(&author, &format!("{head}{good}{bad}"));
    page.wait("document.querySelector('#faults li')?.innerText.startsWith('line 3, born')");
    assert_eq!(page.see("document.querySelectorAll('#faults li').length"), 1);
    assert_eq!(page.see("document.querySelector('#problem').checkVisibility()"), true);
    author.looked_at("lookouts-faulty");
    author.open("/lookouts");
    page.wait(&says("Kept: 0"));
    imports(&author, &format!("{head}{good}"));
    page.wait(&says("SUAREZ, ANNA; born 1974+-2"));
    author.looked_at("lookouts-imported");
}
