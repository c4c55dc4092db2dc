//! Every answer the simulator knows, one test for each row of what GitHub was seen to do.

use std::collections::BTreeSet;
use std::io::Read;

use proptest::prelude::*;
use serde_json::Value;

use super::Simulator;
use crate::delivery::{Delivered, Finish};
use crate::exchange::{Request, Response, Transport};
use crate::generator::EventGenerator;
use crate::options::{LimitStatus, SimOptions};
use crate::time::SimTime;

const NOW: SimTime = SimTime::from_seconds(1_780_000_000);
const PAGE: &str = "/events?per_page=100";

/// A simulator with a full window.
fn full(options: SimOptions) -> Simulator {
    let mut simulator = Simulator::new(options, EventGenerator::new(9));
    simulator.release(NOW, 300);
    simulator
}

fn faulty(spec: &str) -> Simulator {
    full(SimOptions::new().faults(spec.parse().unwrap()))
}

fn get(simulator: &mut Simulator, path: &str) -> Response {
    simulator.respond(NOW, &Request::get(path))
}

fn json(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

fn ids(response: &Response) -> Vec<String> {
    let text = |event: &Value| event["id"].as_str().unwrap_or_default().to_owned();
    json(response)
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect()
}

fn number(response: &Response, header: &str) -> i64 {
    response.header(header).unwrap().parse().unwrap()
}

fn etag(response: &Response) -> String {
    response.header("etag").unwrap().to_owned()
}

fn message(response: &Response) -> String {
    json(response)["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_200_bears_the_headers_of_the_real_one() {
    let mut simulator = full(SimOptions::new().base_url("https://api.github.com/"));
    let response = get(&mut simulator, PAGE);
    assert_eq!(response.status, 200);
    assert_eq!(ids(&response).len(), 100);
    let header = |name| response.header(name).unwrap();
    assert_eq!(header("content-type"), "application/json; charset=utf-8");
    assert_eq!(header("cache-control"), "public, max-age=300, s-maxage=300");
    assert_eq!(header("x-poll-interval"), "60");
    assert_eq!(header("x-ratelimit-limit"), "60");
    assert_eq!(header("x-ratelimit-remaining"), "59");
    assert_eq!(header("x-ratelimit-used"), "1");
    assert_eq!(header("x-ratelimit-resource"), "core");
    assert_eq!(
        number(&response, "x-ratelimit-reset"),
        NOW.as_seconds() + 3600
    );
    assert_eq!(header("x-github-api-version-selected"), "2022-11-28");
    assert_eq!(header("etag").len(), 64 + 4);
    assert!(header("etag").starts_with("W/\""));
    assert_eq!(header("date"), NOW.http_date());
    assert_eq!(header("last-modified"), NOW.plus_seconds(-300).http_date());
    assert_eq!(
        header("link"),
        "<https://api.github.com/events?per_page=100&page=2>; rel=\"next\", \
         <https://api.github.com/events?per_page=100&page=3>; rel=\"last\""
    );
    assert!(header("x-github-request-id").split(':').count() == 5);
}

#[test]
fn the_same_seed_and_requests_give_the_same_bytes() {
    let run = |seed| -> Vec<Response> {
        let faults = "502=10%,duplicates=10%,truncated=10%,unknown-type=10%,drip=5%";
        let options = SimOptions::new()
            .seed(seed)
            .faults(faults.parse().unwrap())
            .rate_per_second(7.0)
            .short_pages_per_mille(200);
        let mut simulator = Simulator::new(options, EventGenerator::new(seed).rename_every(20));
        (0..60)
            .map(|n| {
                let request = Request::get(&format!("/events?per_page=50&page={}", n % 4 + 1))
                    .with("accept-encoding", "gzip")
                    .with("authorization", "Bearer t");
                simulator.respond(NOW.plus_seconds(n * 3), &request)
            })
            .collect()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_walk_of_the_pages_covers_the_window_once() {
    for path in ["/events", PAGE, "/events?per_page=70"] {
        let mut simulator = full(SimOptions::new());
        let (mut seen, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next.take() {
            let response = get(&mut simulator, &path);
            assert_eq!(response.status, 200, "{path}");
            seen.extend(ids(&response));
            let links = response.header("link").unwrap_or_default().to_owned();
            next = links.split(", ").find_map(|link| {
                let url = link.strip_suffix(">; rel=\"next\"")?;
                url.strip_prefix("<http://localhost").map(str::to_owned)
            });
        }
        let window: Vec<_> = simulator
            .window()
            .iter()
            .map(|e| e.id().unwrap().to_owned())
            .collect();
        assert_eq!(seen, window, "{path}");
        assert_eq!(simulator.delivered().len(), 300);
    }
}

#[test]
fn beyond_300_events_is_422_and_the_sizes_are_clamped() {
    let mut simulator = full(SimOptions::new());
    for path in ["/events?per_page=100&page=4", "/events?page=11"] {
        let response = get(&mut simulator, path);
        assert_eq!(response.status, 422);
        assert!(message(&response).contains("pagination is limited"));
        assert_eq!(
            json(&response)["documentation_url"],
            "https://docs.github.com/v3/#pagination"
        );
    }
    assert_eq!(ids(&get(&mut simulator, "/events")).len(), 30);
    assert_eq!(
        ids(&get(&mut simulator, "/events?per_page=1000")).len(),
        100
    );
}

#[test]
fn events_that_come_between_pages_are_met_again() {
    let mut simulator = full(SimOptions::new().shift_per_request(5));
    let first = ids(&get(&mut simulator, PAGE));
    let second = ids(&get(&mut simulator, &format!("{PAGE}&page=2")));
    assert_eq!(first[95..], second[..5]);
}

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

#[test]
fn beyond_the_hourly_limit_is_403_or_429_until_the_reset() {
    for (status, limit_status) in [
        (403, LimitStatus::Forbidden),
        (429, LimitStatus::TooManyRequests),
    ] {
        let options = SimOptions::new()
            .anonymous_limit_per_hour(2)
            .token_limit_per_hour(1);
        let mut simulator = full(options.limit_status(limit_status));
        assert_eq!(get(&mut simulator, PAGE).status, 200);
        assert_eq!(get(&mut simulator, PAGE).status, 200);
        let limited = get(&mut simulator, PAGE);
        assert_eq!(limited.status, status);
        assert_eq!(number(&limited, "x-ratelimit-remaining"), 0);
        assert!(number(&limited, "x-ratelimit-reset") > NOW.as_seconds());
        assert!(message(&limited).starts_with("API rate limit exceeded for 203.0.113.7. (But"));
        let asked = Request::get(PAGE).with("authorization", "Bearer t");
        assert_eq!(simulator.respond(NOW, &asked).status, 200);
        let limited = simulator.respond(NOW, &asked);
        assert!(message(&limited).starts_with("API rate limit exceeded for user ID "));
        let reset = SimTime::from_seconds(number(&limited, "x-ratelimit-reset"));
        assert_eq!(simulator.respond(reset, &asked).status, 200);
    }
}

#[test]
fn several_bad_logins_are_401_and_then_every_login_is_403() {
    let mut simulator = full(SimOptions::new().tokens(["good"]).bad_logins_max(3));
    let bad = Request::get(PAGE).with("authorization", "Bearer bad");
    let good = Request::get(PAGE).with("authorization", "Bearer good");
    assert_eq!(simulator.respond(NOW, &good).status, 200);
    for _ in 0..3 {
        let refused = simulator.respond(NOW, &bad);
        assert_eq!(refused.status, 401);
        assert_eq!(
            refused.body,
            r#"{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}"#
        );
    }
    assert_eq!(simulator.respond(NOW, &good).status, 403);
    assert_eq!(
        get(&mut simulator, PAGE).status,
        200,
        "without a login nothing is refused"
    );
    assert_eq!(simulator.respond(NOW.plus_seconds(600), &good).status, 200);
}

#[test]
fn a_request_without_user_agent_is_forbidden_in_html() {
    let mut simulator = full(SimOptions::new());
    let mut request = Request::get(PAGE);
    request.headers.clear();
    let response = simulator.respond(NOW, &request);
    assert_eq!(response.status, 403);
    assert_eq!(
        response.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(response.header("x-ratelimit-limit"), None);
    assert!(
        response
            .body
            .starts_with(b"Request forbidden by administrative rules.")
    );
}

#[test]
fn unknown_paths_methods_and_versions_are_refused() {
    let mut simulator = full(SimOptions::new());
    for path in [
        "/",
        "/events/",
        "/event",
        "/repos/no/body/events",
        "/users/nobody/events",
        "/repositories/x/events",
    ] {
        let response = get(&mut simulator, path);
        assert_eq!(
            (response.status, message(&response).as_str()),
            (404, "Not Found"),
            "{path}"
        );
        assert_eq!(json(&response)["status"], "404");
    }
    let mut post = Request::get(PAGE);
    post.method = "POST".into();
    assert_eq!(simulator.respond(NOW, &post).status, 404);
    for (version, status) in [
        ("2022-11-28", 200),
        ("2026-03-10", 200),
        ("1999-01-01", 400),
    ] {
        let request = Request::get(PAGE).with("X-GitHub-Api-Version", version);
        let response = simulator.respond(NOW, &request);
        assert_eq!(response.status, status);
        if status == 200 {
            assert_eq!(
                response.header("x-github-api-version-selected"),
                Some(version)
            );
        }
    }
    let mut simulator = full(SimOptions::new());
    let mut head = Request::get(PAGE);
    head.method = "HEAD".into();
    let response = simulator.respond(NOW, &head);
    assert_eq!((response.status, response.body.len()), (200, 0));
    assert!(number(&response, "content-length") > 1000);
    assert!(simulator.delivered().is_empty());
}

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

#[test]
fn gzip_is_given_when_asked_for() {
    let mut simulator = full(SimOptions::new());
    let plain = get(&mut simulator, PAGE);
    for (accepted, given) in [
        ("gzip", true),
        ("br, gzip;q=0.5", true),
        ("gzip;q=0", false),
        ("br", false),
    ] {
        let request = Request::get(PAGE).with("accept-encoding", accepted);
        let response = simulator.respond(NOW, &request);
        assert_eq!(
            response.header("content-encoding").is_some(),
            given,
            "{accepted}"
        );
        assert_eq!(etag(&response), etag(&plain));
        if given {
            let mut body = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&response.body[..]);
            decoder.read_to_end(&mut body).unwrap();
            assert_eq!(body, plain.body);
        }
    }
}

#[test]
fn events_are_released_as_time_goes_on_and_are_born_late() {
    let options = SimOptions::new()
        .initial_events(5)
        .history_seconds(50)
        .rate_per_second(2.0);
    let generator = EventGenerator::new(1).late_per_mille(0);
    let mut simulator = Simulator::new(options, generator);
    let times = |simulator: &mut Simulator, after: i64| {
        simulator.respond(NOW.plus_seconds(after), &Request::get(PAGE));
        let age = |time: SimTime| NOW.as_seconds() - time.as_seconds();
        simulator
            .window()
            .iter()
            .map(|e| age(e.created_at().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(times(&mut simulator, 0), [310, 320, 330, 340, 350]);
    assert_eq!(times(&mut simulator, 2)[..4], [298, 299, 299, 300]);
    assert_eq!(times(&mut simulator, 1).len(), 9, "time never goes back");
    assert_eq!(simulator.released(), 9);
}

#[test]
fn error_faults_answer_as_quoted() {
    let expect = |spec: &str, status: u16, said: &str| {
        let mut simulator = faulty(&format!("{spec}=@1"));
        let response = get(&mut simulator, PAGE);
        assert_eq!(response.status, status, "{spec}");
        let body = String::from_utf8(response.body.to_vec()).unwrap();
        assert!(body.contains(said), "{spec}: {body}");
        assert!(simulator.delivered().is_empty(), "{spec}");
        assert_eq!(
            simulator.requests()[0].fault,
            Some(spec.split(':').next().unwrap())
        );
        assert_eq!(get(&mut simulator, PAGE).status, 200, "{spec}");
        response
    };
    expect("500", 500, "Server Error");
    expect("502", 502, "<title>Unicorn! &middot; GitHub</title>");
    assert!(expect("502:300", 502, "data:image/png").body.len() > 299 * 1024);
    expect("503", 503, "\"code\"");
    expect("400", 400, "API version");
    expect("401", 401, "Bad credentials");
    expect("410", 410, "no longer supported");
    expect("404", 404, "Not Found");
    expect("422", 422, "pagination is limited");
    expect("html200", 200, "<html>");
    for status in [403, 429] {
        let primary = expect(
            &format!("{status}-primary"),
            status,
            "API rate limit exceeded",
        );
        assert_eq!(number(&primary, "x-ratelimit-remaining"), 0);
        let secondary = expect(
            &format!("{status}-secondary"),
            status,
            "You have exceeded a secondary rate limit",
        );
        assert_eq!(secondary.header("retry-after"), Some("60"));
        assert_eq!(secondary.header("x-ratelimit-remaining"), None);
        let bare = expect(&format!("{status}-secondary:0"), status, "secondary");
        assert_eq!(
            (
                bare.header("retry-after"),
                number(&bare, "x-ratelimit-remaining")
            ),
            (None, 60)
        );
    }
    let suspended = expect("suspended", 403, "Sorry. Your account was suspended");
    assert_eq!(suspended.header("x-ratelimit-limit"), None);
    let moved = expect("301", 301, "Moved Permanently");
    assert_eq!(
        moved.header("location"),
        Some("http://localhost/events?per_page=100")
    );
    expect("302", 302, "\"url\"");
}

#[test]
fn transport_faults_deliver_nothing() {
    let whole = get(&mut faulty(""), PAGE).body.len();
    for (spec, transport) in [
        (
            "truncated:25",
            Transport::Truncated {
                sent_bytes: whole / 4,
            },
        ),
        ("reset:0", Transport::Reset { sent_bytes: 0 }),
        ("hang", Transport::Hang),
    ] {
        let mut simulator = faulty(&format!("{spec}=@1"));
        let response = get(&mut simulator, PAGE);
        assert_eq!(
            (response.transport, response.body.len()),
            (transport, whole),
            "{spec}"
        );
        assert!(simulator.delivered().is_empty(), "{spec}");
    }
    let mut simulator = faulty("gzip-cut=@1-2");
    let cut = simulator.respond(NOW, &Request::get(PAGE).with("accept-encoding", "gzip"));
    assert_eq!(
        number(&cut, "content-length"),
        i64::try_from(cut.body.len()).unwrap()
    );
    let mut body = Vec::new();
    assert!(
        flate2::read::GzDecoder::new(&cut.body[..])
            .read_to_end(&mut body)
            .is_err()
    );
    assert_eq!(get(&mut simulator, PAGE).body.len(), whole / 2);
    assert!(simulator.delivered().is_empty());
    let mut simulator = faulty("drip=@1");
    get(&mut simulator, PAGE);
    assert_eq!(simulator.delivered().len(), 100);
}

#[test]
fn a_frozen_page_stays_and_the_others_go_on() {
    let mut simulator = faulty("frozen:600=@1");
    let first = ids(&get(&mut simulator, PAGE));
    simulator.release(NOW, 10);
    assert_eq!(ids(&get(&mut simulator, PAGE)), first);
    let token = Request::get(PAGE).with("authorization", "Bearer t");
    assert_ne!(ids(&simulator.respond(NOW, &token)), first);
    let thawed = simulator.respond(NOW.plus_seconds(600), &Request::get(PAGE));
    assert_ne!(ids(&thawed), first);
}

#[test]
fn a_stale_feed_answers_304_but_an_unconditional_probe_finds_it_out() {
    let mut simulator = faulty("stale-304:600=@2");
    let first = get(&mut simulator, PAGE);
    let conditional = Request::get(PAGE).with("if-none-match", &etag(&first));
    simulator.release(NOW, 10);
    assert_eq!(simulator.respond(NOW, &conditional).status, 304);
    simulator.release(NOW, 10);
    assert_eq!(
        simulator
            .respond(NOW.plus_seconds(599), &conditional)
            .status,
        304
    );
    assert_ne!(ids(&get(&mut simulator, PAGE)), ids(&first));
    assert_eq!(
        simulator
            .respond(NOW.plus_seconds(600), &conditional)
            .status,
        200
    );
}

#[test]
fn feed_faults_dress_the_page() {
    let page = |spec: &str| get(&mut faulty(spec), PAGE);
    let plain = ids(&page(""));
    let doubled = ids(&page("duplicates:3=@1"));
    assert_eq!(
        (&doubled[..100], &doubled[100..]),
        (&plain[..], &plain[..3])
    );
    assert_eq!(page("missing-link=@1").header("link"), None);
    let reset = |spec| number(&page(spec), "x-ratelimit-reset");
    assert_eq!(reset("clock-skew:-5000=@1"), reset("") - 5000);
    let old = json(&page("old-schema:2=@1"));
    assert!(old[100]["id"].is_null() && old[101]["repository"]["name"].is_string());
    let strange = json(&page("unknown-type=@1"));
    assert_eq!(strange[100]["type"], "SponsorshipEvent");
    let mut simulator = faulty("poll-interval:30=@2-3");
    let intervals = [0; 4].map(|_| number(&get(&mut simulator, PAGE), "x-poll-interval"));
    assert_eq!(intervals, [60, 90, 120, 120]);
}

#[test]
fn short_pages_lack_a_few_events_at_their_end() {
    let mut simulator = full(SimOptions::new().short_pages_per_mille(1000));
    let window: Vec<_> = simulator
        .window()
        .iter()
        .map(|e| e.id().unwrap().to_owned())
        .collect();
    let page = ids(&get(&mut simulator, PAGE));
    assert!((97..=99).contains(&page.len()));
    assert_eq!(page[..], window[..page.len()]);
}

#[test]
fn the_budget_can_be_asked_for_freely() {
    let mut simulator = full(SimOptions::new());
    get(&mut simulator, PAGE);
    for _ in 0..3 {
        let response = get(&mut simulator, "/rate_limit");
        assert_eq!(json(&response)["resources"]["core"]["used"], 1);
    }
}

#[test]
fn the_books_say_who_asked_when_and_what_was_delivered() {
    let mut simulator = full(SimOptions::new());
    let asked = Request::get(PAGE).with("authorization", "Bearer t");
    let response = simulator.begin(NOW, &asked);
    simulator.begin(NOW, &Request::get("/nothing"));
    assert!(simulator.delivered().is_empty(), "not before it is sent");
    simulator.finish(NOW.plus_seconds(1), response.number, Finish::Whole);
    let [first, second] = simulator.requests() else {
        panic!("two requests");
    };
    assert_eq!(first.credential, crate::Credential::token("t"));
    assert_eq!((first.status, first.events, first.in_flight), (200, 100, 0));
    assert_eq!(first.finished_at, Some(NOW.plus_seconds(1)));
    assert_eq!(
        (second.status, second.in_flight, second.finished_at),
        (404, 1, None)
    );
    let top = Delivered::of(&simulator.window()[0]);
    assert!(simulator.delivered().contains(&top));
    let quiet = SimOptions::new().keep_records(false);
    let mut simulator = full(quiet);
    get(&mut simulator, PAGE);
    assert!(simulator.requests().is_empty() && simulator.delivered().is_empty());
}

#[test]
fn a_run_under_chance_faults_still_hands_over_every_event() {
    let spec = "500=10%,502=5%,truncated=10%,gzip-cut=5%,reset=5%,duplicates=10%,html200=3%";
    let options = SimOptions::new()
        .faults(spec.parse().unwrap())
        .token_limit_per_hour(1_000_000);
    let mut simulator = Simulator::new(options, EventGenerator::new(2).events(2000, NOW, NOW));
    let mut rounds = 0;
    while !simulator.is_exhausted() {
        simulator.release(NOW, 50);
        for page in 1..=3 {
            let path = format!("{PAGE}&page={page}");
            simulator.respond(NOW, &Request::get(&path).with("authorization", "Bearer t"));
        }
        rounds += 1;
    }
    assert_eq!((rounds, simulator.delivered().len()), (41, 2000));
}

fn strange_request() -> impl Strategy<Value = Request> {
    let segment = prop_oneof![
        Just("events".to_owned()),
        Just("repos".to_owned()),
        Just("users".to_owned()),
        Just("networks".to_owned()),
        Just("rate_limit".to_owned()),
        "[a-z%0-9]{0,6}",
        ".{0,8}",
    ];
    let path =
        proptest::collection::vec(segment, 0..5).prop_map(|parts| format!("/{}", parts.join("/")));
    let query = prop_oneof![
        Just(String::new()),
        "\\?(per_page=[0-9a]{0,22})?&?(page=[0-9]{0,22})?",
        "\\?.{0,20}"
    ];
    let name = prop_oneof![
        Just("if-none-match"),
        Just("accept-encoding"),
        Just("authorization"),
        Just("host"),
        Just("user-agent"),
        Just("x-github-api-version"),
    ];
    let headers = proptest::collection::vec((name, ".{0,20}"), 0..5);
    ("(GET|HEAD|POST|.{0,6})", path, query, headers).prop_map(|(method, path, query, headers)| {
        Request {
            method,
            path_and_query: path + &query,
            headers: headers
                .into_iter()
                .map(|(n, v)| (n.to_owned(), v))
                .collect(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_request_makes_it_panic_and_every_answer_can_be_sent(
        requests in proptest::collection::vec((strange_request(), any::<i64>()), 1..8),
        fault in 0..crate::faults::ENTRIES.len(),
    ) {
        let spec = format!("{}=50%", crate::faults::ENTRIES[fault].name);
        let options = SimOptions::new().faults(spec.parse().unwrap()).rate_per_second(0.0);
        let mut simulator = Simulator::new(options, EventGenerator::new(1));
        simulator.release(NOW, 10);
        let distinct: BTreeSet<u64> = requests.iter().map(|(request, millis)| {
            let response = simulator.respond(SimTime::from_millis(*millis), request);
            assert!((200..600).contains(&response.status));
            for (name, value) in &response.headers {
                http::HeaderName::from_bytes(name.as_bytes()).unwrap();
                http::HeaderValue::from_str(value).unwrap();
            }
            response.number.get()
        }).collect();
        prop_assert_eq!(distinct.len(), requests.len());
    }
}
