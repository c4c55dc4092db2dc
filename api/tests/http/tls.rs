//! TLS: the same service, encrypted, with a certificate that is replaced while it runs.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ghev_api::{ServeError, TlsFiles};
use rcgen::CertifiedKey;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::model::Model;
use crate::server::{Server, options};

/// A certificate of its own for `localhost`, put where the service looks.
fn certify(files: &TlsFiles) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    replace(&files.certificate, &cert.pem());
    replace(&files.key, &signing_key.serialize_pem());
    cert.der().clone()
}

fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(&new, file).unwrap();
}

/// What a client that trusts this certificate alone is answered.
fn get(
    address: SocketAddr,
    path: &str,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = "localhost".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut stream = StreamOwned::new(connection, stream);
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

fn files(dir: &Path) -> TlsFiles {
    TlsFiles {
        certificate: dir.join("cert.pem"),
        key: dir.join("key.pem"),
    }
}

#[test]
fn answers_come_over_tls_and_a_new_certificate_is_taken_without_a_restart() {
    let model = Model::small();
    let files = files(model.path());
    let first = certify(&files);
    let mut options = options(model.path());
    options.tls = Some(files.clone());
    let server = Server::with(options);
    let text = get(server.address, "/v1/event-counts", &first).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(text.contains("\"sample_size\":8"), "{text}");
    let malformed = get(server.address, "/ HTTP/1.1\n\nX", &first).unwrap();
    assert!(malformed.contains("malformed_request"), "{malformed}");

    let second = certify(&files);
    assert!(get(server.address, "/healthz", &second).is_ok());
    assert!(get(server.address, "/healthz", &first).is_err());
    replace(&files.key, "no key");
    assert!(
        get(server.address, "/healthz", &second).is_ok(),
        "half a change is no change"
    );

    let mut plain = server.client();
    plain.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(!plain.rest().starts_with(b"HTTP/"), "nothing in the clear");
}

#[test]
fn a_handshake_is_not_waited_for_for_ever() {
    let model = Model::small();
    let files = files(model.path());
    certify(&files);
    let mut options = options(model.path());
    options.tls = Some(files);
    options.limits.header_timeout = Duration::from_millis(500);
    let server = Server::with(options);
    assert_eq!(server.client().rest(), b"");
}

#[test]
fn a_certificate_without_its_key_is_refused_at_the_start() {
    let model = Model::small();
    let files = files(model.path());
    let mut options = options(model.path());
    options.tls = Some(files.clone());
    let said = |options| {
        let mut server = Server::with(options);
        let Err(ServeError::Tls(reason)) = server.wait() else {
            panic!("it serves")
        };
        reason
    };
    assert!(said(options.clone()).contains("cert.pem"));
    certify(&files);
    let certificate = std::fs::read(&files.certificate).unwrap();
    certify(&files);
    std::fs::write(&files.certificate, certificate).unwrap();
    assert!(said(options.clone()).contains("cannot be used together"));
    std::fs::write(&files.certificate, "nothing").unwrap();
    assert!(said(options).contains("no certificate"));
}
