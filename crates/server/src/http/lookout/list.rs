//! `GET /api/lookout/v1/lookouts`: what is kept, as JSON or, with `?format=csv`, as CSV; `/counts`: what may be told.

use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::LookoutShown;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use portunus_core::id::LookoutId;
use portunus_core::lookout::Standing;
use portunus_documents::lookout::{fields, write_csv};
use portunus_store::LookoutCount;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Deserialize)]
pub(crate) struct Asked {
    format: Option<String>,
}

/// One lookout.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Listed {
    #[schema(value_type = String)]
    id: LookoutId,
    /// `proposed` or `in-force`.
    state: &'static str,
    author: String,
    approver: Option<String>,
    /// RFC 3339.
    written_at: String,
    /// The fields, as in a list that is imported.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    fields: BTreeMap<&'static str, String>,
}

impl Listed {
    fn of(shown: &LookoutShown) -> Self {
        Self {
            id: shown.row.id,
            state: match shown.row.standing {
                Standing::Proposed => "proposed",
                Standing::InForce { .. } => "in-force",
            },
            author: shown.author.clone(),
            approver: shown.approver.clone(),
            written_at: shown.row.written_at.to_string(),
            // Of a document, `state` says what happened to it: it is told apart here.
            fields: fields(&shown.lookout)
                .into_iter()
                .map(|(name, value)| (if name == "state" { "document_state" } else { name }, value))
                .collect(),
        }
    }
}

#[utoipa::path(get, path = "/api/lookout/v1/lookouts", operation_id = "lookouts", tag = "lookouts",
    params(("format" = Option<String>, Query, description = "`csv` for a list that can be imported")),
    responses((status = 200, description = "all that is not expired, in the order in which it was written", body = Vec<Listed>)))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(_): Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let service = app.service.clone();
    let all = blocking(move || service.lookouts()).await?;
    if asked.format.as_deref() == Some("csv") {
        let text = write_csv(all.iter().map(|shown| &shown.lookout));
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"lookouts.csv\""),
        ];
        return Ok((headers, text).into_response());
    }
    Ok(Json(all.iter().map(Listed::of).collect::<Vec<_>>()).into_response())
}

#[utoipa::path(get, path = "/api/lookout/v1/counts", operation_id = "lookout_counts", tag = "lookouts",
    responses((status = 200, description = "travellers hit and found to be somebody else, by authority; under ten are not told", body = Vec<Object>)))]
pub(crate) async fn counts(State(app): State<App>) -> Result<Json<Vec<LookoutCount>>, Problem> {
    let service = app.service.clone();
    blocking(move || service.lookout_counts()).await.map(Json)
}
