//! `/decline` and `POST /api/public/v1/decline`: a traveller declines the photo before travel, by booking and document. The
//! two come in the body of a request, never in an address.
//!
//! Tries are counted by document before anything is looked for: whoever guesses bookings is told to wait as soon for a document
//! that is on no list as for one that is.

use super::device::PresentedDocument;
use super::limit::Rate;
use super::receipt::{Language, words_of};
use super::{App, Problem, blocking};
use crate::pages::decline as pages;
use crate::pages::words::Words;
use crate::service::{DeclinedOn, Refused};
use axum::extract::{Form, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use maud::Markup;
use portunus_core::document::DocumentKey;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher as _, RandomState};

/// Carriers' references are six characters, mostly.
const BOOKING_CHARS_MAX: usize = 40;
/// Tries of one document: a traveller mistypes; nobody guesses a booking so.
const TRIES_PER_MINUTE: u32 = 3;
const TRIES_AT_ONCE: u32 = 10;
/// Which kind a card or an unusual document is, its issuer says (UN/EDIFACT code list 1001), and its holder does not know.
const ALIKE: [&str; 2] = ["IAC", "FM"];

/// Anybody's: their bodies are small, and whole before they take a place.
pub(super) fn unsigned() -> Router<App> {
    Router::new()
        .route("/decline", get(ask).post(decline))
        .route("/api/public/v1/decline", post(decline_by_api))
}

/// How often a document is tried. Known by a hash under a key that this process alone has; nothing of it is kept.
pub(super) struct Tries {
    rate: Rate<u64>,
    key: RandomState,
}

impl Tries {
    pub(super) fn new() -> Self {
        Self { rate: Rate::new(TRIES_PER_MINUTE, TRIES_AT_ONCE), key: RandomState::new() }
    }

    /// Takes one, whatever kind it is said to be.
    fn check(&self, document: &DocumentKey) -> Result<(), Problem> {
        self.rate.check(self.key.hash_one((document.issuer.as_str(), document.number())))
    }
}

/// Booking and document, as the carrier stated them. Personal data: no `Debug`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecliningAhead {
    /// The booking reference, in either case.
    booking: String,
    /// Issuing state, as in the MRZ.
    issuer: String,
    /// Kind, as in the MRZ; `P` when not said. `I`, `A` and `C` are one, as are `F` and `M`.
    kind: Option<String>,
    /// Number.
    number: String,
}

/// On which voyages.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct DeclinedAhead {
    /// At least one: no portrait of yours is staged there any more.
    declined: Vec<DeclinedOn>,
}

/// Why nothing was declined: the name of the page's text, where it has one, and the problem.
struct Undeclined(Option<&'static str>, Problem);

impl From<Problem> for Undeclined {
    fn from(problem: Problem) -> Self {
        Self(None, problem)
    }
}

/// The document, once for every kind that it may have been stated as.
fn documents(asked: &DecliningAhead) -> Result<Vec<DocumentKey>, Problem> {
    let clean = |text: &str| text.trim().to_ascii_uppercase();
    let of = |kind: &str| PresentedDocument::of(&clean(&asked.issuer), kind, &clean(&asked.number)).key();
    let kind = asked.kind.as_deref().map(clean).filter(|kind| !kind.is_empty());
    let document = of(kind.as_deref().unwrap_or("P"))?;
    match ALIKE.into_iter().find(|alike| alike.contains(document.kind.as_str())) {
        Some(alike) => alike.chars().map(|kind| of(&kind.to_string())).collect(),
        None => Ok(vec![document]),
    }
}

async fn declined(app: &App, asked: DecliningAhead) -> Result<Vec<DeclinedOn>, Undeclined> {
    let documents = documents(&asked).map_err(|problem| Undeclined(Some("wrong_document"), problem))?;
    if asked.booking.trim().is_empty() || asked.booking.chars().count() > BOOKING_CHARS_MAX {
        let problem = Problem::bad_request("booking: expected 1 to 40 characters");
        return Err(Undeclined(Some("wrong_booking"), problem));
    }
    let often = |problem| Undeclined(Some("often"), problem);
    if let Some(document) = documents.first() {
        app.decline_tries.check(document).map_err(often)?;
    }
    let service = app.service.clone();
    let declined = blocking(move || {
        let mut declined: Vec<DeclinedOn> = Vec::new();
        for document in &documents {
            for one in service.decline_ahead(&asked.booking, document)? {
                if !declined.contains(&one) {
                    declined.push(one);
                }
            }
        }
        Ok::<_, Refused>(declined)
    })
    .await?;
    if declined.is_empty() {
        app.wrong_code_rate.check("decline").map_err(often)?;
        let problem = Problem::not_found("voyage ahead with this booking and this document");
        return Err(Undeclined(Some("none"), problem));
    }
    Ok(declined)
}

#[utoipa::path(post, path = "/api/public/v1/decline", operation_id = "public_decline", tag = "public", request_body = DecliningAhead,
    responses((status = 200, body = DeclinedAhead), (status = 404, description = "no voyage ahead has this booking with this document"),
        (status = 429, description = "this document was tried too often, whether or not a list has it; wait as many seconds as `Retry-After` says")))]
