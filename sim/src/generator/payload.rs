//! The payload of each type in the Events API eras, as the OpenAPI description and recorded events
//! show it (<https://docs.github.com/en/rest/using-the-rest-api/github-event-types>).

use super::events::Era;
use super::happening::{Commit, Happening, What};
use super::json::{Json, array, boolean, null, number, object, text, text_or_null};
use super::threads::{State, Step, Thread};
use super::world::{Actor, Repo, World};
use crate::time::SimTime;

/// What every payload is made within.
pub(super) struct Frame<'a> {
    pub(super) world: &'a World,
    pub(super) era: Era,
    pub(super) at: SimTime,
    pub(super) push_id: u64,
}

type Members = Vec<(&'static str, Json)>;

/// The payload of what happens.
pub(super) fn payload(happening: &Happening, frame: &Frame<'_>) -> Json {
    let repo = &frame.world.repos[happening.repo];
    let actor = &frame.world.actors[happening.actor];
    let by = |name: &'static str, action: &str, value: Json| {
        object(&[("action", text(action)), (name, value)])
    };
    match &happening.what {
        What::Push {
            branch,
            before,
            commits,
        } => push(frame, repo, actor, (branch, before), commits),
        What::Create { name, is_tag } => object(&created(repo, name.as_deref(), *is_tag)),
        What::Delete { name } => object(&[
            ("ref", text(name)),
            ("ref_type", text("branch")),
            ("full_ref", text(&format!("refs/heads/{name}"))),
            ("pusher_type", text("user")),
        ]),
        What::PullRequest(step, thread) => pull_request_event(frame, *step, thread, actor),
        What::Review { thread, verdict } => object(&[
            ("action", text("created")),
            ("review", review(frame, actor, thread, verdict)),
            ("pull_request", pull_request(frame, thread)),
        ]),
        What::ReviewComment(thread) => object(&[
            ("action", text("created")),
            ("comment", comment(frame, actor, "pulls")),
            ("pull_request", pull_request(frame, thread)),
        ]),
        What::Issues(step, thread) => {
            let mut members = vec![
                ("action", text(issue_action(*step))),
                ("issue", issue(frame, thread)),
            ];
            members.extend(extra(*step, actor));
            object(&members)
        }
        What::IssueComment(thread) => object(&[
            ("action", text("created")),
            ("issue", issue(frame, thread)),
            ("comment", comment(frame, actor, "issues")),
        ]),
        What::CommitComment { sha } => {
            let body = text("Why this?");
            let value = [
                ("commit_id", text(sha)),
                ("user", user(actor)),
                ("body", body),
            ];
            by("comment", "created", object(&value))
        }
        What::Discussion { number: n } => {
            let value = [
                ("number", number(*n)),
                ("title", text("Ideas")),
                ("user", user(actor)),
            ];
            by("discussion", "created", object(&value))
        }
        What::Fork { id } => by("forkee", "forked", forkee(repo, actor, *id)),
        What::Gollum { page } => object(&[("pages", array(&[wiki_page(repo, page)]))]),
        What::Member { member } => by("member", "added", user(&frame.world.actors[*member])),
        What::Public => object(&[]),
        What::Release { tag } => by("release", "published", release(frame, repo, actor, tag)),
        What::Watch => object(&[("action", text("started"))]),
    }
}

pub(super) fn repo_url(repo: &Repo) -> String {
    format!("https://api.github.com/repos/{}", repo.full_name())
}

pub(super) fn user_url(login: &str) -> String {
    let login = login.replace('[', "%5B").replace(']', "%5D");
    format!("https://api.github.com/users/{login}")
}

fn push(
    frame: &Frame<'_>,
    repo: &Repo,
    actor: &Actor,
    (branch, before): (&str, &str),
    commits: &[Commit],
) -> Json {
    let head = commits.last().map_or(before, |commit| &commit.sha);
    let mut members: Members = vec![
        ("repository_id", number(repo.id)),
        ("push_id", number(frame.push_id)),
    ];
    if frame.era == Era::Full {
        members.push(("size", number(commits.len() as u64)));
        members.push(("distinct_size", number(commits.len() as u64)));
    }
    members.push(("ref", text(&format!("refs/heads/{branch}"))));
    members.push(("head", text(head)));
    members.push(("before", text(before)));
    if frame.era == Era::Full {
        let commits: Vec<Json> = commits.iter().map(|c| commit(repo, actor, c)).collect();
        members.push(("commits", array(&commits)));
    }
    object(&members)
}

