//! Two imports into one log: the second goes through the first.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ghev_log::LogWriter;

use super::{Bench, lines};
use crate::import::{ImportObserver, ImportOptions, ImportProgress, ImportSummary, Input, import};

/// Imports another file in the middle of what it observes.
struct AnotherBeside {
    log: PathBuf,
    input: Input,
    /// Where the first import has read so many events.
    after: u64,
    summary: Option<ImportSummary>,
}

impl ImportObserver for AnotherBeside {
    fn progress(&mut self, progress: &ImportProgress) {
        if progress.events < self.after || self.summary.is_some() {
            return;
        }
        let options = ImportOptions::default();
        let inputs = [self.input.clone()];
        let beside = import(&self.log, &inputs, &options, &mut Deaf, &|| false);
        self.summary = Some(beside.unwrap());
    }

    fn rejected(&mut self, place: &str, reason: &str) {
        panic!("{place}: {reason}");
    }
}

struct Deaf;

impl ImportObserver for Deaf {
    fn progress(&mut self, _: &ImportProgress) {}

    fn rejected(&mut self, _: &str, _: &str) {}
}

/// The second waited ten seconds and gave up, for as long as the first took.
#[test]
fn a_second_import_goes_through_the_first_and_nothing_gets_in_twice() {
    let mut bench = Bench::new();
    let first = bench.file("first.json", lines(0..3_000).as_bytes());
    let mut observer = AnotherBeside {
        log: bench.log(),
        input: bench.file("second.json", lines(1_500..4_000).as_bytes()),
        after: 2_000,
        summary: None,
    };
    let options = ImportOptions::default();
    let summary = import(&bench.log(), &[first], &options, &mut observer, &|| false).unwrap();
    let beside = observer.summary.unwrap();
    // The first had gathered some of them, and not appended them yet.
    assert_eq!((beside.appended, beside.duplicates), (2_500, 0));
    assert_eq!((summary.appended, summary.duplicates), (1_500, 1_500));
    let kept = String::from_utf8(bench.kept().lines).unwrap();
    let once: BTreeSet<&str> = kept.lines().collect();
    assert_eq!((kept.lines().count(), once.len()), (4_000, 4_000));
    let all = lines(0..4_000);
    assert_eq!(once, all.lines().collect());

    // Both were read to their ends, and the log says so.
    let first = Input::File(bench.dir.path().join("first.json"));
    let again = bench.import(&[first, observer.input]).unwrap();
    assert_eq!((again.known_files, again.events), (2, 5_500));
    assert!(
        !bench.log().join("inbox").exists(),
        "the socket went with its holder"
    );
    LogWriter::open(bench.log(), options.log).unwrap();
}
