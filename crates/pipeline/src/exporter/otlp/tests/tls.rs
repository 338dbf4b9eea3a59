//! TLS: own authorities, client certificates, and what is said when it fails.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PublicKeyData};
use rstest::rstest;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use url::Url;

use super::support::{Seen, Server, batch, exporter, message, refusal, reply};
use crate::{
    ExportError, Exporter, Signal,
    exporter::otlp::{OtlpExporter, OtlpSettingsError, Protocol, TlsSettings, Upstream},
};

/// Who signs certificates in a test.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

struct Signed {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // Each has another name: an authority of the same name is taken for one that signs badly.
        let key = KeyPair::generate().unwrap();
        let name: String = key.der_bytes().iter().rev().take(8).map(|byte| format!("{byte:02x}")).collect();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn sign(&self, name: &str) -> Signed {
        self.sign_with(CertificateParams::new(vec![name.to_owned()]).unwrap())
    }

    fn sign_with(&self, params: CertificateParams) -> Signed {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Signed { certificate, key: key.serialize_pem() }
    }

    fn believed(&self) -> TlsSettings {
        TlsSettings::default().with_authority(self.pem.as_bytes()).unwrap()
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        roots
    }

    /// A verifier of clients.
    fn of_clients(&self) -> Arc<dyn ClientCertVerifier> {
        let provider = Arc::new(ring::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots()), provider).build().unwrap()
    }
}

pub(super) fn any_authority() -> TlsSettings {
    Authority::new().believed()
}

