//! The variables of the OTLP specification: `OTEL_EXPORTER_OTLP_*`, and `OTEL_EXPORTER_OTLP_<SIGNAL>_*` that win.

use std::{io, path::Path, time::Duration};

use percent_encoding::percent_decode_str;
use url::Url;

use super::{Compression, OtlpSettings, OtlpSettingsError, Protocol, TlsSettings, Upstream};
use crate::signal::Signal;

/// Reads the settings of an OTLP destination from environment variables.
///
/// | variable | value |
/// |---|---|
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | a base URL; over HTTP `/v1/<signal>` is added |
/// | `..._PROTOCOL` | `grpc`, `http/protobuf`; without it, HTTP when the port is 4318 or there is a path, otherwise gRPC |
/// | `..._HEADERS` | `name=value,name=value`, values percent-encoded |
/// | `..._TIMEOUT` | milliseconds |
/// | `..._COMPRESSION` | `gzip` (default), `zstd`, `none` |
/// | `..._CERTIFICATE` | a PEM file of the authorities to believe |
/// | `..._CLIENT_CERTIFICATE`, `..._CLIENT_KEY` | PEM files |
///
/// Each has a form for one signal that wins over it, such as `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`; the endpoint of that
/// form is used as it is. An empty variable is none. `endpoint` stands in for `OTEL_EXPORTER_OTLP_ENDPOINT` and wins
/// over it, but not over the endpoint of one signal. There is no default endpoint: the specification's is where
/// we listen ourselves.
///
/// # Errors
///
/// Everything that is wrong, each with the name of its variable and none with its value.
pub fn from_environment(
    endpoint: Option<&Url>,
    variables: &[(String, String)],
    read_file: impl Fn(&Path) -> io::Result<Vec<u8>>,
) -> Result<OtlpSettings, Vec<OtlpSettingsError>> {
    let mut mistakes: Vec<OtlpSettingsError> = Vec::new();
    let upstreams: Vec<Option<Upstream>> = Signal::ALL
        .into_iter()
        .map(|signal| {
            let mut reader =
                Reader { signal, endpoint, variables, read_file: &read_file, mistakes: &mut mistakes };
            reader.upstream()
        })
        .collect();
    match <[Option<Upstream>; 3]>::try_from(upstreams) {
        Ok([Some(traces), Some(metrics), Some(logs)]) if mistakes.is_empty() => {
            let mut upstreams = [traces, metrics, logs].into_iter();
            Ok(OtlpSettings::from_each(|_| upstreams.next().expect("there is one for each signal")))
        }
        _ => Err(mistakes),
    }
}

/// The variables as one signal sees them.
struct Reader<'a, F> {
    signal: Signal,
    endpoint: Option<&'a Url>,
    variables: &'a [(String, String)],
    read_file: &'a F,
    mistakes: &'a mut Vec<OtlpSettingsError>,
}

/// A variable that is set.
struct Variable<'a> {
    name: String,
    value: &'a str,
    /// Whether it is the form for one signal.
    of_signal: bool,
}

impl<'a, F: Fn(&Path) -> io::Result<Vec<u8>>> Reader<'a, F> {
    fn upstream(&mut self) -> Option<Upstream> {
        let (endpoint, is_base) = self.endpoint()?;
        let protocol = self.read("PROTOCOL", protocol).unwrap_or_else(|| Protocol::of_endpoint(&endpoint));
        let mut upstream = match Upstream::new(endpoint, protocol) {
            Ok(upstream) => upstream,
            Err(mistake) => {
                let variable =
                    self.find("ENDPOINT").filter(|found| found.of_signal || self.endpoint.is_none());
                self.note(match variable {
                    Some(variable) => mistake.of(&variable.name),
                    None => mistake,
                });
                return None;
            }
        };
        if let Some(compression) = self.read("COMPRESSION", compression) {
            upstream = upstream.with_compression(compression);
        }
        upstream = self.apply("TIMEOUT", upstream, |upstream, value| {
            let milliseconds = value.parse().map_err(|_| OtlpSettingsError::Timeout)?;
            upstream.with_timeout(Duration::from_millis(milliseconds))
        });
        upstream = self.apply("HEADERS", upstream, with_headers);
        let tls = self.tls();
        upstream = upstream.with_tls(tls);
        Some(if is_base { upstream.at_base(self.signal) } else { upstream })
    }

    /// The endpoint, and whether it is a base.
    fn endpoint(&mut self) -> Option<(Url, bool)> {
        let found = self.find("ENDPOINT");
        match (found, self.endpoint) {
            (Some(Variable { name, value, of_signal }), given) if of_signal || given.is_none() => {
                match Url::parse(value) {
                    Ok(endpoint) => Some((endpoint, !of_signal)),
                    Err(_) => {
                        self.note(OtlpSettingsError::NotUrl.of(&name));
                        None
                    }
                }
            }
            (_, Some(given)) => Some((given.clone(), true)),
            _ => {
                self.note(OtlpSettingsError::NoEndpoint);
                None
            }
        }
    }

