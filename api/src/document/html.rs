//! The frame of pages. Everything a page needs comes from this service.

/// A page. `body` is HTML; the title is text.
pub(super) fn page(title: &str, script: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"/assets/page.css\">\n\
         <script src=\"/assets/{script}\" defer></script>\n\
         </head>\n<body>\n{body}</body>\n</html>\n",
        title = escaped(title),
    )
}

/// The bar at the top of every page.
pub(super) fn header(version: &str) -> String {
    format!(
        "<header class=\"top\"><a class=\"brand\" href=\"/\">ghev</a>\
         <span class=\"muted\">{}</span>\
         <nav aria-label=\"Pages\"><a href=\"/\">Dashboard</a><a href=\"/docs\">Docs</a>\
         <a href=\"/openapi.json\">OpenAPI</a><a href=\"/v1/status\">Status</a></nav></header>\n",
        escaped(version)
    )
}

/// Text as HTML, in an element or a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
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
pub(super) fn with_code(text: &str) -> String {
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
