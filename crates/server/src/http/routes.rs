//! Every route of the service and the action that it is: what is not in this table is not served.

use super::{App, Problem};
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use portunus_core::role::{Action, Role, allows};

/// A method at a path, and what is done by it.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET` or `POST`; what answers GET answers HEAD.
    pub method: &'static str,
    /// As the router has it: `/api/officer/v1/encounters/{id}/take`.
    pub path: &'static str,
    /// What it does, and so who may.
    pub action: Action,
}

const fn get(path: &'static str, action: Action) -> Route {
    Route { method: "GET", path, action }
}

const fn post(path: &'static str, action: Action) -> Route {
    Route { method: "POST", path, action }
}

/// The table, by action.
pub const ROUTES: &[Route] = {
    use Action::*;
    &[
        get("/", ReadPublic),
        get("/gate", ReadPublic),
        get("/lane", ReadPublic),
        get("/tablet", SeeTravellers),
        get("/healthz", ReadPublic),
        get("/metrics", ReadPublic),
        get("/api", ReadPublic),
        get("/assets/{*name}", ReadPublic),
        get("/ledger/{*path}", ReadPublic),
        get("/oversight", ReadPublic),
        get("/api/public/v1/oversight", ReadPublic),
        get("/api/public/v1/cases", ReadPublic),
        get("/api/public/v1/recipients", ReadPublic),
        get("/receipt", OpenReceipt),
        post("/receipt", OpenReceipt),
        post("/receipt/file", OpenReceipt),
        post("/receipt/contest", OpenReceipt),
        post("/api/public/v1/receipt", OpenReceipt),
        post("/api/public/v1/receipt/contest", OpenReceipt),
        get("/decline", DeclineAhead),
        post("/decline", DeclineAhead),
        post("/api/public/v1/decline", DeclineAhead),
        get("/sign-in", SignIn),
        post("/sign-in", SignIn),
        post("/sign-out", SignIn),
        post("/api/session", SignIn),
        get("/setup", SignIn),
        post("/setup", SignIn),
        get("/lock", KeepSession),
        post("/lock", KeepSession),
        post("/unlock", KeepSession),
        get("/api/session", KeepSession),
        post("/api/session/here", KeepSession),
        post("/api/device/v1/enrolments", EnrolByCode),
        get("/api/device/v1/gate", RunGate),
        post("/api/device/v1/encounters", RunGate),
        post("/api/device/v1/encounters/{id}/decline", RunGate),
        post("/api/device/v1/encounters/{id}/camera-failure", RunGate),
        post("/api/device/v1/encounters/{id}/leave", RunGate),
        post("/api/device/v1/encounters/{id}/consent", RunGate),
        post("/api/device/v1/encounters/{id}/vehicle-captures", RunGate),
        post("/api/device/v1/consents/withdraw", RunGate),
        post("/api/device/v1/queue", RunGate),
        post("/api/device/v1/encounters/{id}/previews", RunGate),
        post("/api/device/v1/encounters/{id}/captures", RunGate),
        get("/api/recipient/v1/crossings", ReceiveCopies),
        get("/api/recipient/v1/records/{id}", ReceiveCopies),
        get("/api/recipient/v1/recalls", ReceiveCopies),
        post("/api/recipient/v1/recalls/{seq}/acknowledge", ReceiveCopies),
        post("/api/carrier/v1/manifests", SendLists),
        get("/api/carrier/v1/voyages/{name}/{date}", SendLists),
        get("/console", SeeTravellers),
        get("/console/board", SeeTravellers),
        get("/console/events", SeeTravellers),
        get("/console/encounters/{id}/probe", SeeTravellers),
        get("/console/encounters/{id}/held", SeeTravellers),
        get("/console/passengers/{id}/reference", SeeTravellers),
        get("/api/officer/v1/board", SeeTravellers),
        post("/api/officer/v1/voyages/{id}/passengers", SeeTravellers),
        get("/console/encounters/{id}/receipt", RuleOnTravellers),
        post("/api/officer/v1/encounters/{id}/receipt", RuleOnTravellers),
        post("/api/officer/v1/queue", RuleOnTravellers),
        post("/api/officer/v1/encounters/{id}/take", RuleOnTravellers),
        post("/api/officer/v1/encounters/{id}/rulings", RuleOnTravellers),
        post("/api/officer/v1/encounters/{id}/protection", RuleOnTravellers),
        post("/api/officer/v1/voyages/{id}/outage-boardings", RuleOnTravellers),
        post("/api/officer/v1/passengers/{id}/hold", RuleOnTravellers),
        get("/second-look", TakeSecondLooks),
        get("/second-look/{id}/taken", TakeSecondLooks),
        get("/second-look/{id}/reference", TakeSecondLooks),
        post("/api/officer/v1/second-looks", TakeSecondLooks),
        post("/api/officer/v1/second-looks/{id}", TakeSecondLooks),
        get("/supervisor", SeeVoyages),
        get("/supervisor/events", SeeVoyages),
        get("/api/officer/v1/parity", SeeVoyages),
        post("/api/officer/v1/voyages/{id}/open", OpenBoarding),
        post("/api/officer/v1/voyages/{id}/close", OpenBoarding),
        post("/api/officer/v1/voyages/{id}/move", OpenBoarding),
        post("/api/officer/v1/voyages/{id}/return", OpenBoarding),
        post("/api/officer/v1/watches", OpenBoarding),
        post("/api/officer/v1/watches/{id}/people", RuleOnTravellers),
        post("/api/officer/v1/consents/withdraw", RuleOnTravellers),
        get("/api/officer/v1/disputes", SettleDisputes),
        post("/api/officer/v1/disputes/{encounter}", SettleDisputes),
        post("/api/officer/v1/second-looks/shares", SettleDisputes),
        post("/api/admin/v1/references", AddReferences),
        get("/supervisor/accuracy", ReadFigures),
        get("/api/officer/v1/accuracy", ReadFigures),
        get("/api/officer/v1/waits", ReadFigures),
        get("/api/officer/v1/second-looks", ReadFigures),
        get("/lookouts", ReadLookouts),
        get("/api/lookout/v1/lookouts", ReadLookouts),
        get("/api/lookout/v1/redress", ReadLookouts),
        get("/api/lookout/v1/counts", ReadPublic),
        post("/api/lookout/v1/lookouts", WriteLookouts),
        post("/api/lookout/v1/lookouts/import", WriteLookouts),
        post("/api/lookout/v1/lookouts/{id}/withdraw", WriteLookouts),
        post("/api/lookout/v1/lookouts/{id}/approve", ApproveLookouts),
        post("/api/lookout/v1/redress/approve", ApproveLookouts),
        post("/api/officer/v1/passengers/{id}/not-this-person", RuleOnTravellers),
        get("/records", ReadCases),
        get("/records/{id}", ReadCases),
        get("/records/stays", ReadCases),
        get("/api/records/v1/overstays", ReadCases),
        get("/api/records/v1/ways-out", ReadCases),
        get("/api/records/v1/cases", ReadCases),
        get("/api/records/v1/cases/{id}", ReadCases),
        post("/api/records/v1/cases", WorkCases),
        post("/api/records/v1/cases/{id}/find", WorkCases),
        post("/api/records/v1/cases/{id}/records", WorkCases),
        post("/api/records/v1/cases/{id}/close", WorkCases),
        post("/api/records/v1/cases/{id}/give", WorkCases),
        post("/api/records/v1/cases/{id}/correct", WorkCases),
        post("/api/records/v1/cases/{id}/answer", WorkCases),
        post("/api/records/v1/cases/{id}/change-class", WorkCases),
        post("/api/records/v1/cases/{id}/propose", WorkCases),
        post("/api/records/v1/cases/{id}/stays", WorkCases),
        post("/api/records/v1/cases/{id}/stay-decisions", WorkCases),
        post("/api/records/v1/cases/{id}/stay-changes", WorkCases),
        post("/api/records/v1/ways-out", WorkCases),
        post("/api/records/v1/cases/{id}/approve", ApproveCases),
        post("/api/records/v1/cases/{id}/proposed", ApproveCases),
        post("/api/records/v1/cases/{id}/agree", ApproveCases),
        get("/admin", ReadSetUp),
        post("/api/admin/v1/points", MakePoints),
        post("/api/admin/v1/designations", DraftDesignations),
        post("/api/admin/v1/designations/{id}/attest", DraftDesignations),
        post("/api/admin/v1/designations/{id}/drop", DraftDesignations),
        post("/api/admin/v1/designations/{id}/notice", DraftDesignations),
        post("/api/admin/v1/designations/{id}/approve", ApproveDesignations),
        post("/api/admin/v1/designations/{id}/withdraw", WithdrawDesignations),
        post("/api/admin/v1/enrolments", ManageDevices),
        post("/api/admin/v1/devices/{id}/revoke", ManageDevices),
        post("/api/admin/v1/users", ManagePeople),
        post("/api/admin/v1/users/{id}/password", ManagePeople),
        post("/api/admin/v1/users/{id}/disable", ManagePeople),
        post("/api/admin/v1/recipients", ManageRecipients),
        post("/api/admin/v1/recipients/{id}/withdraw", ManageRecipients),
    ]
};

