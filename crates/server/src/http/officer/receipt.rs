//! `POST /api/officer/v1/encounters/{id}/receipt` and the slip to print: the code of a traveller's receipt, to be handed to them.

use super::id;
use crate::http::receipt::ReceiptGiven;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking, site};
use crate::pages::receipt as pages;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use maud::Markup;

#[utoipa::path(post, path = "/api/officer/v1/encounters/{id}/receipt", operation_id = "officer_receipt", tag = "officer",
    params(("id" = String, Path, description = "the encounter, until its voyage is closed")),
    responses((status = 200, description = "to be handed to the traveller", body = ReceiptGiven), (status = 404)))]
pub(crate) async fn give(
    State(app): State<App>,
    Staff(_): Staff,
    Path(encounter): Path<String>,
    headers: HeaderMap,
) -> Result<Json<ReceiptGiven>, Problem> {
    let (encounter, service) = (id(&encounter, "encounter")?, app.service.clone());
    let code = blocking(move || service.receipt_code(encounter)).await?;
    Ok(Json(ReceiptGiven::of(code, &site(&headers))))
}

/// The slip that an officer prints.
pub(crate) async fn slip(
    State(app): State<App>,
    Staff(_): Staff,
    Path(encounter): Path<String>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    let (encounter, service) = (id(&encounter, "encounter")?, app.service.clone());
    let code = blocking(move || service.receipt_code(encounter)).await?;
    Ok(pages::slip(code, &format!("{}/receipt#{}", site(&headers), code.text())))
}
