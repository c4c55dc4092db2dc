//! The documents, all made when the service starts.

use std::collections::BTreeMap;

use serde_json::json;

use super::assets::assets;
use super::{Document, docs, openapi, schemas};
use crate::table::Endpoint;

/// Everything that describes the service.
#[derive(Debug)]
pub(crate) struct Documents {
    openapi: Document,
    schemas: Document,
    by_name: BTreeMap<String, Document>,
    docs: Document,
    assets: Vec<(&'static str, Document)>,
}

const HTML: &str = "text/html; charset=utf-8";

impl Documents {
    /// Those of a table.
    pub(crate) fn of(endpoints: &[Endpoint], version: &str) -> Self {
        let schemas = schemas::documents(endpoints);
        let names: Vec<_> = schemas
            .keys()
            .map(|name| json!({ "name": name, "url": format!("/schemas/{name}.json") }))
            .collect();
        Self {
            openapi: Document::json("application/json", &openapi::document(endpoints, version)),
            schemas: Document::json("application/json", &json!({ "schemas": names })),
            by_name: schemas
                .iter()
                .map(|(name, schema)| {
                    (
                        name.clone(),
                        Document::json("application/schema+json", schema),
                    )
                })
                .collect(),
            docs: Document::new(HTML, docs::page(endpoints, version)),
            assets: assets(),
        }
    }

    /// The OpenAPI document.
    pub(crate) fn openapi<'d>(&'d self, _: Option<&str>) -> Option<&'d Document> {
        Some(&self.openapi)
    }

    /// The list of schemas.
    pub(crate) fn schemas<'d>(&'d self, _: Option<&str>) -> Option<&'d Document> {
        Some(&self.schemas)
    }

    /// A schema, by its file name.
    pub(crate) fn schema<'d>(&'d self, file: Option<&str>) -> Option<&'d Document> {
        self.by_name.get(file?.strip_suffix(".json")?)
    }

    /// The documentation page.
    pub(crate) fn docs<'d>(&'d self, _: Option<&str>) -> Option<&'d Document> {
        Some(&self.docs)
    }

    /// A file that the pages use, by its name.
    pub(crate) fn asset<'d>(&'d self, file: Option<&str>) -> Option<&'d Document> {
        let asset = self.assets.iter().find(|(name, _)| Some(*name) == file)?;
        Some(&asset.1)
    }
}
