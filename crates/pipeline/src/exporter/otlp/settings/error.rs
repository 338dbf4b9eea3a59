//! What can be wrong with the settings of an OTLP destination. No sentence repeats a value: it could be a secret.

/// What is wrong with the settings of an OTLP destination, in a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OtlpSettingsError {
    /// The endpoint can not be parsed.
    #[error("the endpoint is not a URL: write http://host:port or https://host:port")]
    NotUrl,
    /// It is neither `http` nor `https`.
    #[error(
        "the endpoint does not begin with http:// or https:// and a host: write one of them before the host"
    )]
    Scheme,
    /// gRPC has no path.
    #[error("gRPC has no path or query: leave it out of the endpoint, or set the protocol to http/protobuf")]
    GrpcPath,
    /// There is no endpoint for a signal.
    #[error("there is no endpoint: set OTEL_EXPORTER_OTLP_ENDPOINT, or one for each signal")]
    NoEndpoint,
    /// The protocol is not known.
    #[error("the protocol is not one we speak: use grpc or http/protobuf")]
    Protocol,
    /// JSON is asked for.
    #[error("http/json is read by our receivers but not sent: use http/protobuf")]
    ProtocolJson,
    /// The compression is not known.
    #[error("the compression is not one we know: use gzip, zstd or none")]
    Compression,
    /// The timeout is not a number of milliseconds in range.
    #[error("the timeout is not from 1 millisecond to 1 hour: give it in milliseconds, such as 10000")]
    Timeout,
    /// The destination's name can not be shown.
    #[error("the name is not one of 1 to 64 visible ASCII characters: give a short one")]
    Name,
    /// An entry of a list of headers can not be read.
    #[error("entry {position} of the headers is not name=value: encode commas in a value as %2C")]
    HeaderEntry {
        /// Which one, from one.
        position: usize,
    },
    /// A header's name has characters that no name has.
    #[error("a header's name has characters that no header's name has: use letters, digits and hyphens")]
    HeaderName,
    /// A header's value has characters that no value has.
    #[error("the value of header {name} has characters that no header can carry: use visible ASCII")]
    HeaderValue {
        /// The header's name.
        name: String,
    },
    /// The header is one that we set ourselves.
    #[error("the header {name} is set by the protocol itself: leave it out")]
    HeaderIsOurs {
        /// The header's name.
        name: String,
    },
    /// There are too many.
    #[error("there are more than {most} headers: leave some out")]
    TooManyHeaders {
        /// How many there may be.
        most: usize,
    },
    /// The authority's certificates can not be used.
    #[error("the certificate of the authority can not be read: give certificates in PEM")]
    Authority,
    /// The client's certificate or key can not be used.
    #[error(
        "the client certificate and its key can not be used: give both in PEM, and the key of this certificate"
    )]
    Identity,
    /// Only one of client certificate and key is given.
    #[error("a client certificate and its key belong together: set both or none")]
    HalfIdentity,
    /// The system trusts nobody.
    #[error(
        "this system trusts no certificate authority: install its CA certificates, or name one for this destination"
    )]
    NoAuthorities,
    /// TLS can not be set up at all.
    #[error("TLS can not be set up: report this with the version of the program")]
    Tls,
    /// A file that a variable names can not be read.
    #[error("the file can not be read: {reason}")]
    Unreadable {
        /// What the system says.
        reason: String,
    },
    /// One of the others, and the environment variable that it came from.
    #[error("{variable}: {mistake}")]
    Variable {
        /// The variable's name.
        variable: String,
        /// What is wrong with its value.
        mistake: Box<Self>,
    },
}

impl OtlpSettingsError {
    /// Names the variable that it came from.
    pub(super) fn of(self, variable: &str) -> Self {
        Self::Variable { variable: variable.to_owned(), mistake: Box::new(self) }
    }
}
