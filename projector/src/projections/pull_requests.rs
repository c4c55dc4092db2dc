//! When a pull request was first seen, and when it was opened.

use ghev_event::{Event, KnownKind};
use ghev_readmodel::{Changes, RepoKey};

pub(super) fn fold(changes: &mut Changes, event: &Event<'_>) {
    if !event.kind.is(KnownKind::PullRequest) {
        return;
    }
    let repo = event
        .repo
        .as_ref()
        .and_then(|repo| RepoKey::of(repo.id, repo.name.as_deref()));
    if let (Some(repo), Some(number)) = (repo, event.facts.number) {
        let opened = event.facts.action.as_deref() == Some("opened");
        let sighting = changes.pull_requests.entry((repo, number)).or_default();
        sighting.see(event.created_at, opened);
    }
}
