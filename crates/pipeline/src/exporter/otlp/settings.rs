//! What an OTLP destination needs to know, checked: values that are wrong can not be built.
//!
//! | module | answers |
//! |---|---|
//! | `environment` | the variables of the OTLP specification |
//! | `tls` | whom we believe, and who we are |
//!
//! Header values, the user information and the query of an endpoint and all that is in PEM are secrets: no `Debug`
//! and no error shows them.

use std::{fmt, time::Duration};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use url::Url;

use crate::signal::Signal;

mod environment;
mod error;
mod tls;

pub use environment::from_environment;
pub use error::OtlpSettingsError;
pub use tls::TlsSettings;
pub(super) use tls::without_authorities;

/// The specification's default for one request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A request that takes longer is lost for all purposes. It also keeps `grpc-timeout` within its eight digits.
const MAX_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// Bytes of a destination's name: it stands in every log line and metric about it.
const MAX_NAME_BYTES: usize = 64;

/// Headers of one upstream; servers refuse not many more.
const MAX_HEADERS: usize = 64;

/// The port on which OTLP is HTTP by default.
const HTTP_PORT: u16 = 4318;

/// What a destination is called that nobody named.
const DEFAULT_NAME: &str = "otlp";

/// Headers that are ours to set.
const OURS: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::HOST,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// How OTLP travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP with protobuf.
    HttpProtobuf,
}

impl Protocol {
    /// The protocol of an endpoint for which none was named: HTTP when its port is 4318 or it has a path, otherwise
    /// gRPC, whatever the port is.
    #[must_use]
    pub fn of_endpoint(endpoint: &Url) -> Self {
        let has_path = !matches!(endpoint.path(), "" | "/");
        if has_path || endpoint.port() == Some(HTTP_PORT) { Self::HttpProtobuf } else { Self::Grpc }
    }
}

/// How requests are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// gzip, which every receiver reads.
    #[default]
    Gzip,
    /// Zstandard: less work for smaller requests, where the receiver reads it.
    Zstd,
    /// As they are.
    None,
}

/// A checked destination: an upstream for each signal, under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpSettings {
    name: String,
    /// In the order of [`Signal::ALL`].
    upstreams: [Upstream; 3],
}

impl OtlpSettings {
    /// The same upstream for every signal. Over HTTP its endpoint is a base, to which `/v1/<signal>` is added.
    #[must_use]
    pub fn from_base(base: &Upstream) -> Self {
        Self::from_each(|signal| base.clone().at_base(signal))
    }

    /// An upstream for each signal. Over HTTP their endpoints are used as they are.
    #[must_use]
    pub fn from_each(upstream: impl FnMut(Signal) -> Upstream) -> Self {
        Self { name: DEFAULT_NAME.to_owned(), upstreams: Signal::ALL.map(upstream) }
    }

    /// Names the destination for log lines and metrics; without a name it is `otlp`.
    ///
    /// # Errors
    ///
    /// When the name is empty, longer than 64 bytes or not of visible ASCII characters.
    pub fn named(mut self, name: &str) -> Result<Self, OtlpSettingsError> {
        let visible = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        if name.trim().is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(visible) {
            return Err(OtlpSettingsError::Name);
        }
        name.clone_into(&mut self.name);
        Ok(self)
    }

    /// The destination's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where a signal goes.
    #[must_use]
    pub fn upstream(&self, signal: Signal) -> &Upstream {
        &self.upstreams[signal as usize]
    }
}

/// Where one signal goes, and how. It has no `userinfo` in its endpoint: that became a header.
#[derive(Clone, PartialEq)]
pub struct Upstream {
    endpoint: Url,
    protocol: Protocol,
    compression: Compression,
    timeout: Duration,
    headers: HeaderMap,
    tls: TlsSettings,
}

