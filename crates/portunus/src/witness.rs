//! `portunus witness`: signs each head of others' logs once it is shown to go on from the one before (C2SP tlog-witness);
//! and asking such a witness.

use crate::house::{data_home, fresh_key, now};
use crate::serve::{runtime, told_to_stop};
use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use portunus_ledger::log::Folder;
use portunus_ledger::note::{KeyKind, Signer, VerifierKey};
use portunus_ledger::witness::{self, ANSWER_BYTES_MAX, REQUEST_BYTES_MAX, Refusal, SIZE_TYPE};
use portunus_server::service::AskWitness;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Its name and its secret, in the witness's folder.
const KEY_FILE: &str = "witness.key";
/// Held by the one process that signs.
const LOCK_FILE: &str = "lock";
/// A caller has this long to send headers, and this long for a body.
const SENT_WITHIN: Duration = Duration::from_secs(5);
/// Requests under way at once; more are told to come again.
const AT_ONCE: usize = 64;
/// Requests under way get this long to end when it is told to stop.
const GRACE: Duration = Duration::from_secs(2);
/// A witness that does not answer within this is done without; one question may take two answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// What `portunus witness` takes.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    /// Follow this log: its verifier key, NAME+HEX+BASE64; several may be named
    #[arg(long = "log", value_name = "KEY", required = true)]
    logs: Vec<String>,
    /// Folder for its key and for what it signed last, its own [default: portunus-witness in the XDG data folder]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on, without TLS: what it signs is public, and signed. Put a proxy before it to hide who asks
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8444")]
    listen: SocketAddr,
    /// Name of its key, such as witness.example/w1, at its first start [default: witness/ and a hash of the key]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Print its address, its key and the logs that it follows as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let logs = args.logs.iter().map(|log| parse(log, KeyKind::Note).with_context(|| format!("--log {log}")));
    let logs = logs.collect::<Result<Vec<_>>>()?;
    if let Some(log) =
        logs.iter().enumerate().find_map(|(n, log)| logs[..n].iter().find(|one| one.name() == log.name()))
    {
        bail!("--log: two keys are named {}; a log has one", log.name());
    }
    let folder = match &args.data {
        Some(folder) => folder.clone(),
        None => data_home()?.join("portunus-witness"),
    };
    let door = Door::open(&folder, args.name.as_deref(), logs, args.listen)?;
    if args.json {
        let logs: Vec<String> = door.witness.logs().iter().map(ToString::to_string).collect();
        let key = door.key().to_string();
        crate::print_json(&serde_json::json!({ "address": door.url(), "key": key, "logs": logs }))?;
    } else {
        crate::print(&format!("Witness at {}  (data in {})\n{}", door.url(), folder.display(), door.key()))?;
    }
    runtime()?.block_on(async {
        let handle = axum_server::Handle::new();
        let stopping = handle.clone();
        let told = told_to_stop();
        tokio::spawn(async move {
            told.await;
            stopping.graceful_shutdown(Some(GRACE));
        });
        door.serve(handle).await
    })
}

/// A verifier key of this kind: a log's and a witness's are not to be taken for each other.
pub(crate) fn parse(text: &str, kind: KeyKind) -> Result<VerifierKey> {
    let key = VerifierKey::parse(text)?;
    match (key.kind() == kind, kind) {
        (true, _) => Ok(key),
        (false, KeyKind::Note) => bail!("this is a witness's key, and not a log's"),
        (false, KeyKind::Cosignature) => bail!("this is a log's key, and not a witness's"),
    }
}

/// A witness with its socket bound.
pub(crate) struct Door {
    witness: Arc<witness::Witness<Folder>>,
    socket: TcpListener,
    address: SocketAddr,
    /// Nobody else signs with what is kept here.
    _lock: File,
}

