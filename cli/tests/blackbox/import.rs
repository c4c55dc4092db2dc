//! `ghev import`: what goes in comes out, once.

use crate::support::{Made, Workspace, event, events, gzip, ndjson};

fn three() -> Vec<String> {
    (1..=3)
        .map(|id| {
            event(Made {
                id,
                ..Made::default()
            })
        })
        .collect()
}

#[test]
fn lines_come_back_byte_for_byte_and_a_second_import_appends_nothing() {
    let at = Workspace::new();
    let lines = three();
    at.file("a.json.gz", &gzip(&ndjson(&lines)));
    let first = at
        .run(&["import", "--format", "json", "a.json.gz"])
        .with_code(0)
        .last_json();
    for (field, count) in [
        ("files", 1),
        ("events", 3),
        ("appended", 3),
        ("duplicates", 0),
        ("rejected", 0),
    ] {
        assert_eq!(first[field], count, "{field}: {first}");
    }
    assert!(
        first["bytes"].as_u64().is_some_and(|bytes| bytes > 0),
        "{first}"
    );
    let again = at
        .run(&["import", "--format", "json", "a.json.gz"])
        .with_code(0)
        .last_json();
    assert_eq!(again["appended"], 0, "{again}");
    assert_eq!(again["duplicates"], 3, "{again}");
    assert_eq!(at.run(&["log", "cat"]).with_code(0).stdout, ndjson(&lines));
}

#[test]
fn plain_lines_arrays_and_standard_input_are_told_apart_by_content() {
    let at = Workspace::new();
    let lines = three();
    let pretty = format!(
        "[\n  {},\n  {}\n]\n",
        lines[0],
        lines[1].replace("\":", "\" :\n   ")
    );
    at.file("page.bin", pretty.as_bytes());
    at.run(&["import", "page.bin"]).with_code(0);
    let input = format!("\u{feff}{}\r\n{}", lines[2], lines[0]);
    let read = at.run_with_input(&["import", "--format", "json", "-"], input.as_bytes());
    let read = read.with_code(0).last_json();
    assert_eq!(
        (&read["appended"], &read["duplicates"]),
        (&1.into(), &1.into()),
        "{read}"
    );
    assert_eq!(at.run(&["log", "cat"]).with_code(0).stdout, ndjson(&lines));
}

#[test]
fn rejected_lines_are_listed_with_their_places_and_the_rest_is_kept() {
    let at = Workspace::new();
    let lines = three();
    let mixed = format!(
        "{}\nnot json\n{{\"id\":\"1\"}}\n[1]\n{}\n",
        lines[0], lines[1]
    );
    at.file("mixed.json", mixed.as_bytes());
    let ended = at
        .run(&["import", "--format", "json", "mixed.json"])
        .with_code(6);
    let summary = ended.last_json();
    assert_eq!(
        (&summary["appended"], &summary["rejected"]),
        (&2.into(), &3.into()),
        "{summary}"
    );
    for place in ["mixed.json:2: ", "mixed.json:3: ", "mixed.json:4: "] {
        assert!(ended.stderr.contains(place), "{place} in {}", ended.stderr);
    }
    assert_eq!(
        at.run(&["log", "cat"]).with_code(0).stdout,
        ndjson(&lines[..2])
    );
}

#[test]
fn a_truncated_archive_keeps_every_whole_event_and_says_where_it_ends() {
    let at = Workspace::new();
    // Enough that the cut falls well inside, with every line different.
    let lines = events(1..=2000);
    let whole = gzip(&ndjson(&lines));
    at.file("cut.json.gz", &whole[..whole.len() / 2]);
    let ended = at
        .run(&["import", "--format", "json", "cut.json.gz"])
        .with_code(6);
    let appended = ended.last_json()["appended"].as_u64().unwrap();
    assert!((500..2000).contains(&appended), "{appended} of 2000");
    assert!(ended.stderr.contains("cut.json.gz:"), "{}", ended.stderr);
    let kept = usize::try_from(appended).unwrap();
    assert_eq!(
        at.run(&["log", "cat"]).with_code(0).stdout,
        ndjson(&lines[..kept])
    );
}

#[test]
fn what_is_not_imported_of_a_directory_is_said() {
    let at = Workspace::new();
    let lines = three();
    std::fs::create_dir_all(at.path("hours/2016/empty")).unwrap();
    at.file("hours/1.json", &ndjson(&lines));
    at.file("hours/README", b"not events");
    at.file("hours/2016/2.json", &ndjson(&lines));
    let ended = at
        .run(&["import", "--format", "json", "hours"])
        .with_code(0);
    assert_eq!(ended.last_json()["files"], 1);
    for left in ["hours/README", "hours/2016"] {
        let said = |line: &str| line.contains("not imported") && line.contains(left);
        assert!(ended.stderr.lines().any(said), "{left} in {}", ended.stderr);
    }
    let empty = at.run(&["import", "hours/2016/empty"]).with_code(0);
    assert!(
        empty.stderr.contains("nothing to import"),
        "{}",
        empty.stderr
    );
}
