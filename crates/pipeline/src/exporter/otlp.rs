//! A destination that speaks OTLP: a Collector, a vendor, another of us (OTLP specification 1.11).
//!
//! | module | answers |
//! |---|---|
//! | [`settings`] | where, how and with which headers; the variables of the specification |
//! | `join`, `compress` | what travels in one request |
//! | `client_grpc`, `client_http` | the request in either protocol |
//! | `transport` | one HTTP client under both |
//! | `answer` | taken, later or never: the tables of the specification |
//! | `failure` | no answer: what is wrong and what to do |
//! | `rejected` | what was taken but not kept |
//!
//! # At least once
//!
//! The batches of one call travel in several requests when they are of several signals or large. They go one after
//! the other, and the first that fails ends the call. What went before it is sent again when the caller tries
//! again: OTLP has no request that takes several back, and nothing is remembered here. Upstreams are allowed to see a
//! record twice, and never miss one.
//!
//! # Our own telemetry
//!
//! Sending makes no span, and events have [`TARGET`] as their target. The HTTP client below logs under `hyper`,
//! `hyper_util`, `h2` and `rustls`. Whoever exports the events of this process to this destination leaves these out, or
//! each export makes the next.

use std::{fmt, time::SystemTime};

use axum::http::Uri;
use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    batch::Batch,
    exporter::{ExportError, Exporter},
    signal::Signal,
};

mod answer;
mod client_grpc;
mod client_http;
mod compress;
mod failure;
mod join;
mod message;
mod rejected;
pub mod settings;
#[cfg(test)]
mod tests;
mod text;
mod transport;

pub use settings::{Compression, OtlpSettings, OtlpSettingsError, Protocol, TlsSettings, Upstream};

use answer::{Verdict, judge};
use failure::{Attempt, Failure};
use join::{Group, MAX_REQUEST_BYTES, groups};
use rejected::Rejected;
use text::Secrets;
use transport::{Answer, Transport};

/// The target of every event that sending makes.
pub const TARGET: &str = "mahavishnu_pipeline::exporter::otlp";

/// A destination that speaks OTLP.
pub struct OtlpExporter {
    name: String,
    /// In the order of [`Signal::ALL`].
    routes: [Route; 3],
    rejected: Rejected,
}

impl OtlpExporter {
    /// Connects when there is something to send.
    ///
    /// # Errors
    ///
    /// When TLS can not be set up, for example because the system trusts no certificate authority.
    pub fn new(settings: &OtlpSettings) -> Result<Self, OtlpSettingsError> {
        let traces = Route::new(settings, Signal::Traces, &[])?;
        let metrics = Route::new(settings, Signal::Metrics, &[&traces])?;
        let logs = Route::new(settings, Signal::Logs, &[&traces, &metrics])?;
        let routes = [traces, metrics, logs];
        Ok(Self { name: settings.name().to_owned(), routes, rejected: Rejected::default() })
    }

    /// The destination's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Records of a signal that the destination rejected in requests that it took. They are not sent again.
    #[must_use]
    pub fn rejected(&self, signal: Signal) -> u64 {
        self.rejected.count(signal)
    }

    async fn send(&self, group: &Group<'_>) -> Result<(), ExportError> {
        let route = &self.routes[group.signal as usize];
        let named = |reason: String| format!("{} at {}: {reason}", self.name, route.upstream.shown());
        let answer = match route.send(group.request()).await {
            Ok(answer) => answer,
            Err(failure) => {
                let reason = named(failure.sentence(route.attempt()));
                return Err(ExportError::Unavailable { reason, retry_after: None });
            }
        };
        match judge(route.upstream.protocol(), &answer, &route.secrets, SystemTime::now()) {
            Verdict::Taken(partial) => {
                self.rejected.add(&self.name, group.signal, group.records(), &partial, Instant::now());
                Ok(())
            }
            Verdict::Later { reason, retry_after } => {
                Err(ExportError::Unavailable { reason: named(reason), retry_after })
            }
            Verdict::Never { reason } => Err(ExportError::Refused { reason: named(reason) }),
            Verdict::Unusable { reason } => Err(ExportError::Unusable { reason: named(reason) }),
            Verdict::Failed { reason } => Err(ExportError::Failed { reason: named(reason) }),
        }
    }
}

impl Exporter for OtlpExporter {
    /// Sends the batches in as few requests as their signals and the size of a request allow.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the destination with all, some or none of the batches: it gets them at least once
    /// when the caller sends them again.
    ///
    /// # Errors
    ///
    /// When a request was not taken; those before it were, and those after it were not sent.
    async fn export(&self, batches: &[Batch]) -> Result<(), ExportError> {
        for group in groups(batches, MAX_REQUEST_BYTES) {
            self.send(&group).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for OtlpExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let upstreams = Signal::ALL.map(|signal| &self.routes[signal as usize].upstream);
        f.debug_struct("OtlpExporter").field("name", &self.name).field("upstreams", &upstreams).finish()
    }
}

/// Where one signal goes.
struct Route {
    upstream: Upstream,
    target: Uri,
    secrets: Secrets,
    transport: Transport,
}

impl Route {
    /// Shares the connections of an earlier route that makes them in the same way.
    fn new(settings: &OtlpSettings, signal: Signal, earlier: &[&Self]) -> Result<Self, OtlpSettingsError> {
        let upstream = settings.upstream(signal).clone();
        let endpoint: Uri = upstream.endpoint().as_str().parse().map_err(|_| OtlpSettingsError::NotUrl)?;
        let target = match upstream.protocol() {
            Protocol::Grpc => client_grpc::method(&endpoint, signal),
            Protocol::HttpProtobuf => endpoint,
        };
        let same = |route: &&&Self| {
            route.upstream.protocol() == upstream.protocol()
                && route.upstream.is_tls() == upstream.is_tls()
                && route.upstream.tls() == upstream.tls()
        };
        let transport = match earlier.iter().find(same) {
            Some(route) => route.transport.clone(),
            None => Transport::new(&upstream)?,
        };
        let in_query: Vec<_> = upstream.endpoint().query_pairs().map(|(_, value)| value).collect();
        let in_headers = upstream.headers().values().filter_map(|value| value.to_str().ok());
        let secrets = Secrets::of(in_headers.chain(in_query.iter().map(AsRef::as_ref)));
        Ok(Self { upstream, target, secrets, transport })
    }

    async fn send(&self, plain: Vec<Bytes>) -> Result<Answer, Failure> {
        let (compression, limit) = (self.upstream.compression(), self.upstream.timeout());
        let body = compression.compress(plain).await.map_err(Failure::Preparing)?;
        let headers = self.upstream.headers();
        let request = match self.upstream.protocol() {
            Protocol::Grpc => client_grpc::request(&self.target, headers, compression, limit, &body),
            Protocol::HttpProtobuf => client_http::request(&self.target, headers, compression, body),
        };
        self.transport.send(request, limit).await
    }

    fn attempt(&self) -> Attempt<'_> {
        let grpc = self.upstream.protocol() == Protocol::Grpc;
        Attempt { tls: self.upstream.is_tls(), grpc, secrets: &self.secrets }
    }
}
