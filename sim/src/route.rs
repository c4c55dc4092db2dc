//! Paths and queries: which feed a request means, which page of it, and the links between pages.
//! Knows nothing about what a feed holds.

use crate::feed::{FeedKey, Feeds, PAGE_SIZE_MAX, Subject, WINDOW};

/// What a path means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// A feed, and the path by which links name it.
    Feed { key: FeedKey, link_path: String },
    /// A repository under a name it no longer bears: where its feed is.
    Moved { link_path: String },
    /// The state of one's own budget.
    RateLimit,
    /// Nothing.
    Unknown,
}

impl Route {
    /// The meaning of a path (without query). A slash at its end makes it unknown, as at GitHub.
    pub(crate) fn of(path: &str, feeds: &Feeds) -> Self {
        let segments: Vec<String> = path.split('/').skip(1).map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let found = match segments[..] {
            ["rate_limit"] => return Self::RateLimit,
            ["events"] => Some((FeedKey::Public, true, "")),
            ["repos", owner, name, "events"] => repo(feeds, owner, name),
            ["networks", owner, name, "events"] => {
                // Links of networks name the repository, not its number.
                return match repo(feeds, owner, name) {
                    Some((key, ..)) => Self::Feed {
                        key,
                        link_path: path.to_owned(),
                    },
                    None => Self::Unknown,
                };
            }
            ["repositories", id, "events"] => numbered(feeds, Subject::Repo, id, ""),
            ["orgs", org, "events"] => named(feeds, Subject::Org, org, ""),
            ["organizations", id, "events"] => numbered(feeds, Subject::Org, id, ""),
            ["users", login, "events"] => named(feeds, Subject::User, login, ""),
            ["users", login, "events", "public"] => named(feeds, Subject::User, login, "/public"),
            ["user", id, "events"] => numbered(feeds, Subject::User, id, ""),
            ["user", id, "events", "public"] => numbered(feeds, Subject::User, id, "/public"),
            _ => None,
        };
        let Some((key, bears_name, suffix)) = found else {
            return Self::Unknown;
        };
        let link_path = numeric_path(feeds, key).map_or_else(|| path.to_owned(), |p| p + suffix);
        if bears_name {
            Self::Feed { key, link_path }
        } else {
            Self::Moved { link_path }
        }
    }
}

type Found<'a> = Option<(FeedKey, bool, &'a str)>;

fn repo<'a>(feeds: &Feeds, owner: &str, name: &str) -> Found<'a> {
    let (key, bears) = feeds.by_name(Subject::Repo, &format!("{owner}/{name}"))?;
    Some((key, bears, ""))
}

fn named<'a>(feeds: &Feeds, subject: Subject, name: &str, suffix: &'a str) -> Found<'a> {
    let (key, _) = feeds.by_name(subject, name)?;
    Some((key, true, suffix))
}

fn numbered<'a>(feeds: &Feeds, subject: Subject, id: &str, suffix: &'a str) -> Found<'a> {
    let key = feeds.by_id(subject, id.parse().ok()?)?;
    Some((key, true, suffix))
}

/// The path that names a feed's subject by its number, if it has one.
fn numeric_path(feeds: &Feeds, key: FeedKey) -> Option<String> {
    let FeedKey::Of(subject, _) = key else {
        return None;
    };
    let collection = match subject {
        Subject::Repo => "repositories",
        Subject::Org => "organizations",
        Subject::User => "user",
    };
    feeds.id(key).map(|id| format!("/{collection}/{id}/events"))
}

