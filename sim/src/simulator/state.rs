//! What the simulator remembers between requests, and its public calls.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::answer::Answer;
use super::page::PageMemory;
use super::source::EventSource;
use crate::budget::Budgets;
use crate::credential::Credential;
use crate::delivery::{Delivered, Deliveries, Entered, Finish, Records, RequestRecord};
use crate::exchange::{Request, RequestNumber, Response, Transport};
use crate::feed::{FeedKey, Feeds, Shared};
use crate::options::SimOptions;
use crate::schedule::Schedule;
use crate::time::SimTime;

/// A stand-in for GitHub's Events API: pure state, told the time with every call.
///
/// ```
/// use ghev_sim::{EventGenerator, Request, SimOptions, SimTime, Simulator};
///
/// let mut simulator = Simulator::new(SimOptions::new(), EventGenerator::new(7));
/// let now = SimTime::from_seconds(1_790_000_000);
/// simulator.release(now, 120);
/// let response = simulator.respond(now, &Request::get("/events?per_page=100"));
/// assert_eq!(response.status, 200);
/// assert_eq!(simulator.delivered().len(), 100);
/// ```
#[derive(Debug)]
pub struct Simulator {
    pub(super) options: SimOptions,
    pub(super) feeds: Feeds,
    pub(super) budgets: Budgets,
    pub(super) memory: BTreeMap<(Credential, String), PageMemory>,
    /// Bad logins in a row, and until when all logins are refused.
    pub(super) bad_logins: u32,
    pub(super) logins_refused_until: Option<SimTime>,
    /// How often the fault of a longer poll interval has struck.
    pub(super) poll_interval_added_seconds: u32,
    pub(super) now: SimTime,
    source: EventSource,
    schedule: Schedule,
    start: Option<SimTime>,
    scheduled: u64,
    released: u64,
    exhausted: bool,
    requests: u64,
    open: HashMap<RequestNumber, Vec<Shared>>,
    records: Records,
}

impl Simulator {
    /// A simulator of `source`'s events: an [`EventGenerator`](crate::EventGenerator) or a list, as
    /// [`load_events`](crate::load_events) gives it.
    pub fn new(options: SimOptions, source: impl Into<EventSource>) -> Self {
        let source = source.into();
        let mut feeds = Feeds::default();
        source.announce(&mut feeds);
        Self {
            budgets: Budgets::new(&options),
            schedule: Schedule::new(&options),
            start: options.start,
            options,
            feeds,
            memory: BTreeMap::new(),
            bad_logins: 0,
            logins_refused_until: None,
            poll_interval_added_seconds: 0,
            now: SimTime::from_millis(0),
            source,
            scheduled: 0,
            released: 0,
            exhausted: false,
            requests: 0,
            open: HashMap::new(),
            records: Records::default(),
        }
    }

    /// Answers one request at once and whole: [`begin`](Self::begin) and
    /// [`finish`](Self::finish) in one.
    pub fn respond(&mut self, now: SimTime, request: &Request) -> Response {
        let response = self.begin(now, request);
        let finish = match response.transport {
            Transport::Whole | Transport::Drip { .. } => Finish::Whole,
            Transport::Truncated { .. } | Transport::Reset { .. } | Transport::Hang => Finish::Cut,
        };
        self.finish(now, response.number, finish);
        response
    }

    /// Takes a request and gives its answer; its events count as delivered only after
    /// [`finish`](Self::finish). Never panics, whatever the request holds.
    pub fn begin(&mut self, now: SimTime, request: &Request) -> Response {
        self.advance(now);
        self.requests += 1;
        let number = RequestNumber(self.requests);
        let in_flight = self.open.len();
        let fault = self.options.faults.strike(self.options.seed, number.get());
        let credential = Credential::of_header(request.header("authorization"));
        let answer = self.answer(number, credential, request, fault);
        if self.options.keep_records {
            self.records.requests.push(RequestRecord {
                number,
                at: now,
                method: request.method.clone(),
                path_and_query: request.path_and_query.clone(),
                host: request.header("host").map(str::to_owned),
                credential,
                conditional: request.header("if-none-match").is_some(),
                in_flight,
                status: answer.status,
                events: answer.events.len(),
                fault: answer.fault,
                poll_interval_seconds: answer.number("x-poll-interval"),
                wait_until: answer.wait_until(now),
                finished_at: None,
            });
        }
        let Answer { events, .. } = &answer;
        self.open.insert(number, events.clone());
        answer.into_response(self, number, request)
    }

    /// Says that an answer has been sent, or given up. A second call for one number means nothing.
    pub fn finish(&mut self, now: SimTime, number: RequestNumber, finish: Finish) {
        let Some(events) = self.open.remove(&number) else {
            return;
        };
        if !self.options.keep_records {
            return;
        }
        let index = number.get().checked_sub(1).map(usize::try_from);
        if let Some(Ok(index)) = index
            && let Some(record) = self.records.requests.get_mut(index)
        {
            record.finished_at = Some(now);
        }
        if finish == Finish::Whole {
            for event in &events {
                let deliveries = self.records.delivered.entry(Delivered::of(event));
                let once = Deliveries {
                    first: number,
                    last: number,
                };
                deliveries.or_insert(once).last = number;
            }
        }
    }

    /// Puts up to `n` more events into the feed now, beside the schedule, and says how many there
    /// were: fewer than `n` only when a list has come to its end.
    pub fn release(&mut self, now: SimTime, n: usize) -> usize {
        self.advance(now);
        self.release_now(n)
    }

    /// Brings the schedule up to `now`, as every request does. Time never goes back: an earlier
    /// `now` counts as the latest seen.
    pub fn advance(&mut self, now: SimTime) {
        self.now = self.now.max(now);
        let start = *self.start.get_or_insert(self.now);
        let due = self.schedule.due(self.now.millis_since(start));
        while self.scheduled < due && !self.exhausted {
            let at = start.plus_millis(self.schedule.due_at_ms(self.scheduled));
            self.scheduled += 1;
            self.release_one(at);
        }
    }

    /// Events that have entered the feed so far.
    pub fn released(&self) -> u64 {
        self.released
    }

    /// Whether a list of events has come to its end.
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// The requests so far, in the order they came. Empty if the options keep no records.
    pub fn requests(&self) -> &[RequestRecord] {
        &self.records.requests
    }

    /// Every event that reached a client whole, in a 200 whose every byte was handed over, and in
    /// which ones. Empty if the options keep no records.
    pub fn delivered(&self) -> &BTreeMap<Delivered, Deliveries> {
        &self.records.delivered
    }

    /// Every event that entered the feed of everything, in this order. Empty if the options keep no
    /// records.
    pub fn entered(&self) -> &[Entered] {
        &self.records.entered
    }

    /// What `/events` shows at this moment, newest first.
    pub fn window(&self) -> Vec<Arc<crate::SimEvent>> {
        self.feeds.window(FeedKey::Public, self.options.partitioned)
    }

    pub(super) fn release_now(&mut self, n: usize) -> usize {
        (0..n).take_while(|_| self.release_one(self.now)).count()
    }

    fn release_one(&mut self, at: SimTime) -> bool {
        let floor = i64::from(self.options.latency_floor_seconds);
        match self.source.next(at.plus_seconds(-floor)) {
            Some(event) => {
                if self.options.keep_records {
                    let event = Delivered::of(&event);
                    self.records.entered.push(Entered { event, at });
                }
                self.feeds.push(&Arc::new(event));
                self.released += 1;
                true
            }
            None => {
                self.exhausted = true;
                false
            }
        }
    }
}
