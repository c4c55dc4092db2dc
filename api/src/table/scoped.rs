//! The endpoints that every scope has alike.

use super::question::Cost;
use super::{Endpoint, Tag};
use crate::handlers;
use crate::parameters::{ActorPath, Everybody, OrgPath, RepoPath, RepositoryPath};
use crate::problem::Code;

/// The endpoints of one question: everybody's, a repository's by name and by number, an
/// organisation's and an actor's. Each may have to scan.
macro_rules! every_scope {
    ($handler:ident at $path:literal as $id:literal: $what:literal) => {
        every_scope!($handler at $path as $id: $what, or [])
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
        ]
    };
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
