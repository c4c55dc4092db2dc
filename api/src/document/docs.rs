//! The documentation page: every endpoint with its parameters, an example and a form to try it.

use std::fmt::Write as _;

use super::html::{self, escaped, with_code};
use crate::parameters::{Parameter, Place};
use crate::problem::Code;
use crate::table::{Answer, Endpoint, Tag};

const INTRODUCTION: &str = include_str!("introduction.html");

/// The page of a table.
pub(super) fn page(endpoints: &[Endpoint], version: &str) -> String {
    let mut body = html::header(version);
    body.push_str("<div class=\"with-side\">\n");
    body.push_str(&contents(endpoints));
    body.push_str("<main>\n");
    body.push_str(INTRODUCTION);
    for tag in Tag::ALL {
        let (name, description) = (tag.name(), tag.description());
        add(
            &mut body,
            format_args!("<h2 id=\"{name}\">{name}</h2>\n<p>{description}</p>\n"),
        );
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.tag == *tag) {
            body.push_str(&section(endpoint));
        }
    }
    body.push_str(&problems());
    body.push_str("</main>\n</div>\n");
    html::page("ghev: documentation", "docs.js", &body)
}

fn contents(endpoints: &[Endpoint]) -> String {
    let mut list = String::from(
        "<nav class=\"side\" aria-label=\"Contents\"><details open><summary>Contents</summary>\n\
         <a href=\"#basics\">Basics</a>\n",
    );
    for tag in Tag::ALL {
        let name = tag.name();
        add(
            &mut list,
            format_args!("<a class=\"group\" href=\"#{name}\">{name}</a>\n"),
        );
        for endpoint in endpoints.iter().filter(|endpoint| endpoint.tag == *tag) {
            let path = endpoint.path.strip_prefix("/v1").unwrap_or(endpoint.path);
            let path = breakable(path);
            add(
                &mut list,
                format_args!("<a href=\"#{}\">{path}</a>\n", endpoint.id),
            );
        }
    }
    list.push_str("<a class=\"group\" href=\"#problems\">Problems</a>\n</details></nav>\n");
    list
}

fn section(endpoint: &Endpoint) -> String {
    let Endpoint {
        id, path, summary, ..
    } = endpoint;
    let mut section = format!(
        "<section class=\"endpoint\" id=\"{id}\">\n\
         <h3><span class=\"method\">GET</span> <code>{}</code></h3>\n<p>{}</p>\n",
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
    add(
        &mut section,
        format_args!(
            "<form class=\"try\" data-path=\"{}\" aria-label=\"Try {id}\">\n",
            escaped(path)
        ),
    );
    for parameter in &endpoint.parameters {
        section.push_str(&field(endpoint, parameter));
    }
    section.push_str(
        "<div class=\"send\"><button type=\"submit\">Send</button>\
         <span class=\"outcome muted\" role=\"status\"></span></div>\n\
         <pre class=\"answer\" hidden tabindex=\"0\" aria-label=\"Answer\"></pre>\n</form>\n",
    );
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

fn field(endpoint: &Endpoint, parameter: &Parameter) -> String {
    let Parameter {
        name,
        place,
        repeatable,
        description,
        schema,
        example,
    } = parameter;
    let input = format!("{}-{name}", endpoint.id);
    let in_path = *place == Place::Path;
    let (kind, required) = if in_path {
        ("path", " required")
    } else {
        ("query", "")
    };
    let words = schema["enum"].as_array();
    let control = match words {
        Some(words) => {
            let options: String = words
                .iter()
                .filter_map(|word| word.as_str())
                .map(|word| format!("<option>{}</option>", escaped(word)))
                .collect();
            format!(
                "<select id=\"{input}\" data-in=\"{kind}\" name=\"{name}\"><option></option>{options}</select>"
            )
        }
        None => {
            let value = example.filter(|_| in_path).unwrap_or_default();
            let hint = example.unwrap_or_default();
            let many = if *repeatable { " data-many" } else { "" };
            format!(
                "<input id=\"{input}\" data-in=\"{kind}\"{many} name=\"{name}\" value=\"{}\" \
                 placeholder=\"{}\" autocomplete=\"off\" spellcheck=\"false\"{required}>",
                escaped(value),
                escaped(hint),
            )
        }
    };
    let note = if *repeatable {
        " <em>May be given several times; here, separate by spaces.</em>"
    } else {
        ""
    };
    format!(
        "<div class=\"field\"><label for=\"{input}\"><code>{name}</code></label>\
         <div>{control}<p>{}{note}{}</p></div></div>\n",
        with_code(description),
        bounds(schema),
    )
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
    let mut path = endpoint.path.to_owned();
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
