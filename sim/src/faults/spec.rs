//! The SPEC of faults: its grammar, its reading, and which fault strikes which request.

use std::str::FromStr;

use super::kind::{ENTRIES, FaultKind};
use crate::rng::Rng;

/// The grammar of a SPEC and every fault in it, for `--help`.
pub const FAULTS_HELP: &str = "\
SPEC: NAME[:PARAMETER]=WHEN, several separated by commas
WHEN: a probability (0.05 or 5%), or requests counted from 1: @3 @3-7 @3/10 (3, 13, 23, ...)
The first fault that strikes a request is the only one. Repeatable by the seed.

errors instead of an answer
  500  503  400  404  410  422
  502:KB         a unicorn page of so many kibibytes (4)
  401            bad credentials
  403-primary    429-primary: API rate limit exceeded, nothing remaining
  403-secondary:SECONDS  429-secondary:SECONDS  retry-after, without x-ratelimit-* (60);
                 with 0: neither retry-after nor the reason, budget remaining
  suspended      403 for a suspended account
  301  302       to another URL of the same feed
  301-elsewhere  the same by another name of this server: another origin
  html200        an HTML page with status 200
bytes
  truncated:PERCENT  closes after so much of the body (50)
  gzip-cut:PERCENT   a complete answer whose gzip (or JSON) stops short (50)
  reset:PERCENT      resets the connection after so much of the body (50)
  drip:MS            64 bytes at a time, so long apart (100)
  hang               no answer at all
feeds
  frozen:SECONDS     this URL shows this client the same page for so long (600)
  stale-304:SECONDS  conditional requests get 304 for so long, whatever is new (600)
  duplicates:N       the page repeats its first N events at its end (5)
  missing-link       no Link header
  link-elsewhere     links that name this server by another name, as above
  clock-skew:SECONDS x-ratelimit-reset is so far off (-300)
  poll-interval:SECONDS  each time it strikes, X-Poll-Interval is so much longer (60)
  old-schema:N       N more events in the Timeline schema of before 2015 (1)
  unknown-type:N     N more events of a type nobody documented (1)";

/// What goes wrong, and when. Nothing by default.
///
/// Read from a SPEC such as `502=5%,reset=@3,403-secondary:30=@10/20`: comma-separated
/// `NAME[:PARAMETER]=WHEN`, where WHEN is a probability (`0.05`, `5%`) or request numbers counted
/// from 1 (`@3`, `@3-7`, or `@3/10` for 3, 13, 23, ...). [`FAULTS_HELP`] lists the names. Faults at
/// given numbers come before those of chance; otherwise the first in the SPEC that strikes is the
/// only one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Faults {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    kind: FaultKind,
    when: When,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    /// In so many of a million cases.
    PerMillion(u64),
    /// From one request to another, both included.
    Numbers(u64, u64),
    /// One request and every so many after it.
    Every(u64, u64),
}

/// Why a text is no SPEC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultsError {
    /// No `=` in a part.
    #[error("{part:?} has no `=WHEN`; write for example 502=5% or reset=@3")]
    NoWhen {
        /// The part.
        part: String,
    },
    /// A name that is no fault's.
    #[error("unknown fault {name:?}; known are {}", names())]
    UnknownName {
        /// The name.
        name: String,
    },
    /// A parameter where none belongs, or one out of range.
    #[error("{part:?}: {reason}")]
    Parameter {
        /// The part.
        part: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A WHEN that is neither a probability nor request numbers.
    #[error("{part:?}: write a probability (0.05, 5%) or requests from 1 (@3, @3-7, @3/10)")]
    When {
        /// The part.
        part: String,
    },
}

fn names() -> String {
    let names: Vec<&str> = ENTRIES.iter().map(|entry| entry.name).collect();
    names.join(", ")
}

impl Faults {
    /// Whether nothing ever goes wrong.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The fault that strikes request `number` under `seed`.
    pub(crate) fn strike(&self, seed: u64, number: u64) -> Option<FaultKind> {
        let placed = self.rules.iter().find(|rule| rule.when.names(number));
        let chosen = placed.or_else(|| {
            let mut rules = self.rules.iter().zip(1..);
            rules
                .find(|(rule, index)| rule.when.draws(seed, number, *index))
                .map(|(rule, _)| rule)
        });
        chosen.map(|rule| rule.kind)
    }
}

impl When {
    fn names(self, number: u64) -> bool {
        match self {
            Self::PerMillion(_) => false,
            Self::Numbers(from, to) => (from..=to).contains(&number),
            Self::Every(first, step) => number >= first && (number - first).is_multiple_of(step),
        }
    }

    fn draws(self, seed: u64, number: u64, rule: u64) -> bool {
        match self {
            Self::PerMillion(share) => Rng::at(&[seed, rule, number]).below(1_000_000) < share,
            Self::Numbers(..) | Self::Every(..) => false,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let positive = |text: &str| text.parse::<u64>().ok().filter(|&n| n > 0);
        if let Some(place) = text.strip_prefix('@') {
            return if let Some((from, to)) = place.split_once('-') {
                let (from, to) = (positive(from)?, positive(to)?);
                (from <= to).then_some(Self::Numbers(from, to))
            } else if let Some((first, step)) = place.split_once('/') {
                Some(Self::Every(positive(first)?, positive(step)?))
            } else {
                positive(place).map(|number| Self::Numbers(number, number))
            };
        }
        let (number, whole) = match text.strip_suffix('%') {
            Some(percent) => (percent, 100.0),
            None => (text, 1.0),
        };
        let share = number.parse::<f64>().ok()? / whole;
        (0.0..=1.0).contains(&share).then(|| per_million(share))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share from 0 to 1 gives 0 to 1,000,000"
)]
fn per_million(share: f64) -> When {
    When::PerMillion((share * 1e6).round() as u64)
}

impl FromStr for Faults {
    type Err = ParseFaultsError;

    fn from_str(spec: &str) -> Result<Self, Self::Err> {
        let parts = spec.split(',').map(str::trim);
        let rules = parts.filter(|part| !part.is_empty()).map(rule);
        rules.collect::<Result<_, _>>().map(|rules| Self { rules })
    }
}

fn rule(part: &str) -> Result<Rule, ParseFaultsError> {
    let owned = || part.to_owned();
    let (fault, when) = part
        .split_once('=')
        .ok_or_else(|| ParseFaultsError::NoWhen { part: owned() })?;
    let (name, parameter) = match fault.trim().split_once(':') {
        Some((name, parameter)) => (name.trim(), Some(parameter.trim())),
        None => (fault.trim(), None),
    };
    let unknown = || ParseFaultsError::UnknownName { name: name.into() };
    let mut entries = ENTRIES.iter();
    let entry = entries.find(|e| e.name == name).ok_or_else(unknown)?;
    let wrong = |reason: String| ParseFaultsError::Parameter {
        part: owned(),
        reason,
    };
    let parameter = match (entry.parameter, parameter) {
        (None, None) => 0,
        (None, Some(_)) => return Err(wrong(format!("{name} takes no parameter"))),
        (Some((_, _, default)), None) => default,
        (Some((low, high, _)), Some(text)) => text
            .parse()
            .ok()
            .filter(|n| (low..=high).contains(n))
            .ok_or_else(|| wrong(format!("{name} takes a whole number from {low} to {high}")))?,
    };
    let when = When::parse(when.trim()).ok_or_else(|| ParseFaultsError::When { part: owned() })?;
    let kind = (entry.make)(parameter);
    Ok(Rule { kind, when })
}