/// A path segment with its percent signs resolved; what is malformed stays as it is.
fn decoded(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = |index: usize| char::from(*bytes.get(index)?).to_digit(16);
        let pair = || hex(at + 1).zip(hex(at + 2));
        match pair().filter(|_| bytes[at] == b'%') {
            Some((high, low)) => {
                out.push(u8::try_from(high * 16 + low).expect("two hexadecimal digits"));
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Which part of a feed is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageQuery {
    /// From 1.
    pub(crate) page: usize,
    pub(crate) per_page: usize,
    /// Whether the client said how many.
    stated: bool,
}

impl PageQuery {
    /// As a query states it; what is absent, 0 or no number means the default, and more than 100
    /// means 100.
    pub(crate) fn of(query: &str, per_page_default: usize) -> Self {
        let number = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(key, _)| *key == name)?;
            value.parse::<usize>().ok().filter(|&n| n > 0)
        };
        let per_page = number("per_page");
        Self {
            page: number("page").unwrap_or(1),
            per_page: per_page.unwrap_or(per_page_default).min(PAGE_SIZE_MAX),
            stated: per_page.is_some(),
        }
    }

    /// How many events stand before this page; `None` if it begins beyond the window.
    pub(crate) fn skipped(self) -> Option<usize> {
        let skipped = (self.page - 1).checked_mul(self.per_page)?;
        (skipped < WINDOW).then_some(skipped)
    }

    /// The `Link` header of this page of a feed that shows `total` events; none if it is the only.
    pub(crate) fn links(self, base_and_path: &str, total: usize) -> Option<String> {
        let last = total.div_ceil(self.per_page).max(1);
        let url = |page: usize| {
            let per_page = if self.stated {
                format!("per_page={}&", self.per_page)
            } else {
                String::new()
            };
            format!("<{base_and_path}?{per_page}page={page}>")
        };
        let mut links = Vec::new();
        if self.page > 1 {
            links.push(format!("{}; rel=\"prev\"", url((self.page - 1).min(last))));
        }
        if self.page < last {
            links.push(format!("{}; rel=\"next\"", url(self.page + 1)));
            links.push(format!("{}; rel=\"last\"", url(last)));
        }
        if self.page > 1 {
            links.push(format!("{}; rel=\"first\"", url(1)));
        }
        (!links.is_empty()).then(|| links.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_query_is_read_as_github_reads_it() {
        let read = |query| {
            let query = PageQuery::of(query, 30);
            (query.page, query.per_page)
        };
        assert_eq!(read(""), (1, 30));
        assert_eq!(read("per_page=100&page=3"), (3, 100));
        assert_eq!(read("page=0&per_page=1000"), (1, 100));
        assert_eq!(read("per_page=-1&page=x&&="), (1, 30));
    }

    #[test]
    fn the_window_ends_after_300_events() {
        let skipped = |query| PageQuery::of(query, 30).skipped();
        assert_eq!(skipped("per_page=100&page=3"), Some(200));
        assert_eq!(skipped("per_page=100&page=4"), None);
        assert_eq!(skipped("page=10"), Some(270));
        assert_eq!(skipped("page=11"), None);
        assert_eq!(skipped("page=18446744073709551615"), None);
    }

    #[test]
    fn links_name_the_neighbours_in_github_s_order() {
        let links = |query, total| PageQuery::of(query, 30).links("https://h/events", total);
        assert_eq!(
            links("per_page=100", 300).unwrap(),
            "<https://h/events?per_page=100&page=2>; rel=\"next\", \
             <https://h/events?per_page=100&page=3>; rel=\"last\""
        );
        let last = links("page=10", 300).unwrap();
        assert!(
            last.starts_with("<https://h/events?page=9>; rel=\"prev\""),
            "{last}"
        );
        assert!(!last.contains("next"), "{last}");
        assert_eq!(links("", 30), None);
        assert_eq!(links("", 0), None);
    }

    #[test]
    fn percent_signs_are_resolved() {
        assert_eq!(decoded("dependabot%5Bbot%5d"), "dependabot[bot]");
        assert_eq!(decoded("%"), "%");
        assert_eq!(decoded("%4"), "%4");
        assert_eq!(decoded("%zz%ff"), "%zz\u{fffd}");
    }
}
