//! Suspected gaps, and input that could not be decoded.

use std::fmt;
use std::str::FromStr;

use ghev_readmodel::Offset;

use super::Ask;
use super::page_token::{self, List, Resumed};
use crate::parameters::{Format, Limit, PageTokenText, Relative, parameters};
use crate::problem::Problem;
use crate::views::{DeadLettersView, GapsView};

parameters! {
    /// Which page.
    pub(crate) struct RecordsParameters {
        /// How many entries a page has at most.
        limit = "limit": Option<Limit>,
        /// The `next_page_token` of the page before.
        page_token = "page_token": Option<PageTokenText>,
        /// The format of the answer; takes precedence over `Accept`.
        format = "format": Option<Format>,
    }
    {
        fn format(&self) -> Option<Format> {
            self.format
        }
    }
}

/// A place in a list of records: an offset, and a number within the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RecordCursor(Offset, u32);

impl fmt::Display for RecordCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl FromStr for RecordCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (offset, number) = text.split_once('.').ok_or(())?;
        let offset = offset.parse().ok().and_then(Offset::new).ok_or(())?;
        Ok(Self(offset, number.parse().map_err(|_| ())?))
    }
}

/// A page's worth of rows and the token of the next, from one row more than that.
struct Page {
    list: List,
    limit: usize,
    after: Option<(Offset, u32)>,
}

impl Page {
    fn new(ask: &Ask<'_>, name: &str, parameters: &RecordsParameters) -> Result<Self, Problem> {
        let list = List::new(ask.snapshot.as_of().checkpoint.log_id, &name);
        let after = match &parameters.page_token {
            Some(token) => {
                let Resumed {
                    cursor: RecordCursor(offset, number),
                    ..
                } = page_token::read(list, token)?;
                Some((offset, number))
            }
            None => None,
        };
        Ok(Self {
            list,
            limit: parameters.limit.unwrap_or(Limit::DEFAULT).0,
            after,
        })
    }

    fn one_more(&self) -> usize {
        self.limit.saturating_add(1)
    }

    fn cut<T>(&self, rows: &mut Vec<T>, place: fn(&T) -> (Offset, u32)) -> Option<String> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let (offset, number) = rows.last().filter(|_| more).map(place)?;
        Some(page_token::write(
            self.list,
            Relative::never(),
            &RecordCursor(offset, number),
        ))
    }
}

/// Suspected gaps, the last recorded first.
pub(crate) fn gaps(ask: &Ask<'_>, parameters: &RecordsParameters) -> Result<GapsView, Problem> {
    let page = Page::new(ask, "gaps", parameters)?;
    let mut gaps = ask.snapshot.gaps(page.one_more(), page.after)?;
    let next = page.cut(&mut gaps, |gap| (gap.offset, gap.number));
    Ok(GapsView::new(gaps, next, ask.whole_state()?))
}

/// Input that could not be decoded, the newest first.
pub(crate) fn dead_letters(
    ask: &Ask<'_>,
    parameters: &RecordsParameters,
) -> Result<DeadLettersView, Problem> {
    let page = Page::new(ask, "dead_letters", parameters)?;
    let mut letters = ask.snapshot.dead_letters(page.one_more(), page.after)?;
    let next = page.cut(&mut letters, |letter| (letter.offset, letter.number));
    Ok(DeadLettersView::new(letters, next, ask.whole_state()?))
}
