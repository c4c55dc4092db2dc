//! The table itself.

use super::question::Cost;
use super::scoped;
use super::{Action, Endpoint, Tag};
use crate::document::Documents;
use crate::handlers::{
    self, CountsParameters, EventConditions, EventsParameters, IntervalParameters, event_counts,
    pull_request_interval, pull_request_interval_of_repo,
};
use crate::parameters::{
    ActorPath, Everybody, OrgPath, Parameter, Place, RepoPath, RepositoryPath, ScopePath, TimeWord,
};
use crate::problem::Code;

/// Every endpoint, in the order of the documentation.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let tables = [
        counts(),
        scoped::series(),
        scoped::activity(),
        scoped::matrix(),
        intervals(),
        scoped::pull_requests(),
        scoped::issues(),
        scoped::contributors(),
        trends(),
        events(),
        identities(),
        operations(),
        documents(),
    ];
    let mut endpoints: Vec<Endpoint> = tables.into_iter().flatten().collect();
    let pictures: Vec<Endpoint> = endpoints.iter().filter_map(Endpoint::pictured).collect();
    // Before the operations and documents, which come last.
    let of_answers = |endpoint: &Endpoint| endpoint.tag < Tag::Events;
    let at = endpoints
        .iter()
        .take_while(|endpoint| of_answers(endpoint))
        .count();
    endpoints.splice(at..at, pictures);
    endpoints
}

/// Counts of `/v1` are kept by the hour, those of a repository are in one index: lookups, save by
/// arrival. Organisations and bots may have millions of events.
fn counts() -> Vec<Endpoint> {
    fn by_time<S: ScopePath>((_, parameters): &(S, CountsParameters)) -> Cost {
        match parameters.by {
            Some(TimeWord::ObservedAt) => Cost::Scan,
            Some(TimeWord::CreatedAt) | None => Cost::Lookup,
        }
    }
    fn scan<S: ScopePath>(_: &(S, CountsParameters)) -> Cost {
        Cost::Scan
    }
    vec![
        Endpoint::question(
            ("/v1/event-counts", "event_counts"),
            Tag::Metrics,
            "Events by type",
            by_time,
            event_counts::<Everybody>,
        ),
        Endpoint::question(
            ("/v1/repos/{owner}/{repo}/event-counts", "repo_event_counts"),
            Tag::Metrics,
            "A repository's events by type",
            by_time,
            event_counts::<RepoPath>,
        )
        .or(&[Code::UnknownRepository]),
        Endpoint::question(
            (
                "/v1/repositories/{id}/event-counts",
                "repository_event_counts",
            ),
            Tag::Metrics,
            "A repository's events by type, by its number",
            by_time,
            event_counts::<RepositoryPath>,
        )
        .or(&[Code::UnknownRepository]),
        Endpoint::question(
            ("/v1/orgs/{org}/event-counts", "org_event_counts"),
            Tag::Metrics,
            "An organisation's events by type",
            scan,
            event_counts::<OrgPath>,
        )
        .or(&[Code::UnknownOrg]),
        Endpoint::question(
            ("/v1/actors/{login}/event-counts", "actor_event_counts"),
            Tag::Metrics,
            "An actor's events by type",
            scan,
            event_counts::<ActorPath>,
        )
        .or(&[Code::UnknownActor]),
    ]
}

/// One repository's pull requests lie together; a wider scope's do not.
fn intervals() -> Vec<Endpoint> {
    fn lookup<S: ScopePath>(_: &(S, IntervalParameters)) -> Cost {
        Cost::Lookup
    }
    fn scan<S: ScopePath>(_: &(S, IntervalParameters)) -> Cost {
        Cost::Scan
    }
    vec![
        Endpoint::question(
            ("/v1/pull-request-interval", "pull_request_interval"),
            Tag::Metrics,
            "Time between pull requests, within each repository, pooled",
            scan,
            pull_request_interval::<Everybody>,
        ),
        Endpoint::question(
            (
                "/v1/repos/{owner}/{repo}/pull-request-interval",
                "repo_pull_request_interval",
            ),
            Tag::Metrics,
            "Time between a repository's pull requests",
            lookup,
            pull_request_interval_of_repo::<RepoPath>,
        )
        .or(&[Code::UnknownRepository]),
        Endpoint::question(
            (
                "/v1/repositories/{id}/pull-request-interval",
                "repository_pull_request_interval",
            ),
            Tag::Metrics,
            "Time between a repository's pull requests, by its number",
            lookup,
            pull_request_interval_of_repo::<RepositoryPath>,
        )
        .or(&[Code::UnknownRepository]),
        Endpoint::question(
            (
                "/v1/orgs/{org}/pull-request-interval",
                "org_pull_request_interval",
            ),
            Tag::Metrics,
            "Time between an organisation's pull requests, within each repository, pooled",
            scan,
            pull_request_interval::<OrgPath>,
        )
        .or(&[Code::UnknownOrg]),
    ]
}

fn trends() -> Vec<Endpoint> {
    vec![Endpoint::question(
        ("/v1/trending", "trending"),
        Tag::Metrics,
        "Repositories with more events than they usually have",
        |_| Cost::Scan,
        handlers::trending,
    )]
}

