//! What is no event, or no longer one: named, kept, and nothing else lost over it.

use super::{Bench, gzip, line, lines};

#[test]
fn rejects_are_named_and_kept() {
    let mut bench = Bench::new();
    let content = format!("{}{{\"type\":7}}\nnonsense\n", line(1));
    let input = bench.file("bad.ndjson", content.as_bytes());
    let path = bench.dir.path().join("bad.ndjson").display().to_string();
    bench.import(&[input]).unwrap();
    let places: Vec<&str> = bench
        .heard
        .rejected
        .iter()
        .map(|(place, _)| place.as_str())
        .collect();
    assert_eq!(places, [format!("{path}:2"), format!("{path}:3")]);
    assert_eq!(
        bench.kept().rejects,
        [(2, b"{\"type\":7}".to_vec()), (3, b"nonsense".to_vec())]
    );
}

#[test]
fn a_truncated_gzip_keeps_what_is_whole() {
    let mut bench = Bench::new();
    let content = lines(0..5000);
    let mut stored = gzip(content.as_bytes());
    stored.truncate(stored.len() - 100);
    let input = bench.file("cut.json.gz", &stored);
    let summary = bench.import(&[input]).unwrap();
    assert_eq!((summary.files, summary.rejected), (1, 1));
    assert!(summary.appended > 4000, "{summary:?}");
    let kept = bench.kept();
    assert!(content.as_bytes().starts_with(&kept.lines));
    let (place, reason) = &bench.heard.rejected[0];
    assert!(
        place.ends_with(&format!(":{}", summary.appended + 1)),
        "{place}"
    );
    assert!(reason.contains("damaged"), "{reason}");
}

#[test]
fn gzip_members_behind_damage_are_kept() {
    let mut bench = Bench::new();
    let hours = [lines(0..2000), lines(2000..4000), lines(4000..6000)];
    let mut members = hours.clone().map(|hour| gzip(hour.as_bytes()));
    // As where one of several downloads that were put together broke off.
    let middle = members[1].len() / 2;
    members[1].truncate(middle);
    let input = [bench.file("day.json.gz", &members.concat())];
    let summary = bench.import(&input).unwrap();
    let kept = String::from_utf8(bench.kept().lines).unwrap();
    assert!(kept.starts_with(&hours[0]));
    assert!(kept.ends_with(&hours[2]));
    assert!(summary.appended > 4500, "and of the second: {summary:?}");
    // Among them what the broken member decompressed to before it was found out.
    let named = |text: &str| {
        bench
            .heard
            .rejected
            .iter()
            .any(|(_, why)| why.contains(text))
    };
    assert!(named("damaged"), "{:?}", bench.heard.rejected);
    assert_eq!(bench.import(&input).unwrap().appended, 0);
}

#[test]
fn hostile_events_are_kept_as_they_are_or_rejected_with_a_reason() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let kept = [
        format!(r#"{{"type":"A","id":"1","payload":{}}}"#, deep("[", "]")),
        format!(
            r#"{{"type":"A","id":"2","payload":{}}}"#,
            deep(r#"{"a":"#, "}").replace("::", ":")
        ),
        format!(
            r#"{{"type":"A","id":"3","body":"{}"}}"#,
            "x".repeat(900_000)
        ),
        r#"{"type":"A","id":"4","id":"5","type":"B"}"#.to_owned(),
        r#"{"type":"A","id":6,"repo":{"id":"7"},"actor":8}"#.to_owned(),
        r#"{"type":"A","id":99999999999999999999999999,"payload":{"size":1e999,"number":-1}}"#
            .to_owned(),
        r#"{"type":"A","id":"7","actor":{"login":"\ud800"},"payload":{"action":"\udfff\ud800"}}"#
            .to_owned(),
        r#"{"type":"\u0000\ud83d\ude00","id":"\u0000"}"#.to_owned(),
        r#"{"type":"A","created_at":"9999-99-99T99:99:99Z","payload":{"pull_request":[[]]}}"#
            .to_owned(),
    ];
    let kept: Vec<String> = kept.map(|json| json.replace(":}", ":1}")).into();
    let rejected: [&[u8]; 6] = [
        b"{\"type\":\"\xff\xfe\"}",
        b"{\"type\":\"A\"} trailing",
        b"{\"type\":7}",
        b"{\"type\":\"A\",\"x\":\"\x01\"}",
        b"\xed\xa0\x80",
        b"{\"type\":\"A\",\"x\":00}",
    ];
    let mut content = Vec::new();
    for line in kept.iter().map(String::as_bytes).chain(rejected) {
        content.extend_from_slice(line);
        content.push(b'\n');
    }
    content.extend_from_slice(&[b'['; 20_000]);
    content.extend_from_slice(&[b'x'; 2_000_000]);
    let mut bench = Bench::new();
    let input = [bench.file("hostile.json", &content)];
    let summary = bench.import(&input).unwrap();
    assert_eq!(
        summary.appended,
        kept.len() as u64 + 1,
        "{:?}",
        bench.heard.rejected
    );
    let in_log = String::from_utf8(bench.kept().lines).unwrap();
    let in_log: Vec<&str> = in_log.lines().collect();
    let (trailed, others): (Vec<&str>, Vec<&str>) = in_log
        .into_iter()
        .partition(|json| *json == r#"{"type":"A"}"#);
    assert_eq!(
        trailed.len(),
        1,
        "an event with something behind it is one all the same"
    );
    assert!(others == kept, "some event did not come back as it was");
    assert_eq!(summary.rejected, bench.kept().rejects.len() as u64);
    assert!(bench.heard.rejected.len() >= rejected.len());
    for (place, reason) in &bench.heard.rejected {
        assert!(
            place.contains("hostile.json:") && !reason.is_empty(),
            "{place} {reason}"
        );
    }
}
