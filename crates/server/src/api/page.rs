//! A page of a list: its rows as JSON, and in the header `Link` (RFC 8288) where the next one is.

use axum::{
    Json,
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use mahavishnu_store::query::Page;
use serde::Serialize;
use url::form_urlencoded;

use crate::shapes;

/// The answer with a page of the list that was asked for at `asked`.
pub(super) fn page<T, U: From<T> + Serialize>(asked: &Uri, page: Page<T>) -> Response {
    let next = page.next.map(|next| link(asked, &next.to_string()));
    let mut response = Json(shapes::list::<T, U>(page.items)).into_response();
    if let Some(next) = next.and_then(|next| HeaderValue::try_from(next).ok()) {
        response.headers_mut().insert(header::LINK, next);
    }
    response
}

/// The same question behind a cursor.
fn link(asked: &Uri, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let given = form_urlencoded::parse(asked.query().unwrap_or_default().as_bytes());
    for (key, value) in given.filter(|(key, _)| key != "cursor") {
        query.append_pair(&key, &value);
    }
    query.append_pair("cursor", cursor);
    format!("<{}?{}>; rel=\"next\"", asked.path(), query.finish())
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn the_next_page_is_the_same_question_behind_the_cursor() {
        let asked = "/api/v1/logs?text=a%20b%3Ec&cursor=old&limit=5".parse().expect("a path");
        assert_eq!(link(&asked, "new"), "</api/v1/logs?text=a+b%3Ec&limit=5&cursor=new>; rel=\"next\"");
        let asked = "/api/v1/logs".parse().expect("a path");
        assert_eq!(link(&asked, "new"), "</api/v1/logs?cursor=new>; rel=\"next\"");
    }
}
