//! `POST /api/admin/v1/references`: one portrait, for the document that it belongs to.
//!
//! The document stands in the body: no number in a URL.

use crate::http::session::Staff;
use crate::http::{App, Problem, blocking, limit};
use crate::service::ReferenceOutcome;
use axum::Json;
use axum::extract::{Multipart, State};
use portunus_core::document::{DocumentKey, DocumentKind, State as Issuer};

#[utoipa::path(post, path = "/api/admin/v1/references", operation_id = "admin_references", tag = "administrator",
    request_body(content = String, content_type = "multipart/form-data",
        description = "parts `issuer`, `kind`, `number` as in the MRZ, and `portrait`, a JPEG or PNG"),
    responses((status = 200, description = "outcome: added, unchanged, replaced, or refused with the reason"),
        (status = 400, description = "a part is missing or not of its form")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(_): Staff,
    mut form: Multipart,
) -> Result<Json<ReferenceOutcome>, Problem> {
    let (mut issuer, mut kind, mut number, mut portrait) = (None, None, None, None);
    while let Some(part) = form.next_field().await.map_err(limit::multipart_problem)? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(limit::multipart_problem)?;
        let text = || String::from_utf8_lossy(&bytes[..bytes.len().min(64)]).into_owned();
        match name.as_str() {
            "issuer" => issuer = Some(text()),
            "kind" => kind = Some(text()),
            "number" => number = Some(text()),
            "portrait" => portrait = Some(bytes),
            _ => return Err(Problem::bad_request("expected parts issuer, kind, number and portrait only")),
        }
    }
    let missing = || Problem::bad_request("expected parts issuer, kind, number and portrait");
    let (issuer, kind) = (issuer.ok_or_else(missing)?, kind.ok_or_else(missing)?);
    let (number, portrait) = (number.ok_or_else(missing)?, portrait.ok_or_else(missing)?);
    let document = Issuer::new(&issuer)
        .and_then(|issuer| DocumentKey::new(issuer, DocumentKind::new(&kind)?, &number))
        .map_err(|error| Problem::bad_request(error.to_string()))?;
    let turn = app.pictures.turn().await?;
    let service = app.service.clone();
    blocking(move || {
        let _turn = turn;
        service.add_reference(&document, &portrait)
    })
    .await
    .map(Json)
}
