//! What is asked of the log after polling the simulator: every event that was handed over is there
//! once, what is missing is suspected, and the client was polite.

use std::fmt::Write as _;

use ghev_event::read_event;

use super::*;
use crate::poll::tests::polite::polite;

impl Simulated {
    pub(super) fn check(&self, name: &str) {
        let (delivered, requests) = self.told();
        self.check_kept(name);
        assert!(
            delivered.len() > 300,
            "{name}: only {} delivered",
            delivered.len()
        );
        let started_after = self.started_after.lock().unwrap();
        polite(&requests, &self.untaken, &started_after, name);
    }

    /// What the feed showed and the log has not is within a gap that the log suspects, or came after
    /// the last poll that was complete. How many there are.
    ///
    /// The record begins with the very first cycle, where that is complete: what the feed held then
    /// behind a short page, or behind a first one without `Link`, was before it.
    pub(super) fn check_losses(&self, name: &str) -> usize {
        let log = self.bench.log();
        let complete = log.iter().filter(|kept| {
            let facts = &kept.facts;
            facts.last_page && facts.error.is_none() && facts.status == Some(200)
        });
        let Some(last) = complete.map(|kept| kept.observed_at).max() else {
            return 0;
        };
        let first_cycle = log.iter().find(|kept| kept.facts.last_page);
        let begun = first_cycle
            .filter(|kept| kept.facts.error.is_none())
            .map(|kept| kept.observed_at);
        let spans: Vec<_> = log.iter().flat_map(|kept| kept.spans.clone()).collect();
        let events = log.iter().flat_map(|kept| &kept.events);
        let kept: BTreeSet<String> = events
            .map(|raw| blake3::hash(raw.as_bytes()).to_hex().to_string())
            .collect();
        let lost: Vec<Timestamp> = {
            let simulator = self.simulator.lock().unwrap();
            let entered = simulator.entered().iter();
            let lost = entered.filter(|entered| !kept.contains(&entered.event.digest));
            lost.map(|entered| timestamp(entered.at)).collect()
        };
        // What came while the last complete cycle went on may be on the pages it had before.
        let counts = |at: &Timestamp| *at < last && begun.is_none_or(|begun| *at > begun);
        let lost: Vec<Timestamp> = lost.into_iter().filter(counts).collect();
        for &at in &lost {
            let suspected = spans.iter().any(|&(from, to)| from <= at && at <= to);
            assert!(
                suspected,
                "{name}: lost at {at}, suspected are {spans:?}\n{}",
                self.story(at)
            );
        }
        lost.len()
    }

    /// What was asked and what the log says of it, in the quarter of an hour around `at`.
    fn story(&self, at: Timestamp) -> String {
        let mut lines = Vec::new();
        for request in self.simulator.lock().unwrap().requests() {
            let (path, status, events) = (&request.path_and_query, request.status, request.events);
            let fault = request.fault.unwrap_or_default();
            let line = format!("asked {path}: {status}, {events} events {fault}");
            lines.push((timestamp(request.at), line));
        }
        for kept in self.bench.log() {
            let (facts, spans) = (&kept.facts, &kept.spans);
            let mut line = format!(
                "kept page {}, {} of {} new, overlap {:?}, last {}, suspected {spans:?}",
                facts.page, facts.new, facts.received, facts.overlap, facts.last_page,
            );
            if let Some(error) = &facts.error {
                write!(line, ", {error}").unwrap();
            }
            lines.push((kept.observed_at, line));
        }
        lines.sort_by_key(|&(at, _)| at);
        let since = |of: Timestamp| (of.as_millis() - at.as_millis()) / 1000;
        let near = lines.iter().filter(|&&(of, _)| since(of).abs() < 900);
        let lines: Vec<String> = near
            .map(|(of, line)| format!("{:>5} s {line}", since(*of)))
            .collect();
        lines.join("\n")
    }

    /// Whatever was handed over whole is in the log exactly once, and nothing else.
    pub(in crate::poll::tests) fn check_kept(&self, name: &str) {
        let (delivered, _) = self.told();
        let mut kept = BTreeSet::new();
        for raw in self.bench.events() {
            let event = read_event(raw.as_bytes()).unwrap();
            let id = raw.contains("\"id\"").then(|| event.id.to_string());
            let id = id.filter(|id| id.len() < 32);
            let digest = blake3::hash(raw.as_bytes()).to_hex().to_string();
            let fresh = kept.insert((event.kind.name().to_owned(), id, digest));
            assert!(fresh, "{name}: twice in the log: {raw}");
        }
        let digests = |set: &BTreeSet<Told>| -> BTreeSet<String> {
            set.iter().map(|(.., digest)| digest.clone()).collect()
        };
        let (kept, delivered) = (digests(&kept), digests(&delivered));
        let lost: Vec<_> = delivered.difference(&kept).collect();
        let entered = self.simulator.lock().unwrap().entered().to_vec();
        let first = entered
            .iter()
            .find(|entered| lost.contains(&&entered.event.digest));
        assert!(
            lost.is_empty(),
            "{name}: {} of {} lost\n{}",
            lost.len(),
            delivered.len(),
            first.map_or(String::new(), |first| self.story(timestamp(first.at)))
        );
        let invented: Vec<_> = kept.difference(&delivered).collect();
        assert!(
            invented.is_empty(),
            "{name}: {} never delivered",
            invented.len()
        );
    }
}
