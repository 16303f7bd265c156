//! `/receipt`: what a traveller's code opens, in the gate's five languages. Everything but the check in the browser works
//! without a script; `/console/encounters/ID/receipt`: the same code, for the officer to print.

use super::layout::{Head, document, document_in, mark};
use super::qr::Qr;
use super::words::{LANGUAGES, Texts, Words, languages, texts};
use crate::service::receipt::readings_in_short;
use crate::service::{ContestShown, PassageShown, ReceiptShown, RecordOfReceipt, slug};
use jiff::{Timestamp, tz::TimeZone};
use maud::{Markup, html};
use portunus_core::place::Direction;
use portunus_core::policy::{DataClass, Notice};
use portunus_core::receipt::{Ground, ReceiptCode};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The page's texts in all its languages.
pub static TEXTS: LazyLock<Texts> = LazyLock::new(|| texts(include_str!("../../assets/receipt.json")));

/// The page before a code is given, or after one that opens nothing.
pub struct AskView {
    /// In which language.
    pub words: Words,
    /// What was wrong with the code, by the name of its text.
    pub problem: Option<&'static str>,
}

/// A receipt, opened. No `Debug`: it holds its code.
pub struct OpenView<'a> {
    /// In which language.
    pub words: Words,
    /// What opened it.
    pub code: ReceiptCode,
    /// What it says.
    pub shown: &'a ReceiptShown,
    /// The notice in force, in all its languages.
    pub notice: &'a BTreeMap<String, Notice>,
    /// By when a contest that is opened now would be answered.
    pub deadline: Timestamp,
}

const SHEETS: &[&str] = &["base.css", "receipt.css"];

fn page(words: Words, title: &str, languages: &Markup, content: &Markup) -> Markup {
    let body = html! {
        header .receipt-head {
            a .brand href="/" { (mark()) span { "Portunus" } }
            (languages)
        }
        main #main .receipt tabindex="-1" { (content) }
    };
    let head = Head { title, sheets: SHEETS, module: Some("receipt.js") };
    document_in(words.language(), &head, "receipt-page", &body)
}

/// The page that asks for a code.
pub fn ask(view: &AskView) -> Markup {
    let words = view.words;
    let languages = languages(words, "/receipt");
    let content = html! {
        h1 { (words.text("title")) }
        p { (words.text("intro")) }
        @if let Some(problem) = view.problem { p #problem .alarm role="alert" { (words.text(problem)) } }
        form #open .ask method="post" action="/receipt" autocomplete="off" {
            input type="hidden" name="lang" value=(words.language());
            label for="code" { (words.text("code")) }
            input #code name="code" required maxlength="60" spellcheck="false" autocapitalize="off" dir="ltr"
                aria-invalid=[view.problem.map(|_| "true")] aria-describedby=[view.problem.map(|_| "problem")];
            button type="submit" .primary { (words.text("open")) }
        }
        (saved(words))
    };
    page(words, words.text("title"), &languages, &content)
}

