//! A request of OTLP/HTTP in protobuf.

use axum::http::{HeaderMap, HeaderValue, Request, Uri, header};
use bytes::Bytes;
use http_body_util::Full;

use super::settings::Compression;

/// A request with a body that is already compressed.
pub(super) fn request(
    endpoint: &Uri,
    headers: &HeaderMap,
    compression: Compression,
    body: Bytes,
) -> Request<Full<Bytes>> {
    let mut request = Request::post(endpoint.clone()).body(Full::new(body)).expect("a POST to a valid URI");
    let all = request.headers_mut();
    all.clone_from(headers);
    all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    if let Some(encoding) = compression.encoding() {
        all.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    request
}
