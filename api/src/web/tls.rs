//! TLS for the wire: rustls, with a certificate that may be replaced while the service runs. Knows
//! nothing about HTTP beyond its name in the handshake.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::options::TlsFiles;
use crate::watched::Watched;

/// Takes connections with the certificate that the files have now.
#[derive(Debug)]
pub(super) struct Tls {
    config: Watched<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// In words, where they cannot be read or do not belong together.
    pub(super) fn load(files: &TlsFiles) -> Result<Self, String> {
        let names = vec![files.certificate.clone(), files.key.clone()];
        let files = files.clone();
        let config = Watched::new(names, move || config(&files).map(Arc::new))?;
        Ok(Self { config })
    }

    /// What takes the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&*self.config.current()))
    }
}

fn config(files: &TlsFiles) -> Result<ServerConfig, String> {
    let cannot_read = |file: &std::path::Path, error: rustls::pki_types::pem::Error| {
        format!("cannot read {}: {error}", file.display())
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| cannot_read(&files.certificate, error))?;
    if chain.is_empty() {
        return Err(format!(
            "{} has no certificate in PEM",
            files.certificate.display()
        ));
    }
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| cannot_read(&files.key, error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| {
            let (certificate, key) = (files.certificate.display(), files.key.display());
            format!("{certificate} and {key} cannot be used together: {error}")
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