/// Checking a file that was saved before: in the browser alone.
fn saved(words: Words) -> Markup {
    html! {
        section .saved aria-labelledby="saved-title" {
            h2 #saved-title { (words.text("check")) }
            p { (words.text("check_text")) }
            p .needs-script { input #saved type="file" accept="application/json,.json" aria-labelledby="saved-title" disabled; }
            noscript { p { (words.text("proof_noscript")) } }
            div #saved-proof .proof aria-live="polite" {}
        }
    }
}

/// The receipt that a code opened.
pub fn open(view: &OpenView<'_>) -> Markup {
    let (words, shown) = (view.words, view.shown);
    let hidden = |language: &str| {
        html! {
            input type="hidden" name="code" value=(view.code.text());
            input type="hidden" name="lang" value=(language);
        }
    };
    // The code stands in no address: another language is asked for by a form, too.
    let languages = html! {
        nav .languages aria-label=(words.text("language")) {
            @for (language, name) in LANGUAGES {
                form method="post" action="/receipt" {
                    (hidden(language))
                    button type="submit" lang=(language) aria-current=[(language == words.language()).then_some("true")] { (name) }
                }
            }
        }
    };
    let content = html! {
        h1 { (words.text("title")) }
        p .code dir="ltr" { (view.code.grouped()) }
        p .summary { (words.text(summary(shown))) }
        (captured(words, shown))
        @if let Some(passage) = &shown.passage { (passage_of(words, passage, view.notice)) }
        (kept(words, shown))
        (proof(words, shown))
        section aria-labelledby="save-title" {
            h2 #save-title { (words.text("save")) }
            form method="post" action="/receipt/file" {
                (hidden(words.language()))
                p { (words.text("save_text")) }
                button type="submit" { (words.text("save")) }
            }
        }
        (contests(words, shown, &hidden(words.language()), view.deadline))
    };
    page(words, words.text("title"), &languages, &content)
}

/// The text that says in one sentence how things stand.
fn summary(shown: &ReceiptShown) -> &'static str {
    let kept = shown.records.iter().any(|record| record.due.is_some());
    match (&shown.photos, kept) {
        (Some(_), _) => "sum_open",
        (None, true) => "sum_kept",
        (None, false) if shown.records.is_empty() => "sum_nothing",
        (None, false) => "sum_erased",
    }
}

fn captured(words: Words, shown: &ReceiptShown) -> Markup {
    html! {
        section aria-labelledby="captured-title" {
            h2 #captured-title { (words.text("captured")) }
            @match &shown.photos {
                Some(photos) if photos.compared == 0 => p { (words.text("photos_none")) },
                Some(photos) => {
                    p { (words.filled("photos_some", "n", &photos.compared.to_string())) }
                    @if photos.never_written { p { (words.filled("photos_never", "n", &photos.shown_seconds.to_string())) } }
                    @else { p { (words.text("photos_sealed")) } }
                    @if photos.waits_for_officer { p { (words.text("waits")) } }
                }
                None => p { (words.text("photos_closed")) },
            }
        }
    }
}

fn passage_of(words: Words, passage: &PassageShown, notice: &BTreeMap<String, Notice>) -> Markup {
    let direction = match passage.direction {
        Direction::Entry => "entry",
        Direction::Exit => "exit",
    };
    let owners = passage.device_owner.iter().chain(&passage.contractors).map(String::as_str);
    let notice = notice.get(words.language()).or_else(|| notice.get("en"));
    html! {
        section aria-labelledby="where-title" {
            h2 #where-title { (words.text("where")) }
            dl .facts {
                div { dt { (words.text("point")) } dd { bdi { (passage.point) " (" (passage.port) ")" } } }
                div { dt { (words.text("direction")) } dd { (words.text(direction)) } }
                div { dt { (words.text("time")) } dd { (time(passage.at)) } }
            }
        }
        section aria-labelledby="authority-title" {
            h2 #authority-title { (words.text("authority")) }
            dl .facts {
                @if let Some(basis) = &passage.legal_basis { div { dt { (words.text("basis")) } dd { bdi { (basis) } } } }
                @if passage.device_owner.is_some() { div { dt { (words.text("owner")) } dd { bdi { (owners.collect::<Vec<_>>().join(", ")) } } } }
                @if let Some(id) = &passage.designation { div { dt { (words.text("designation")) } dd .number { (id) } } }
                @if let Some(hash) = &passage.notice { div { dt { (words.text("notice")) } dd .number { (hash) } } }
            }
            @match (&passage.notice, notice) {
                (None, _) => p { (words.text("notice_none")) },
                (Some(_), Some(notice)) if passage.notice_in_force => {
                    details {
                        summary { (words.text("notice_now")) }
                        blockquote { p { b { (notice.title) } } p { (notice.purpose) } p { (notice.citizens) } p { (notice.others) } }
                    }
                }
                (Some(_), _) => p { (words.text("notice_other")) },
            }
        }
        section aria-labelledby="used-title" {
            h2 #used-title { (words.text("used")) }
            p { (words.text("used_text")) }
        }
    }
}

