//! Feeds into the log, politely.
//!
//! Every feed has a schedule of its own; requests are strictly one after another, within one
//! budget. A *cycle* is one poll: the first page, conditionally, then every page that the `Link`
//! headers name. Each page is in the log before the next is asked for, and durable unless the log's
//! options leave that to a timer. Links and redirects
//! are followed within the origin of the API's address only, so that a token never leaves it.
//!
//! # What is done about each answer
//!
//! | Answer | What is done |
//! |---|---|
//! | 200 with a JSON array | new events are appended; the next page is what `Link` names |
//! | 200 with anything else | as 5xx |
//! | an element that is no event | kept as a reject once, however often the feed serves it |
//! | 304 to a validator of ours | nothing new; after 30 in a row one request without a validator |
//! | 301, 308 | followed and remembered for the feed's first page |
//! | 302, 303, 307 | followed this once |
//! | a redirect or link to another origin, more than 3 redirects | not followed; as 404 |
//! | 401 with a token, 403 of a suspended account | the token is not used any more, which is logged as an error; polling goes on without |
//! | 403 or 429 of a rate limit | no request for any feed until `Retry-After`, else the reset of a spent budget, else 1 min, 2 min, ... 1 h |
//! | 422 behind page 1 | the window ends here |
//! | 400, 404, 410, 422, 451, any other 401 or 403 | asked again every hour |
//! | 5xx, any other status, a body that is cut, too slow, too large (16 MiB) or no gzip | asked again after 1 min (`Retry-After` if longer), 2 min, ... 15 min |
//! | no answer: refused, reset, silent | asked again after 5 s, 10 s, ... 5 min |
//!
//! A failure behind page 1 ends the cycle; the next one asks for every page again, without a
//! validator, since the one of page 1 speaks for pages that were never seen.
//!
//! # When a feed is asked
//!
//! A cycle begins `X-Poll-Interval` (60 s where it is absent) after the last one's first page was
//! answered, later where `--poll-interval` says so or where the budget asks for it: `n` feeds whose
//! cycles take `k` requests each wait `n * k` times an hour divided by the limit (or by what is
//! left until the reset), and no cycle begins that the budget does not hold. Without a token that
//! is one cycle of three pages every three minutes.
//!
//! # What the log is told
//!
//! A page with anything new is one envelope, or several where it is larger than one. A cycle that
//! brought something leaves the facts of all of its pages, and ends with an envelope that says so
//! (`last_page`). A cycle that brought nothing is recorded where its outcome differs from the last
//! recorded one, and every ten minutes; those in between are counted in the next envelope, with what
//! they received. So the facts sum up to every poll, and a quiet feed costs the log 150 bytes in ten
//! minutes.
//!
//! # Suspected gaps
//!
//! | Reason | When |
//! |---|---|
//! | no overlap | a complete cycle of 90 or more events, none of which an earlier cycle had brought |
//! | stopped | the same in the first cycle after a start, or a stop of 30 days |
//! | failures | the same in the first complete cycle after a failed one |
//! | frozen | new events under an `ETag` that stood for other ones; 30 minutes without anything new on the public feed |
//!
//! # Another list of sources
//!
//! The list may change while polling runs. Feeds that stay keep their schedule; a new one is asked
//! at once, within the same budget, and its memory comes from the log as at a start. One that went
//! is not asked for a further page; its cycle stays without an end, so that nothing is taken for
//! complete if it comes back. A list without any feed changes nothing.
//!
//! # Imports meanwhile
//!
//! While it holds the log, polling appends what imports offer: between polls, and while it waits for
//! an answer. What they bring is known from then on, as if it had been polled.
//!
//! # Memory
//!
//! The newest 100,000 to 200,000 events of all feeds and the newest 1,000 of each are known, and
//! come back from the log's tail at the start.

mod budget;
mod client;
mod cycle;
mod feed;
mod intake;
mod journal;
mod link;
mod memory;
mod page;
mod run;
mod summary;
mod verdict;

pub use run::{once, run, run_following};
pub use summary::{CycleSummary, FailedSource};

#[cfg(test)]
mod tests;
