//! Where the events of a simulator come from: a generator without end, or a list.

use std::collections::VecDeque;

use crate::event::SimEvent;
use crate::feed::Feeds;
use crate::generator::EventGenerator;
use crate::time::SimTime;

/// The events a simulator releases, in their order.
#[derive(Debug)]
pub struct EventSource(Kind);

#[derive(Debug)]
enum Kind {
    Generated(Box<EventGenerator>),
    Listed(VecDeque<SimEvent>),
}

impl From<EventGenerator> for EventSource {
    fn from(generator: EventGenerator) -> Self {
        Self(Kind::Generated(Box::new(generator)))
    }
}

impl From<Vec<SimEvent>> for EventSource {
    fn from(events: Vec<SimEvent>) -> Self {
        Self(Kind::Listed(events.into()))
    }
}

impl EventSource {
    /// Tells the feeds of everything that will occur, so that a feed without events yet is empty
    /// rather than unknown.
    pub(crate) fn announce(&self, feeds: &mut Feeds) {
        match &self.0 {
            Kind::Generated(generator) => {
                for (subject, named) in generator.known() {
                    feeds.announce_one(subject, &named);
                }
            }
            Kind::Listed(events) => events.iter().for_each(|event| feeds.announce(event)),
        }
    }

    /// The next event; generated ones are created at `created_at`, listed ones keep their times.
    pub(crate) fn next(&mut self, created_at: SimTime) -> Option<SimEvent> {
        match &mut self.0 {
            Kind::Generated(generator) => Some(generator.next_event(created_at)),
            Kind::Listed(events) => events.pop_front(),
        }
    }
}
