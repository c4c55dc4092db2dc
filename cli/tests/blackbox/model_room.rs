//! Room for the read model: what a small disk has to do with it. Skipped where no filesystem may be mounted.

use std::fs;
use std::path::Path;

use crate::support::{SmallDisk, Workspace, events, ndjson};

/// Fills a small disk with a file, but for so many bytes.
fn fill_but(ballast: &Path, bytes: u64) {
    let filled = fs::write(ballast, vec![1; 32 << 20]);
    assert!(filled.is_err(), "the disk is small");
    let taken = fs::metadata(ballast).unwrap().len();
    let kept = fs::File::options().write(true).open(ballast).unwrap();
    kept.set_len(taken - bytes).unwrap();
}

/// `--check` and `--until` used to find out how little room there is when they had filled the disk, and with it
/// what the injector writes to.
#[test]
fn what_does_not_fit_is_refused_before_it_fills_the_disk() {
    let at = Workspace::new();
    let Some(_disk) = SmallDisk::mount(&at.data(), "16m") else {
        return;
    };
    at.file("a.json", &ndjson(&events(1..=2000)));
    at.run(&["import", "a.json", "--free-space-floor", "0"])
        .with_code(0);
    at.run(&["project", "--once"]).with_code(0);
    let model = at.data().join("readmodel");
    let files = || {
        let mut names: Vec<_> = fs::read_dir(&model)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            // Any reader of a generation leaves two small files beside it.
            .filter(|name| !name.contains("db-"))
            .collect();
        names.sort();
        names
    };
    let before = files();
    // Less than a generation.
    let ballast = at.data().join("ballast");
    fill_but(&ballast, 512 << 10);
    let into = at.data().join("past.db");
    let into = into.to_str().unwrap();
    for args in [
        &["replay"][..],
        &["replay", "--check"],
        &["replay", "--only", "names"],
        &["replay", "--until", "1", "--into", into],
    ] {
        let refused = at.run(args).with_code(1);
        assert!(
            refused.stderr.contains("are free there"),
            "{args:?}: {}",
            refused.stderr
        );
        assert_eq!(files(), before, "{args:?}");
        assert!(!Path::new(into).exists());
    }
    fs::remove_file(&ballast).unwrap();
    at.run(&["replay", "--check"]).with_code(0);
}

/// A first model had to fit into 1 MiB only, and filled the disk under the log.
#[test]
fn a_first_model_that_does_not_fit_is_refused_too() {
    let at = Workspace::new();
    let Some(_disk) = SmallDisk::mount(&at.data(), "16m") else {
        return;
    };
    at.file("a.json", &ndjson(&events(1..=20_000)));
    at.run(&["import", "a.json", "--free-space-floor", "0"])
        .with_code(0);
    let ballast = at.data().join("ballast");
    fill_but(&ballast, 2 << 20);
    for args in [&["project", "--once"][..], &["replay"]] {
        let refused = at.run(args).with_code(1);
        let told = refused
            .stderr
            .contains("a new read model needs about 4000000 bytes");
        assert!(told, "{}", refused.stderr);
    }
    fs::remove_file(&ballast).unwrap();
    at.run(&["project", "--once"]).with_code(0);
}

/// `ghev up` ended where the disk of the read model was full, and nobody polled any more.
#[test]
fn a_projector_waits_for_room_and_goes_on() {
    let at = Workspace::new();
    at.file("a.json", &ndjson(&events(1..=50)));
    at.run(&["import", "a.json"]).with_code(0);
    let model = at.data().join("readmodel");
    let Some(_disk) = SmallDisk::mount(&model, "16m") else {
        return;
    };
    let ballast = model.join("ballast");
    let lag = || at.run(&["status", "--format", "json"]).json()["read_model"]["lag"].as_u64();
    // There is none yet, and no room for one.
    fill_but(&ballast, 0);
    let (more, mut projector) = (ndjson(&events(51..=5_000)), at.start(&["project"]));
    projector.line_with("projecting waits until there is space");
    fs::remove_file(&ballast).unwrap();
    projector.until("there is a model", || (lag() == Some(0)).then_some(()));

    fill_but(&ballast, 300 << 10);
    at.file("more.json", &more);
    at.run(&["import", "more.json"]).with_code(0);
    projector.line_with("reason=cannot write the read model");
    assert!(lag() > Some(0));
    fs::remove_file(&ballast).unwrap();
    projector.line_with("there is space again");
    projector.until("it has all", || (lag() == Some(0)).then_some(()));
    assert!(projector.signal("TERM").success());
    at.run(&["replay", "--check"]).with_code(0);
}

/// While there was no room for what a new version makes anew, every attempt, one a second, said that it began; and
/// where no record had to be folded, nobody said that there was room in the end.
#[test]
fn a_model_of_another_version_that_has_no_room_is_told_once() {
    let at = Workspace::new();
    at.file("a.json", &ndjson(&events(1..=5_000)));
    at.run(&["import", "a.json"]).with_code(0);
    let model = at.data().join("readmodel");
    let Some(_disk) = SmallDisk::mount(&model, "16m") else {
        return;
    };
    at.run(&["project", "--once"]).with_code(0);
    // The row of a version of threads that never was, which needs no record (replay.rs).
    let database = model.join("gen-00000001.db");
    let row = |version: u8| [&[3, 13 + 2 * 7, 1], &b"threads"[..], &[version]].concat();
    let mut bytes = fs::read(&database).unwrap();
    let length = row(0).len();
    let is_row = |bytes: &[u8]| bytes[..length - 1] == row(0)[..length - 1];
    let at_row = bytes.windows(length).position(is_row).unwrap();
    bytes[at_row + length - 1] = 0;
    fs::write(&database, bytes).unwrap();

    let ballast = model.join("ballast");
    fill_but(&ballast, 300 << 10);
    let mut projector = at.start(&["project"]);
    projector.line_with("projecting waits until there is space");
    let lock = fs::File::open(model.join("replay.lock")).unwrap();
    lock.lock().unwrap();
    projector.line_with("waiting: another process is rebuilding");
    lock.unlock().unwrap();
    fs::remove_file(&ballast).unwrap();
    projector.line_with("there is space again");
    assert_eq!(projector.lines_with("rebuilding these"), 1);
    assert!(projector.signal("TERM").success());
    at.run(&["replay", "--check"]).with_code(0);
}
