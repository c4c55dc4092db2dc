//! The documentation page: what holds for every endpoint, every problem, and between them every
//! endpoint with its parameters and an example. A script puts Swagger UI, which can try them, in the
//! place of the latter; without one they stay.

use std::fmt::Write as _;

use super::html::{self, escaped, with_code};
use crate::parameters::{Parameter, Place};
use crate::problem::Code;
use crate::table::{Answer, Endpoint, Tag};

const INTRODUCTION: &str = include_str!("introduction.html");

/// The page of a table.
pub(super) fn page(endpoints: &[Endpoint], version: &str) -> String {
    let mut body = html::header(version);
    body.push_str("<main class=\"wide\">\n");
    body.push_str(INTRODUCTION);
    body.push_str("<h2 id=\"endpoints\">Endpoints</h2>\n<div id=\"reference\">\n");
    for tag in Tag::ALL {
        let (name, description) = (tag.name(), tag.description());
        add(
            &mut body,
            format_args!("<h3 id=\"{name}\">{name}</h3>\n<p>{description}</p>\n"),
        );
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.tag == *tag) {
            body.push_str(&section(endpoint));
        }
    }
    body.push_str("</div>\n");
    body.push_str(&problems());
    body.push_str("</main>\n");
    let head = html::Head {
        title: "ghev: documentation",
        styles: &["page.css", "swagger-ui.css", "docs.css"],
        scripts: &["swagger-ui-bundle.js", "docs.js"],
    };
    html::page(&head, &body)
}

fn section(endpoint: &Endpoint) -> String {
    let Endpoint {
        id, path, summary, ..
    } = endpoint;
    let mut section = format!(
        "<section class=\"endpoint\" id=\"{id}\">\n\
         <h4><span class=\"method\">GET</span> <code>{}</code></h4>\n<p>{}</p>\n",
        breakable(path),
        escaped(summary),
    );
    if let Answer::View { name, .. } = &endpoint.answer {
        add(
            &mut section,
            format_args!(
                "<p class=\"muted\">Answers with <a href=\"/schemas/{name}.json\">{name}</a>.</p>\n"
            ),
        );
    }
    if !endpoint.parameters.is_empty() {
        section.push_str("<dl>\n");
        for parameter in &endpoint.parameters {
            section.push_str(&description(parameter));
        }
        section.push_str("</dl>\n");
    }
    add(
        &mut section,
        format_args!(
            "<pre class=\"example\" tabindex=\"0\" aria-label=\"Example\"><code>{}</code></pre>\n",
            escaped(&curl(endpoint))
        ),
    );
    section.push_str("</section>\n");
    section
}

fn description(parameter: &Parameter) -> String {
    let Parameter {
        name,
        repeatable,
        description,
        schema,
        ..
    } = parameter;
    let many = if *repeatable {
        " <em>May be given several times.</em>"
    } else {
        ""
    };
    format!(
        "<dt><code>{name}</code></dt><dd>{}{many}{}{}</dd>\n",
        with_code(description),
        words(schema),
        bounds(schema),
    )
}

/// Which words there are, where there is a choice of words.
fn words(schema: &serde_json::Value) -> String {
    let words = schema["enum"].as_array().into_iter().flatten();
    let words: Vec<String> = words
        .filter_map(|word| word.as_str())
        .map(|word| format!("<code>{}</code>", escaped(word)))
        .collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(" One of {}.", words.join(", "))
    }
}

/// What a number may be, as the schema has it.
fn bounds(schema: &serde_json::Value) -> String {
    let (minimum, maximum) = (&schema["minimum"], &schema["maximum"]);
    let mut bounds = match (minimum.as_u64(), maximum.as_u64()) {
        (Some(minimum), Some(maximum)) if maximum < u64::from(u32::MAX) => {
            format!(" From {minimum} to {maximum}.")
        }
        _ => String::new(),
    };
    if let Some(default) = schema["default"].as_u64() {
        bounds.push_str(&format!(" Otherwise {default}."));
    }
    bounds
}

/// The request of a shell, with the examples of the parameters filled in.
fn curl(endpoint: &Endpoint) -> String {
    let mut path = endpoint.path.to_string();
    let mut query = String::new();
    for parameter in &endpoint.parameters {
        let Some(example) = parameter.example else {
            continue;
        };
        match parameter.place {
            Place::Path => path = path.replace(&format!("{{{}}}", parameter.name), example),
            // One is enough for an example, and examples need not go together.
            Place::Query if query.is_empty() => query = format!("?{}={example}", parameter.name),
            Place::Query => {}
        }
    }
    format!("curl 'http://localhost:5000{path}{query}'")
}

fn problems() -> String {
    let mut list = String::from(
        "<h2 id=\"problems\">Problems</h2>\n<p>What goes wrong is answered as \
         <a href=\"/schemas/Problem.json\"><code>application/problem+json</code></a>, with a \
         <code>code</code> that stays:</p>\n<dl class=\"problems\">\n",
    );
    for code in Code::ALL {
        let (name, status) = (code.name(), code.status().as_u16());
        let description = with_code(code.description().trim());
        add(
            &mut list,
            format_args!(
                "<dt id=\"problem-{name}\"><code>{name}</code> <span class=\"muted\">{status}</span></dt>\
                 <dd>{description}</dd>\n"
            ),
        );
    }
    list.push_str("</dl>\n");
    list
}

/// A path that may be broken after each of its slashes.
fn breakable(path: &str) -> String {
    escaped(path).replace('/', "/<wbr>")
}

fn add(html: &mut String, part: std::fmt::Arguments<'_>) {
    html.write_fmt(part).expect("a String takes any text");
}
