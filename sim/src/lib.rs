//! A deterministic stand-in for GitHub's Events API, and a generator of events. It exists so that
//! the product can be tried with no network and so that tests can meet every answer GitHub has
//! been seen to give. Knows none of the other crates: it has a JSON of its own and never uses
//! their parser, so that a mistake there cannot hide itself here.
//!
//! - [`Simulator`]: the *state*: feeds, budgets, validators, faults. No clock inside: every call
//!   is told the time, and the same seed and the same calls give the same bytes.
//! - [`serve`]: the *HTTP skin*: a socket around a shared [`Simulator`].
//! - [`EventGenerator`]: made-up events of all 16 types in every payload era ([`Era`]), with
//!   coherent lives of pull requests and issues.
//! - [`load_events`]: recorded events instead, each kept byte for byte.
//! - [`Faults`]: what goes wrong, and when ([`FAULTS_HELP`]).

mod budget;
mod credential;
mod delivery;
mod event;
mod exchange;
mod faults;
mod feed;
mod generator;
mod load;
mod options;
mod rng;
mod route;
mod schedule;
mod serve;
mod simulator;
mod time;

pub use credential::Credential;
pub use delivery::{Delivered, Deliveries, Entered, Finish, RequestRecord};
pub use event::{NotAnEvent, SimEvent};
pub use exchange::{Request, RequestNumber, Response, Transport};
pub use faults::{FAULTS_HELP, Faults, ParseFaultsError};
pub use generator::{Era, EventGenerator};
pub use load::{LoadError, load_events};
pub use options::{LimitStatus, SimOptions};
pub use serve::serve;
pub use simulator::{EventSource, Simulator};
pub use time::{ParseSimTimeError, SimTime};
