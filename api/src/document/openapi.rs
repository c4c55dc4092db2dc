//! The OpenAPI 3.1 document (<https://spec.openapis.org/oas/v3.1.0>).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::schemas;
use crate::answer::{Offered, media_type};
use crate::parameters::{Format, Parameter, Place};
use crate::problem::Code;
use crate::table::{self, Action, Answer, Endpoint, Tag};

/// Problems of whatever asks the read model.
const OF_THE_MODEL: &[Code] = &[Code::QueryDeadline, Code::NotReady];

/// Problems that any request may have, wherever it goes.
const OF_REQUESTS: &[Code] = &[
    Code::UnknownParameter,
    Code::Internal,
    Code::Overloaded,
    Code::MalformedRequest,
    Code::ContentNotAccepted,
    Code::TargetTooLong,
    Code::HeadersTooLarge,
];

/// The OpenAPI 3.1 document of this version of the API.
pub fn openapi_document() -> Json {
    document(&table::endpoints(), env!("CARGO_PKG_VERSION"))
}

/// The document of a table.
pub(super) fn document(endpoints: &[Endpoint], version: &str) -> Json {
    let mut generator = schemas::generator("/components/schemas");
    for write in schemas::answers(endpoints).values() {
        write(&mut generator);
    }
    let tags: Vec<Json> = Tag::ALL
        .iter()
        .map(|tag| json!({ "name": tag.name(), "description": tag.description() }))
        .collect();
    let paths: Map<String, Json> = endpoints
        .iter()
        .map(|endpoint| {
            (
                endpoint.path.to_string(),
                json!({ "get": operation(endpoint) }),
            )
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "ghev",
            "version": version,
            "summary": "GitHub's events, kept",
            "description": "Answers questions about the GitHub events that ghev has kept. \
                Read-only: GET, HEAD and OPTIONS. Times are RFC 3339 in UTC; durations are numbers \
                of seconds in fields named `*_seconds`; unknown is null.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        // Either: whether a token is needed is up to whoever runs the service.
        "security": [{}, { "token": [] }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "headers": headers(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Needed where the service was started with `--api-token-file`.",
                },
            },
        },
    })
}

fn operation(endpoint: &Endpoint) -> Json {
    let described = |given: &Parameter| parameter(given, &endpoint.answer);
    let parameters: Vec<Json> = endpoint.parameters.iter().map(described).collect();
    let mut operation = Map::new();
    operation.insert("operationId".into(), json!(endpoint.id));
    operation.insert("tags".into(), json!([endpoint.tag.name()]));
    operation.insert("summary".into(), json!(endpoint.summary));
    if !parameters.is_empty() {
        operation.insert("parameters".into(), json!(parameters));
    }
    operation.insert("responses".into(), Json::Object(responses(endpoint)));
    Json::Object(operation)
}

fn parameter(parameter: &Parameter, answer: &Answer) -> Json {
    let in_path = parameter.place == Place::Path;
    let schema = if let ("format", Answer::View { offered, .. }) = (parameter.name, answer) {
        let formats = offered.formats().iter().map(ToString::to_string);
        json!({ "type": "string", "enum": formats.collect::<Vec<_>>() })
    } else if parameter.repeatable {
        json!({ "type": "array", "items": parameter.schema })
    } else {
        parameter.schema.clone()
    };
    let mut described = json!({
        "name": parameter.name,
        "in": if in_path { "path" } else { "query" },
        "required": in_path,
        "description": parameter.description,
        "schema": schema,
    });
    if parameter.repeatable {
        described["style"] = json!("form");
        described["explode"] = json!(true);
    }
    // Elsewhere an example would be taken for a value to fill in.
    if let (true, Some(example)) = (in_path, parameter.example) {
        described["example"] = example_of(&parameter.schema, example);
    }
    described
}

/// An example as the schema's type has it: examples are texts, for they stand in addresses.
fn example_of(schema: &Json, example: &str) -> Json {
    let number = || example.parse::<u64>().ok().map(Json::from);
    let wants_number = schema["type"] == "integer";
    wants_number
        .then(number)
        .flatten()
        .unwrap_or_else(|| example.into())
}

