//! A caller without manners: bytes over TLS as they come, or none.

use crate::support::House;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For one step of a connection, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where to call, and whom to trust.
#[derive(Clone)]
pub struct Line {
    address: SocketAddr,
    config: Arc<ClientConfig>,
}

/// A connection after its handshake.
pub struct Wire(StreamOwned<ClientConnection, TcpStream>);

impl Line {
    pub fn to(house: &House) -> Self {
        let pem = std::fs::read(house.folder().join("tls/cert.pem")).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
        Self { address: house.address(), config }
    }

    /// A connection without its handshake.
    pub fn plain(&self) -> TcpStream {
        TcpStream::connect_timeout(&self.address, PATIENCE).unwrap()
    }

    /// A connection on which nothing is said yet.
    pub fn open(&self) -> Wire {
        let mut socket = self.plain();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut session =
            ClientConnection::new(Arc::clone(&self.config), ServerName::try_from("localhost").unwrap())
                .unwrap();
        while session.is_handshaking() {
            session.complete_io(&mut socket).unwrap();
        }
        Wire(StreamOwned::new(session, socket))
    }
}

impl Wire {
    /// Says something; `false` when the other side has hung up.
    pub fn say(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).and_then(|()| self.0.flush()).is_ok()
    }

    /// What comes within `pause`; `None` when the connection has ended.
    fn hear(&mut self, pause: Duration) -> Option<Vec<u8>> {
        self.0.sock.set_read_timeout(Some(pause)).unwrap();
        let mut buffer = [0; 16 * 1024];
        match self.0.read(&mut buffer) {
            Ok(0) => None,
            Ok(n) => Some(buffer[..n].to_vec()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Some(Vec::new())
            }
            Err(_) => None,
        }
    }

    /// Repeats `drip` after each pause until the connection ends: how long that took and what was answered, or
    /// `None` when it is still open after `most`.
    pub fn drip(mut self, drip: &[u8], pause: Duration, most: Duration) -> Option<(Duration, String)> {
        let started = Instant::now();
        let mut heard = Vec::new();
        while started.elapsed() < most {
            match self.hear(pause) {
                Some(more) => heard.extend(more),
                None => return Some((started.elapsed(), String::from_utf8_lossy(&heard).into_owned())),
            }
            if !drip.is_empty() && !self.say(drip) {
                return Some((started.elapsed(), String::from_utf8_lossy(&heard).into_owned()));
            }
        }
        None
    }
}

/// How long it takes until a connection that says nothing is ended; `None` when it is open after `most`.
pub fn silent(mut socket: TcpStream, most: Duration) -> Option<Duration> {
    let started = Instant::now();
    socket.set_read_timeout(Some(most)).unwrap();
    match socket.read(&mut [0; 64]) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        _ => Some(started.elapsed()),
    }
}