impl Door {
    /// Takes the folder for itself, makes the key there on first run, and binds the socket; port 0 takes any that is free.
    pub(crate) fn open(
        folder: &Path,
        name: Option<&str>,
        logs: Vec<VerifierKey>,
        listen: SocketAddr,
    ) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let path = folder.join(LOCK_FILE);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = lock.with_context(|| path.display().to_string())?;
        if lock.try_lock().is_err() {
            bail!("{}: another witness has this folder, and two could sign two histories", folder.display());
        }
        let signer = signer(&folder.join(KEY_FILE), name)?;
        let witness = Arc::new(witness::Witness::new(Folder(folder.to_owned()), signer, logs));
        for log in witness.logs() {
            let _ = witness.seen(log.name()).with_context(|| {
                format!("what was signed last of {}: bring it back, or follow with a new key", log.name())
            })?;
        }
        let socket = TcpListener::bind(listen)
            .with_context(|| format!("listening on {listen}: is another service there?"))?;
        socket.set_nonblocking(true)?;
        Ok(Self { witness, address: socket.local_addr()?, socket, _lock: lock })
    }

    /// Whom others are to believe.
    pub(crate) fn key(&self) -> &VerifierKey {
        self.witness.key()
    }

    /// Where it is asked.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until the handle says to stop.
    pub(crate) async fn serve(self, handle: axum_server::Handle<SocketAddr>) -> Result<()> {
        let app = App { witness: self.witness, at_once: Arc::new(Semaphore::new(AT_ONCE)) };
        let router = Router::new()
            .route("/", get(about))
            .route("/add-checkpoint", post(add_checkpoint))
            .route("/{hash}/checkpoint", get(checkpoint))
            .with_state(app);
        // Which HTTP it is to be is read before any header is, and by another clock.
        let mut server =
            axum_server::from_tcp(self.socket)?.handle(handle).first_request_timeout(SENT_WITHIN);
        server.http_builder().http1().header_read_timeout(SENT_WITHIN);
        server.serve(router.into_make_service()).await.context("serving")
    }
}

/// The key in this file, made where there is none.
fn signer(path: &Path, name: Option<&str>) -> Result<Signer> {
    let kept = || format!("the witness's key in {}", path.display());
    if !path.exists() {
        let secret = Zeroizing::new(fresh_key());
        let made = match name {
            Some(name) => Signer::new(name, KeyKind::Cosignature, &secret).context("--name")?,
            None => Signer::named_by_its_key("witness", KeyKind::Cosignature, &secret),
        };
        let text = Zeroizing::new(format!("{}\n{}\n", made.public().name(), BASE64.encode(*secret)));
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        let mut out =
            OpenOptions::new().create_new(true).write(true).mode(0o600).open(&new).with_context(kept)?;
        out.write_all(text.as_bytes())
            .and_then(|()| out.sync_all())
            .and_then(|()| fs::rename(&new, path))
            .and_then(|()| File::open(path.parent().unwrap_or(path))?.sync_all())
            .with_context(kept)?;
    }
    let text = Zeroizing::new(fs::read_to_string(path).with_context(kept)?);
    let is_none = || format!("{} is not one", kept());
    let (found, secret) = text.trim_end().split_once('\n').with_context(is_none)?;
    if name.is_some_and(|name| name != found) {
        bail!("{} is named {found}: a key has one name (tlog-cosignature); take another folder", kept());
    }
    let bytes = Zeroizing::new(BASE64.decode(secret).with_context(is_none)?);
    let secret = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).with_context(is_none)?);
    Signer::new(found, KeyKind::Cosignature, &secret).with_context(kept)
}

#[derive(Clone)]
struct App {
    witness: Arc<witness::Witness<Folder>>,
    at_once: Arc<Semaphore>,
}

impl App {
    /// Runs what blocks beside the event loop.
    async fn blocking<T: Send + 'static>(
        self,
        work: impl FnOnce(&witness::Witness<Folder>) -> T + Send + 'static,
    ) -> Result<T, Response> {
        let failed = |_| StatusCode::INTERNAL_SERVER_ERROR.into_response();
        tokio::task::spawn_blocking(move || work(&self.witness)).await.map_err(failed)
    }
}

