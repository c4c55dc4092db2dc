//! A place in the log as the `id` of a Server-Sent Event: the place from which whoever saw the event
//! goes on.
//!
//! `{8 hexadecimal digits}-{offset}.{number}`: the beginning of the log's id, since the places of
//! another log mean something else; the record; the number of the event within it.

use std::fmt;
use std::str::FromStr;

use ghev_readmodel::{LogId, Offset, Place};

/// Digits of the log's id: enough to tell the logs of one user apart.
const LOG_DIGITS: usize = 8;

/// A place of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceId {
    log: String,
    /// The place from which to go on.
    pub(crate) place: Place,
}

impl PlaceId {
    pub(crate) fn new(log: LogId, place: Place) -> Self {
        let mut log = log.to_string();
        log.truncate(LOG_DIGITS);
        Self { log, place }
    }

    /// Whether it is of this log.
    pub(crate) fn is_of(&self, log: LogId) -> bool {
        log.to_string().starts_with(&self.log)
    }

    /// Another place of the same log.
    pub(super) fn at(&self, place: Place) -> Self {
        Self {
            log: self.log.clone(),
            place,
        }
    }
}

impl fmt::Display for PlaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, place } = self;
        write!(f, "{log}-{}.{}", place.offset(), place.index())
    }
}

impl FromStr for PlaceId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (log, place) = text.split_once('-').ok_or(())?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if log.len() != LOG_DIGITS || !log.bytes().all(is_digit) {
            return Err(());
        }
        let (offset, index) = place.split_once('.').ok_or(())?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(offset) || !digits(index) {
            return Err(());
        }
        let offset = offset.parse().ok().and_then(Offset::new).ok_or(())?;
        let index = index.parse().map_err(|_| ())?;
        Ok(Self {
            log: log.to_owned(),
            place: Place::new(offset, index),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_prints_as_it_parses(log in any::<[u8; 16]>(), offset in 0..=Offset::MAX.get(), index in any::<u16>()) {
            let log = LogId::new(log);
            let id = PlaceId::new(log, Place::new(Offset::new(offset).unwrap(), index));
            prop_assert!(id.is_of(log));
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in "[0-9a-f.-]{0,40}|.*") {
            let _: Result<PlaceId, _> = text.parse();
        }
    }

    #[test]
    fn an_id_is_of_one_log() {
        let id: PlaceId = "abababab-17.3".parse().unwrap();
        assert!(id.is_of(LogId::new([0xab; 16])));
        assert!(!id.is_of(LogId::new([0xac; 16])));
        for wrong in [
            "",
            "abababab",
            "ab-1.2",
            "abababab-1",
            "abababab-+1.2",
            "abababab-1.65536",
        ] {
            assert!(wrong.parse::<PlaceId>().is_err(), "{wrong}");
        }
    }
}
