//! What is done about answers that the simulator does not give, and about those that never end.

use super::*;

/// One row of the table in the module's documentation.
struct Row {
    name: &'static str,
    reply: Reply,
    /// When the next request comes.
    then_after_seconds: i64,
    then_path: &'static str,
    with_token: bool,
    status: Option<u16>,
    fails: bool,
}

fn row(name: &'static str, reply: Reply, then_after_seconds: i64) -> Row {
    let status = reply.status;
    Row {
        name,
        reply,
        then_after_seconds,
        then_path: "/events?per_page=100",
        with_token: true,
        status,
        fails: true,
    }
}

fn rows() -> Vec<Row> {
    let in_seconds = |seconds: i64| (START + seconds).to_string();
    let limited = r#"{"message":"You have exceeded a secondary rate limit."}"#;
    vec![
        Row {
            fails: false,
            ..row("an empty page", page(0..0), 60)
        },
        Row {
            fails: false,
            ..row(
                "a longer poll interval",
                page(0..0).header("x-poll-interval", "120"),
                120,
            )
        },
        row(
            "HTML with status 200",
            Reply::new(200, "<html>Unicorn!</html>"),
            60,
        ),
        row(
            "an object with status 200",
            Reply::new(200, r#"{"message":"x"}"#),
            60,
        ),
        row("a 304 nobody asked for", Reply::new(304, ""), 60),
        Row {
            then_path: "/repositories/1/events",
            ..row(
                "moved for good",
                Reply::new(301, "").header("location", "/repositories/1/events"),
                0,
            )
        },
        Row {
            then_path: "/elsewhere",
            ..row(
                "moved for now",
                Reply::new(307, "").header("location", "{url}/elsewhere"),
                0,
            )
        },
        row(
            "moved to another origin",
            Reply::new(301, "").header("location", "http://evil.invalid/events"),
            3600,
        ),
        row("moved without saying where", Reply::new(302, ""), 3600),
        row(
            "a next page of another origin",
            page(0..0).header("link", "<http://evil.invalid/events>; rel=\"next\""),
            3600,
        ),
        Row {
            with_token: false,
            ..row(
                "bad credentials",
                Reply::new(401, r#"{"message":"Bad credentials"}"#),
                60,
            )
        },
        Row {
            with_token: false,
            ..row(
                "a suspended account",
                Reply::new(403, r#"{"message":"Sorry. Your account was suspended"}"#),
                60,
            )
        },
        row(
            "a spent budget",
            Reply::new(403, "")
                .header("x-ratelimit-limit", "60")
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", &in_seconds(900)),
            901,
        ),
        row(
            "a spent budget by a clock that disagrees",
            Reply::new(429, "")
                .header("x-ratelimit-limit", "60")
                .header("x-ratelimit-remaining", "0")
                .header("x-ratelimit-reset", &in_seconds(-900)),
            60,
        ),
        row(
            "a secondary limit with a time",
            Reply::new(403, limited).header("retry-after", "77"),
            77,
        ),
        row("a secondary limit without", Reply::new(403, limited), 60),
        row(
            "refused",
            Reply::new(403, "<html>Request forbidden</html>"),
            3600,
        ),
        row(
            "not found",
            Reply::new(404, r#"{"message":"Not Found"}"#),
            3600,
        ),
        row("gone", Reply::new(410, ""), 3600),
        row("no such page", Reply::new(422, ""), 3600),
        row(
            "a unicorn",
            Reply::new(502, &"<html>Unicorn!</html>".repeat(20_000)),
            60,
        ),
        row(
            "unavailable for a time it names",
            Reply::new(503, "").header("retry-after", "90"),
            90,
        ),
        Row {
            status: Some(200),
            ..row("a body that is cut", page(0..9).cut(20), 60)
        },
        Row {
            status: Some(200),
            ..row("gzip that is cut", page(0..9).gzip().cut(5), 60)
        },
        row(
            "gzip that is none",
            page(0..9).header("content-encoding", "gzip"),
            60,
        ),
        Row {
            status: None,
            ..row("a reset", page(0..9).cut_all(), 5)
        },
    ]
}

#[tokio::test]
async fn every_row_of_the_table_is_done_as_it_says() {
    for row in rows() {
        let bench = Bench::new();
        let name = row.name;
        let heard = bench
            .run(vec![row.reply, page(900..901)], |options| {
                options.token = Some("ghp_secret".parse().unwrap());
            })
            .await;
        assert_eq!(heard.len(), 2, "{name}");
        assert_eq!(
            heard[0].header("authorization"),
            Some("Bearer ghp_secret"),
            "{name}"
        );
        assert_eq!(heard[1].after_seconds, row.then_after_seconds, "{name}");
        assert_eq!(heard[1].path, row.then_path, "{name}");
        let token = heard[1].header("authorization").is_some();
        assert_eq!(token, row.with_token, "{name}");
        assert_eq!(bench.events(), ids(900..901), "{name}");
        if row.then_after_seconds > 0 && row.fails {
            let log = bench.log();
            let failed = log.iter().find(|kept| kept.facts.error.is_some());
            assert_eq!(failed.unwrap().facts.status, row.status, "{name}");
        }
    }
}

#[tokio::test]
async fn a_permanent_move_is_remembered_and_a_temporary_one_is_not() {
    for (status, second) in [(301, "/new"), (308, "/new"), (302, "/events?per_page=100")] {
        let bench = Bench::new();
        let moved = Reply::new(status, "").header("location", "/new");
        let heard = bench.run(vec![moved, page(0..1), page(0..1)], |_| {}).await;
        let paths: Vec<&str> = heard.iter().map(|heard| heard.path.as_str()).collect();
        assert_eq!(paths, ["/events?per_page=100", "/new", second]);
    }
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let bench = Bench::new();
    let moved = || Reply::new(302, "").header("location", "/round");
    let heard = bench
        .run(vec![moved(), moved(), moved(), moved(), page(0..1)], |_| {})
        .await;
    assert_eq!(heard[3].after_seconds, 0);
    assert_eq!(heard[4].after_seconds, 3600);
}

#[tokio::test]
async fn a_gzip_answer_is_read() {
    let bench = Bench::new();
    bench.run(vec![page(0..100).gzip()], |_| {}).await;
    assert_eq!(bench.events(), ids(0..100));
}

#[tokio::test]
async fn https_needs_no_global_provider_to_be_chosen_by_the_caller() {
    let options = InjectOptions {
        github_url: GithubUrl::default(),
        ..InjectOptions::default()
    };
    assert!(
        client::Client::new(&options).is_ok() || !std::path::Path::new("/etc/ssl/certs").exists()
    );
}

/// A reply that never ends, then a page: when that was asked for, and what the log says of the first.
async fn given_up(reply: Reply, change: impl FnOnce(&mut InjectOptions)) -> (i64, Option<String>) {
    let bench = Bench::new();
    let heard = bench.run(vec![reply, page(0..2)], change).await;
    assert_eq!(heard.len(), 2);
    assert_eq!(bench.events(), ids(0..2));
    let failed = &bench.log()[0].facts;
    assert!(failed.last_page);
    (heard[1].after_seconds, failed.error.clone())
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_asked_again() {
    let impatient = |options: &mut InjectOptions| options.read_timeout = Duration::from_millis(200);
    // Nothing at all is no connection: tried again soon.
    let (after_seconds, error) = given_up(Reply::new(200, "").cut_all().silent(), impatient).await;
    assert!((5..60).contains(&after_seconds), "{after_seconds}");
    let error = error.unwrap();
    assert!(
        error.contains("no answer") && error.contains("timed out"),
        "{error}"
    );
    // An answer that stops is a broken one: tried again later.
    let stopped = page(0..2).cut(10).silent();
    let (after_seconds, error) = given_up(stopped, impatient).await;
    assert!(after_seconds >= 60, "{after_seconds}");
    let error = error.unwrap();
    assert!(
        error.contains("broken answer") && error.contains("timed out"),
        "{error}"
    );
}

/// Each byte came within the time that an answer may stay silent; without a limit for the whole of
/// it one slow server would hold up all feeds.
#[tokio::test]
async fn a_dripping_server_is_given_up_when_the_request_took_too_long() {
    let dripping = Reply::new(200, &" ".repeat(100_000))
        .cut(100_000)
        .dripping(Duration::from_millis(20));
    let (after_seconds, error) = given_up(dripping, |options| {
        options.read_timeout = Duration::from_secs(30);
        options.request_timeout = Duration::from_millis(500);
    })
    .await;
    assert!(after_seconds >= 60, "{after_seconds}");
    let error = error.unwrap();
    assert!(
        error.contains("broken answer") && error.contains("timed out"),
        "{error}"
    );
}
