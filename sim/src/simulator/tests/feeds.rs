//! The feeds of repositories, organisations and users.

use super::*;

#[test]
fn every_feed_shows_its_own_events_and_links_by_number() {
    let mut simulator = full(SimOptions::new());
    let event = |pointer: &str| {
        let window = simulator.window();
        let events = window
            .iter()
            .map(|e| serde_json::from_slice::<Value>(e.raw()).unwrap());
        events
            .into_iter()
            .find(|e| e.pointer(pointer).is_some())
            .unwrap()
    };
    let event = event("/org/id");
    let (repo, org, actor) = (&event["repo"], &event["org"], &event["actor"]);
    let text = |value: &Value| {
        value
            .as_str()
            .unwrap()
            .replace('[', "%5B")
            .replace(']', "%5D")
    };
    let cases = [
        (
            format!("/repos/{}/events", text(&repo["name"])),
            format!("/repositories/{}/events", repo["id"]),
            "/repo/id",
            &repo["id"],
        ),
        (
            format!("/networks/{}/events", text(&repo["name"])),
            format!("/networks/{}/events", text(&repo["name"])),
            "/repo/id",
            &repo["id"],
        ),
        (
            format!("/orgs/{}/events", text(&org["login"]).to_uppercase()),
            format!("/organizations/{}/events", org["id"]),
            "/org/id",
            &org["id"],
        ),
        (
            format!("/users/{}/events", text(&actor["login"])),
            format!("/user/{}/events", actor["id"]),
            "/actor/id",
            &actor["id"],
        ),
        (
            format!("/users/{}/events/public", text(&actor["login"])),
            format!("/user/{}/events/public", actor["id"]),
            "/actor/id",
            &actor["id"],
        ),
    ];
    for (path, numbered, pointer, id) in cases {
        let response = get(&mut simulator, &format!("{path}?per_page=1"));
        assert_eq!(response.status, 200, "{path}");
        let links = response.header("link").unwrap_or_default();
        assert!(
            links.is_empty()
                || links.contains(&format!(
                    "http://localhost{numbered}?per_page=1&page=2>; rel=\"next\""
                )),
            "{links}"
        );
        for path in [&path, &numbered] {
            let body = json(&get(&mut simulator, path));
            let events = body.as_array().unwrap();
            assert!(!events.is_empty());
            assert!(
                events.iter().all(|e| e.pointer(pointer) == Some(id)),
                "{path}"
            );
        }
    }
}

#[test]
fn what_has_no_events_yet_is_empty_rather_than_unknown() {
    let mut simulator = Simulator::new(SimOptions::new(), EventGenerator::new(9));
    let repo = full(SimOptions::new()).window()[0]
        .repo_name()
        .unwrap()
        .to_owned();
    let response = get(&mut simulator, &format!("/repos/{repo}/events"));
    assert_eq!((response.status, &response.body[..]), (200, &b"[]"[..]));
    assert_eq!(response.header("link"), None);
    assert_eq!(response.header("last-modified"), None);
}

#[test]
fn a_former_name_is_moved_permanently_to_the_number() {
    let lines = [("o/old", 1), ("o/new", 2)].map(|(name, id)| {
        let json =
            format!(r#"{{"type":"WatchEvent","id":"{id}","repo":{{"id":77,"name":"{name}"}}}}"#);
        crate::SimEvent::from_json(json.into()).unwrap()
    });
    let mut simulator = Simulator::new(SimOptions::new(), lines.to_vec());
    assert_eq!(simulator.release(NOW, 5), 2);
    assert!(simulator.is_exhausted());
    let response = get(&mut simulator, "/repos/o/old/events?per_page=100");
    let target = "http://localhost/repositories/77/events?per_page=100";
    assert_eq!(
        (response.status, response.header("location")),
        (301, Some(target))
    );
    assert_eq!(message(&response), "Moved Permanently");
    assert_eq!(json(&response)["url"], target);
    assert_eq!(
        ids(&get(&mut simulator, "/repositories/77/events")),
        ["2", "1"]
    );
    assert_eq!(ids(&get(&mut simulator, "/repos/o/new/events")), ["2", "1"]);
}
