//! Flag over environment over config file over default.

use crate::support::{Made, Workspace, event};

#[test]
fn each_place_wins_over_the_next() {
    let at = Workspace::new();
    at.file("one.json", event(Made::default()).as_bytes());
    at.file("ghev.toml", b"data = \"by-file\"\n");
    let import = |args: &[&str], env: Option<&str>| {
        let args = [&["import", "one.json", "--config", "ghev.toml"], args].concat();
        let mut command = at.command(&args);
        match env {
            Some(dir) => command.env("GHEV_DATA", dir),
            None => command.env_remove("GHEV_DATA"),
        };
        let ended = command.output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    };
    import(&[], None);
    import(&[], Some("by-environment"));
    import(&["--data", "by-flag"], Some("by-environment-too"));
    for (dir, made) in [
        ("by-file", true),
        ("by-environment", true),
        ("by-flag", true),
        ("by-environment-too", false),
        ("ghev-data", false),
    ] {
        assert_eq!(at.path(dir).exists(), made, "{dir}");
    }
}

#[test]
fn a_list_in_the_file_is_a_repeated_option() {
    let at = Workspace::new();
    at.file("ghev.toml", b"source = [\"public\", \"nonsense\"]\n");
    let ended = at
        .run(&["inject", "--once", "--config", "ghev.toml"])
        .with_code(2);
    assert!(ended.stderr.contains("nonsense"), "{}", ended.stderr);
}

#[test]
fn a_config_file_that_cannot_be_used_is_a_usage_error() {
    let at = Workspace::new();
    at.file("typo.toml", b"sauce = \"public\"\n");
    at.file("broken.toml", b"source = \n");
    for (file, said) in [
        ("typo.toml", "sauce"),
        ("broken.toml", "TOML"),
        ("absent.toml", "absent.toml"),
    ] {
        let ended = at.run(&["status", "--config", file]).with_code(2);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

/// `keep-events` was refused: a file could set what some commands take, not all.
#[test]
fn a_file_sets_any_option() {
    let at = Workspace::new();
    at.file("one.json", event(Made::default()).as_bytes());
    at.file(
        "ghev.toml",
        b"format = \"json\"\nkeep-events = \"90d\"\nonce = true\nadaptive = true\n",
    );
    let imported = at
        .run(&["import", "one.json", "--config", "ghev.toml"])
        .with_code(0)
        .json();
    assert_eq!(imported["appended"], 1, "{imported}");
    // Ends, as it does once.
    at.run(&["project", "--config", "ghev.toml"]).with_code(0);
}

/// Compose files write switches as 1 and 0.
#[test]
fn a_switch_in_the_environment_may_be_a_number() {
    let at = Workspace::new();
    at.file("one.json", event(Made::default()).as_bytes());
    at.run(&["import", "one.json"]).with_code(0);
    let once = |value| {
        at.command(&["project"])
            .env("GHEV_ONCE", value)
            .output()
            .unwrap()
    };
    for value in ["1", "true"] {
        assert_eq!(once(value).status.code(), Some(0), "{value}");
    }
    assert_eq!(once("perhaps").status.code(), Some(2));
}

/// `GHEV_FORMAT: ${FORMAT:-}` of a compose file sets an empty variable where nothing was meant to be set,
/// and every command refused it.
#[test]
fn an_empty_variable_is_as_good_as_none() {
    let at = Workspace::new();
    at.file("one.json", event(Made::default()).as_bytes());
    let output = at
        .command(&["import", "one.json"])
        .env("GHEV_FORMAT", "")
        .env("GHEV_CONFIG", "")
        .env("GHEV_LOG_FORMAT", "")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
