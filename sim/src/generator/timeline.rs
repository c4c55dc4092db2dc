//! Events in the schema of before 2015, as the oldest archives hold them: no ids, `actor` a text
//! with `actor_attributes`, `repository` with its owner's name, times seven hours behind UTC.

use super::happening::{Happening, What};
use super::json::{Json, array, boolean, number, object, text, text_or_null};
use super::payload::issue_action;
use super::threads::{State, Thread};
use super::world::{Actor, World};
use crate::time::SimTime;

/// The whole event.
pub(super) fn event(happening: &Happening, world: &World, at: SimTime) -> Json {
    let repo = &world.repos[happening.repo];
    let actor = &world.actors[happening.actor];
    let url = format!("https://github.com/{}", repo.full_name());
    let mut repository = vec![
        ("url", text(&url)),
        ("description", text(repo.description)),
        ("fork", boolean(false)),
        ("language", text(repo.language)),
        ("private", boolean(false)),
        ("name", text(&repo.name)),
        ("owner", text(&repo.owner)),
    ];
    if repo.org.is_some() {
        repository.push(("organization", text(&repo.owner)));
    }
    let attributes = object(&[("login", text(&actor.login)), ("type", text("User"))]);
    object(&[
        ("repository", object(&repository)),
        ("actor_attributes", attributes),
        ("created_at", text(&at.timeline())),
        ("public", boolean(true)),
        ("actor", text(&actor.login)),
        ("payload", payload(happening, world, actor)),
        ("url", text(&url)),
        ("type", text(happening.what.kind())),
    ])
}

fn payload(happening: &Happening, world: &World, actor: &Actor) -> Json {
    match &happening.what {
        What::Push {
            branch,
            before,
            commits,
        } => {
            let shas: Vec<Json> = commits
                .iter()
                .map(|c| {
                    let (email, name) = (text("da39a3ee@example.com"), text(&actor.login));
                    array(&[text(&c.sha), email, text(c.message), name, boolean(true)])
                })
                .collect();
            let head = commits.last().map_or(before, |commit| &commit.sha);
            object(&[
                ("head", text(head)),
                ("size", number(commits.len() as u64)),
                ("shas", array(&shas)),
                ("ref", text(&format!("refs/heads/{branch}"))),
            ])
        }
        What::Create { name, is_tag } => {
            let kind = match (name, is_tag) {
                (None, _) => "repository",
                (_, true) => "tag",
                (_, false) => "branch",
            };
            object(&[
                ("ref", text_or_null(name.as_deref())),
                ("ref_type", text(kind)),
            ])
        }
        What::Delete { name } => object(&[("ref", text(name)), ("ref_type", text("branch"))]),
        What::PullRequest(step, thread) => object(&[
            ("action", text(issue_action(*step))),
            ("number", number(thread.number)),
            ("pull_request", pull_request(thread, world)),
        ]),
        What::Issues(step, thread) => object(&[
            ("action", text(issue_action(*step))),
            ("number", number(thread.number)),
            ("issue", number(thread.id)),
        ]),
        What::IssueComment(thread) => object(&[
            ("issue_id", number(thread.id)),
            ("comment_id", number(thread.id + thread.comments)),
        ]),
        What::Fork { id } => object(&[("forkee", number(*id))]),
        What::Member { member } => object(&[
            ("action", text("added")),
            (
                "member",
                object(&[("login", text(&world.actors[*member].login))]),
            ),
        ]),
        What::Gollum { page } => {
            let page = object(&[("page_name", text(page)), ("action", text("edited"))]);
            object(&[("pages", array(&[page]))])
        }
        What::CommitComment { sha } => object(&[("commit", text(sha))]),
        What::ReviewComment(thread) => {
            let comment = object(&[("commit_id", text(&thread.head_sha))]);
            object(&[("comment", comment)])
        }
        What::Watch => object(&[("action", text("started"))]),
        What::Public | What::Review { .. } | What::Discussion { .. } | What::Release { .. } => {
            object(&[])
        }
    }
}

fn pull_request(thread: &Thread, world: &World) -> Json {
    let merged = thread.state == State::Merged;
    let state = if thread.state == State::Open {
        "open"
    } else {
        "closed"
    };
    let author = &world.actors[thread.author];
    object(&[
        ("id", number(thread.id)),
        ("number", number(thread.number)),
        ("state", text(state)),
        ("title", text(thread.title)),
        ("user", object(&[("login", text(&author.login))])),
        ("created_at", text(&thread.created_at.rfc3339())),
        ("merged", boolean(merged)),
    ])
}
