//! What a page holds and how pages follow one another.

use std::io::Read;

use super::*;

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
