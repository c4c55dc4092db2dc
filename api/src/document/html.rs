//! The frame of pages. Everything a page needs comes from this service.

/// What a page is called and what it uses.
pub(crate) struct Head<'h> {
    pub(crate) title: &'h str,
    /// Files among the assets, each over the one before.
    pub(crate) styles: &'h [&'h str],
    /// Files among the assets, in the order that they run.
    pub(crate) scripts: &'h [&'h str],
}

/// A page. `body` is HTML.
pub(crate) fn page(head: &Head<'_>, body: &str) -> String {
    let title = escaped(head.title);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n"
    );
    for name in head.styles {
        html.push_str(&format!(
            "<link rel=\"stylesheet\" href=\"/assets/{name}\">\n"
        ));
    }
    for name in head.scripts {
        html.push_str(&format!("<script src=\"/assets/{name}\" defer></script>\n"));
    }
    html.push_str(&format!("</head>\n<body>\n{body}</body>\n</html>\n"));
    html
}

/// The bar at the top of every page.
pub(crate) fn header(version: &str) -> String {
    format!(
        "<header class=\"top\"><a class=\"brand\" href=\"/\">ghev</a>\
         <span class=\"muted\">{}</span>\
         <nav aria-label=\"Pages\"><a href=\"/\">Dashboard</a><a href=\"/docs\">Docs</a>\
         <a href=\"/openapi.json\">OpenAPI</a><a href=\"/v1/status\">Status</a></nav></header>\n",
        escaped(version)
    )
}

/// Text as HTML, in an element or a quoted attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// Text as HTML, where what stands between backquotes is code.
pub(crate) fn with_code(text: &str) -> String {
    let mut html = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 {
            html.push_str(&format!("<code>{}</code>", escaped(part)));
        } else {
            html.push_str(&escaped(part));
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_text_stays_text() {
        assert_eq!(
            escaped("<a href='x'>&\""),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"
        );
        assert_eq!(with_code("see `a<b` now"), "see <code>a&lt;b</code> now");
    }
}
