//! The files that pages use: our own as they are, those of others compressed as `vendor/` has them.
//! Knows nothing about pages.

use super::Document;

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Every file by its name.
pub(super) fn assets() -> Vec<(&'static str, Document)> {
    let ours = |name, media_type, text: &str| (name, Document::new(media_type, text.to_owned()));
    vec![
        ours("page.css", CSS, include_str!("assets/page.css")),
        ours("docs.css", CSS, include_str!("assets/docs.css")),
        ours("docs.js", JAVASCRIPT, include_str!("assets/docs.js")),
        ours("dashboard.css", CSS, include_str!("assets/dashboard.css")),
        ours(
            "dashboard.js",
            JAVASCRIPT,
            include_str!("assets/dashboard.js"),
        ),
        ours("charts.js", JAVASCRIPT, include_str!("assets/charts.js")),
        (
            "uPlot.iife.min.js",
            Document::packed(
                JAVASCRIPT,
                include_bytes!("../../vendor/uPlot.iife.min.js.gz"),
            ),
        ),
        (
            "uPlot.min.css",
            Document::packed(CSS, include_bytes!("../../vendor/uPlot.min.css.gz")),
        ),
        (
            "swagger-ui-bundle.js",
            Document::packed(
                JAVASCRIPT,
                include_bytes!("../../vendor/swagger-ui-bundle.js.gz"),
            ),
        ),
        (
            "swagger-ui.css",
            Document::packed(CSS, include_bytes!("../../vendor/swagger-ui.css.gz")),
        ),
    ]
}
