//! What goes wrong on demand.

use std::io::Read;

use super::*;

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
    let elsewhere = expect("301-elsewhere", 301, "Moved Permanently");
    assert_eq!(
        elsewhere.header("location"),
        Some("http://127.0.0.1/events?per_page=100")
    );
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
    let elsewhere = page("link-elsewhere=@1");
    let link = elsewhere.header("link").unwrap();
    assert!(link.starts_with("<http://127.0.0.1/events?"), "{link}");
    assert_eq!(
        page("").header("link").unwrap(),
        link.replace("127.0.0.1", "localhost")
    );
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
