//! Servers that speak TLS, with good and with bad certificates.

use std::io::Write;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::server::{Server, head};

/// What signs certificates.
pub(crate) type Issuer = CertifiedIssuer<'static, KeyPair>;

/// A root of its own.
pub(crate) fn issuer() -> Issuer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a root")
}

/// A certificate for 127.0.0.1 that is good in every way.
pub(crate) fn good() -> CertificateParams {
    CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name")
}

pub(crate) fn expired() -> CertificateParams {
    let mut params = good();
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2002, 1, 1);
    params
}

pub(crate) fn other_name() -> CertificateParams {
    CertificateParams::new(["consul.example.com".to_owned()]).expect("a name")
}

/// Serves over TLS, answering each method and path;
/// without an issuer the certificate vouches for itself.
pub(crate) fn serve(
    params: &CertificateParams,
    issuer: Option<&Issuer>,
    route: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
) -> Server {
    let key = KeyPair::generate().expect("a key");
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer),
        None => params.self_signed(&key),
    };
    let chain = vec![certificate.expect("a certificate").der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a server config");
    let config = Arc::new(config);
    Server::accepting(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
        let mut stream = StreamOwned::new(connection, stream);
        let head = head(&mut stream);
        if let Some((request, _)) = head.lines().next().and_then(|line| line.rsplit_once(' ')) {
            let _ = stream.write_all(&route(request));
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    })
}