impl Upstream {
    /// An upstream with gzip, ten seconds for a request, no headers but those of `user:password@` in the endpoint, and
    /// TLS, where the scheme is `https`, as the system trusts it.
    ///
    /// # Errors
    ///
    /// When the scheme is neither `http` nor `https`, or a path is given for gRPC.
    pub fn new(mut endpoint: Url, protocol: Protocol) -> Result<Self, OtlpSettingsError> {
        if !matches!(endpoint.scheme(), "http" | "https") || !endpoint.has_host() {
            return Err(OtlpSettingsError::Scheme);
        }
        let has_path = !matches!(endpoint.path(), "" | "/") || endpoint.query().is_some();
        if protocol == Protocol::Grpc && has_path {
            return Err(OtlpSettingsError::GrpcPath);
        }
        let mut headers = HeaderMap::new();
        if let Some(value) = basic(&endpoint)? {
            headers.insert(header::AUTHORIZATION, value);
        }
        // Can not fail: there is a host.
        let _cleared = endpoint.set_username("").and(endpoint.set_password(None));
        endpoint.set_fragment(None);
        Ok(Self {
            endpoint,
            protocol,
            compression: Compression::default(),
            timeout: TIMEOUT,
            headers,
            tls: TlsSettings::default(),
        })
    }

    /// Compresses otherwise.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Allows another time for a request, from connecting to the end of the answer.
    ///
    /// # Errors
    ///
    /// When it is under a millisecond or over an hour.
    pub fn with_timeout(mut self, timeout: Duration) -> Result<Self, OtlpSettingsError> {
        if timeout.as_millis() == 0 || timeout > MAX_TIMEOUT {
            return Err(OtlpSettingsError::Timeout);
        }
        self.timeout = timeout;
        Ok(self)
    }

    /// Sends a header, or metadata over gRPC, with every request. The last value for a name holds.
    ///
    /// # Errors
    ///
    /// When the name or the value can not be sent, the name is one that we set ourselves, or there are too many.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, OtlpSettingsError> {
        let name: HeaderName = name.parse().map_err(|_| OtlpSettingsError::HeaderName)?;
        if OURS.contains(&name) || name.as_str().starts_with("grpc-") {
            return Err(OtlpSettingsError::HeaderIsOurs { name: name.to_string() });
        }
        let wrong_value = |_| OtlpSettingsError::HeaderValue { name: name.to_string() };
        let mut value: HeaderValue = value.parse().map_err(wrong_value)?;
        if value.to_str().is_err() {
            return Err(OtlpSettingsError::HeaderValue { name: name.to_string() });
        }
        value.set_sensitive(true);
        if self.headers.len() >= MAX_HEADERS && !self.headers.contains_key(&name) {
            return Err(OtlpSettingsError::TooManyHeaders { most: MAX_HEADERS });
        }
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Believes other authorities or shows a client certificate. Without effect where the scheme is `http`.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsSettings) -> Self {
        self.tls = tls;
        self
    }

    /// Where requests go: the whole URL over HTTP, the server over gRPC.
    pub(super) fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// The endpoint as it may be seen: path and query can hold tokens.
    pub(super) fn shown(&self) -> String {
        self.endpoint.origin().ascii_serialization()
    }

    pub(super) fn is_tls(&self) -> bool {
        self.endpoint.scheme() == "https"
    }

    /// How requests travel.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(super) fn compression(&self) -> Compression {
        self.compression
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(super) fn tls(&self) -> &TlsSettings {
        &self.tls
    }

    /// As a base endpoint: over HTTP the signal's path is added to it.
    fn at_base(mut self, signal: Signal) -> Self {
        if self.protocol == Protocol::HttpProtobuf {
            let path = format!("{}/v1/{signal}", self.endpoint.path().trim_end_matches('/'));
            self.endpoint.set_path(&path);
        }
        self
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Upstream")
            .field("endpoint", &self.shown())
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .field("timeout", &self.timeout)
            .field("headers", &headers)
            .field("tls", &self.tls)
            .finish()
    }
}

/// The `Authorization` that stands for `user:password@`.
fn basic(endpoint: &Url) -> Result<Option<HeaderValue>, OtlpSettingsError> {
    if endpoint.username().is_empty() && endpoint.password().is_none() {
        return Ok(None);
    }
    let plain = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let mut pair = plain(endpoint.username());
    pair.push(b':');
    pair.extend(plain(endpoint.password().unwrap_or_default()));
    let mut value = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(pair)))
        .map_err(|_| OtlpSettingsError::HeaderValue { name: header::AUTHORIZATION.to_string() })?;
    value.set_sensitive(true);
    Ok(Some(value))
}
