//! What a test may ask afterwards.

use super::*;

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
    let by = simulator.delivered()[&top];
    assert_eq!((by.first, by.last), (first.number, first.number));
    assert_eq!(first.poll_interval_seconds, Some(60));
    assert_eq!((first.host.as_deref(), first.wait_until), (None, None));
    assert_eq!(simulator.entered().len(), 300);
    assert_eq!(simulator.entered()[299].event, top);
    assert_eq!(simulator.entered()[299].at, NOW);
    let quiet = SimOptions::new().keep_records(false);
    let mut simulator = full(quiet);
    get(&mut simulator, PAGE);
    assert!(simulator.requests().is_empty() && simulator.delivered().is_empty());
}

#[test]
fn the_books_say_until_when_a_limit_asks_to_wait() {
    for (spec, seconds) in [
        ("403-secondary:30=@1", Some(30)),
        ("429-primary=@1", Some(3600)),
        ("429-secondary:0=@1", None),
        ("502=@1", None),
    ] {
        let mut simulator = faulty(spec);
        get(&mut simulator, PAGE);
        let until = seconds.map(|seconds| NOW.plus_seconds(seconds));
        assert_eq!(simulator.requests()[0].wait_until, until, "{spec}");
    }
}
