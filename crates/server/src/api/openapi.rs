//! What the API is, for programs: OpenAPI 3.1, made from the handlers themselves.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use utoipa::{
    OpenApi, PartialSchema, ToSchema,
    openapi::{
        Content, HeaderBuilder, OpenApi as Description, Ref, RefOr, Response as Described, ResponseBuilder,
        path::{Operation, PathItem},
        schema::{Object, Type},
    },
};

use super::{etag, problem::Problem};

/// What stands above the paths.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "mahavishnu-otel",
        description = "OpenTelemetry in your own PostgreSQL: traces, logs and metrics. Lists come newest first; a page says \
                       in its Link header where the next one is. Refusals are problem details (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "http://localhost:4319")),
)]
struct Above;

/// Refusals that every question may meet.
const REFUSALS: [(&str, &str); 5] = [
    ("400", "The question can not be asked so: the detail says what is allowed"),
    ("403", "The request names another host, or comes from another site's page"),
    ("500", "The database can not serve us as it is: the detail says what must be done"),
    ("503", "The database can not answer now: come again after Retry-After seconds"),
    ("504", "The question takes too long: ask for a shorter time or for less"),
];

/// The description of what was routed, with the refusals.
pub(super) fn describe(routed: Description) -> Description {
    let mut all = Above::openapi();
    all.merge(routed);
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    let components = all.components.get_or_insert_default();
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    components.schemas.extend(schemas);
    for (path, item) in &mut all.paths.paths {
        for operation in operations(item) {
            for (status, why) in REFUSALS {
                operation.responses.responses.insert(status.to_owned(), RefOr::T(refusal(status, why)));
            }
            if path.contains("{id}") {
                let why = "There is nothing of this id";
                operation.responses.responses.insert("404".to_owned(), RefOr::T(refusal("404", why)));
            }
            if operation.request_body.is_some() {
                for (status, why) in [
                    ("413", "The body is larger than 1 MiB"),
                    ("415", "The body is not application/json"),
                    ("422", "The body is JSON of another shape"),
                ] {
                    operation.responses.responses.insert(status.to_owned(), RefOr::T(refusal(status, why)));
                }
            }
        }
    }
    all
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post].into_iter().filter_map(Option::as_mut)
}

fn refusal(status: &str, why: &str) -> Described {
    let problem = Content::new(Some(Ref::from_schema_name(Problem::name())));
    let response = ResponseBuilder::new().description(why).content("application/problem+json", problem);
    if status == "503" {
        let seconds = Object::with_type(Type::String);
        return response.header("Retry-After", HeaderBuilder::new().schema(Some(seconds)).build()).build();
    }
    response.build()
}

/// The description as text, and what tells it from another.
#[derive(Clone, Debug)]
pub(super) struct Text {
    json: String,
    etag: String,
}

impl Text {
    pub(super) fn new(description: &Description) -> Self {
        let json = description.to_pretty_json().unwrap_or_default();
        Self { etag: etag::of(json.as_bytes()), json }
    }
}

pub(super) async fn serve(State(text): State<Text>, headers: HeaderMap) -> Response {
    etag::answer(&headers, &text.etag, || {
        ([(header::CONTENT_TYPE, "application/json")], text.json).into_response()
    })
}

#[cfg(test)]
mod tests {
    use super::super::Api;

    /// Where the description is kept, so that a change of the API is seen in review.
    const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");

    #[test]
    fn the_description_that_is_kept_is_that_of_the_code() {
        let (_, description) = Api::routes().split_for_parts();
        let now = super::describe(description).to_pretty_json().expect("JSON") + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(KEPT, &now).expect("docs can be written");
        }
        let kept = std::fs::read_to_string(KEPT).unwrap_or_default();
        assert!(kept == now, "docs/openapi.json is not that of the code: run this test with UPDATE_DOCS=1");
    }
}
