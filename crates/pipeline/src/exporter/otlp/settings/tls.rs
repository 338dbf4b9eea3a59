//! Whom we believe, and who we are.

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::error::OtlpSettingsError;

/// Whom we believe, and who we are. By default: the authorities that the system trusts, and nobody.
#[derive(Clone, Default, PartialEq)]
pub struct TlsSettings {
    authority: Option<Vec<u8>>,
    identity: Option<Identity>,
}

/// A certificate and its key, in PEM.
#[derive(Clone, PartialEq)]
struct Identity {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl TlsSettings {
    /// Believes the certificates in this PEM and no others.
    ///
    /// # Errors
    ///
    /// When there is no certificate in it, or one that can not be read.
    pub fn with_authority(mut self, pem: &[u8]) -> Result<Self, OtlpSettingsError> {
        authorities(pem)?;
        self.authority = Some(pem.to_vec());
        Ok(self)
    }

    /// Shows a certificate (and those that lead to its authority) to servers that ask for one.
    ///
    /// # Errors
    ///
    /// When one of them is not PEM, or the key is not the certificate's.
    pub fn with_identity(mut self, certificate: &[u8], key: &[u8]) -> Result<Self, OtlpSettingsError> {
        let (certificate, key) = (certificate.to_vec(), key.to_vec());
        self.identity = Some(Identity { certificate, key });
        // Whom we believe does not matter for this check, and the system's authorities are slow to read.
        config(RootCertStore::empty(), self.identity.as_ref())?;
        Ok(self)
    }

    /// What makes the connections.
    pub(in crate::exporter::otlp) fn client_config(&self) -> Result<ClientConfig, OtlpSettingsError> {
        let roots = match &self.authority {
            Some(pem) => authorities(pem)?,
            None => system()?,
        };
        config(roots, self.identity.as_ref())
    }
}

/// What makes connections of which none will be by TLS.
pub(in crate::exporter::otlp) fn without_authorities() -> Result<ClientConfig, OtlpSettingsError> {
    config(RootCertStore::empty(), None)
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings")
            .field("own_authority", &self.authority.is_some())
            .field("client_certificate", &self.identity.is_some())
            .finish()
    }
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, OtlpSettingsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| OtlpSettingsError::Authority)?;
        roots.add(certificate).map_err(|_| OtlpSettingsError::Authority)?;
    }
    if roots.is_empty() { Err(OtlpSettingsError::Authority) } else { Ok(roots) }
}

fn system() -> Result<RootCertStore, OtlpSettingsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(OtlpSettingsError::NoAuthorities) } else { Ok(roots) }
}

/// With ring as the provider, whatever the process has chosen for itself.
fn config(roots: RootCertStore, identity: Option<&Identity>) -> Result<ClientConfig, OtlpSettingsError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| OtlpSettingsError::Tls)?
        .with_root_certificates(roots);
    let Some(Identity { certificate, key }) = identity else { return Ok(builder.with_no_client_auth()) };
    let chain = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| OtlpSettingsError::Identity)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| OtlpSettingsError::Identity)?;
    builder.with_client_auth_cert(chain, key).map_err(|_| OtlpSettingsError::Identity)
}