fn server_config(
    Signed { certificate, key }: &Signed,
    clients: Arc<dyn ClientCertVerifier>,
    alpn: &[&str],
) -> ServerConfig {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

fn anybody() -> Arc<dyn ClientCertVerifier> {
    WebPkiClientVerifier::no_client_auth()
}

fn taken(seen: &Seen) -> axum::http::Response<axum::body::Body> {
    if seen.header("content-type") == "application/grpc" { message(b"") } else { reply(200, &[], "") }
}

async fn server(signed: &Signed, clients: Arc<dyn ClientCertVerifier>) -> Server {
    Server::tls(server_config(signed, clients, &["h2", "http/1.1"]), taken).await
}

fn over_tls(server: &Server, protocol: Protocol, tls: TlsSettings) -> OtlpExporter {
    let url = Url::parse(&format!("https://localhost:{}", server.address.port())).unwrap();
    exporter(&Upstream::new(url, protocol).unwrap().with_tls(tls))
}

async fn sentence(server: &Server, protocol: Protocol, tls: TlsSettings) -> String {
    let error = refusal(&over_tls(server, protocol, tls)).await;
    let ExportError::Unavailable { reason, .. } = error else { panic!("retryable: {error}") };
    let start = format!("upstream at https://localhost:{}: ", server.address.port());
    assert!(reason.starts_with(&start), "{reason}");
    assert!(server.seen().is_empty(), "nothing was sent");
    reason
}

type P = Protocol;

#[rstest]
#[tokio::test]
async fn a_certificate_of_our_authority_is_believed(#[values(P::Grpc, P::HttpProtobuf)] protocol: Protocol) {
    let authority = Authority::new();
    let server = server(&authority.sign("localhost"), anybody()).await;
    let exporter = over_tls(&server, protocol, authority.believed());
    exporter.export(&Signal::ALL.map(|signal| batch(signal, "x"))).await.unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[rstest]
#[tokio::test]
async fn a_certificate_of_somebody_else_is_not(#[values(P::Grpc, P::HttpProtobuf)] protocol: Protocol) {
    let server = server(&Authority::new().sign("localhost"), anybody()).await;
    let reason = sentence(&server, protocol, any_authority()).await;
    assert!(
        reason.contains("the certificate is not trusted: name the PEM file of the authority"),
        "{reason}"
    );
}

#[rstest]
#[tokio::test]
async fn a_certificate_for_another_name_is_not(#[values(P::Grpc, P::HttpProtobuf)] protocol: Protocol) {
    let authority = Authority::new();
    let server = server(&authority.sign("elsewhere"), anybody()).await;
    let reason = sentence(&server, protocol, authority.believed()).await;
    assert!(reason.contains("the certificate is not for this name: use the name that is in"), "{reason}");
}

#[tokio::test]
async fn a_certificate_of_the_past_has_expired() {
    let authority = Authority::new();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let server = server(&authority.sign_with(params), anybody()).await;
    let reason = sentence(&server, Protocol::Grpc, authority.believed()).await;
    assert!(reason.contains("the certificate has expired"), "{reason}");
}

#[rstest]
#[tokio::test]
async fn a_client_certificate_opens_the_door(#[values(P::Grpc, P::HttpProtobuf)] protocol: Protocol) {
    let authority = Authority::new();
    let server = server(&authority.sign("localhost"), authority.of_clients()).await;
    let client = authority.sign("me");
    let tls = authority.believed().with_identity(client.certificate.as_bytes(), client.key.as_bytes());
    over_tls(&server, protocol, tls.unwrap()).export(&[batch(Signal::Logs, "x")]).await.unwrap();
    assert_eq!(server.seen().len(), 1);
}

#[rstest]
#[tokio::test]
async fn without_a_client_certificate_it_stays_shut(#[values(P::Grpc, P::HttpProtobuf)] protocol: Protocol) {
    let authority = Authority::new();
    let server = server(&authority.sign("localhost"), authority.of_clients()).await;
    let reason = sentence(&server, protocol, authority.believed()).await;
    assert!(reason.contains("client certificate"), "{reason}");
    let client = Authority::new().sign("me");
    let tls = authority.believed().with_identity(client.certificate.as_bytes(), client.key.as_bytes());
    let reason = sentence(&server, protocol, tls.unwrap()).await;
    assert!(reason.contains("client certificate"), "{reason}");
}

#[rstest]
#[tokio::test]
async fn https_to_a_plain_port_says_so(#[values(P::Grpc, P::HttpProtobuf)] protocol: Protocol) {
    let server = Server::http(taken).await;
    let reason = sentence(&server, protocol, any_authority()).await;
    assert!(reason.contains("the server does not speak TLS there: write http://"), "{reason}");
}

#[rstest]
#[tokio::test]
async fn http_to_a_tls_port_says_so(#[values(P::Grpc, P::HttpProtobuf)] protocol: Protocol) {
    let server = server(&Authority::new().sign("localhost"), anybody()).await;
    let error = refusal(&server.exporter(protocol)).await;
    assert!(error.is_retryable());
    assert!(error.to_string().contains("write https:// if it wants TLS"), "{error}");
}

#[tokio::test]
async fn grpc_to_a_port_without_http2_says_so() {
    let authority = Authority::new();
    let config = server_config(&authority.sign("localhost"), anybody(), &["http/1.1"]);
    let server = Server::tls(config, taken).await;
    let reason = sentence(&server, Protocol::Grpc, authority.believed()).await;
    assert!(reason.contains("does not speak HTTP/2 there, which gRPC needs"), "{reason}");
}

#[test]
fn pem_that_can_not_be_used_builds_no_settings() {
    let (one, other) = (Authority::new().sign("a"), Authority::new().sign("b"));
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["", "nonsense", no_certificate, &one.key] {
        let settings = TlsSettings::default().with_authority(pem.as_bytes());
        assert_eq!(settings, Err(OtlpSettingsError::Authority));
    }
    let pairs = [(&one.certificate, &other.key), (&one.key, &one.key), (&one.certificate, &one.certificate)];
    for (certificate, key) in pairs {
        let settings = TlsSettings::default().with_identity(certificate.as_bytes(), key.as_bytes());
        assert_eq!(settings, Err(OtlpSettingsError::Identity));
    }
    assert!(TlsSettings::default().with_identity(one.certificate.as_bytes(), one.key.as_bytes()).is_ok());
}

#[test]
fn nothing_of_a_pem_is_in_debug() {
    let authority = Authority::new();
    let Signed { certificate, key } = authority.sign("me");
    let tls = authority.believed().with_identity(certificate.as_bytes(), key.as_bytes()).unwrap();
    assert_eq!(format!("{tls:?}"), "TlsSettings { own_authority: true, client_certificate: true }");
}
