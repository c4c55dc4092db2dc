//! The page around the parts.

use super::figures::Figures;
use super::parts;
use crate::document::html::{self, escaped};
use crate::problem::Problem;

/// The page; without figures it says why there are none.
pub(crate) fn page(version: &str, figures: Result<&Figures, &Problem>) -> String {
    let mut body = html::header(version);
    body.push_str("<main class=\"dashboard\">\n<h1 class=\"unseen\">Dashboard</h1>\n");
    match figures {
        Ok(figures) => add_parts(&mut body, figures),
        Err(problem) => body.push_str(&format!(
            "<p class=\"trouble\" role=\"alert\">{}: {}</p>\n",
            escaped(problem.code.title()),
            escaped(&problem.detail)
        )),
    }
    body.push_str("</main>\n");
    let head = html::Head {
        title: "ghev",
        styles: &["page.css", "uPlot.min.css", "dashboard.css"],
        scripts: &["uPlot.iife.min.js", "charts.js", "dashboard.js"],
    };
    html::page(&head, &body)
}

/// What the chart shows, where no script draws it. It stands outside of what a script replaces: there a
/// browser would fetch it each time.
const PICTURE: &str = "<noscript><img class=\"picture\" \
     src=\"/v1/event-series.svg?interval=hour&amp;offset=1440\" \
     alt=\"Events by hour, last day; the table below has the same figures\"></noscript>\n";

/// Parts whose id a script knows are replaced by their next state; the others it leaves alone.
fn add_parts(body: &mut String, figures: &Figures) {
    let mut part = |id: &str, title: &str, html: &str| {
        body.push_str(&format!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n\
             <h2 id=\"{id}-title\">{title}</h2>\n\
             {}<div data-live=\"{id}\">\n{html}</div>\n</section>\n",
            if id == "over-time" { PICTURE } else { "" }
        ));
    };
    part("health", "Health", &parts::health(figures));
    part("over-time", "Events over time", &parts::over_time(figures));
    part("types", "Events by type", &parts::types(figures));
    part("latest", "Latest events", &parts::latest(figures));
    part("trending", "Trending, last day", &parts::trending(figures));
    part(
        "interval",
        "Time between pull requests",
        &parts::interval(figures),
    );
    part(
        "matrix",
        "When in the week, last four weeks, UTC",
        &parts::matrix(figures),
    );
    part("sources", "Sources and gaps", &parts::sources(figures));
}
