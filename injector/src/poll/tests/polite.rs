//! What makes a client polite, by the simulator's books.

use ghev_sim::{RequestNumber, RequestRecord};

/// One request at a time, to one origin, none before its time, and none beyond the budget.
///
/// An answer that was `untaken` at a stop tells nothing; and the first request of a process, which
/// was `started_after` so many, knows of no limit.
pub(super) fn polite(
    requests: &[RequestRecord],
    untaken: &[RequestNumber],
    started_after: &[u64],
    name: &str,
) {
    for (at, request) in requests.iter().enumerate() {
        assert_eq!(request.in_flight, 0, "{name}: in parallel: {request:?}");
        assert_eq!(request.host, requests[0].host, "{name}: another origin");
        let limited = matches!(request.status, 403 | 429);
        let beyond = limited && request.fault.is_none();
        assert!(!beyond, "{name}: beyond the budget: {request:?}");
        let mut later = requests[at + 1..].iter();
        let at_least = request.at.plus_seconds(60);
        let until = match request
            .wait_until
            .filter(|_| !untaken.contains(&request.number))
        {
            None if limited && is_secondary(request) => Some(at_least),
            until => until,
        };
        if let Some(until) = until
            && let Some(next) = later
                .clone()
                .find(|later| later.credential == request.credential)
            && !started_after.contains(&(next.number.get() - 1))
        {
            assert!(next.at >= until, "{name}: too early: {request:?} {next:?}");
        }
        if let Some(seconds) = request.poll_interval_seconds
            && !untaken.contains(&request.number)
            && !request.path_and_query.contains("&page=")
            && let Some(again) = later.find(|later| {
                later.path_and_query == request.path_and_query
                    && later.credential == request.credential
            })
        {
            let due = request.at.plus_seconds(i64::from(seconds));
            assert!(again.at >= due, "{name}: too early: {request:?} {again:?}");
        }
    }
}

fn is_secondary(request: &RequestRecord) -> bool {
    request
        .fault
        .is_some_and(|fault| fault.ends_with("-secondary"))
}
