//! Second looks: a pair taken and judged by an officer who works elsewhere; disputes and shares for the supervisor.

use super::{id, point_view};
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::pages::second_look::{DisputeView, DisputesView, SharesView};
use crate::service::{DisputeStep, Refused, Service, Side};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use portunus_core::id::{EncounterId, SecondLookId};
use portunus_core::sampling::{Estimate, Shares, Stratum, Verdict};
use serde::{Deserialize, Serialize};

/// A pair to judge. It says nothing of who it is, or of what the machine made of it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Pair {
    /// Its photos are at `/second-look/{id}/taken` and `/second-look/{id}/reference`.
    id: String,
    /// When it is gone, RFC 3339.
    until: String,
    /// The service's time, for clocks that are off.
    now: String,
}

#[utoipa::path(post, path = "/api/officer/v1/second-looks", operation_id = "officer_take_second_look", tag = "officer",
    responses((status = 200, description = "a pair, for this officer alone", body = Pair),
        (status = 204, description = "none now")))]
pub(crate) async fn take(State(app): State<App>, Staff(user): Staff) -> Result<Response, Problem> {
    let service = app.service.clone();
    let given = blocking(move || service.take_second_look(user.id)).await?;
    let Some(given) = given else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let (until, now) = (given.until.to_string(), app.service.now().to_string());
    Ok(Json(Pair { id: given.id.to_string(), until, now }).into_response())
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Judgement {
    /// `same`, `different` or `cannot-tell`.
    #[schema(value_type = String)]
    verdict: Verdict,
}

#[utoipa::path(post, path = "/api/officer/v1/second-looks/{id}", operation_id = "officer_judge_second_look", tag = "officer",
    params(("id" = String, Path, description = "the pair")), request_body = Judgement,
    responses((status = 204), (status = 404, description = "not yours, or gone"),
        (status = 409, description = "the photos were not looked at")))]
