//! Polling against a server that answers as it is told, under a clock that jumps.

mod answers;
mod beside_import;
mod gaps;
mod memory;
mod pages;
mod polite;
mod restarts;
mod said;
mod schedule;
mod scripted;
mod simulated;
mod sources;
mod table;

use std::sync::Arc;
use std::time::Duration;

use ghev_event::{Decoder, Envelope, GapReason, Origin, PollFacts, Source, Timestamp};
use ghev_log::{LogCursor, LogOptions, LogWriter, Offset};
use scripted::{Heard, Reply, Scripted};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::clock::test_clock::TestClock;
use crate::{Clock, GithubUrl, InjectError, InjectOptions};

const START: i64 = 1_700_000_000;

/// A log in a directory of its own, and a clock.
struct Bench {
    dir: tempfile::TempDir,
    clock: Arc<TestClock>,
}

impl Bench {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            clock: Arc::new(TestClock::at(START)),
        }
    }

    fn options(&self, url: &str, sources: &[&str]) -> InjectOptions {
        InjectOptions {
            github_url: url.parse().unwrap(),
            sources: sources
                .iter()
                .map(|source| source.parse().unwrap())
                .collect(),
            system_proxy: false,
            read_timeout: Duration::from_secs(5),
            ..InjectOptions::default()
        }
    }

    /// Polls until the script is at its end; what was asked.
    async fn run(
        &self,
        replies: Vec<Reply>,
        change: impl FnOnce(&mut InjectOptions),
    ) -> Vec<Heard> {
        let stop = CancellationToken::new();
        let server = Scripted::start(replies, Arc::clone(&self.clock), stop.clone()).await;
        let mut options = self.options(&server.url, &["public"]);
        change(&mut options);
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let ended = tokio::time::timeout(
            Duration::from_secs(60),
            run(self.dir.path(), options, clock, stop),
        );
        ended
            .await
            .expect("polling never got to the end of the script")
            .unwrap();
        server.heard()
    }

    /// Every envelope's facts, gaps, and events, in the log's order.
    fn log(&self) -> Vec<Kept> {
        let mut kept = Vec::new();
        let mut cursor = LogCursor::open(self.dir.path(), Offset::ZERO).unwrap();
        let mut decoder = Decoder::new();
        while let Some(record) = cursor.read().unwrap() {
            kept.push(Kept::of(&decoder.envelope(record.payload).unwrap()));
        }
        kept
    }

    fn events(&self) -> Vec<String> {
        self.log()
            .into_iter()
            .flat_map(|kept| kept.events)
            .collect()
    }
}

#[derive(Debug)]
struct Kept {
    source: Source,
    facts: PollFacts,
    observed_at: Timestamp,
    gaps: Vec<GapReason>,
    /// From when to when, of each gap.
    spans: Vec<(Timestamp, Timestamp)>,
    events: Vec<String>,
    rejects: usize,
}

impl Kept {
    fn of(envelope: &Envelope<'_>) -> Self {
        let provenance = &envelope.heads.provenance;
        let Origin::Poll(facts) = &provenance.origin else {
            panic!("an import in a poll: {provenance:?}")
        };
        let text = |raw: &&[u8]| String::from_utf8(raw.to_vec()).unwrap();
        Self {
            source: provenance.source.clone(),
            facts: facts.clone(),
            observed_at: provenance.observed_at,
            gaps: provenance.gaps.iter().map(|gap| gap.reason).collect(),
            spans: provenance
                .gaps
                .iter()
                .map(|gap| (gap.from.unwrap_or(gap.to), gap.to))
                .collect(),
            events: envelope.raw.iter().map(text).collect(),
            rejects: envelope.heads.rejects.len(),
        }
    }
}

fn event(id: u32) -> String {
    format!(r#"{{"id":"{id}","type":"WatchEvent"}}"#)
}

fn page(ids: std::ops::Range<u32>) -> Reply {
    let events: Vec<String> = ids.map(event).collect();
    Reply::new(200, &format!("[{}]", events.join(",")))
}

fn ids(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(event).collect()
}
