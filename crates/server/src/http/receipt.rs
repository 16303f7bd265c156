//! `/receipt` and `/api/public/v1/receipt`: what a traveller's code opens, as a page and as JSON. The code comes in the body
//! of a request, never in an address: addresses are logged, kept in histories and sent on.

use super::{App, Problem, blocking, site};
use crate::pages::qr::Qr;
use crate::pages::receipt::{self as pages, AskView, OpenView};
use crate::pages::words::{Texts, Words};
use crate::service::{ReceiptShown, Service};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use maud::Markup;
use portunus_core::receipt::{Ground, ReceiptCode};
use serde::{Deserialize, Serialize};

/// Codes that open nothing, all together: who has one that does is never told to wait for who has not.
pub(super) const WRONG_CODES_PER_MINUTE: u32 = 600;
pub(super) const WRONG_CODES_AT_ONCE: u32 = 100;

/// Anybody's: their bodies are small, and whole before they take a place.
pub(super) fn unsigned() -> Router<App> {
    Router::new()
        .route("/receipt", get(ask).post(open))
        .route("/receipt/file", post(file))
        .route("/receipt/contest", post(contest))
        .route("/api/public/v1/receipt", post(open_by_api))
        .route("/api/public/v1/receipt/contest", post(contest_by_api))
}

/// A receipt as it is handed to the traveller. No `Debug`: it holds the code.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ReceiptGiven {
    /// 32 hexadecimal digits. Whoever has it opens the receipt. An officer can have it made again until boarding is closed; then
    /// nobody but the traveller has it.
    code: String,
    /// The page, with the code in its fragment.
    address: String,
    /// The address as a QR code: SVG path data in a square of `size` modules.
    qr: Option<Qr>,
}

impl ReceiptGiven {
    pub(super) fn of(code: ReceiptCode, site: &str) -> Self {
        let address = format!("{site}/receipt#{}", code.text());
        Self { code: code.text(), qr: Qr::of(&address), address }
    }
}

/// The language that a page is asked for in.
#[derive(Deserialize)]
pub(super) struct Language {
    pub(super) lang: Option<String>,
}

/// A page's words as whoever asks reads them.
pub(super) fn words_of(texts: &'static Texts, asked: Option<&str>, headers: &HeaderMap) -> Words {
    Words::of(texts, asked, headers.get(header::ACCEPT_LANGUAGE).and_then(|tags| tags.to_str().ok()))
}

fn words(asked: Option<&str>, headers: &HeaderMap) -> Words {
    words_of(&pages::TEXTS, asked, headers)
}

async fn ask(Query(asked): Query<Language>, headers: HeaderMap) -> Markup {
    pages::ask(&AskView { words: words(asked.lang.as_deref(), &headers), problem: None })
}

#[derive(Deserialize)]
struct Opening {
    code: String,
    lang: Option<String>,
}

/// Why a code opens nothing.
enum Unopened {
    Malformed,
    NothingHeld,
}

/// What a code opens, or why it does not.
async fn opened(app: &App, code: &str) -> Result<Result<(ReceiptCode, ReceiptShown), Unopened>, Problem> {
    let Some(code) = ReceiptCode::parse(code) else { return Ok(Err(Unopened::Malformed)) };
    let service = app.service.clone();
    match blocking(move || service.receipt(code)).await? {
        Some(shown) => Ok(Ok((code, shown))),
        None => {
            app.wrong_code_rate.check("receipt")?;
            Ok(Err(Unopened::NothingHeld))
        }
    }
}

fn asked_again(words: Words, why: Unopened) -> Response {
    let (status, problem) = match why {
        Unopened::Malformed => (StatusCode::BAD_REQUEST, "malformed"),
        Unopened::NothingHeld => (StatusCode::NOT_FOUND, "nothing_held"),
    };
    (status, pages::ask(&AskView { words, problem: Some(problem) })).into_response()
}

async fn open(
    State(app): State<App>,
    headers: HeaderMap,
    Form(opening): Form<Opening>,
) -> Result<Response, Problem> {
    answered(&app, words(opening.lang.as_deref(), &headers), &opening.code).await
}

/// The page that a code opens, or the one that asks for it again.
async fn answered(app: &App, words: Words, code: &str) -> Result<Response, Problem> {
    Ok(match opened(app, code).await? {
        Ok((code, shown)) => page(&app.service, words, code, &shown).into_response(),
        Err(why) => asked_again(words, why),
    })
}

