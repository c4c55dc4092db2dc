//! The endpoints that scopes have alike.

use super::question::Cost;
use super::{Endpoint, Tag};
use crate::handlers;
use crate::parameters::{ActorPath, Everybody, OrgPath, RepoPath, RepositoryPath};
use crate::problem::Code;

/// The endpoints of one question: everybody's, a repository's by name and by number, and an
/// organisation's. Each may have to scan.
macro_rules! scopes {
    ($handler:ident at $path:literal as $id:literal: $what:literal) => {
        scopes!($handler at $path as $id: $what, or [])
    };
    ($handler:ident at $path:literal as $id:literal: $what:literal, or [$($code:ident),*]) => {
        vec![
            Endpoint::question(
                (concat!("/v1/", $path), $id),
                Tag::Metrics,
                $what,
                |_| Cost::Scan,
                handlers::$handler::<Everybody>,
            )
            .or(&[$(Code::$code),*]),
            Endpoint::question(
                (
                    concat!("/v1/repos/{owner}/{repo}/", $path),
                    concat!("repo_", $id),
                ),
                Tag::Metrics,
                concat!($what, ", of a repository"),
                |_| Cost::Scan,
                handlers::$handler::<RepoPath>,
            )
            .or(&[Code::UnknownRepository $(, Code::$code)*]),
            Endpoint::question(
                (
                    concat!("/v1/repositories/{id}/", $path),
                    concat!("repository_", $id),
                ),
                Tag::Metrics,
                concat!($what, ", of a repository by its number"),
                |_| Cost::Scan,
                handlers::$handler::<RepositoryPath>,
            )
            .or(&[Code::UnknownRepository $(, Code::$code)*]),
            Endpoint::question(
                (concat!("/v1/orgs/{org}/", $path), concat!("org_", $id)),
                Tag::Metrics,
                concat!($what, ", of an organisation"),
                |_| Cost::Scan,
                handlers::$handler::<OrgPath>,
            )
            .or(&[Code::UnknownOrg $(, Code::$code)*]),
        ]
    };
}

/// The same, and an actor's.
macro_rules! every_scope {
    ($handler:ident at $path:literal as $id:literal: $what:literal) => {
        every_scope!($handler at $path as $id: $what, or [])
    };
    ($handler:ident at $path:literal as $id:literal: $what:literal, or [$($code:ident),*]) => {{
        let mut endpoints = scopes!($handler at $path as $id: $what, or [$($code),*]);
        endpoints.push(
            Endpoint::question(
                (
                    concat!("/v1/actors/{login}/", $path),
                    concat!("actor_", $id),
                ),
                Tag::Metrics,
                concat!($what, ", of an actor"),
                |_| Cost::Scan,
                handlers::$handler::<ActorPath>,
            )
            .or(&[Code::UnknownActor $(, Code::$code)*]),
        );
        endpoints
    }};
}

pub(super) fn series() -> Vec<Endpoint> {
    every_scope!(
        event_series at "event-series" as "event_series":
        "Events by type over time, zero-filled", or [TooManyBuckets]
    )
}

pub(super) fn activity() -> Vec<Endpoint> {
    every_scope!(
        activity at "activity" as "activity":
        "Stars, forks, releases, pushes and commits"
    )
}

pub(super) fn matrix() -> Vec<Endpoint> {
    every_scope!(
        activity_matrix at "activity-matrix" as "activity_matrix":
        "Events by weekday and hour"
    )
}

pub(super) fn pull_requests() -> Vec<Endpoint> {
    scopes!(
        pull_requests at "pull-requests" as "pull_requests":
        "Pull requests opened, accepted and declined, and how long it took"
    )
}

pub(super) fn issues() -> Vec<Endpoint> {
    scopes!(
        issues at "issues" as "issues":
        "Issues opened, active and closed, and how long it took"
    )
}

pub(super) fn contributors() -> Vec<Endpoint> {
    scopes!(
        contributors at "contributors" as "contributors":
        "Active, new and inactive contributors, and the absence factor"
    )
}
