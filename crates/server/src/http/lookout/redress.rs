//! Travellers who are not whom a lookout is on: said by an officer at the card, agreed to by an approver.

use super::lookout_id;
use crate::http::session::Staff;
use crate::http::{App, Problem, blocking};
use crate::service::{Redress, lookout_hex};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotThisPerson {
    /// Which lookout hit them.
    lookout: String,
    /// Why it is somebody else. It never names the traveller.
    reason: String,
}

#[utoipa::path(post, path = "/api/officer/v1/passengers/{id}/not-this-person", operation_id = "officer_not_this_person", tag = "officer",
    params(("id" = String, Path, description = "the passenger")), request_body = NotThisPerson,
    responses((status = 204, description = "it holds once an approver agrees, on later voyages too"), (status = 400), (status = 404),
        (status = 409, description = "said before")))]
pub(crate) async fn ask(
    State(app): State<App>,
    Staff(user): Staff,
    Path(passenger): Path<String>,
    Json(said): Json<NotThisPerson>,
) -> Result<StatusCode, Problem> {
    let passenger = crate::http::officer::id(&passenger, "passenger")?;
    let (lookout, service) = (lookout_id(&said.lookout)?, app.service.clone());
    blocking(move || service.not_this_person(passenger, lookout, &said.reason, user.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What waits for an approver. It names nobody.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Waiting {
    /// The traveller, as a keyed MAC: hexadecimal.
    traveller: String,
    lookout: String,
    authority: String,
    reason: String,
    asked_by: String,
    /// RFC 3339.
    asked_at: String,
}

impl Waiting {
    fn of(redress: Redress) -> Self {
        Self {
            traveller: lookout_hex(redress.row.mac),
            lookout: redress.row.lookout.to_string(),
            authority: redress.row.authority,
            reason: redress.row.reason,
            asked_by: redress.asked_by,
            asked_at: redress.row.asked_at.to_string(),
        }
    }
}

#[utoipa::path(get, path = "/api/lookout/v1/redress", operation_id = "lookout_redress", tag = "lookouts",
    responses((status = 200, description = "the oldest first", body = Vec<Waiting>)))]
pub(crate) async fn waiting(State(app): State<App>, Staff(_): Staff) -> Result<Json<Vec<Waiting>>, Problem> {
    let service = app.service.clone();
    let waiting = blocking(move || service.redress_waiting()).await?;
    Ok(Json(waiting.into_iter().map(Waiting::of).collect()))
}

#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agreed {
    /// As listed.
    traveller: String,
    lookout: String,
}

#[utoipa::path(post, path = "/api/lookout/v1/redress/approve", operation_id = "lookout_redress_approve", tag = "lookouts",
    request_body = Agreed,
    responses((status = 204, description = "that lookout no longer hits that traveller"), (status = 403, description = "their own word"), (status = 404)))]
pub(crate) async fn approve(
    State(app): State<App>,
    Staff(user): Staff,
    Json(agreed): Json<Agreed>,
) -> Result<StatusCode, Problem> {
    let mac = bytes(&agreed.traveller).ok_or_else(|| Problem::not_found("wish"))?;
    let (lookout, service) = (lookout_id(&agreed.lookout)?, app.service.clone());
    blocking(move || service.approve_redress(mac, lookout, user.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 32 bytes from their hexadecimal digits.
fn bytes(text: &str) -> Option<[u8; 32]> {
    let (high, low) = text.split_at_checked(32)?;
    let half = |digits: &str| {
        let plain = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        plain.then(|| u128::from_str_radix(digits, 16).ok()).flatten()
    };
    let mut all = [0; 32];
    all[..16].copy_from_slice(&half(high)?.to_be_bytes());
    all[16..].copy_from_slice(&half(low)?.to_be_bytes());
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traveller_survives_their_text_form_and_nothing_else_is_one() {
        let mac: [u8; 32] = std::array::from_fn(|n| n as u8 * 7);
        assert_eq!(bytes(&lookout_hex(mac)), Some(mac));
        for text in ["", "00", &"g".repeat(64), &"0".repeat(63), &"é".repeat(32)] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