pub(crate) async fn decline_by_api(
    State(app): State<App>,
    Json(asked): Json<DecliningAhead>,
) -> Result<Json<DeclinedAhead>, Problem> {
    let declined = declined(&app, asked).await.map_err(|Undeclined(_, problem)| problem)?;
    Ok(Json(DeclinedAhead { declined }))
}

fn words(asked: &Language, headers: &HeaderMap) -> Words {
    words_of(&pages::TEXTS, asked.lang.as_deref(), headers)
}

async fn ask(Query(language): Query<Language>, headers: HeaderMap) -> Markup {
    pages::ask(words(&language, &headers), None)
}

async fn decline(
    State(app): State<App>,
    Query(language): Query<Language>,
    headers: HeaderMap,
    Form(asked): Form<DecliningAhead>,
) -> Result<Response, Problem> {
    let words = words(&language, &headers);
    match declined(&app, asked).await {
        Ok(declined) => Ok(pages::declined(words, &declined).into_response()),
        Err(Undeclined(Some(text), problem)) => Ok(problem.on_page(pages::ask(words, Some(text)))),
        Err(Undeclined(None, problem)) => Err(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(kind: &str, number: &str) -> DecliningAhead {
        DecliningAhead {
            booking: "PX0000".into(),
            issuer: "deu".into(),
            kind: Some(kind.into()),
            number: number.into(),
        }
    }

    fn kinds(of: &[DocumentKey]) -> String {
        of.iter().map(|document| document.kind.as_str()).collect()
    }

    #[test]
    fn a_card_is_looked_for_under_each_kind_that_it_may_have_been_stated_as() {
        let of =
            |kind: &str| documents(&asked(kind, "L01X00T47")).map(|found| kinds(&found)).unwrap_or_default();
        assert_eq!(
            [of("P"), of(""), of("ip"), of("C"), of("v"), of("F")],
            ["P", "P", "IAC", "IAC", "V", "FM"]
        );
        for faulty in ["passport", "É", "?"] {
            assert_eq!(of(faulty), "", "{faulty}");
        }
    }

    #[test]
    fn one_document_is_tried_so_often_under_whatever_kind_and_another_is_not_held_up_by_it() {
        let tries = Tries::new();
        let try_one = |kind: &str, number: &str| {
            let documents = documents(&asked(kind, number)).ok().unwrap();
            tries.check(&documents[0]).is_ok()
        };
        let taken = (0..2 * TRIES_AT_ONCE).filter(|_| try_one("P", "L01X00T47")).count();
        assert!((TRIES_AT_ONCE as usize..2 * TRIES_AT_ONCE as usize).contains(&taken), "{taken}");
        assert!(!try_one("V", "l01x-00t47"), "another kind is no other document");
        assert!(try_one("P", "L01X00T48"));
    }
}
