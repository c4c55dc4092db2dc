//! What a cycle has brought so far: how much of it an earlier one had, and whether its pages join.
//! Knows nothing about requests, nor what is made of it.

use reqwest::Url;

use super::client::Answer;
use super::feed::{Feed, path_and_query};
use super::memory::Validator;
use super::page::Sorted;
use crate::key::EventKey;

/// Events that a page has where another follows it.
const FULL_PAGE_EVENTS: u32 = 100;

/// The pages of a cycle, put together.
#[derive(Debug, Default)]
pub(super) struct Brought {
    pub(super) received: u32,
    pub(super) new: u32,
    /// Of them on the first page, where a feed shows what came last.
    pub(super) new_at_first: u32,
    /// How many events earlier cycles had brought; `None` where there was none.
    pub(super) overlap: Option<u32>,
    /// The same of the last page that had any event: the oldest ones.
    pub(super) overlap_at_end: u32,
    /// Events may stand between two of its pages that are on neither of them.
    pub(super) has_hole: bool,
    pub(super) keys: Vec<EventKey>,
    pub(super) etag: Option<Validator>,
    /// New events under a validator that stood for other ones.
    pub(super) frozen: bool,
    /// Whether an envelope of the cycle is in the log.
    pub(super) recorded: bool,
    last_page: Option<LastPage>,
}

/// The page that came last.
#[derive(Debug, Clone, Copy)]
struct LastPage {
    /// Where its keys begin among the cycle's.
    from: usize,
    received: u32,
}

impl Brought {
    /// Takes note of a page, whose events are not yet known to the feed.
    pub(super) fn add(
        &mut self,
        feed: &Feed,
        url: &Url,
        page: u32,
        answer: &Answer,
        sorted: &Sorted,
    ) {
        let etag = answer.header("etag");
        if page == 1 {
            self.frozen = sorted.new > 0 && feed.had(url, etag);
            self.new_at_first = sorted.new;
            self.etag = etag.map(|etag| Validator {
                path: path_and_query(url),
                etag: etag.to_owned(),
            });
        }
        self.received += sorted.received;
        self.new += sorted.new;
        self.add_keys(feed, sorted.received, &sorted.keys);
    }

    pub(super) fn add_keys(&mut self, feed: &Feed, received: u32, keys: &[EventKey]) {
        self.has_hole |= self.leaves_a_hole_before(feed, keys);
        if let Some(overlap) = feed.overlap(keys) {
            self.overlap = Some(self.overlap.unwrap_or(0) + overlap);
            if !keys.is_empty() {
                self.overlap_at_end = overlap;
            }
        }
        self.last_page = Some(LastPage {
            from: self.keys.len(),
            received,
        });
        self.keys.extend_from_slice(keys);
    }

    /// Whether the page before these events left some out: it had fewer than a page has, none of
    /// these, and ended with an event that no earlier cycle had brought. Behind one that an earlier
    /// cycle had, that cycle knew what follows.
    fn leaves_a_hole_before(&self, feed: &Feed, keys: &[EventKey]) -> bool {
        let Some(LastPage { from, received }) = self.last_page else {
            return false;
        };
        let before = &self.keys[from..];
        let ends_known = before.last().is_some_and(|&last| feed.has_brought(last));
        received < FULL_PAGE_EVENTS
            && !keys.is_empty()
            && !ends_known
            && !keys.iter().any(|key| before.contains(key))
    }
}
