//! One file as a response: what a browser may do with it, whether it has it already, and in how many bytes.

use std::io::Write;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};

/// No script and no style but our own files, no request but to this server, in nobody's frame: what telemetry says can not
/// become more than text, even where this page had a mistake.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// What every file says beside its policy.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::VARY, "accept-encoding"),
];

/// Less than this is not worth a compressor.
const SMALLEST_COMPRESSED: usize = 512;

/// A file, its type, and the tag of what it holds.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    pub(super) content_type: &'static str,
    pub(super) etag: String,
}

impl Answer {
    /// The response to a request with these headers; `keep` is for how long a browser may keep it.
    pub(super) fn respond(self, asked: &HeaderMap, keep: &'static str) -> Response {
        let compressed = accepts_gzip(asked) && self.body.len() >= SMALLEST_COMPRESSED;
        // Strong tags differ where bytes differ.
        let etag = format!("\"{}{}\"", self.etag, if compressed { "-gzip" } else { "" });
        let known = has(asked, &etag);
        let mut response =
            if known { StatusCode::NOT_MODIFIED.into_response() } else { self.body(compressed) };
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            headers.insert(header::ETAG, etag);
        }
        response
    }

    fn body(self, compressed: bool) -> Response {
        let content_type = [(header::CONTENT_TYPE, self.content_type)];
        if compressed && let Ok(bytes) = gzip(&self.body) {
            return (content_type, [(header::CONTENT_ENCODING, "gzip")], bytes).into_response();
        }
        (content_type, self.body).into_response()
    }
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn accepts_gzip(asked: &HeaderMap) -> bool {
    let accepted =
        asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip") && !parts.any(|part| part == "q=0")
    })
}

fn has(asked: &HeaderMap, etag: &str) -> bool {
    let tags = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)
}