fn kept(words: Words, shown: &ReceiptShown) -> Markup {
    html! {
        section aria-labelledby="kept-title" {
            h2 #kept-title { (words.text("kept")) }
            @if shown.records.is_empty() { p { (words.text("kept_none")) } }
            @else {
                ul .records { @for record in &shown.records { (kept_record(words, record)) } }
            }
        }
    }
}

fn data_in_words(words: Words, data: DataClass) -> &'static str {
    words.text(match data {
        DataClass::Probe => "data_probe",
        DataClass::Crossing => "data_crossing",
        _ => "data_other",
    })
}

fn kept_record(words: Words, record: &RecordOfReceipt) -> Markup {
    let read = readings_in_short(&record.read);
    html! {
        li data-kept=(record.record) {
            h3 { (data_in_words(words, record.data)) }
            dl .facts {
                @match (record.due, record.erased_at) {
                    (Some(due), _) => div {
                        dt { (words.text("until")) }
                        dd { (time(due)) @if record.held { " · " (words.text("held")) } }
                    },
                    (None, Some(at)) => div { dt { (words.text("erased_on")) } dd { (time(at)) } },
                    (None, None) => {}
                }
                @if record.due.is_some() {
                    div {
                        dt { (words.text("read_by")) }
                        dd {
                            @if read.is_empty() { (words.text("nobody")) }
                            @for (n, (by, purpose, times)) in read.iter().enumerate() {
                                @if n > 0 { br; }
                                (reader(words, by)) ", " (words.text(&format!("for_{}", slug(purpose))))
                                @if *times > 1 { " (" (times) ")" }
                            }
                        }
                    }
                    div {
                        dt { (words.text("copies")) }
                        dd { @if record.copies.is_empty() { (words.text("none")) } @else { bdi { (record.copies.join(", ")) } } }
                    }
                }
            }
        }
    }
}

/// A role in the traveller's language; a recipient by its name.
fn reader(words: Words, by: &str) -> Markup {
    let role = words.text(&format!("by_{by}"));
    html! { @if role.is_empty() { bdi { (by) } } @else { (role) } }
}

/// What the page's module checks, and where it says what it found.
fn proof(words: Words, shown: &ReceiptShown) -> Markup {
    html! {
        section #proof aria-labelledby="proof-title" data-key=(shown.ledger.key)
            data-witnesses=(shown.ledger.witnesses.join(" ")) data-from=(shown.ledger.from) {
            h2 #proof-title { (words.text("proof")) }
            p { (words.text("proof_text")) }
            noscript { p { (words.text("proof_noscript")) } }
            p .proof-head role="status" {}
            ul .records {
                @for record in &shown.records {
                    li data-record=(record.record) {
                        h3 { (data_in_words(words, record.data)) }
                        p { (words.text("proof_record")) ": " span .number { (record.record) } }
                        ul .proof-leaves {}
                    }
                }
            }
        }
    }
}

fn contests(words: Words, shown: &ReceiptShown, hidden: &Markup, deadline: Timestamp) -> Markup {
    let waits = shown.contests.iter().any(|contest| contest.upheld.is_none());
    html! {
        section #contest aria-labelledby="contest-title" {
            h2 #contest-title { (words.text("contest")) }
            @for contest in &shown.contests { (contest_shown(words, contest)) }
            @if waits { p { (words.text("still_open")) } }
            @else if shown.contests.len() >= portunus_store::CONTESTS_MAX { p { (words.text("too_often")) } }
            @else {
                p { (words.filled("contest_text", "deadline", &day(deadline))) }
                form .ask method="post" action="/receipt/contest" {
                    (hidden)
                    label for="ground" { (words.text("ground")) }
                    select #ground name="ground" {
                        @for ground in Ground::ALL { option value=(slug(&ground)) { (words.text(&format!("g_{}", slug(&ground)))) } }
                    }
                    label for="words" { (words.text("words")) }
                    textarea #words name="words" maxlength="500" rows="3" {}
                    button type="submit" { (words.text("send")) }
                }
            }
        }
    }
}

