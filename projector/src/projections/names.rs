//! Which names repositories, actors and organisations have borne. An identity that an event gives
//! a number only is seen under the empty name, so that it is known all the same.

use ghev_event::Event;
use ghev_readmodel::{ActorKey, Changes, OrgKey, RepoKey};

pub(super) fn fold(changes: &mut Changes, event: &Event<'_>) {
    let at = event.created_at;
    if let Some(repo) = &event.repo {
        let name = repo.name.as_deref();
        if let Some(key) = RepoKey::of(repo.id, name) {
            changes.repo_names.see(key, name.unwrap_or_default(), at);
        }
    }
    if let Some(actor) = &event.actor {
        let login = actor.login.as_deref();
        if let Some(key) = ActorKey::of(actor.id, login) {
            changes.actor_names.see(key, login.unwrap_or_default(), at);
        }
    }
    if let Some(org) = &event.org {
        let login = org.login.as_deref();
        if let Some(key) = OrgKey::of(org.id, login) {
            changes.org_names.see(key, login.unwrap_or_default(), at);
        }
    }
}
