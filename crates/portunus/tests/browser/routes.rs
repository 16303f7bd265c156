//! The pages that the service has, by its table of routes: a page that somebody adds is found here, and the test that
//! visits every page fails until it is visited.

use portunus_server::http::ROUTES;
use std::collections::BTreeSet;

/// Answers a GET and is no page: files, pictures, a part of a page. The API and streams of events are known by their path.
const NOT_PAGES: [&str; 9] = [
    "/assets/{*name}",
    "/console/board",
    "/console/encounters/{id}/probe",
    "/console/passengers/{id}/reference",
    "/healthz",
    "/ledger/{*path}",
    "/metrics",
    "/second-look/{id}/reference",
    "/second-look/{id}/taken",
];

/// The paths of all pages, with their parameters in braces.
pub fn pages() -> BTreeSet<&'static str> {
    let answers = ROUTES.iter().filter(|route| route.method == "GET").map(|route| route.path);
    let mut paths: BTreeSet<_> =
        answers.filter(|path| *path != "/api" && !path.starts_with("/api/")).collect();
    paths.retain(|path| !path.ends_with("/events"));
    for path in NOT_PAGES {
        assert!(paths.remove(path), "{path} is not in the table any more");
    }
    paths
}

/// Whether an address is of a path with parameters.
pub fn is_of(address: &str, path: &str) -> bool {
    let (address, path): (Vec<_>, Vec<_>) = (address.split('/').collect(), path.split('/').collect());
    let same = |(part, named): (&&str, &&str)| part == named || (named.starts_with('{') && !part.is_empty());
    address.len() == path.len() && address.iter().zip(&path).all(same)
}