fn commit(repo: &Repo, actor: &Actor, commit: &Commit) -> Json {
    let author = [
        (
            "email",
            text("3b1f2a9c0d4e5f60718293a4b5c6d7e8f9012345@example.com"),
        ),
        ("name", text(&actor.login)),
    ];
    object(&[
        ("sha", text(&commit.sha)),
        ("author", object(&author)),
        ("message", text(commit.message)),
        ("distinct", boolean(true)),
        (
            "url",
            text(&format!("{}/commits/{}", repo_url(repo), commit.sha)),
        ),
    ])
}

fn created(repo: &Repo, name: Option<&str>, is_tag: bool) -> Members {
    let (ref_type, folder) = match (name, is_tag) {
        (None, _) => ("repository", ""),
        (_, true) => ("tag", "refs/tags/"),
        (_, false) => ("branch", "refs/heads/"),
    };
    let full_ref = format!("{folder}{}", name.unwrap_or("main"));
    vec![
        ("ref", text_or_null(name)),
        ("ref_type", text(ref_type)),
        ("full_ref", text(&full_ref)),
        ("master_branch", text("main")),
        ("description", text(repo.description)),
        ("pusher_type", text("user")),
    ]
}

fn pull_request_event(frame: &Frame<'_>, step: Step, thread: &Thread, actor: &Actor) -> Json {
    let action = match step {
        Step::Merged if frame.era == Era::Merged => "merged",
        other => issue_action(other),
    };
    let mut members = vec![
        ("action", text(action)),
        ("number", number(thread.number)),
        ("pull_request", pull_request(frame, thread)),
    ];
    members.extend(extra(step, actor));
    object(&members)
}

/// What labels and assignments add.
fn extra(step: Step, actor: &Actor) -> Members {
    match step {
        Step::Labeled => vec![("label", label()), ("labels", array(&[label()]))],
        Step::Assigned => vec![
            ("assignee", user(actor)),
            ("assignees", array(&[user(actor)])),
        ],
        Step::Opened | Step::Merged | Step::Closed | Step::Reopened => Vec::new(),
    }
}

fn label() -> Json {
    object(&[
        ("id", number(208_045_946_u64)),
        ("name", text("bug")),
        ("color", text("d73a4a")),
    ])
}

pub(super) fn issue_action(step: Step) -> &'static str {
    match step {
        Step::Opened => "opened",
        Step::Merged | Step::Closed => "closed",
        Step::Reopened => "reopened",
        Step::Labeled => "labeled",
        Step::Assigned => "assigned",
    }
}

fn pull_request(frame: &Frame<'_>, thread: &Thread) -> Json {
    let repo = &frame.world.repos[thread.repo];
    let side = |branch: &str, sha: &str| {
        let of = [
            ("id", number(repo.id)),
            ("url", text(&repo_url(repo))),
            ("name", text(&repo.name)),
        ];
        object(&[
            ("ref", text(branch)),
            ("sha", text(sha)),
            ("repo", object(&of)),
        ])
    };
    let mut members: Members = vec![
        (
            "url",
            text(&format!("{}/pulls/{}", repo_url(repo), thread.number)),
        ),
        ("id", number(thread.id)),
        ("number", number(thread.number)),
    ];
    let sides = [
        ("head", side(&thread.branch, &thread.head_sha)),
        ("base", side("main", &thread.base_sha)),
    ];
    if frame.era == Era::Full {
        members.extend(common(frame, thread, "pull"));
        members.extend(sides);
        let merged = thread.state == State::Merged;
        let merged_at = thread.ended_at.filter(|_| merged).map(SimTime::rfc3339);
        members.push(("merged_at", text_or_null(merged_at.as_deref())));
        members.push(("draft", boolean(false)));
        members.push(("merged", boolean(merged)));
        members.push(("comments", number(thread.comments)));
        members.push(("commits", number(thread.number % 5 + 1)));
        members.push(("additions", number(thread.id % 500)));
        members.push(("deletions", number(thread.id % 200)));
        members.push(("changed_files", number(thread.id % 12 + 1)));
    } else {
        members.extend(sides);
    }
    object(&members)
}

