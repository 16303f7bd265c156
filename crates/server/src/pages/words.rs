//! The traveller's pages that work without a script, in the gate's five languages.

use maud::{Markup, html};
use std::collections::HashMap;

/// The languages: those of the gate, each by its own name.
pub const LANGUAGES: [(&str, &str); 5] =
    [("en", "English"), ("es", "Español"), ("fr", "Français"), ("ar", "العربية"), ("zh", "中文")];

/// A page's texts by language, then by name.
pub type Texts = HashMap<String, HashMap<String, String>>;

/// Reads a page's texts.
pub(super) fn texts(json: &str) -> Texts {
    #[expect(clippy::expect_used, reason = "a file of this program's own, which a test reads")]
    serde_json::from_str(json).expect("a page's texts are as they were written")
}

/// A language of a page, with its texts.
#[derive(Clone, Copy)]
pub struct Words {
    language: &'static str,
    texts: &'static Texts,
}

impl Words {
    /// The language asked for, else the first of `accepted` (an `Accept-Language` header) that there is, else English.
    pub fn of(texts: &'static Texts, asked: Option<&str>, accepted: Option<&str>) -> Self {
        let known = |tag: &str| {
            let tag = tag.trim().split(['-', ';']).next().unwrap_or_default().to_lowercase();
            LANGUAGES.iter().find(|(language, _)| *language == tag).map(|(language, _)| *language)
        };
        let by_browser = || accepted.and_then(|tags| tags.split(',').take(20).find_map(known));
        Self { language: asked.and_then(known).or_else(by_browser).unwrap_or("en"), texts }
    }

    /// The language's tag.
    pub fn language(self) -> &'static str {
        self.language
    }

    /// The text of this name; empty where there is none.
    pub(super) fn text(self, key: &str) -> &'static str {
        self.texts.get(self.language).and_then(|texts| texts.get(key)).map_or("", String::as_str)
    }

    /// The same with a value in the place of `{name}`.
    pub(super) fn filled(self, key: &str, name: &str, value: &str) -> String {
        // Isolated (U+2068, U+2069): a date reads left to right inside Arabic, too.
        self.text(key).replace(&format!("{{{name}}}"), &format!("\u{2068}{value}\u{2069}"))
    }
}

/// The same page in each other language, by its address.
pub(super) fn languages(words: Words, path: &str) -> Markup {
    html! {
        nav .languages aria-label=(words.text("language")) {
            @for (language, name) in LANGUAGES {
                a href={ (path) "?lang=" (language) } lang=(language)
                    aria-current=[(language == words.language()).then_some("true")] { (name) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::{decline, receipt};

    #[test]
    fn every_language_has_every_text() {
        for texts in [&*receipt::TEXTS, &*decline::TEXTS] {
            let names = |language: &str| {
                let mut names: Vec<&String> = texts[language].keys().collect();
                names.sort_unstable();
                names
            };
            for (language, _) in LANGUAGES {
                assert_eq!(names(language), names("en"), "{language}");
                assert!(texts[language].values().all(|text| !text.is_empty()), "{language}");
            }
        }
    }

    #[test]
    fn the_language_is_that_asked_for_or_the_browsers() {
        let language = |asked, accepted| Words::of(&receipt::TEXTS, asked, accepted).language();
        assert_eq!(language(Some("ar"), Some("fr")), "ar");
        assert_eq!(language(None, Some("de-DE,de;q=0.9,zh-CN;q=0.8")), "zh");
        assert_eq!(language(Some("xx"), None), "en");
    }
}