/// Says what each request is for, before anybody is asked who they are; what the table does not know goes no further.
pub(super) async fn in_the_table(mut request: Request, next: Next) -> Response {
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        return next.run(request).await;
    };
    let method = if *request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let here = || ROUTES.iter().filter(|route| route.path == path.as_str());
    if let Some(route) = here().find(|route| route.method == method.as_str()) {
        request.extensions_mut().insert(route.action);
        return next.run(request).await;
    }
    if here().next().is_none() {
        tracing::error!(path = path.as_str(), "a route is served that the table of routes does not have");
        return Problem::forbidden("nobody may do this: it is not in the table of routes").into_response();
    }
    let allowed = here().map(|route| if route.method == "GET" { "GET,HEAD" } else { route.method });
    let allowed = allowed.collect::<Vec<_>>().join(",");
    let problem = Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "this path takes another method: see /api",
    );
    let mut response = problem.into_response();
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// What the request that is being read is for.
#[derive(Clone, Copy)]
pub(super) struct Asked(Action);

impl Asked {
    /// Whether `role` may do it.
    pub(super) fn by(self, role: Role) -> Result<(), Problem> {
        if allows(role, self.0) { Ok(()) } else { Err(Problem::forbidden("your role may not do this")) }
    }
}

impl FromRequestParts<App> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let action = parts.extensions.get::<Action>().copied();
        action.map(Self).ok_or_else(|| Problem::internal(&"a request came past the table of routes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::any;
    use axum::{Router, middleware};
    use tower::ServiceExt as _;

    async fn answered(method: &str, path: &str) -> Response {
        let all =
            Router::new().route("/healthz", any(async || "ok")).route("/unheard-of", any(async || "ok"));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        all.layer(middleware::from_fn(in_the_table)).oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_not_in_the_table_is_not_served() {
        assert_eq!(answered("GET", "/healthz").await.status(), StatusCode::OK);
        assert_eq!(answered("HEAD", "/healthz").await.status(), StatusCode::OK);
        assert_eq!(answered("GET", "/unheard-of").await.status(), StatusCode::FORBIDDEN);
        let other = answered("DELETE", "/healthz").await;
        assert_eq!(other.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(other.headers()[header::ALLOW], "GET,HEAD");
    }

    #[test]
    fn a_route_stands_in_the_table_once() {
        for (n, route) in ROUTES.iter().enumerate() {
            let again =
                ROUTES[..n].iter().any(|other| (other.method, other.path) == (route.method, route.path));
            assert!(!again, "{} {}", route.method, route.path);
        }
    }

    #[test]
    fn what_integrators_read_is_in_the_table() {
        let described: serde_json::Value = serde_json::from_str(&super::super::open::description()).unwrap();
        for (path, operations) in described["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                let known = ROUTES.iter().any(|r| r.path == path && r.method.eq_ignore_ascii_case(method));
                assert!(known, "{method} {path} has no action");
            }
        }
    }
}
