//! TLS by rustls: the operator's certificate, or one that signs itself, made on first run.

use axum_server::tls_rustls::RustlsConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The certificate cannot be made.
    #[error("making a self-signed certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The certificate or key does not serve.
    #[error("the certificate or key in {folder} does not serve: {source}")]
    Unfit {
        /// Where they lie.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Loads `cert.pem` and `key.pem` from `folder`; makes both, for `names`, when there are none.
///
/// # Errors
/// [`TlsError`] names the file.
pub async fn load_or_make(folder: &Path, names: &[String]) -> Result<RustlsConfig, TlsError> {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    if !cert.exists() && !key.exists() {
        let made = rcgen::generate_simple_self_signed(names.to_vec())?;
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        write_private(&key, made.signing_key.serialize_pem().as_bytes()).map_err(at(&key))?;
        std::fs::write(&cert, made.cert.pem()).map_err(at(&cert))?;
    }
    // Installing fails only when a provider is there already, which is as good.
    let _ = Arc::new(rustls::crypto::ring::default_provider()).as_ref().clone().install_default();
    RustlsConfig::from_pem_file(&cert, &key)
        .await
        .map_err(|source| TlsError::Unfit { folder: folder.to_owned(), source })
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> TlsError {
    let path = path.to_owned();
    move |source| TlsError::File { path, source }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
