//! What a conditional request gets, and what it costs.

use super::*;

#[test]
fn a_validator_holds_for_one_token_and_url_until_the_feed_ticks() {
    let mut simulator = full(SimOptions::new());
    let first = get(&mut simulator, PAGE);
    let conditional = Request::get(PAGE).with("if-none-match", &etag(&first));
    let later = NOW.plus_seconds(30);
    let unchanged = simulator.respond(later, &conditional);
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    assert_eq!(
        unchanged.header("date"),
        first.header("date"),
        "a 304 repeats the old date"
    );
    assert_eq!(
        number(&unchanged, "x-ratelimit-used"),
        2,
        "an anonymous 304 costs one"
    );
    for name in [
        "etag",
        "last-modified",
        "link",
        "x-poll-interval",
        "cache-control",
    ] {
        assert_eq!(unchanged.header(name), first.header(name), "{name}");
    }
    let other_url = get(&mut simulator, "/events?per_page=99");
    assert_ne!(etag(&other_url), etag(&first));
    let other_token = conditional.clone().with("authorization", "Bearer t");
    assert_eq!(simulator.respond(later, &other_token).status, 200);
    simulator.release(later, 1);
    assert_eq!(simulator.respond(later, &conditional).status, 200);
    let list = Request::get(PAGE).with("if-none-match", "\"a\", *");
    assert_eq!(simulator.respond(later, &list).status, 200);
    let any = Request::get(PAGE).with("if-none-match", "*");
    assert_eq!(simulator.respond(later, &any).status, 304);
}

#[test]
fn a_feed_ticks_only_when_its_own_events_come() {
    let mut simulator = full(SimOptions::new().anonymous_limit_per_hour(10_000));
    let repo = simulator.window()[0].repo_name().unwrap().to_owned();
    let path = format!("/repos/{repo}/events");
    let first = etag(&get(&mut simulator, &path));
    let mut ticks = [0, 0];
    while ticks.contains(&0) {
        let before = etag(&get(&mut simulator, &path));
        simulator.release(NOW, 1);
        let own = simulator.window()[0].repo_name() == Some(&repo);
        let ticked = etag(&get(&mut simulator, &path)) != before;
        assert_eq!(ticked, own);
        ticks[usize::from(own)] += 1;
    }
    assert_ne!(etag(&get(&mut simulator, &path)), first);
}

#[test]
fn an_authenticated_304_is_free() {
    let mut simulator = full(SimOptions::new());
    let asked = Request::get(PAGE).with("authorization", "token t");
    let first = simulator.respond(NOW, &asked);
    assert_eq!(number(&first, "x-ratelimit-limit"), 5000);
    assert_eq!(
        first.header("cache-control"),
        Some("private, max-age=60, s-maxage=60")
    );
    let again = simulator.respond(NOW, &asked.with("if-none-match", &etag(&first)));
    assert_eq!((again.status, number(&again, "x-ratelimit-used")), (304, 1));
}
