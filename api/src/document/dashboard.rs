//! The first page: what arrived lately and how the service is, filled in by a script from the API.

use super::html;

const BODY: &str = include_str!("dashboard.html");

/// The page.
pub(super) fn page(version: &str) -> String {
    let body = format!("{}{BODY}", html::header(version));
    let head = html::Head {
        title: "ghev",
        styles: &["page.css", "dashboard.css"],
        scripts: &["dashboard.js"],
    };
    html::page(&head, &body)
}
