//! The web page: files that are in the binary, served beside the API they ask.
//!
//! Every file lies under `/assets/VERSION/`, where the version is a digest of all of them: a browser may keep each for ever and
//! never mixes two versions. The page itself is small and is asked for every time. A debug build reads the files from the
//! source tree, so a change is seen by loading the page again.

use axum::{
    Router,
    extract::{Path, Request},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{Embed, EmbeddedFile};
use sha2::{Digest, Sha256};

mod answer;

use answer::Answer;

/// The files of the page.
#[derive(Embed)]
#[folder = "page/"]
struct Assets;

/// The paths that the page understands, beside `/metrics`, which it shares; `page/js/route.js` has the same.
const PATHS: [&str; 9] = [
    "/",
    "/trace/{id}",
    "/errors",
    "/errors/{id}",
    "/logs",
    "/patterns",
    "/patterns/{id}",
    "/services",
    "/pipeline",
];

/// Bytes of the digest in a version: enough that two versions never share one.
const VERSION_BYTES: usize = 8;

/// Where the modules are; those that every page needs lie in it itself.
const MODULES: &str = "js/";

/// The page and its files.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let files = Router::new().route("/assets/{version}/{*path}", get(file));
    PATHS.into_iter().fold(files, |router, path| router.route(path, get(index)))
}

/// Whether a browser asks, which wants to show a page, and not a program.
pub fn is_wanted(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The page, whatever it is asked to show.
pub async fn index(uri: Uri, headers: HeaderMap) -> Response {
    let Some(file) = Assets::get("index.html") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let version = version();
    let base = format!("/assets/{version}");
    let page = page_of(uri.path());
    let preload: Vec<String> = Assets::iter()
        .filter(|path| is_needed(path, page))
        .map(|path| format!("<link rel=\"modulepreload\" href=\"{base}/{path}\">"))
        .collect();
    let html = String::from_utf8_lossy(&file.data)
        .replace("{{assets}}", &base)
        .replace("{{preload}}", &preload.join("\n"));
    let etag = format!("{version}-{page}");
    let answer = Answer { body: html.into_bytes(), content_type: "text/html; charset=utf-8", etag };
    let mut response = answer.respond(&headers, "no-cache");
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// Which of the pages a path shows, as its modules are called.
fn page_of(path: &str) -> &'static str {
    let first = path.split('/').nth(1).unwrap_or_default();
    let known = PATHS.iter().map(|path| path.split('/').nth(1).unwrap_or_default());
    known
        .chain(["metrics"])
        .find(|known| *known == first)
        .filter(|known| !known.is_empty())
        .unwrap_or("search")
}

/// Whether a page needs a module at once. The browser is told of all of them, instead of finding one after the other.
fn is_needed(path: &str, page: &str) -> bool {
    let Some(module) = path.strip_prefix(MODULES) else { return false };
    match module.split_once('/') {
        None => true,
        Some(("pages", name)) => name.strip_suffix(".js") == Some(page),
        // A trace leads to searches, and shows patterns as the search does.
        Some((folder, _)) => folder == page || (page == "trace" && folder == "search"),
    }
}

/// The page for a path that it does not know either: it says so to people, with the right status.
pub async fn lost(request: Request) -> Response {
    let mut response = index(request.uri().clone(), request.headers().clone()).await;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

async fn file(Path((asked, path)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let (Some(file), Some(content_type)) = (Assets::get(&path), content_type(&path)) else {
        return (StatusCode::NOT_FOUND, "there is no such file of the page\n").into_response();
    };
    // A page of an older version that is still open gets the file, but must not keep it under the wrong name.
    let keep = if asked == version() { "public, max-age=31536000, immutable" } else { "no-cache" };
    let etag = const_hex::encode(&file.metadata.sha256_hash()[..VERSION_BYTES]);
    Answer { body: file.data.into_owned(), content_type, etag }.respond(&headers, keep)
}

/// What may be served, by the end of its name; the page itself has its own way.
fn content_type(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

/// The digest of all files.
#[cfg(not(debug_assertions))]
fn version() -> String {
    static VERSION: std::sync::LazyLock<String> = std::sync::LazyLock::new(digest);
    VERSION.clone()
}

/// The digest of all files, which may have changed since it was last asked for.
#[cfg(debug_assertions)]
fn version() -> String {
    digest()
}

fn digest() -> String {
    let files: Vec<(String, EmbeddedFile)> =
        Assets::iter().filter_map(|path| Some((path.to_string(), Assets::get(&path)?))).collect();
    let mut sorted: Vec<(&str, [u8; 32])> =
        files.iter().map(|(path, file)| (path.as_str(), file.metadata.sha256_hash())).collect();
    sorted.sort_unstable();
    let mut all = Sha256::new();
    for (path, hash) in sorted {
        all.update(path);
        all.update(hash);
    }
    const_hex::encode(&all.finalize()[..VERSION_BYTES])
}

#[cfg(test)]
mod tests;
