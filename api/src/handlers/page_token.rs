//! Page tokens: where a walk through a list goes on. A token belongs to the log, the list and the
//! filter it was given for, and says so; it outlives generations, since those of one log hold the
//! same records. Opaque to clients.
//!
//! `2-{16 hexadecimal digits}-{seconds}-{cursor}-{8 hexadecimal digits}`: a version, a digest of log
//! and list, the current time when the walk began, the place after which it goes on, and a checksum
//! of it all, so that a token that was cut or changed on the way is not taken for another place.

use std::fmt::Display;
use std::str::FromStr;

use ghev_event::Timestamp;
use ghev_readmodel::LogId;
use xxhash_rust::xxh3::xxh3_64;

use crate::parameters::{PageTokenText, Relative};
use crate::problem::{Code, ParameterError, Problem};

const VERSION: &str = "2";

/// What a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List(u64);

impl List {
    /// The list that `filter` describes, of one log.
    pub(super) fn new(log_id: LogId, filter: &impl std::fmt::Debug) -> Self {
        Self(xxh3_64(format!("{log_id} {filter:?}").as_bytes()))
    }
}

/// Where a walk goes on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Resumed<C> {
    /// The place.
    pub(super) cursor: C,
    /// The time that a relative window is reckoned from: that of the first page.
    pub(super) relative: Relative,
}

/// The token for going on after `cursor`.
pub(super) fn write(list: List, relative: Relative, cursor: &impl Display) -> String {
    let seconds = relative.now.as_seconds();
    let token = format!("{VERSION}-{:016x}-{seconds}-{cursor}", list.0);
    format!("{token}-{}", checksum(&token))
}

fn checksum(token: &str) -> String {
    let [_, _, _, _, a, b, c, d] = xxh3_64(token.as_bytes()).to_be_bytes();
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// What a token says, if it is of this list.
pub(super) fn read<C: FromStr>(list: List, token: &PageTokenText) -> Result<Resumed<C>, Problem> {
    let (of, resumed) = parse(&token.0).ok_or_else(|| {
        wrong("is no token of this version, or was changed on the way: start again without it")
    })?;
    if of == list {
        Ok(resumed)
    } else {
        Err(foreign())
    }
}

/// The problem of a token that was given for something else.
pub(super) fn foreign() -> Problem {
    wrong(
        "belongs to another list: keep the other parameters of the request that gave it, \
         or start again without it",
    )
}

fn wrong(reason: &str) -> Problem {
    let error = ParameterError {
        name: "page_token".to_owned(),
        reason: reason.to_owned(),
    };
    let detail = format!("page_token {reason}");
    Problem {
        errors: vec![error],
        ..Problem::new(Code::InvalidParameter, detail)
    }
}

fn parse<C: FromStr>(token: &str) -> Option<(List, Resumed<C>)> {
    let (token, given) = token.rsplit_once('-')?;
    if given != checksum(token) {
        return None;
    }
    let mut parts = token.splitn(4, '-');
    let (VERSION, digest) = (parts.next()?, parts.next()?) else {
        return None;
    };
    let seconds: u64 = parts.next()?.parse().ok()?;
    let cursor = parts.next()?.parse().ok()?;
    let list = List(u64::from_str_radix(digest, 16).ok()?);
    let now = Timestamp::from_seconds(i64::try_from(seconds).ok()?);
    Some((
        list,
        Resumed {
            cursor,
            relative: Relative { now },
        },
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_of_one_list_and_log() {
        let log = |byte| LogId::new([byte; 16]);
        let relative = Relative {
            now: Timestamp::from_seconds(1_700_000_000),
        };
        let list = List::new(log(1), &"filter");
        let token = PageTokenText(write(list, relative, &77));
        assert_eq!(
            read(list, &token),
            Ok(Resumed {
                cursor: 77_u64,
                relative
            })
        );
        for at in 0..token.0.len() {
            for digit in ['0', 'f', '-', 'z'] {
                let mut changed = token.0.clone();
                changed.replace_range(at..=at, digit.to_string().as_str());
                let changed = PageTokenText(changed);
                assert!(
                    changed == token || read::<u64>(list, &changed).is_err(),
                    "{changed:?}"
                );
            }
        }
        for other in [List::new(log(2), &"filter"), List::new(log(1), &"other")] {
            let problem = read::<u64>(other, &token).unwrap_err();
            assert_eq!(problem.code, Code::InvalidParameter);
            assert!(
                problem.detail.contains("another list"),
                "{}",
                problem.detail
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "2-[0-9a-f]{0,17}-[0-9-]{0,22}-.*|.*") {
            let _: Result<Resumed<u64>, _> = read(List(0), &PageTokenText(text));
        }
    }
}
