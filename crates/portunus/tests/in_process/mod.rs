//! The service in this process, over plain HTTP, with a clock that the test moves; and one traveller's passage.
#![allow(dead_code, unreachable_pub, reason = "each test file uses what it needs of it")]

use crate::border::{self, POINT, Seeded, at, begin, open_voyage};
use crate::support;
use jiff::{SignedDuration, Timestamp};
use portunus_core::encounter::{Boarding, Encounter, Method, Stage};
use portunus_core::id::IdempotencyKey;
use portunus_core::policy::{DataClass, PersonClass, Policy, Start};
use portunus_core::ports::Clock;
use portunus_core::receipt::ReceiptCode;
use portunus_server::http;
use portunus_server::service::{Parts, Service};
use portunus_store::{CaptureCommit, Committed, RecordKind, Store};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};

pub const PHOTO: &[u8] = b"a photo that the law says was never to be kept";
pub const PASSWORD: &str = "a long enough password for tests";

struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The service over plain HTTP, with a clock that the test moves.
pub struct Border {
    pub service: Service,
    clock: Arc<Hands>,
    pub url: String,
    _runtime: tokio::runtime::Runtime,
}

impl Border {
    pub fn open(folder: &Path) -> Self {
        let clock = Arc::new(Hands(Mutex::new(at(0))));
        let cache = support::cache();
        let pack = portunus_biometrics::pack::Pack::load(&cache.join("packs/opencv-zoo")).ok().unwrap();
        let service = Service::new(Parts {
            store: Store::open(folder, Seeded::new(5)).unwrap(),
            engine: Arc::new(support::engine()),
            calibration: pack.calibration().clone(),
            policy: Policy::from_toml(include_str!("../../../../policies/us-2025.toml")).unwrap(),
            clock: clock.clone(),
            entropy: Seeded::new(6),
        });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        let served = http::router(service.clone(), 1).into_make_service();
        let server = {
            let _in_runtime = runtime.enter();
            axum_server::from_tcp(socket).unwrap()
        };
        runtime.spawn(server.serve(served));
        Self { service, clock, url, _runtime: runtime }
    }

    /// Makes the first administrator, and by them somebody of each name and role. Gives the administrator's token.
    #[track_caller]
    pub fn hire(&self, people: &[(&str, &str)]) -> String {
        let link = http::set_up_link(&self.service).unwrap().unwrap();
        let token = link.split_once('#').unwrap().1;
        let form = format!("token={token}&name=admin&password={}", PASSWORD.replace(' ', "+"));
        ureq::post(format!("{}/setup", self.url))
            .content_type("application/x-www-form-urlencoded")
            .send(form)
            .unwrap();
        let admin = self.sign_in("admin");
        for (name, role) in people {
            let user = json!({ "name": name, "role": role, "password": PASSWORD });
            assert_eq!(self.ask(&admin, "POST", "/api/admin/v1/users", &user).0, 201);
        }
        admin
    }

    /// It is so many days after the beginning.
    pub fn on_day(&self, day: i64) {
        *self.clock.0.lock().unwrap() = at(day * 24 * border::HOUR);
    }

    /// Lets time pass, an erasing each day, as the workers do.
    pub fn pass(&self, hours: i64) {
        for _ in 0..hours {
            *self.clock.0.lock().unwrap() += SignedDuration::from_hours(1);
            self.service.erase_due().unwrap();
        }
        self.service
            .store()
            .forget_voyages(self.service.policy().over(DataClass::ShortTermLog, self.service.now()), 9)
            .unwrap();
    }

    pub fn ask(&self, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        ask(&self.url, token, method, path, body)
    }

    /// A page, as somebody sees it.
    #[track_caller]
    pub fn page(&self, token: &str, path: &str) -> String {
        let asked =
            ureq::get(format!("{}{path}", self.url)).header("authorization", format!("Bearer {token}"));
        asked.call().unwrap().body_mut().read_to_string().unwrap()
    }

    pub fn sign_in(&self, name: &str) -> String {
        let credentials = json!({ "name": name, "password": PASSWORD });
        self.ask("", "POST", "/api/session", &credentials).1["token"].as_str().unwrap().to_owned()
    }
}

pub fn ask(url: &str, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let agent =
        ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let (url, bearer) = (format!("{url}{path}"), format!("Bearer {token}"));
    let mut answer = match method {
        "GET" => agent.get(&url).header("authorization", &bearer).call().unwrap(),
        _ => {
            let post = agent.post(&url).header("authorization", &bearer);
            post.header("content-type", "application/json").send(body.to_string()).unwrap()
        }
    };
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// One traveller is photographed, taken for ALPHA, a non-immigrant, boards; boarding is closed. Gives the receipt's code.
pub fn a_passage(border: &Border) -> ReceiptCode {
    let (service, store) = (&border.service, border.service.store());
    let (voyage, passengers) = open_voyage(store);
    let before = begin(store, 1, voyage, at(0));
    let code = store.receipt_code(before.id).unwrap().unwrap();
    let after = Encounter {
        stage: Stage::Done,
        attempts: 1,
        class: PersonClass::NonImmigrant,
        passenger: Some(passengers[0]),
        served_at: Some(at(10)),
        done_at: Some(at(10)),
        ..before.clone()
    };
    let start = Start::crossing(at(10), portunus_core::place::Direction::Exit);
    let due = service.policy().due(PersonClass::NonImmigrant, DataClass::Probe, start).unwrap();
    let key = IdempotencyKey::from_bytes([2; 16]);
    store.admit(&border::request(store, key, 2), at(10)).unwrap();
    let commit = CaptureCommit {
        before: &before,
        after: &after,
        record: Some((store.seal(RecordKind::PROBE, PHOTO, at(10)).unwrap(), due)),
        boarding: Some(Boarding {
            passenger: passengers[0],
            at: at(10),
            method: Method::FaceMatched,
            entered_later: false,
            admitted: None,
        }),
        key,
        outcome: "done",
        measured: None,
    };
    assert_eq!(store.commit_capture(commit, at(10)).unwrap(), Committed::Done);
    assert_eq!(service.close_boarding(voyage).unwrap(), 1);
    assert!(store.voyage_at(POINT).unwrap().is_none());
    code
}