fn responses(endpoint: &Endpoint) -> Map<String, Json> {
    let mut responses = Map::new();
    responses.insert("200".into(), success(endpoint));
    if !endpoint.of_the_moment {
        let not_modified = json!({
            "description": "The client's copy is still right.",
            "headers": { "ETag": { "$ref": "#/components/headers/ETag" } },
        });
        responses.insert("304".into(), not_modified);
    }
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes(endpoint) {
        let status = code.status().as_u16();
        by_status.entry(status).or_default().push(code);
    }
    let problems = by_status
        .iter()
        .map(|(status, codes)| (status.to_string(), problem(codes)));
    responses.extend(problems);
    if let Action::Dashboard = endpoint.action {
        // Whatever is wrong with the read model, the page says so itself.
        responses["503"]["content"]["text/html"] = json!({ "schema": { "type": "string" } });
    }
    responses
}

/// What may be wrong with a request to an endpoint, in the order of the documentation.
fn codes(endpoint: &Endpoint) -> BTreeSet<Code> {
    let mut codes: BTreeSet<Code> = OF_REQUESTS
        .iter()
        .chain(endpoint.problems)
        .copied()
        .collect();
    match endpoint.action {
        Action::Question(_) | Action::Stream => {
            codes.extend(OF_THE_MODEL);
            codes.insert(Code::NotAcceptable);
        }
        Action::Dashboard => codes.extend(OF_THE_MODEL),
        Action::Document(_) | Action::Health | Action::Metrics => {}
    }
    let asks_model = !matches!(endpoint.action, Action::Document(_));
    if asks_model && !endpoint.parameters.is_empty() {
        codes.insert(Code::InvalidParameter);
    }
    let has_window = |parameter: &Parameter| parameter.name == "offset";
    if endpoint.parameters.iter().any(has_window) {
        codes.insert(Code::ConflictingParameters);
    }
    if !matches!(endpoint.action, Action::Health) {
        codes.insert(Code::Unauthorized);
    }
    codes
}

fn success(endpoint: &Endpoint) -> Json {
    let mut headers = Map::new();
    let header = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    headers.insert("Cache-Control".into(), header("Cache-Control"));
    if !endpoint.of_the_moment {
        headers.insert("ETag".into(), header("ETag"));
    }
    if endpoint
        .parameters
        .iter()
        .any(|parameter| parameter.name == "page_token")
    {
        headers.insert("Link".into(), header("Link"));
    }
    json!({
        "description": endpoint.summary,
        "headers": headers,
        "content": content(endpoint),
    })
}

fn content(endpoint: &Endpoint) -> Map<String, Json> {
    match &endpoint.answer {
        Answer::View { name, offered, .. } => {
            let of = |format: Format| {
                let schema = match format {
                    Format::Json => json!({ "$ref": format!("#/components/schemas/{name}") }),
                    Format::Ndjson | Format::Csv | Format::Svg => json!({ "type": "string" }),
                };
                let media_type = media_type(format).split(';').next().unwrap_or_default();
                (media_type.to_owned(), json!({ "schema": schema }))
            };
            Offered::formats(*offered)
                .iter()
                .map(|&format| of(format))
                .collect()
        }
        Answer::Other(media_type) => {
            let name = media_type.split(';').next().unwrap_or_default();
            let kind = if name.ends_with("json") {
                "object"
            } else {
                "string"
            };
            [(name.to_owned(), json!({ "schema": { "type": kind } }))]
                .into_iter()
                .collect()
        }
    }
}

fn problem(codes: &[Code]) -> Json {
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.name(), code.description()))
        .collect();
    let mut response = json!({
        "description": lines.join("\n\n"),
        "content": {
            "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
        },
    });
    let header = |name: &str| json!({ name: { "$ref": format!("#/components/headers/{name}") } });
    if codes
        .iter()
        .any(|code| code.retry_after_seconds().is_some())
    {
        response["headers"] = header("Retry-After");
    }
    if codes.contains(&Code::Unauthorized) {
        response["headers"] = header("WWW-Authenticate");
    }
    response
}

fn headers() -> Json {
    json!({
        "ETag": {
            "description": "A strong entity tag for `If-None-Match`; absent where the answer \
                depends on the clock.",
            "schema": { "type": "string" },
        },
        "Cache-Control": {
            "description": "`no-cache` where there is an entity tag, otherwise `no-store`.",
            "schema": { "type": "string" },
        },
        "Link": {
            "description": "The next page, as `rel=\"next\"`; absent on the last.",
            "schema": { "type": "string" },
        },
        "WWW-Authenticate": {
            "description": "How to show a token: as a bearer, or as the password of any user.",
            "schema": { "type": "string" },
        },
        "Retry-After": {
            "description": "After how many seconds another try may succeed.",
            "schema": { "type": "integer" },
        },
    })
}
