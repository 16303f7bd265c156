//! `portunus serve`: one process, no configuration; the gate, the console and the APIs over TLS.

use crate::house::{Choices, cores};
use crate::witness::Remote;
use anyhow::{Context as _, Result};
use portunus_server::http::{self, set_up_link};
use portunus_server::service::{AskWitness, LOCK_AFTER_SECONDS, Service};
use portunus_server::tls;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

/// Requests under way get this long to end when the service is told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// A caller has this long to send its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);

#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) choices: Choices,
    #[command(flatten)]
    pub(crate) door: Door,
    /// Erase nothing: what is due stays on the disk, invisible. It is said aloud until the service is started without
    #[arg(long)]
    pub(crate) no_erasing: bool,
    /// A console locks when nobody has been at it for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = LOCK_AFTER_SECONDS, value_parser = clap::value_parser!(u32).range(1..=43_200))]
    pub(crate) lock_after: u32,
    /// Have each head of the public ledger signed by this witness: its address and its key; may be given several times
    #[arg(long = "witness", value_name = "URL=KEY")]
    pub(crate) witnesses: Vec<String>,
}

/// Where the service listens.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Door {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub(crate) listen: SocketAddr,
    /// Names that the self-signed certificate is made for; may be given several times
    #[arg(long = "name", value_name = "NAME", default_values = ["localhost", "127.0.0.1", "::1"])]
    pub(crate) names: Vec<String>,
    /// Folder with cert.pem and key.pem [default: tls in the data folder, made on first run]
    #[arg(long, value_name = "DIR")]
    pub(crate) tls: Option<std::path::PathBuf>,
}

/// A door with its socket bound: connections already queue.
pub(crate) struct Bound {
    socket: TcpListener,
    address: SocketAddr,
    door: Door,
}

impl Door {
    /// Binds the socket. Port 0 takes any that is free.
    pub(crate) fn bind(&self) -> Result<Bound> {
        let fail = || format!("listening on {}: is another service there?", self.listen);
        let socket = TcpListener::bind(self.listen).with_context(fail)?;
        socket.set_nonblocking(true)?;
        Ok(Bound { address: socket.local_addr()?, socket, door: self.clone() })
    }
}

impl Bound {
    /// The address as a browser takes it.
    pub(crate) fn url(&self) -> String {
        let host = self.door.names.first().map_or("localhost", String::as_str);
        format!("https://{host}:{}", self.address.port())
    }

    /// Where its certificate is, or will be, when the data are in this folder.
    pub(crate) fn tls_folder(&self, data: &Path) -> std::path::PathBuf {
        self.door.tls.clone().unwrap_or_else(|| data.join("tls"))
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    keep_memory_to_ourselves();
    let witness = |text: &String| -> Result<Box<dyn AskWitness>> {
        Ok(Box::new(Remote::parse(text).with_context(|| format!("--witness {text}"))?))
    };
    let witnesses = args.witnesses.iter().map(witness).collect::<Result<Vec<_>>>()?;
    let folder = args.choices.folder.path()?;
    let service = args.choices.open_in(&folder)?;
    service.set_witnesses(witnesses);
    service.lock_consoles_after(args.lock_after);
    if args.no_erasing {
        service.switch_erasing_off();
    }
    runtime()?.block_on(async {
        let bound = args.door.bind()?;
        crate::print(&format!("Portunus at {}  (data in {})", bound.url(), folder.display()))?;
        let asked = service.clone();
        if let Some(path) = tokio::task::spawn_blocking(move || set_up_link(&asked)).await?? {
            crate::print(&format!(
                "Make the first administrator here, once, within a day: {}{path}",
                bound.url()
            ))?;
        }
        listen(service, bound, &folder).await
    })
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the event loop")
}

/// No core dump and no debugger of another process shall find a photo in this one's memory.
pub(crate) fn keep_memory_to_ourselves() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let done =
        setrlimit(Resource::Core, none).and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable));
    if let Err(error) = done {
        tracing::warn!(%error, "core dumps could not be switched off");
    }
}

/// Serves until told to stop (SIGINT, SIGTERM), then lets requests end.
pub(crate) async fn listen(service: Service, bound: Bound, folder: &Path) -> Result<()> {
    let config = tls::load_or_make(&bound.tls_folder(folder), &bound.door.names).await?;
    let handle = axum_server::Handle::new();
    let stopping = handle.clone();
    let told = told_to_stop();
    tokio::spawn(async move {
        told.await;
        tracing::info!("stopping; requests under way may end");
        stopping.graceful_shutdown(Some(GRACE));
    });
    let upkeep = tokio::spawn(service.clone().upkeep());
    let server = axum_server::from_tcp_rustls(bound.socket, config)?.handle(handle);
    // Which HTTP it is to be is read before any header is, and by another clock.
    let mut server = server.first_request_timeout(HEADERS_WITHIN);
    server.http_builder().http1().header_read_timeout(HEADERS_WITHIN);
    let served = server.serve(http::router(service, cores()).into_make_service()).await;
    upkeep.abort();
    served.context("serving")
}

/// Resolves at SIGINT or SIGTERM; from when this is called they end nothing by themselves.
pub(crate) fn told_to_stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else { return std::future::pending().await };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
