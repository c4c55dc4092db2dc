//! The documents, each compressed the first time that a client likes it so.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use bytes::Bytes;
use serde_json::json;

use super::{dashboard, docs, openapi, schemas};
use crate::answer::{Encoding, EntityTag};
use crate::table::Endpoint;

/// Everything that describes the service.
#[derive(Debug)]
pub(crate) struct Documents {
    openapi: Document,
    schemas: Document,
    by_name: BTreeMap<String, Document>,
    docs: Document,
    dashboard: Document,
    assets: [(&'static str, Document); 3],
}

/// A document that does not change while the process runs.
#[derive(Debug)]
pub(crate) struct Document {
    media_type: &'static str,
    tags: [EntityTag; 3],
    body: Bytes,
    gzip: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
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
        let asset = |media_type, text: &str| Document::new(media_type, text.to_owned());
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
            dashboard: Document::new(HTML, dashboard::page(version)),
            assets: [
                (
                    "page.css",
                    asset("text/css; charset=utf-8", include_str!("page.css")),
                ),
                (
                    "docs.js",
                    asset("text/javascript; charset=utf-8", include_str!("docs.js")),
                ),
                (
                    "dashboard.js",
                    asset(
                        "text/javascript; charset=utf-8",
                        include_str!("dashboard.js"),
                    ),
                ),
            ],
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

    /// The dashboard.
    pub(crate) fn dashboard<'d>(&'d self, _: Option<&str>) -> Option<&'d Document> {
        Some(&self.dashboard)
    }

    /// A file that the pages use, by its name.
    pub(crate) fn asset<'d>(&'d self, file: Option<&str>) -> Option<&'d Document> {
        let asset = self.assets.iter().find(|(name, _)| Some(*name) == file)?;
        Some(&asset.1)
    }
}

impl Document {
    fn json(media_type: &'static str, json: &serde_json::Value) -> Self {
        Self::new(media_type, format!("{json:#}\n"))
    }

    fn new(media_type: &'static str, text: String) -> Self {
        let body = Bytes::from(text);
        // Three representations, three tags.
        let tags = ["identity", "gzip", "zstd"]
            .map(|encoding| EntityTag::of_bytes(&[encoding.as_bytes(), &body].concat()));
        Self {
            media_type,
            tags,
            body,
            gzip: OnceLock::new(),
            zstd: OnceLock::new(),
        }
    }

    /// Its media type.
    pub(crate) const fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// Its bytes in an encoding. Compression into memory does not fail; if it did, they come as they
    /// are.
    pub(crate) fn encoded(&self, encoding: Encoding) -> (EntityTag, Encoding, Bytes) {
        let [plain_tag, gzip_tag, zstd_tag] = self.tags;
        let (kept, tag) = match encoding {
            Encoding::Identity => return (plain_tag, encoding, self.body.clone()),
            Encoding::Gzip => (&self.gzip, gzip_tag),
            Encoding::Zstd => (&self.zstd, zstd_tag),
        };
        if let Some(body) = kept.get() {
            return (tag, encoding, body.clone());
        }
        match encoding.encode(self.body.to_vec()) {
            Ok((encoding, body)) if encoding != Encoding::Identity => {
                (tag, encoding, kept.get_or_init(|| body.into()).clone())
            }
            Ok(_) | Err(_) => (plain_tag, Encoding::Identity, self.body.clone()),
        }
    }
}