fn page(service: &Service, words: Words, code: ReceiptCode, shown: &ReceiptShown) -> Markup {
    let policy = service.policy();
    let now = service.now();
    let deadline = policy.access_answered_within.due(now).unwrap_or(now);
    pages::open(&OpenView { words, code, shown, notice: &policy.notice, deadline })
}

/// What a traveller saves: with it, and public files alone, the erasure is proved when nothing is held any more. It holds no
/// code.
#[derive(Serialize)]
struct ReceiptFile<'a> {
    portunus_receipt: u8,
    saved_at: Timestamp,
    /// Where the log is served.
    address: String,
    /// What the log stated then.
    checkpoint: String,
    #[serde(flatten)]
    shown: &'a ReceiptShown,
}

async fn file(
    State(app): State<App>,
    headers: HeaderMap,
    Form(opening): Form<Opening>,
) -> Result<Response, Problem> {
    let words = words(opening.lang.as_deref(), &headers);
    let shown = match opened(&app, &opening.code).await? {
        Ok((_, shown)) => shown,
        Err(why) => return Ok(asked_again(words, why)),
    };
    let service = app.service.clone();
    let checkpoint = blocking(move || service.ledger_file(portunus_ledger::log::CHECKPOINT)).await?;
    let file = ReceiptFile {
        portunus_receipt: 1,
        saved_at: app.service.now(),
        address: format!("{}/ledger", site(&headers)),
        checkpoint: String::from_utf8(checkpoint.unwrap_or_default()).unwrap_or_default(),
        shown: &shown,
    };
    let bytes = serde_json::to_vec_pretty(&file).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"portunus-receipt.json\""),
    ];
    Ok((headers, bytes).into_response())
}

#[derive(Deserialize)]
struct ContestForm {
    code: String,
    lang: Option<String>,
    ground: Ground,
    #[serde(default)]
    words: String,
}

async fn contest(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<ContestForm>,
) -> Result<Response, Problem> {
    let words = words(form.lang.as_deref(), &headers);
    let code = match opened(&app, &form.code).await? {
        Ok((code, _)) => code,
        Err(why) => return Ok(asked_again(words, why)),
    };
    let service = app.service.clone();
    // Sent twice, it is contested once: the page shows the one that waits.
    let contested = blocking(move || service.contest(code, form.ground, &form.words)).await;
    if let Err(problem) = contested
        && problem.status() != StatusCode::CONFLICT
    {
        return Err(problem);
    }
    answered(&app, words, &form.code).await
}

/// A code.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// 32 hexadecimal digits, in either case, with spaces or dashes.
    code: String,
}

fn no_such(why: Unopened) -> Problem {
    match why {
        Unopened::Malformed => Problem::bad_request("code: expected 32 hexadecimal digits"),
        Unopened::NothingHeld => Problem::not_found("receipt, or nothing is held under this code any more"),
    }
}

#[utoipa::path(post, path = "/api/public/v1/receipt", operation_id = "public_receipt", tag = "public", request_body = Code,
    responses((status = 200, body = ReceiptShown), (status = 400), (status = 404)))]
pub(crate) async fn open_by_api(
    State(app): State<App>,
    Json(opening): Json<Code>,
) -> Result<Json<ReceiptShown>, Problem> {
    opened(&app, &opening.code).await?.map(|(_, shown)| Json(shown)).map_err(no_such)
}

/// What is contested.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contesting {
    /// The receipt's code.
    code: String,
    /// `wrong-person`, `citizen`, `not-asked`, `kept-too-long` or `other`.
    #[schema(value_type = String)]
    ground: Ground,
    /// In the traveller's own words, at most 500 characters; no names or numbers.
    #[serde(default)]
    words: String,
}

#[utoipa::path(post, path = "/api/public/v1/receipt/contest", operation_id = "public_contest", tag = "public", request_body = Contesting,
    responses((status = 201, description = "the receipt as it is now", body = ReceiptShown), (status = 400), (status = 404),
        (status = 409, description = "an earlier contest waits, or there were too many")))]
pub(crate) async fn contest_by_api(
    State(app): State<App>,
    Json(contesting): Json<Contesting>,
) -> Result<(StatusCode, Json<ReceiptShown>), Problem> {
    let (code, _) = opened(&app, &contesting.code).await?.map_err(no_such)?;
    let service = app.service.clone();
    let shown = blocking(move || {
        service.contest(code, contesting.ground, &contesting.words)?;
        service.receipt(code)
    })
    .await?;
    Ok((StatusCode::CREATED, Json(shown.ok_or_else(|| no_such(Unopened::NothingHeld))?)))
}
