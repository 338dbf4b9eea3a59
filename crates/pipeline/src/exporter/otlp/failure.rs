//! Why there is no answer, as one sentence that says what to do.
//!
//! All of it may pass: a broken connection is made again, and an operator may mend a name or a certificate. So none of
//! it is final.

use std::{error::Error, io, time::Duration};

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::text::Secrets;

/// Errors in a chain that are looked at: nobody's is longer, and a circle must end.
const MAX_CAUSES: usize = 16;

/// How rustls begins to tell what the other side complained of. HTTP/2 keeps only this text of its error.
const ALERT: &str = "received fatal alert: ";

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// It took too long.
    TimedOut(Duration),
    /// There is no connection.
    Connecting(Box<dyn Error + Send + Sync>),
    /// There was one, and it broke, or the other side does not speak HTTP.
    Talking(Box<dyn Error + Send + Sync>),
    /// The request was not made: the runtime is stopping.
    Preparing(io::Error),
}

/// What was tried.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) tls: bool,
    pub(super) grpc: bool,
    pub(super) secrets: &'a Secrets,
}

impl Failure {
    /// What is wrong and what to do, as the end of a sentence that began with the destination's name.
    pub(super) fn sentence(&self, attempt: Attempt<'_>) -> String {
        let error: &(dyn Error + 'static) = match self {
            Self::TimedOut(limit) => {
                return format!(
                    "no answer within {limit:?}: see whether it is overloaded, or allow a longer timeout"
                );
            }
            Self::Connecting(error) | Self::Talking(error) => &**error,
            Self::Preparing(error) => {
                return format!(
                    "the request can not be compressed: {}",
                    attempt.secrets.tame(&error.to_string())
                );
            }
        };
        let causes = causes(error);
        if let Some(known) = causes.iter().find_map(|cause| known(*cause, self, attempt)) {
            return known.to_owned();
        }
        let text = causes.last().map(ToString::to_string).unwrap_or_default();
        let text = attempt.secrets.tame(&text);
        match self {
            Self::Connecting(_) => format!("no connection ({text}): see whether the server is up"),
            // HTTP/2 does not tell a server that died from one that speaks something else.
            _ if attempt.grpc && !attempt.tls => format!(
                "the connection broke ({text}): see whether the server is up and speaks gRPC there; write https:// if \
                 it wants TLS, or set the protocol to http/protobuf"
            ),
            _ => format!("the connection broke ({text}): see whether the server is up"),
        }
    }
}

/// An error and those below it, also those that `io::Error` keeps to itself.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next.filter(|_| causes.len() < MAX_CAUSES) {
        causes.push(cause);
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    causes
}

/// What we have a sentence for.
fn known(cause: &(dyn Error + 'static), failure: &Failure, attempt: Attempt<'_>) -> Option<&'static str> {
    if let Some(error) = cause.downcast_ref::<TlsError>() {
        return tls(error);
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_parse().then_some(if attempt.tls { NO_HTTP } else { NO_PLAIN_HTTP });
    }
    let text = cause.to_string();
    if let Some((_, alert)) = text.split_once(ALERT) {
        return about_identity(alert).then_some(WANTS_IDENTITY);
    }
    if text == "dns error" {
        return Some("its name is not known to DNS: see whether the host in the endpoint is spelled right");
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => {
            Some("nothing listens there: start the server, or mend the port in the endpoint")
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            (attempt.tls && matches!(failure, Failure::Connecting(_))).then_some(HUNG_UP)
        }
        _ => None,
    }
}

const NO_TLS: &str = "the server does not speak TLS there: write http:// if it is meant to be plain";

const HUNG_UP: &str =
    "the server hung up on TLS: see whether it is up, or write http:// if it is meant to be plain";

const WANTS_IDENTITY: &str = "the server wants a client certificate that it knows: set the client certificate and \
                              its key (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE, OTEL_EXPORTER_OTLP_CLIENT_KEY)";

const NO_HTTP: &str = "the server does not speak HTTP there: set the protocol to grpc, or mend the port";

const NO_PLAIN_HTTP: &str =
    "the server does not speak plain HTTP there: write https:// if it wants TLS, or set the protocol to grpc";

fn tls(error: &TlsError) -> Option<&'static str> {
    match error {
        TlsError::InvalidCertificate(certificate) => Some(match certificate {
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate is not for this name: use the name that is in the certificate, or have one made for \
                 this name"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the certificate has expired: renew it on the server, or set this machine's clock"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the certificate is not valid yet: set the clock of this machine or of the one that made it"
            }
            _ => {
                "the certificate is not trusted: name the PEM file of the authority that signed it \
                 (OTEL_EXPORTER_OTLP_CERTIFICATE)"
            }
        }),
        TlsError::AlertReceived(AlertDescription::NoApplicationProtocol)
        | TlsError::NoApplicationProtocol => Some(
            "the server does not speak HTTP/2 there, which gRPC needs: set the protocol to http/protobuf",
        ),
        TlsError::AlertReceived(alert) => about_identity(&format!("{alert:?}")).then_some(WANTS_IDENTITY),
        TlsError::InvalidMessage(_) => Some(NO_TLS),
        _ => None,
    }
}

/// Whether an alert is what servers say to a client certificate that is missing or that they do not know.
fn about_identity(alert: &str) -> bool {
    [
        "CertificateRequired",
        "BadCertificate",
        "UnknownCA",
        "CertificateUnknown",
        "AccessDenied",
        "HandshakeFailure",
    ]
    .iter()
    .any(|name| alert.starts_with(name))
}