pub(crate) async fn judge(
    State(app): State<App>,
    Staff(user): Staff,
    Path(pair): Path<String>,
    Json(judgement): Json<Judgement>,
) -> Result<StatusCode, Problem> {
    let pair: SecondLookId = id(&pair, "pair")?;
    let service = app.service.clone();
    blocking(move || service.judge_second_look(pair, user.id, judgement.verdict)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /second-look/{id}/taken`: the photo taken now.
pub(crate) async fn taken(app: State<App>, officer: Staff, pair: Path<String>) -> Result<Response, Problem> {
    photo(app, officer, pair, Side::Taken).await
}

/// `GET /second-look/{id}/reference`: the portrait that was there before.
pub(crate) async fn reference(
    app: State<App>,
    officer: Staff,
    pair: Path<String>,
) -> Result<Response, Problem> {
    photo(app, officer, pair, Side::Reference).await
}

async fn photo(
    State(app): State<App>,
    Staff(user): Staff,
    Path(pair): Path<String>,
    side: Side,
) -> Result<Response, Problem> {
    let pair: SecondLookId = id(&pair, "pair")?;
    let service = app.service.clone();
    super::photos::jpeg(blocking(move || service.second_look_photo(pair, user.id, side)).await?)
}

/// A dispute, for programs.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct OpenDispute {
    encounter: String,
    /// RFC 3339.
    at: String,
    /// What the machine had decided: `confirmed` or `referred`.
    #[schema(value_type = String)]
    machine: Stratum,
    /// When the officer at the point was told, RFC 3339.
    told: Option<String>,
}

#[utoipa::path(get, path = "/api/officer/v1/disputes", operation_id = "officer_disputes", tag = "officer",
    responses((status = 200, description = "the latest first", body = Vec<OpenDispute>)))]
pub(crate) async fn disputes(
    State(app): State<App>,
    Staff(_): Staff,
) -> Result<Json<Vec<OpenDispute>>, Problem> {
    let service = app.service.clone();
    let disputes = blocking(move || service.disputes()).await?;
    let shown = disputes.into_iter().map(|dispute| OpenDispute {
        encounter: dispute.encounter.to_string(),
        at: dispute.at.to_string(),
        machine: dispute.stratum,
        told: dispute.told_at.map(|at| at.to_string()),
    });
    Ok(Json(shown.collect()))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisputeRequest {
    /// What the supervisor does about it.
    step: DisputeStep,
}

#[utoipa::path(post, path = "/api/officer/v1/disputes/{encounter}", operation_id = "officer_step_in_dispute", tag = "officer",
    params(("encounter" = String, Path, description = "the encounter")), request_body = DisputeRequest,
    responses((status = 204), (status = 404, description = "no such dispute, or it is settled")))]
pub(crate) async fn step(
    State(app): State<App>,
    Staff(user): Staff,
    Path(encounter): Path<String>,
    Json(request): Json<DisputeRequest>,
) -> Result<StatusCode, Problem> {
    let encounter: EncounterId = id(&encounter, "encounter")?;
    let service = app.service.clone();
    blocking(move || service.step_in_dispute(encounter, request.step, user.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How much is sampled: one pair in so many, 0 for none.
#[derive(Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharesBody {
    /// Of the pairs that the machine confirmed.
    confirmed_one_in: u32,
    /// Of the pairs that the machine referred with a candidate.
    referred_one_in: u32,
}

#[utoipa::path(post, path = "/api/officer/v1/second-looks/shares", operation_id = "officer_set_second_look_shares", tag = "officer",
    request_body = SharesBody, responses((status = 204), (status = 400, description = "out of bounds")))]
pub(crate) async fn set_shares(
    State(app): State<App>,
    Staff(user): Staff,
    Json(body): Json<SharesBody>,
) -> Result<StatusCode, Problem> {
    let SharesBody { confirmed_one_in, referred_one_in } = body;
    let service = app.service.clone();
    let shares = Shares { confirmed_one_in, referred_one_in };
    blocking(move || service.set_second_look_shares(shares, user.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What second looks say so far.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SecondLooks {
    /// How much is sampled now.
    shares: SharesBody,
    /// Counts, and the rates that they give with their 95 % intervals.
    #[schema(value_type = Object)]
    estimate: Estimate,
}

#[utoipa::path(get, path = "/api/officer/v1/second-looks", operation_id = "officer_second_looks", tag = "officer",
    responses((status = 200, body = SecondLooks)))]
pub(crate) async fn report(State(app): State<App>, Staff(_): Staff) -> Result<Json<SecondLooks>, Problem> {
    let service = app.service.clone();
    let (shares, estimate) = blocking(move || {
        Ok::<_, Problem>((service.second_look_shares()?.shares, service.second_look_estimate()?))
    })
    .await?;
    let Shares { confirmed_one_in, referred_one_in } = shares;
    Ok(Json(SecondLooks { shares: SharesBody { confirmed_one_in, referred_one_in }, estimate }))
}

/// What the supervisor's page shows of second looks.
pub(crate) fn disputes_view(service: &Service) -> Result<DisputesView, Refused> {
    let store = service.store();
    let mut open = Vec::new();
    for dispute in service.disputes()? {
        let Some(encounter) = store.encounter(dispute.encounter)? else { continue };
        let Some(point) = store.point(encounter.point)? else { continue };
        let Some(listed) = store.passenger(dispute.candidate)? else { continue };
        let stated = &listed.passenger.stated;
        open.push(DisputeView {
            encounter: dispute.encounter,
            point: point_view(&point),
            name: format!("{}, {}", stated.family_name, stated.given_names),
            document: stated.documents.first().map_or_else(String::new, |document| document.masked()),
            stratum: dispute.stratum,
            at: dispute.at,
            told_at: dispute.told_at,
            boarded: listed.boarding.is_some(),
            held: listed.hold.is_some(),
        });
    }
    let in_force = service.second_look_shares()?;
    let set = match in_force.set {
        Some((by, at)) => store.user(by)?.map(|user| (user.name, at)),
        None => None,
    };
    Ok(DisputesView { open, shares: SharesView { shares: in_force.shares, set } })
}
