//! What is answered is what the documents say.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::model::Model;
use crate::server::Server;

/// A path with its parameters filled in from what the small model has.
pub(crate) fn filled(path: &str) -> String {
    let values = [
        ("{owner}", "rust-lang"),
        ("{repo}", "rust"),
        (
            "{id}",
            if path.contains("/events/") {
                "1"
            } else {
                "724712"
            },
        ),
        ("{org}", "rust-lang"),
        ("{login}", "ann"),
        ("{type}", "PushEvent"),
        ("{name}.json", "EventCounts.json"),
        ("{name}", "page.css"),
    ];
    values.iter().fold(path.to_owned(), |path, (name, value)| {
        path.replace(name, value)
    })
}

pub(crate) fn validator(document: &Json, schema: &Json) -> jsonschema::Validator {
    let mut root = json!({ "components": document["components"] });
    root.as_object_mut()
        .unwrap()
        .extend(schema.as_object().unwrap().clone());
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&root)
        .unwrap()
}

#[track_caller]
pub(crate) fn assert_valid(validator: &jsonschema::Validator, json: &Json, what: &str) {
    let errors: Vec<String> = validator
        .iter_errors(json)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?} in {json:#}");
}

#[test]
fn the_document_is_served_as_it_is_printed() {
    let model = Model::small();
    let served = Server::start(model.path()).get("/openapi.json").ok();
    assert_eq!(served, ghev_api::openapi_document());
}

#[test]
fn the_document_is_whole() {
    let document = ghev_api::openapi_document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{path}"
        );
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{path}");
        let declared: BTreeSet<String> = path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.split_once('}'))
            .map(|(name, _)| name.to_owned())
            .collect();
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let in_path: BTreeSet<String> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(declared, in_path, "{path}");
        for parameter in &parameters {
            assert!(
                !parameter["description"].as_str().unwrap().is_empty(),
                "{path} {parameter}"
            );
        }
    }
    let references = references(&document);
    assert!(references.len() > 10);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
}

fn references(json: &Json) -> BTreeSet<String> {
    match json {
        Json::Object(object) => {
            let own = object.get("$ref").and_then(Json::as_str).map(str::to_owned);
            own.into_iter()
                .chain(object.values().flat_map(references))
                .collect()
        }
        Json::Array(array) => array.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

#[test]
fn every_schema_is_served_and_stands_alone() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    let list = client.get("/schemas").ok();
    let schemas = list["schemas"].as_array().unwrap();
    assert!(
        schemas
            .iter()
            .any(|schema| schema["name"] == "PullRequestInterval")
    );
    for schema in schemas {
        let answer = client.get(schema["url"].as_str().unwrap());
        assert_eq!(
            answer.header("content-type"),
            Some("application/schema+json")
        );
        let schema = answer.ok();
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        jsonschema::draft202012::meta::validate(&schema).unwrap();
        jsonschema::draft202012::new(&schema).unwrap();
    }
    let counts = client.get("/schemas/EventCounts.json").ok();
    let alone = jsonschema::draft202012::new(&counts).unwrap();
    assert_valid(
        &alone,
        &client.get("/v1/event-counts").ok(),
        "by its own schema",
    );
    client.get("/schemas/EventCounts").problem(404, "not_found");
    client
        .get("/schemas/Nothing.json")
        .problem(404, "not_found");
}

/// Pages must work where nothing else can be reached.
#[test]
fn pages_take_nothing_from_elsewhere() {
    let model = Model::small();
    let server = Server::start(model.path());
    let mut client = server.client();
    for page in ["/", "/docs"] {
        let answer = client.get(page);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let text = answer.text();
        for attribute in ["src=\"", "href=\"", "action=\""] {
            for value in text.split(attribute).skip(1) {
                assert!(
                    value.starts_with(['/', '#']) || value.starts_with("data:,"),
                    "{value:.60}"
                );
                assert!(!value.starts_with("//"), "{value:.60}");
            }
        }
        assert!(
            !text.contains(" style=") && !text.contains(" onclick="),
            "the policy forbids it"
        );
        for attribute in ["src=\"/", "href=\"/"] {
            for value in text.split(attribute).skip(1) {
                let path = value.split('"').next().unwrap().replace("&amp;", "&");
                let path = format!("/{path}");
                assert_eq!(client.get(&path).status, 200, "{path} is linked to");
            }
        }
    }
    let docs = client.get("/docs");
    for (path, item) in ghev_api::openapi_document()["paths"].as_object().unwrap() {
        let id = item["get"]["operationId"].as_str().unwrap();
        assert!(
            docs.text().contains(&format!(" id=\"{id}\"")),
            "{path} is documented"
        );
    }
}