async fn add_checkpoint(State(app): State<App>, body: Body) -> Result<String, Response> {
    let busy = |_| (StatusCode::SERVICE_UNAVAILABLE, "too many ask at once; come again\n").into_response();
    let body = tokio::time::timeout(SENT_WITHIN, to_bytes(body, REQUEST_BYTES_MAX)).await;
    let body = body.map_err(|_| StatusCode::REQUEST_TIMEOUT.into_response())?;
    let body = body.map_err(|_| {
        (StatusCode::PAYLOAD_TOO_LARGE, "the request did not come whole, or is too long\n").into_response()
    })?;
    // Not before it is whole: who sends slowly takes nobody's turn.
    let _turn = app.at_once.clone().try_acquire_owned().map_err(busy)?;
    let cosigned =
        app.blocking(move |witness| witness.cosign(&body, || now().as_second().cast_unsigned())).await?;
    cosigned.map_err(|refusal| refused(&refusal))
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match refusal {
        Refusal::Conflict(size) => {
            (status, [(header::CONTENT_TYPE, SIZE_TYPE)], format!("{size}\n")).into_response()
        }
        // A log that is signed and does not go on is what a witness is there for.
        Refusal::Inconsistent => {
            tracing::error!(%refusal, "A LOG SHOWED A HISTORY THAT DOES NOT GO ON; it was not signed");
            (status, format!("{refusal}\n")).into_response()
        }
        Refusal::Kept(error) => {
            tracing::error!(%error, "nothing is signed");
            (status, "what was seen cannot be read or kept; nothing was signed\n").into_response()
        }
        _ => (status, format!("{refusal}\n")).into_response(),
    }
}

/// What it signed last of a log, for whoever watches logs.
async fn checkpoint(State(app): State<App>, UrlPath(hash): UrlPath<String>) -> Result<String, Response> {
    let found = app.blocking(move |witness| {
        let path = format!("{hash}/checkpoint");
        let log = witness.logs().iter().find(|log| witness::path(log.name()) == path);
        log.map_or(Ok(None), |log| witness.seen(log.name()))
    });
    match found.await? {
        Ok(Some((_, note))) => Ok(note.to_string()),
        Ok(None) => {
            Err((StatusCode::NOT_FOUND, "no checkpoint of such a log was signed here\n").into_response())
        }
        Err(error) => Err(refused(&error.into())),
    }
}

/// Who it is and what it follows, in plain words.
async fn about(State(app): State<App>) -> Result<String, Response> {
    app.blocking(|witness| {
        let mut said = format!("A witness of transparency logs (C2SP tlog-witness).\n{}\n\n", witness.key());
        for log in witness.logs() {
            let seen = match witness.seen(log.name()) {
                Ok(Some((seen, _))) => format!("{} leaves", seen.size),
                Ok(None) => "nothing yet".to_owned(),
                Err(_) => "cannot be read".to_owned(),
            };
            said += &format!("follows {log}\n  signed last: {seen}\n  at {}\n", witness::path(log.name()));
        }
        said
    })
    .await
}

/// A witness at an address, for the service to ask.
pub(crate) struct Remote {
    url: String,
    key: VerifierKey,
    agent: ureq::Agent,
}

impl Remote {
    /// Reads `URL=KEY`: where `add-checkpoint` is, and whose signature is expected.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (url, key) = text.split_once('=').context("expected URL=KEY")?;
        let url = url.trim_end_matches('/');
        if !url.starts_with("http://") && !url.starts_with("https://") {
            bail!("{url} is no address: expected http:// or https:// before the =");
        }
        Ok(Self {
            url: format!("{url}/add-checkpoint"),
            key: parse(key, KeyKind::Cosignature)?,
            agent: crate::verify::agent(None, ANSWER_WITHIN)?,
        })
    }
}

impl AskWitness for Remote {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn ask(&self, request: &str) -> Result<(u16, Vec<u8>), String> {
        let said = |error: ureq::Error| format!("{}: {error}", self.url);
        let mut answer = self.agent.post(&self.url).send(request).map_err(said)?;
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(said)?;
        Ok((answer.status().as_u16(), body))
    }
}