fn issue(frame: &Frame<'_>, thread: &Thread) -> Json {
    let repo = &frame.world.repos[thread.repo];
    let url = format!("{}/issues/{}", repo_url(repo), thread.number);
    let page = if thread.is_pull_request {
        "pull"
    } else {
        "issues"
    };
    let mut members: Members = vec![
        ("url", text(&url)),
        ("repository_url", text(&repo_url(repo))),
        ("id", number(thread.id)),
        ("number", number(thread.number)),
    ];
    members.extend(common(frame, thread, page));
    members.push(("labels", array(&[])));
    members.push(("comments", number(thread.comments)));
    if thread.is_pull_request {
        let url = format!("{}/pulls/{}", repo_url(repo), thread.number);
        members.push(("pull_request", object(&[("url", text(&url))])));
    }
    object(&members)
}

/// What whole issues and whole pull requests share.
fn common(frame: &Frame<'_>, thread: &Thread, page: &str) -> Members {
    let repo = &frame.world.repos[thread.repo];
    let html = format!(
        "https://github.com/{}/{page}/{}",
        repo.full_name(),
        thread.number
    );
    let state = if thread.state == State::Open {
        "open"
    } else {
        "closed"
    };
    let ended_at = thread.ended_at.map(SimTime::rfc3339);
    let mut members = vec![
        ("html_url", text(&html)),
        ("state", text(state)),
        ("locked", boolean(false)),
        ("title", text(thread.title)),
        ("user", user(&frame.world.actors[thread.author])),
        ("body", null()),
        ("created_at", text(&thread.created_at.rfc3339())),
        ("updated_at", text(&frame.at.rfc3339())),
        ("closed_at", text_or_null(ended_at.as_deref())),
    ];
    if frame.era == Era::Full {
        members.push(("author_association", text("CONTRIBUTOR")));
    }
    members
}

fn user(actor: &Actor) -> Json {
    let kind = if actor.is_bot { "Bot" } else { "User" };
    let avatar = format!("https://avatars.githubusercontent.com/u/{}?v=4", actor.id);
    object(&[
        ("login", text(&actor.login)),
        ("id", number(actor.id)),
        ("avatar_url", text(&avatar)),
        ("gravatar_id", text("")),
        ("url", text(&user_url(&actor.login))),
        (
            "html_url",
            text(&format!("https://github.com/{}", actor.login)),
        ),
        ("type", text(kind)),
        ("site_admin", boolean(false)),
    ])
}

fn review(frame: &Frame<'_>, actor: &Actor, thread: &Thread, verdict: &str) -> Json {
    object(&[
        ("id", number(thread.id + thread.comments)),
        ("user", user(actor)),
        ("body", null()),
        ("commit_id", text(&thread.head_sha)),
        ("submitted_at", text(&frame.at.rfc3339())),
        ("state", text(verdict)),
    ])
}

fn comment(frame: &Frame<'_>, actor: &Actor, on: &str) -> Json {
    let url = format!("https://api.github.com/{on}/comments/{}", frame.push_id);
    object(&[
        ("url", text(&url)),
        ("id", number(frame.push_id)),
        ("user", user(actor)),
        ("body", text("Looks good \u{1F44D}\r\n> quoted \\ text")),
        ("created_at", text(&frame.at.rfc3339())),
        ("updated_at", text(&frame.at.rfc3339())),
    ])
}

fn forkee(repo: &Repo, actor: &Actor, id: u64) -> Json {
    object(&[
        ("id", number(id)),
        ("name", text(&repo.name)),
        ("full_name", text(&format!("{}/{}", actor.login, repo.name))),
        ("private", boolean(false)),
        ("owner", user(actor)),
        ("fork", boolean(true)),
        ("language", text(repo.language)),
        ("description", text(repo.description)),
    ])
}

fn wiki_page(repo: &Repo, page: &str) -> Json {
    let html = format!(
        "https://github.com/{}/wiki/{}",
        repo.full_name(),
        page.replace(' ', "-")
    );
    object(&[
        ("page_name", text(page)),
        ("title", text(page)),
        ("summary", null()),
        ("action", text("edited")),
        ("sha", text(&repo.last_sha)),
        ("html_url", text(&html)),
    ])
}

fn release(frame: &Frame<'_>, repo: &Repo, actor: &Actor, tag: &str) -> Json {
    object(&[
        (
            "url",
            text(&format!("{}/releases/{}", repo_url(repo), frame.push_id)),
        ),
        ("id", number(frame.push_id)),
        ("author", user(actor)),
        ("tag_name", text(tag)),
        ("name", text(tag)),
        ("draft", boolean(false)),
        ("prerelease", boolean(false)),
        ("created_at", text(&frame.at.rfc3339())),
        ("published_at", text(&frame.at.rfc3339())),
    ])
}