    fn tls(&mut self) -> TlsSettings {
        let mut tls = TlsSettings::default();
        if let Some((name, pem)) = self.file("CERTIFICATE") {
            match tls.clone().with_authority(&pem) {
                Ok(with_authority) => tls = with_authority,
                Err(mistake) => self.note(mistake.of(&name)),
            }
        }
        let half = self.find("CLIENT_CERTIFICATE").is_some() != self.find("CLIENT_KEY").is_some();
        match (self.file("CLIENT_CERTIFICATE"), self.file("CLIENT_KEY")) {
            (Some((name, certificate)), Some((_, key))) => {
                match tls.clone().with_identity(&certificate, &key) {
                    Ok(with_identity) => tls = with_identity,
                    Err(mistake) => self.note(mistake.of(&name)),
                }
            }
            _ if half => {
                self.note(OtlpSettingsError::HalfIdentity.of("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"))
            }
            _ => {}
        }
        tls
    }

    /// The signal's form, otherwise the general one.
    fn find(&self, key: &str) -> Option<Variable<'a>> {
        let signal = self.signal.name().to_ascii_uppercase();
        let forms = [
            (format!("OTEL_EXPORTER_OTLP_{signal}_{key}"), true),
            (format!("OTEL_EXPORTER_OTLP_{key}"), false),
        ];
        forms.into_iter().find_map(|(name, of_signal)| {
            let value = self.variables.iter().find(|(found, _)| *found == name)?.1.trim();
            (!value.is_empty()).then_some(Variable { name, value, of_signal })
        })
    }

    fn read<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, OtlpSettingsError>) -> Option<T> {
        let Variable { name, value, .. } = self.find(key)?;
        match parse(value) {
            Ok(value) => Some(value),
            Err(mistake) => {
                self.note(mistake.of(&name));
                None
            }
        }
    }

    /// Changes the upstream by a variable, or leaves it where that is unset or wrong.
    fn apply(
        &mut self,
        key: &str,
        upstream: Upstream,
        change: impl Fn(Upstream, &str) -> Result<Upstream, OtlpSettingsError>,
    ) -> Upstream {
        self.read(key, |value| change(upstream.clone(), value)).unwrap_or(upstream)
    }

    /// The bytes of the file that a variable names.
    fn file(&mut self, key: &str) -> Option<(String, Vec<u8>)> {
        let Variable { name, value, .. } = self.find(key)?;
        match (self.read_file)(Path::new(value)) {
            Ok(bytes) => Some((name, bytes)),
            Err(error) => {
                self.note(OtlpSettingsError::Unreadable { reason: error.to_string() }.of(&name));
                None
            }
        }
    }

    /// A mistake in a general variable is the same for every signal.
    fn note(&mut self, mistake: OtlpSettingsError) {
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }
}

fn protocol(value: &str) -> Result<Protocol, OtlpSettingsError> {
    match value.to_ascii_lowercase().as_str() {
        "grpc" => Ok(Protocol::Grpc),
        "http/protobuf" => Ok(Protocol::HttpProtobuf),
        "http/json" => Err(OtlpSettingsError::ProtocolJson),
        _ => Err(OtlpSettingsError::Protocol),
    }
}

fn compression(value: &str) -> Result<Compression, OtlpSettingsError> {
    match value.to_ascii_lowercase().as_str() {
        "gzip" => Ok(Compression::Gzip),
        "zstd" => Ok(Compression::Zstd),
        "none" => Ok(Compression::None),
        _ => Err(OtlpSettingsError::Compression),
    }
}

/// W3C Baggage without properties: `name=value`, separated by commas, values percent-encoded.
fn with_headers(upstream: Upstream, list: &str) -> Result<Upstream, OtlpSettingsError> {
    let mut entries = list.split(',').map(str::trim).enumerate().filter(|(_, entry)| !entry.is_empty());
    entries.try_fold(upstream, |upstream, (index, entry)| {
        let wrong = || OtlpSettingsError::HeaderEntry { position: index + 1 };
        let (name, value) = entry.split_once('=').ok_or_else(wrong)?;
        let decode = |text: &str| percent_decode_str(text.trim()).decode_utf8().map(String::from);
        let (name, value) = (decode(name).map_err(|_| wrong())?, decode(value).map_err(|_| wrong())?);
        // A name that is none may be part of a secret that holds a comma: its position must do.
        upstream.with_header(&name, &value).map_err(|mistake| match mistake {
            OtlpSettingsError::HeaderName | OtlpSettingsError::HeaderValue { .. } => wrong(),
            other => other,
        })
    })
}
