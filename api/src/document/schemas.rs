//! JSON Schemas (2020-12) of everything that is answered.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema as _, Schema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

use crate::problem::ProblemView;
use crate::table::{Answer, Endpoint};

/// Writes the schema of an answer and of what it uses.
pub(super) type WriteSchema = fn(&mut SchemaGenerator) -> Schema;

/// What is answered, by the name of its schema: every view, and the problem.
pub(super) fn answers(endpoints: &[Endpoint]) -> BTreeMap<String, WriteSchema> {
    let mut answers: BTreeMap<String, WriteSchema> = endpoints
        .iter()
        .filter_map(|endpoint| match &endpoint.answer {
            Answer::View { schema, name, .. } => Some((name.clone(), *schema)),
            Answer::Other(_) => None,
        })
        .collect();
    answers.insert(ProblemView::schema_name().into_owned(), |generator| {
        generator.subschema_for::<ProblemView<'_>>()
    });
    answers
}

/// A generator for what is sent: a field is required unless it may be left out.
pub(super) fn generator(definitions_path: &'static str) -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .with(|settings| settings.definitions_path = definitions_path.into())
        .into_generator()
}

/// Each answer's schema as a document of its own, by its name.
pub(super) fn documents(endpoints: &[Endpoint]) -> BTreeMap<String, Json> {
    answers(endpoints)
        .into_iter()
        .map(|(name, write)| {
            let document = document(&name, write);
            (name, document)
        })
        .collect()
}

fn document(name: &str, write: WriteSchema) -> Json {
    let mut generator = generator("/$defs");
    write(&mut generator);
    let mut definitions = generator.take_definitions(true);
    let mut document = Map::new();
    document.insert(
        "$schema".into(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    document.insert("$id".into(), json!(format!("/schemas/{name}.json")));
    document.insert("title".into(), json!(name));
    if let Some(Json::Object(root)) = definitions.remove(name) {
        document.extend(root);
    }
    if !definitions.is_empty() {
        document.insert("$defs".into(), Json::Object(definitions));
    }
    Json::Object(document)
}
