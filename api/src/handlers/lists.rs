//! Who there is: repositories and organisations, page by page.

use ghev_readmodel::{ListCursor, ListOrder};

use super::Ask;
use super::page_token::{self, List, Resumed};
use crate::parameters::{Format, Limit, PageTokenText, Prefix, Relative, SortWord, parameters};
use crate::problem::Problem;
use crate::views::{OrgsView, ReposView};

parameters! {
    /// Who is listed.
    pub(crate) struct ListParameters {
        /// Only those whose name begins with this, in any case.
        prefix = "prefix": Option<Prefix>,
        /// What they are sorted by: the number of events, the most first (the default), the name
        /// whatever its case, or the time of the latest event, the latest first.
        sort = "sort": Option<SortWord>,
        /// How many entries a page has at most.
        limit = "limit": Option<Limit>,
        /// The `next_page_token` of the page before, with its other parameters unchanged.
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

/// What a page is asked for with.
struct Page<'p> {
    list: List,
    prefix: &'p str,
    order: ListOrder,
    after: Option<ListCursor>,
    limit: usize,
}

impl<'p> Page<'p> {
    fn new(ask: &Ask<'_>, name: &str, parameters: &'p ListParameters) -> Result<Self, Problem> {
        let prefix = (parameters.prefix.as_ref()).map_or("", |prefix| prefix.0.as_str());
        let order = parameters.sort.unwrap_or(SortWord::Events).into();
        let filter = (name, prefix.to_lowercase(), order);
        let list = List::new(ask.snapshot.as_of().checkpoint.log_id, &filter);
        let resumed: Option<Resumed<ListCursor>> = match &parameters.page_token {
            Some(token) => Some(page_token::read(list, token)?),
            None => None,
        };
        let after = resumed.map(|resumed| resumed.cursor);
        if after.as_ref().is_some_and(|after| !after.fits(order)) {
            return Err(page_token::foreign());
        }
        Ok(Self {
            list,
            prefix,
            order,
            after,
            limit: parameters.limit.unwrap_or(Limit::DEFAULT).0,
        })
    }

    fn next(&self, cursor: Option<&ListCursor>) -> Option<String> {
        cursor.map(|cursor| page_token::write(self.list, Relative::never(), cursor))
    }
}

/// Repositories.
pub(crate) fn repos(ask: &Ask<'_>, parameters: &ListParameters) -> Result<ReposView, Problem> {
    let page = Page::new(ask, "repos", parameters)?;
    let found = (ask.snapshot).repos(page.prefix, page.order, page.after.as_ref(), page.limit)?;
    let state = ask.whole_state()?;
    let next = page.next(found.next.as_ref());
    Ok(ReposView::new(found.entries, next, state))
}

/// Organisations.
pub(crate) fn orgs(ask: &Ask<'_>, parameters: &ListParameters) -> Result<OrgsView, Problem> {
    let page = Page::new(ask, "orgs", parameters)?;
    let found = (ask.snapshot).orgs(page.prefix, page.order, page.after.as_ref(), page.limit)?;
    let state = ask.whole_state()?;
    let next = page.next(found.next.as_ref());
    Ok(OrgsView::new(found.entries, next, state))
}
