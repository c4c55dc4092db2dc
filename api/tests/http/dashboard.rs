//! The first page, as one without JavaScript sees it.

use crate::model::{Model, RUST, event, opens};
use crate::server::Server;

#[test]
fn the_page_tells_what_there_is_without_a_script() {
    let mut model = Model::small();
    model.add_dead_letters(3);
    let server = Server::start(model.path());
    let page = server.get("/?repo=Rust-Lang/RUST");
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    for shown in [
        // Of the last ten minutes, of the last hour, of all.
        "<dt>Last 10 minutes</dt><dd><span class=\"figure\">2</span>",
        "<dt>Last hour</dt><dd><span class=\"figure\">4</span>",
        "<dt>Kept</dt><dd><span class=\"figure\">8</span>",
        "<dt>Dead letters</dt><dd><span class=\"figure\">3</span>",
        "<dt>Suspected gaps</dt><dd><span class=\"figure\">1</span>",
        "<bdi>NewThingEvent</bdi>",
        "<a href=\"/?repo=rust-lang/cargo#interval\"><bdi>rust-lang/cargo</bdi></a>",
        // Pull requests at nine, ten and half past eleven.
        "<bdi>rust-lang/rust</bdi>: 3 pull requests seen.",
        "<dt>Mean</dt><dd><span class=\"figure\">75 min</span>",
        "<th scope=\"row\">1 h to 6 h</th>",
        "no overlap",
        "<bdi>public</bdi>",
    ] {
        assert!(page.text().contains(shown), "{shown} in {}", page.text());
    }
}

#[test]
fn an_unknown_repository_is_said_to_be_so_on_the_page() {
    let model = Model::small();
    let server = Server::start(model.path());
    let page = server.get("/?repo=no/body%3Cb%3E");
    assert_eq!(page.status, 200);
    let said = "No event of <bdi>no/body&lt;b&gt;</bdi> was seen yet.";
    assert!(page.text().contains(said), "{}", page.text());
    let nonsense = server.get("/?repo=nonsense");
    assert_eq!(nonsense.problem(400, "invalid_parameter"), ["repo"]);
}

/// Names come from whoever has a GitHub account, and types from whoever writes an archive.
#[test]
fn hostile_names_are_text_on_the_page() {
    let mut model = Model::small();
    let hostile = "<script>alert(1)</script>/x'y&amp;";
    model.add(
        "2026-11-24T11:59:40Z",
        &[
            event("WatchEvent", 90, "2026-11-24T11:59:59Z", (5, hostile), "{}"),
            event("<img src=x>", 91, "2026-11-24T11:59:59Z", RUST, "{}"),
            event(
                "PullRequestEvent",
                92,
                "2026-11-24T11:59:59Z",
                (5, hostile),
                &opens(1),
            ),
        ],
    );
    let server = Server::start(model.path());
    for path in ["/", "/?repo=%3Cscript%3Ealert(1)%3C/script%3E"] {
        let page = server.get(path);
        let text = page.text();
        assert!(!text.contains("<script>alert"), "{text}");
        assert!(!text.contains("<img src=x"), "{text}");
    }
    assert!(server.get("/").text().contains("&lt;img src=x&gt;"));
}

#[test]
fn a_page_without_a_model_says_why_and_is_no_success() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let page = server.get("/");
    assert_eq!(page.status, 503);
    assert_eq!(page.header("retry-after"), Some("5"));
    assert!(
        page.text().contains("start the projector"),
        "{}",
        page.text()
    );
    assert!(
        page.text().contains("/assets/dashboard.js"),
        "and looks again"
    );
}
