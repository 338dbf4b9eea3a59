//! What has not changed is not sent again (RFC 9110, `ETag` and `If-None-Match`).

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use xxhash_rust::xxh3::xxh3_64;

/// What tells a content from every other.
pub(super) fn of(content: &[u8]) -> String {
    format!("\"{:016x}\"", xxh3_64(content))
}

/// The answer with its tag, or 304 where the client has it.
pub(super) fn answer(headers: &HeaderMap, tag: &str, content: impl FnOnce() -> Response) -> Response {
    let mut response =
        if is_known(headers, tag) { StatusCode::NOT_MODIFIED.into_response() } else { content() };
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    // It may be kept, and must be asked for again each time.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/") == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_every_form_of_the_header() {
        let tag = of(b"content");
        let asked = |value: &str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, value.parse().expect("a value"))]);
            answer(&headers, &tag, || "content".into_response()).status()
        };
        for known in [tag.clone(), format!("\"other\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
            assert_eq!(asked(&known), StatusCode::NOT_MODIFIED, "{known}");
        }
        assert_eq!(asked("\"other\""), StatusCode::OK);
        assert_ne!(tag, of(b"another"));
    }
}
