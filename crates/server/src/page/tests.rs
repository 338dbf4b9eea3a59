//! What a browser gets.

use http_body_util::BodyExt;

use super::*;

async fn body(response: Response) -> Vec<u8> {
    response.into_body().collect().await.expect("a body in memory").to_bytes().to_vec()
}

fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header value"))).collect()
}

async fn asset(path: &str, asked: &HeaderMap) -> Response {
    file(Path((version(), path.to_owned())), asked.clone()).await
}

#[tokio::test]
async fn the_page_runs_no_script_and_no_style_but_its_own_files() {
    let response = index(Uri::from_static("/"), HeaderMap::new()).await;
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let html = String::from_utf8(body(response).await).expect("text");
    assert!(!html.contains("{{") && !html.contains(" style=") && !html.contains(" onload="), "{html}");
    for script in html.split("<script").skip(1) {
        assert!(script.starts_with(" src=") || script.starts_with(" type=\"module\" src="), "{script}");
    }
}

#[tokio::test]
async fn every_file_that_the_page_names_is_there_and_may_be_kept() {
    let html =
        String::from_utf8(body(index(Uri::from_static("/"), HeaderMap::new()).await).await).expect("text");
    let base = format!("/assets/{}/", version());
    let named: Vec<&str> = html.split(&base).skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(named.len() > 10, "{named:?}");
    for path in named {
        let response = asset(path, &HeaderMap::new()).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(response.headers()[header::CACHE_CONTROL].to_str().expect("text").contains("immutable"));
    }
    let old = file(Path(("old".to_owned(), "js/app.js".to_owned())), HeaderMap::new()).await;
    assert_eq!(old.headers()[header::CACHE_CONTROL], "no-cache");
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again() {
    let gzip = headers(&[(header::ACCEPT_ENCODING, "br, gzip")]);
    let first = asset("js/app.js", &gzip).await;
    assert_eq!(first.headers()[header::CONTENT_ENCODING], "gzip");
    let etag = first.headers()[header::ETAG].to_str().expect("text").to_owned();
    let again = headers(&[(header::ACCEPT_ENCODING, "gzip"), (header::IF_NONE_MATCH, &etag)]);
    assert_eq!(asset("js/app.js", &again).await.status(), StatusCode::NOT_MODIFIED);
    let plain = headers(&[(header::IF_NONE_MATCH, &etag)]);
    let plain = asset("js/app.js", &plain).await;
    assert_eq!(plain.status(), StatusCode::OK, "other bytes have another tag");
    assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
}

#[tokio::test]
async fn nothing_but_the_files_of_the_page_is_served() {
    for path in ["../Cargo.toml", "README.md", "index.html", "js/../../src/main.rs", "/etc/passwd", "js"] {
        assert_eq!(asset(path, &HeaderMap::new()).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn a_page_is_told_of_the_modules_that_it_needs() {
    for (path, page) in
        [("/", "search"), ("/trace/1f", "trace"), ("/errors/1f", "errors"), ("/metrics", "metrics")]
    {
        assert_eq!(page_of(path), page, "{path}");
        assert!(is_needed(&format!("js/pages/{page}.js"), page) && is_needed("js/app.js", page), "{path}");
    }
    assert!(is_needed("js/trace/model.js", "trace") && !is_needed("js/trace/model.js", "search"));
    assert_eq!(page_of("/<script>"), "search", "what is asked for is never repeated");
}

#[test]
fn a_browser_wants_a_page_and_a_program_does_not() {
    assert!(is_wanted(&headers(&[(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")])));
    assert!(!is_wanted(&headers(&[(
        header::ACCEPT,
        "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    )])));
    assert!(!is_wanted(&HeaderMap::new()));
}
