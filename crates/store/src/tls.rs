//! TLS to a server, as `sslmode` and `sslrootcert` of a connection URL ask for it.
//!
//! The meanings are those of libpq: `disable`, `prefer` (default) and `require` (encrypted, but whoever answers is
//! believed unless `sslrootcert` is given), `verify-ca` (the certificate is signed by somebody we trust) and `verify-full` (and it
//! names the host). Trusted are the certificates of `sslrootcert`, or those of the system.

use std::{path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_postgres::{Config, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;

use crate::error::{StoreError, describe};

/// How a URL wants the connection to be protected.
pub(crate) struct Security {
    /// All that the URL says, `sslmode` included.
    pub(crate) config: Config,
    /// What makes the TLS connection.
    pub(crate) connector: MakeRustlsConnect,
}

/// How much of a certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verify {
    Nothing,
    Authority,
    AuthorityAndHost,
}

impl Security {
    /// Reads `sslmode` and `sslrootcert`.
    pub(crate) fn from_url(url: &Url) -> Result<Self, StoreError> {
        let mut mode = "prefer".to_owned();
        let mut root = None;
        let mut plain = url.clone();
        plain.set_query(None);
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "sslmode" => mode = value.into_owned(),
                "sslrootcert" => root = Some(value.into_owned()),
                _ => {
                    plain.query_pairs_mut().append_pair(&key, &value);
                }
            }
        }
        let (mode, verify) = match (mode.as_str(), &root) {
            ("disable", _) => (SslMode::Disable, Verify::Nothing),
            ("allow" | "prefer", _) => (SslMode::Prefer, Verify::Nothing),
            ("require", None) => (SslMode::Require, Verify::Nothing),
            ("require" | "verify-ca", _) => (SslMode::Require, Verify::Authority),
            ("verify-full", _) => (SslMode::Require, Verify::AuthorityAndHost),
            (other, _) => {
                return Err(StoreError::InvalidArgument(format!(
                    "sslmode {other:?} is not known: use disable, prefer, require, verify-ca or verify-full"
                )));
            }
        };
        let connector = MakeRustlsConnect::new(client_config(verify, root.as_deref())?);
        // tokio-postgres knows neither sslrootcert nor the modes that verify.
        let mut config: Config = plain.as_str().parse().map_err(|error| {
            StoreError::InvalidArgument(format!("the connection URL is not valid: {}", describe(&error)))
        })?;
        config.ssl_mode(mode);
        Ok(Self { config, connector })
    }
}

fn client_config(verify: Verify, root: Option<&str>) -> Result<ClientConfig, StoreError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        verify,
        authority: if verify == Verify::Nothing { None } else { Some(authority(root, &provider)?) },
        provider: Arc::clone(&provider),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::InvalidArgument(format!("TLS can not be set up: {error}")))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

fn authority(
    root: Option<&str>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, StoreError> {
    let mut roots = RootCertStore::empty();
    match root {
        Some(path) => {
            let unreadable = |error: &dyn std::fmt::Display| {
                StoreError::InvalidArgument(format!("sslrootcert {path:?} can not be read as PEM: {error}"))
            };
            let certificates =
                CertificateDer::pem_file_iter(Path::new(path)).map_err(|error| unreadable(&error))?;
            for certificate in certificates {
                roots
                    .add(certificate.map_err(|error| unreadable(&error))?)
                    .map_err(|error| unreadable(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build().map_err(|_| {
        StoreError::InvalidArgument(
            "no trusted certificate was found: name a PEM file with sslrootcert".to_owned(),
        )
    })
}

#[derive(Debug)]
struct Verifier {
    verify: Verify,
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // The name is compared last, so the chain was found good.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.verify == Verify::Authority => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