fn events() -> Vec<Endpoint> {
    fn page(parameters: &(EventConditions, EventsParameters)) -> Cost {
        if handlers::is_short(parameters) {
            Cost::Lookup
        } else {
            Cost::Scan
        }
    }
    vec![
        Endpoint::question(
            ("/v1/events", "events"),
            Tag::Events,
            "Events, the newest first, page by page",
            page,
            handlers::events,
        )
        .or(&[
            Code::UnknownRepository,
            Code::UnknownOrg,
            Code::UnknownActor,
        ]),
        Endpoint::stream(
            ("/v1/events/stream", "event_stream"),
            "Events as they arrive, as Server-Sent Events",
        )
        .or(&[
            Code::UnknownRepository,
            Code::UnknownOrg,
            Code::UnknownActor,
        ]),
        Endpoint::question(
            ("/v1/events/{type}/{id}", "event"),
            Tag::Events,
            "One event",
            |_| Cost::Lookup,
            handlers::event,
        )
        .or(&[Code::NotFound]),
    ]
}

fn identities() -> Vec<Endpoint> {
    vec![
        Endpoint::question(
            ("/v1/repos", "repos"),
            Tag::Identities,
            "Repositories: the most events first, by name or the latest event first, page by page",
            |_| Cost::Scan,
            handlers::repos,
        ),
        Endpoint::question(
            ("/v1/orgs", "orgs"),
            Tag::Identities,
            "Organisations, likewise",
            |_| Cost::Scan,
            handlers::orgs,
        ),
        Endpoint::question(
            ("/v1/repos/{owner}/{repo}", "repo"),
            Tag::Identities,
            "A repository: names seen, first and last event, count",
            |_| Cost::Lookup,
            handlers::repo,
        )
        .or(&[Code::UnknownRepository]),
        Endpoint::question(
            ("/v1/repositories/{id}", "repository"),
            Tag::Identities,
            "A repository, by its number",
            |_| Cost::Lookup,
            handlers::repository,
        )
        .or(&[Code::UnknownRepository]),
        Endpoint::question(
            ("/v1/orgs/{org}", "org"),
            Tag::Identities,
            "An organisation: names seen, first and last event, count",
            |_| Cost::Lookup,
            handlers::org,
        )
        .or(&[Code::UnknownOrg]),
        Endpoint::question(
            ("/v1/actors/{login}", "actor"),
            Tag::Identities,
            "An actor: names seen, first and last event, count",
            |_| Cost::Lookup,
            handlers::actor,
        )
        .or(&[Code::UnknownActor]),
    ]
}

fn operations() -> Vec<Endpoint> {
    vec![
        Endpoint::question(
            ("/v1/status", "status"),
            Tag::Operations,
            "How far the read model has come, and its sources",
            |_| Cost::Lookup,
            handlers::status,
        ),
        Endpoint::question(
            ("/v1/gaps", "gaps"),
            Tag::Operations,
            "Suspected gaps, the last recorded first, page by page",
            |_| Cost::Lookup,
            handlers::gaps,
        ),
        Endpoint::question(
            ("/v1/dead-letters", "dead_letters"),
            Tag::Operations,
            "Input that could not be decoded, the newest first, page by page",
            |_| Cost::Lookup,
            handlers::dead_letters,
        ),
        Endpoint::health(),
        Endpoint::question(
            ("/readyz", "readyz"),
            Tag::Operations,
            "Whether the read model can be read; 503 until there is one",
            |_| Cost::Lookup,
            handlers::ready,
        ),
        Endpoint::other(
            ("/metrics", "metrics"),
            Tag::Operations,
            "text/plain; version=0.0.4; charset=utf-8",
            "The service's own counters, in Prometheus' format",
            Action::Metrics,
        ),
    ]
}

fn documents() -> Vec<Endpoint> {
    fn parameter(
        name: &'static str,
        description: &'static str,
        example: &'static str,
    ) -> Parameter {
        let schema = serde_json::json!({ "type": "string" });
        let (place, example) = (Place::Path, Some(example));
        Parameter {
            name,
            place,
            repeatable: false,
            description,
            schema,
            example,
        }
    }
    const HTML: &str = "text/html; charset=utf-8";
    const JSON: &str = "application/json";
    vec![
        Endpoint::dashboard(HTML),
        Endpoint::document(
            ("/docs", "docs"),
            HTML,
            "Documentation with try-it",
            Documents::docs,
        ),
        Endpoint::document(
            ("/openapi.json", "openapi"),
            JSON,
            "OpenAPI 3.1",
            Documents::openapi,
        ),
        Endpoint::document(
            ("/schemas", "schemas"),
            JSON,
            "Every JSON Schema",
            Documents::schemas,
        ),
        Endpoint::document(
            ("/schemas/{name}.json", "schema"),
            "application/schema+json",
            "The JSON Schema (2020-12) of an answer",
            Documents::schema,
        )
        .with_parameter(parameter("name", "The schema's name.", "EventCounts"))
        .or(&[Code::NotFound]),
        Endpoint::document(
            ("/assets/{name}", "asset"),
            "*/*",
            "The pages' style and scripts",
            Documents::asset,
        )
        .with_parameter(parameter("name", "The file's name.", "page.css"))
        .or(&[Code::NotFound]),
    ]
}
