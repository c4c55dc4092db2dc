//! The faults by name, each with its parameter. Knows nothing of how they are carried out.

/// One way for an exchange to go wrong. The numbers are the parameter of the SPEC or its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    ServerError,
    BadGateway { page_kb: i64 },
    Unavailable,
    BadRequest,
    BadCredentials,
    PrimaryForbidden,
    PrimaryTooMany,
    SecondaryForbidden { retry_after_seconds: i64 },
    SecondaryTooMany { retry_after_seconds: i64 },
    Suspended,
    NotFound,
    Gone,
    Unprocessable,
    MovedPermanently,
    MovedTemporarily,
    HtmlOk,
    Truncated { percent: i64 },
    GzipCut { percent: i64 },
    Reset { percent: i64 },
    Drip { interval_ms: i64 },
    Hang,
    Frozen { seconds: i64 },
    Stale { seconds: i64 },
    Duplicates { events: i64 },
    MissingLink,
    MovedElsewhere,
    LinkElsewhere,
    ClockSkew { seconds: i64 },
    PollInterval { seconds: i64 },
    OldSchema { events: i64 },
    UnknownType { events: i64 },
}

/// A fault's name, the range of its parameter with the default (if it has one), and what it does.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) parameter: Option<(i64, i64, i64)>,
    pub(crate) make: fn(i64) -> FaultKind,
}

const fn plain(name: &'static str, make: fn(i64) -> FaultKind) -> Entry {
    Entry {
        name,
        parameter: None,
        make,
    }
}

/// With a parameter from `low` to `high`, `default` where the SPEC gives none.
const fn tuned(
    name: &'static str,
    (low, high, default): (i64, i64, i64),
    make: fn(i64) -> FaultKind,
) -> Entry {
    Entry {
        name,
        parameter: Some((low, high, default)),
        make,
    }
}

/// Seconds that any fault may last: up to a day.
const SECONDS: i64 = 86_400;

/// Every fault, in the order of the help text.
pub(crate) const ENTRIES: [Entry; 31] = {
    use FaultKind::{
        BadCredentials, BadGateway, BadRequest, ClockSkew, Drip, Duplicates, Frozen, Gone, GzipCut,
        Hang, HtmlOk, LinkElsewhere, MissingLink, MovedElsewhere, MovedPermanently,
        MovedTemporarily, NotFound, OldSchema, PollInterval, PrimaryForbidden, PrimaryTooMany,
        Reset, SecondaryForbidden, SecondaryTooMany, ServerError, Stale, Suspended, Truncated,
        Unavailable, UnknownType, Unprocessable,
    };
    [
        plain("500", |_| ServerError),
        tuned("502", (1, 10_000, 4), |n| BadGateway { page_kb: n }),
        plain("503", |_| Unavailable),
        plain("400", |_| BadRequest),
        plain("401", |_| BadCredentials),
        plain("403-primary", |_| PrimaryForbidden),
        plain("429-primary", |_| PrimaryTooMany),
        tuned("403-secondary", (0, SECONDS, 60), |n| SecondaryForbidden {
            retry_after_seconds: n,
        }),
        tuned("429-secondary", (0, SECONDS, 60), |n| SecondaryTooMany {
            retry_after_seconds: n,
        }),
        plain("suspended", |_| Suspended),
        plain("404", |_| NotFound),
        plain("410", |_| Gone),
        plain("422", |_| Unprocessable),
        plain("301", |_| MovedPermanently),
        plain("302", |_| MovedTemporarily),
        plain("301-elsewhere", |_| MovedElsewhere),
        plain("html200", |_| HtmlOk),
        tuned("truncated", (0, 99, 50), |n| Truncated { percent: n }),
        tuned("gzip-cut", (0, 99, 50), |n| GzipCut { percent: n }),
        tuned("reset", (0, 99, 50), |n| Reset { percent: n }),
        tuned("drip", (1, 60_000, 100), |n| Drip { interval_ms: n }),
        plain("hang", |_| Hang),
        tuned("frozen", (1, SECONDS, 600), |n| Frozen { seconds: n }),
        tuned("stale-304", (1, SECONDS, 600), |n| Stale { seconds: n }),
        tuned("duplicates", (1, 100, 5), |n| Duplicates { events: n }),
        plain("missing-link", |_| MissingLink),
        plain("link-elsewhere", |_| LinkElsewhere),
        tuned("clock-skew", (-SECONDS, SECONDS, -300), |n| ClockSkew {
            seconds: n,
        }),
        tuned("poll-interval", (1, 3600, 60), |n| PollInterval {
            seconds: n,
        }),
        tuned("old-schema", (1, 100, 1), |n| OldSchema { events: n }),
        tuned("unknown-type", (1, 100, 1), |n| UnknownType { events: n }),
    ]
};

impl FaultKind {
    /// Its name in a SPEC.
    pub(crate) fn name(self) -> &'static str {
        let same = |entry: &&Entry| {
            std::mem::discriminant(&(entry.make)(0)) == std::mem::discriminant(&self)
        };
        let entry = ENTRIES.iter().find(same);
        entry.map_or("fault", |entry| entry.name)
    }
}
