//! `POST /api/lookout/v1/lookouts` and `.../import`: lookouts written, one or a list; a list with a fault changes nothing.

use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use portunus_documents::lookout::{Placed, Reading, read};
use portunus_store::Put;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is wrong with a list. Nothing of it was kept.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Faults {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    /// Each with its line and field.
    #[schema(value_type = Vec<Object>)]
    faults: Vec<Placed>,
    faults_left_out: usize,
}

/// What came in.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Imported {
    /// New ones.
    written: usize,
    /// Known by authority and file number, with other content.
    replaced: usize,
    /// Known, and the same.
    unchanged: usize,
}

impl From<Put> for Imported {
    fn from(put: Put) -> Self {
        Self { written: put.written, replaced: put.replaced, unchanged: put.unchanged }
    }
}

#[utoipa::path(post, path = "/api/lookout/v1/lookouts/import", operation_id = "lookout_import", tag = "lookouts",
    request_body(content = String, content_type = "text/csv", description = "CSV with a header, or a JSON list of objects: docs/lookouts.md"),
    responses((status = 200, description = "all of it came in, and waits for approval", body = Imported),
        (status = 400, description = "nothing came in; each fault with line and field", body = Faults)))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(user): Staff,
    body: Bytes,
) -> Result<Response, Problem> {
    let service = app.service.clone();
    blocking(move || {
        let now = service.now();
        let reading = read(&body, now, |lookout| service.store().keeps_lookout(lookout, now))?;
        if !reading.faults.is_empty() {
            return Ok(faults(reading));
        }
        let put = service.write_lookouts(&reading.lookouts, user.id)?;
        Ok::<_, Problem>(Json(Imported::from(put)).into_response())
    })
    .await
}

#[utoipa::path(post, path = "/api/lookout/v1/lookouts", operation_id = "lookout_write", tag = "lookouts",
    request_body(content = Object, description = "one object with the fields of a list: docs/lookouts.md"),
    responses((status = 201, description = "it waits for another's approval", body = Imported),
        (status = 400, description = "each fault with its field", body = Faults)))]
pub(crate) async fn one(
    State(app): State<App>,
    Staff(user): Staff,
    Json(fields): Json<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    let service = app.service.clone();
    blocking(move || {
        // A list of one: the same reader, the same faults.
        let (list, now) = (serde_json::json!([fields]).to_string(), service.now());
        let reading = read(list.as_bytes(), now, |lookout| service.store().keeps_lookout(lookout, now))?;
        if !reading.faults.is_empty() {
            return Ok(faults(reading));
        }
        let put = service.write_lookouts(&reading.lookouts, user.id)?;
        Ok::<_, Problem>((StatusCode::CREATED, Json(Imported::from(put))).into_response())
    })
    .await
}

fn faults(reading: Reading) -> Response {
    let detail = reading.faults.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let faults = Faults {
        r#type: "urn:portunus:problem:faulty-list",
        title: "nothing was kept: the list has faults",
        status: StatusCode::BAD_REQUEST.as_u16(),
        detail,
        faults: reading.faults,
        faults_left_out: reading.faults_left_out,
    };
    // A plain struct with string keys: serialising cannot fail.
    let body = serde_json::to_vec(&faults).unwrap_or_default();
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}
