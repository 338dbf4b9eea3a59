//! A page on another site must not be able to ask, or change, a server on this machine.
//!
//! A browser says in `Host` which name it was given and in `Origin` which page asks. A name that is not this machine's own is how DNS
//! rebinding shows; a foreign origin is how a request from another page shows. Programs send neither or the right one.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::problem::Problem;

/// Passes requests that name this machine or one of these hosts, from nobody's page or our own.
pub(super) async fn known_hosts_only(
    State(hosts): State<Arc<[String]>>,
    request: Request,
    next: Next,
) -> Response {
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    if is_known(request.headers(), authority.as_deref(), &hosts) {
        return next.run(request).await;
    }
    let reason = "the request names another host or comes from another site's page: ask http://localhost or \
                  http://127.0.0.1 from this machine, or name the host in server.api_hosts";
    Problem::new(StatusCode::FORBIDDEN, reason).into_response()
}

/// `authority` is how HTTP/2 says what HTTP/1.1 says in `Host`.
fn is_known(headers: &HeaderMap, authority: Option<&str>, hosts: &[String]) -> bool {
    let is_ours = |host: &str| {
        let name = name(host);
        is_loopback(name) || hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    let host = headers.get(header::HOST).map(|host| host.to_str().unwrap_or("?"));
    let host_is_ours = host.or(authority).is_none_or(is_ours);
    let origin_is_ours = headers.get(header::ORIGIN).is_none_or(|origin| {
        let origin = origin.to_str().unwrap_or("?");
        origin.split_once("://").is_some_and(|(_, host)| is_ours(host))
    });
    host_is_ours && origin_is_ours
}

/// A host without its port and brackets.
fn name(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_start_matches('[').trim_end_matches(']')
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(host: Option<&str>, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().expect("a header value"));
            }
        }
        is_known(&headers, None, &["otel.example".to_owned()])
    }

    #[test]
    fn this_machine_may_ask() {
        for host in ["localhost:4319", "LOCALHOST", "127.0.0.1:4319", "127.1.2.3", "[::1]:4319"] {
            assert!(passes(Some(host), None), "{host}");
        }
        assert!(passes(Some("localhost:4319"), Some("http://localhost:4319")) && passes(None, None));
    }

    #[test]
    fn a_host_of_the_settings_may_be_named() {
        assert!(passes(Some("otel.example:4319"), Some("http://OTEL.example:4319")));
        assert!(!passes(Some("otel.example.evil.example"), None));
    }

    #[test]
    fn a_page_of_another_site_may_not() {
        for host in
            ["evil.example", "evil.example:4319", "localhost.evil.example", "10.0.0.1:4319", "[::2]:1"]
        {
            assert!(!passes(Some(host), None), "{host}");
        }
        for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
            assert!(!passes(Some("localhost:4319"), Some(origin)), "{origin}");
        }
    }
}
