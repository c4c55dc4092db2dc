//! Repositories, organisations and actors, and the status of it all.

use crate::model::{Model, RUST, event};
use crate::server::Server;

#[test]
fn a_repository_is_known_under_every_name_it_had() {
    let mut model = Model::small();
    let renamed = (RUST.0, "rust-lang/rust-new");
    model.add(
        "2026-11-24T12:00:00Z",
        &[event(
            "PushEvent",
            20,
            "2026-11-24T12:00:00Z",
            renamed,
            "{}",
        )],
    );
    let server = Server::start(model.path());
    let mut client = server.client();
    for path in [
        "/v1/repos/rust-lang/rust",
        "/v1/repos/rust-lang/RUST-new",
        "/v1/repositories/724712",
    ] {
        let answer = client.get(path).ok();
        assert_eq!(answer["id"], 724_712, "{path}");
        assert_eq!(answer["name"], "rust-lang/rust-new");
        assert_eq!(answer["events"], 7);
        assert_eq!(answer["names"].as_array().unwrap().len(), 2);
        assert_eq!(answer["names"][1]["name"], "rust-lang/rust");
        assert_eq!(answer["first_event_at"], "2026-11-24T08:00:00Z");
        assert_eq!(answer["last_event_at"], "2026-11-24T12:00:00Z");
    }
    assert_eq!(client.get("/v1/actors/ann").ok()["id"], 7);
    assert_eq!(client.get("/v1/orgs/RUST-LANG").ok()["id"], 9);
    client.get("/v1/orgs/ann").problem(404, "unknown_org");
    client
        .get("/v1/actors/rust-lang")
        .problem(404, "unknown_actor");
}

#[test]
fn the_status_names_sources_and_their_last_poll() {
    let mut model = Model::small();
    model.add_dead_letters(2);
    let answer = Server::start(model.path()).get("/v1/status").ok();
    assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(answer["generation"], 1);
    assert_eq!(answer["events"], 8);
    assert_eq!(answer["dead_letters"], 2);
    assert_eq!(answer["gaps"], 1);
    assert_eq!(answer["observed_age_seconds"], 30);
    let source = &answer["sources"][0];
    assert_eq!(source["source"], "public");
    assert_eq!(
        (&source["status"], &source["new"]),
        (&200.into(), &8.into())
    );
    assert_eq!(source["budget"]["remaining"], 59);
}
