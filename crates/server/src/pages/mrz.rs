//! The machine-readable zone of a document as a part of other pages: typed, pasted or scanned, judged as it comes.
//!
//! A page that holds it links `mrz.css`, and its module calls `mountMrz(root, onRead)` of `mrz.js`. What is handed on
//! is read once more on the server (`portunus_documents::mrz`), which alone decides.

use maud::{Markup, html};

/// The style sheet that a page with this part links.
pub const SHEET: &str = "mrz.css";

/// The part. `prefix` begins its elements' identifiers, which are the page's own to keep apart. Words are English until
/// the module puts them in the page's language.
pub fn part(prefix: &str) -> Markup {
    let [input, help, state] = ["input", "help", "state"].map(|name| format!("{prefix}-mrz-{name}"));
    html! {
        div .mrz #{ (prefix) "-mrz" } {
            label for=(input) data-mrz-word="label" { "Machine-readable zone of the document" }
            p .muted #(help) data-mrz-word="help" {
                "The lines with < at the foot of the page, or on the back of the card. Type, paste or scan them; Enter reads them."
            }
            // Without a name: no form sends it, no browser offers it to the next traveller.
            textarea .mrz-input #(input) data-mrz="input" dir="ltr" rows="3" cols="44" maxlength="512" wrap="off"
                spellcheck="false" autocomplete="off" autocapitalize="characters" autocorrect="off"
                aria-describedby={ (help) " " (state) } {}
            p .mrz-state #(state) data-mrz="state" role="status" aria-live="polite" {}
            ul .mrz-fields data-mrz="fields" {}
            button type="button" .primary data-mrz="use" data-mrz-word="use" disabled { "Use this document" }
        }
    }
}