fn contest_shown(words: Words, contest: &ContestShown) -> Markup {
    html! {
        article .contest data-upheld=[contest.upheld] {
            p {
                b { (words.text(&format!("g_{}", slug(&contest.ground)))) } br;
                (words.filled("contested", "at", &minute(contest.opened_at)))
                @if let (None, Some(deadline)) = (contest.answered_at, contest.deadline) {
                    " · " (words.filled("answer_by", "deadline", &day(deadline)))
                }
            }
            @if let Some(upheld) = contest.upheld {
                p { b { (words.text(if upheld { "upheld" } else { "not_upheld" })) } }
            }
            @if let Some(answer) = &contest.answer { p { (words.text("answer")) ": " } blockquote { p { bdi { (answer) } } } }
        }
    }
}

fn minute(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn day(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}

fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at.to_zoned_datetime(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ")) { bdi { (minute(at)) } } }
}

/// The slip that an officer prints: a code in words and as QR, in all languages, and nothing of the traveller.
pub fn slip(code: ReceiptCode, address: &str) -> Markup {
    let body = html! {
        main #main .slip tabindex="-1" {
            p .brand { (mark()) span { "Portunus" } }
            h1 { "Receipt" }
            @if let Some(qr) = Qr::of(address) { (qr.picture("The receipt's address as a QR code")) }
            p .code dir="ltr" { (code.grouped()) }
            ul {
                @for (language, _) in LANGUAGES {
                    li lang=(language) dir=[(language == "ar").then_some("rtl")] { (Words::of(&TEXTS, Some(language), None).text("intro")) }
                }
            }
            p .number { (address.split('#').next().unwrap_or(address)) }
            p .no-print { button #print type="button" .primary { "Print" } }
        }
    };
    document(&Head { title: "Receipt", sheets: SHEETS, module: Some("receipt.js") }, "slip-page", &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{LedgerShown, PhotosShown};

    fn a_receipt() -> ReceiptShown {
        ReceiptShown {
            passage: None,
            photos: Some(PhotosShown {
                compared: 0,
                never_written: false,
                shown_seconds: 30,
                waits_for_officer: true,
            }),
            records: Vec::new(),
            ledger: LedgerShown {
                origin: "log".into(),
                key: "log+1+2".into(),
                witnesses: Vec::new(),
                from: 3,
            },
            contests: Vec::new(),
        }
    }

    fn opened(shown: &ReceiptShown, language: &str) -> String {
        let view = OpenView {
            words: Words::of(&TEXTS, Some(language), None),
            code: ReceiptCode::from_bytes([0xab; 16]),
            shown,
            notice: &BTreeMap::new(),
            deadline: Timestamp::UNIX_EPOCH,
        };
        open(&view).into_string()
    }

    #[test]
    fn a_code_stands_in_no_address_and_arabic_reads_from_right_to_left() {
        let html = opened(&a_receipt(), "ar");
        let code = "ab".repeat(16);
        assert!(html.contains(&format!("value=\"{code}\"")));
        assert!(!html.contains(&format!("?code={code}")) && !html.contains(&format!("/{code}")));
        assert!(html.contains("lang=\"ar\" dir=\"rtl\""));
    }

    #[test]
    fn who_declined_and_whose_camera_failed_read_the_same() {
        let declined = opened(&a_receipt(), "en");
        assert!(declined.contains("No photo of you was compared"));
        for word in ["declin", "rather not", "camera failed", "manual"] {
            assert!(!declined.contains(word), "{word}");
        }
    }
}
