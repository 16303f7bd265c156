//! `GET /api/officer/v1/accuracy?per_day=` and the page `/supervisor/accuracy`: how often the machine errs here.

use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::AccuracyReport;
use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Deserializer};

/// A volume beyond this is a slip of the pen.
const PER_DAY_MAX: u64 = 10_000_000;

#[derive(Deserialize)]
pub(crate) struct Asked {
    /// Travellers a day; an empty field asks for the port's own.
    #[serde(default, deserialize_with = "number_or_nothing")]
    pub(crate) per_day: Option<u64>,
}

fn number_or_nothing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(from)?;
    let expected = || serde::de::Error::custom(format!("per_day: expected 1 to {PER_DAY_MAX}"));
    match text.trim() {
        "" => Ok(None),
        text => text.parse().ok().filter(|n| (1..=PER_DAY_MAX).contains(n)).map(Some).ok_or_else(expected),
    }
}

#[utoipa::path(get, path = "/api/officer/v1/accuracy", operation_id = "officer_accuracy", tag = "officer",
    params(("per_day" = Option<u64>, Query, description = "travellers a day to work out people per day for; the port's own average when not said")),
    responses((status = 200, body = AccuracyReport), (status = 403, description = "for supervisors, auditors and administrators")))]
pub(crate) async fn handle(
    State(app): State<App>,
    Staff(_): Staff,
    Query(asked): Query<Asked>,
) -> Result<Json<AccuracyReport>, Problem> {
    let service = app.service.clone();
    Ok(Json(blocking(move || service.accuracy(asked.per_day)).await?))
}
