//! Holds the shape of the workspace that `docs/architecture.md` draws: who may depend on whom, which
//! crate alone may use which library, and the rules of style that a reviewer should not have to say
//! twice. Knows manifests and source text, nothing of what the crates do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The arrows between our crates: a crate, what it depends on, and what only its tests may add.
/// The tests of those who write or read through the log or GitHub may set up either; nothing else.
const ARROWS: [(&str, &[&str], &[&str]); 8] = [
    ("ghev-event", &[], &[]),
    ("ghev-log", &[], &[]),
    ("ghev-sim", &[], &[]),
    ("ghev-readmodel", &["ghev-event"], &[]),
    ("ghev-injector", &["ghev-event", "ghev-log"], &["ghev-sim"]),
    (
        "ghev-projector",
        &["ghev-event", "ghev-log", "ghev-readmodel"],
        &["ghev-sim"],
    ),
    (
        "ghev-api",
        &["ghev-event", "ghev-readmodel"],
        &["ghev-log", "ghev-sim"],
    ),
    (
        "ghev",
        &[
            "ghev-api",
            "ghev-event",
            "ghev-injector",
            "ghev-log",
            "ghev-projector",
            "ghev-readmodel",
            "ghev-sim",
        ],
        &[],
    ),
];

/// Libraries that one crate alone may use, so that they can be replaced there and nowhere else.
const OWNERS: [(&str, &str); 5] = [
    ("bincode", "ghev-event"),
    ("commitlog", "ghev-log"),
    ("reqwest", "ghev-injector"),
    ("rusqlite", "ghev-readmodel"),
    ("tide", "ghev-api"),
];

/// Directories that hold no source of ours: build output, data, leftovers of fuzzing and benchmarks,
/// packages of others.
const NOT_SOURCE: [&str; 7] = [
    "target",
    ".git",
    "ghev-data",
    "corpus",
    "artifacts",
    "out",
    "node_modules",
];

/// One breach of a rule: where it is, what is wrong there and what to do.
#[derive(Debug)]
struct Finding {
    place: String,
    what: String,
    fix: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    -> {}", self.place, self.what, self.fix)
    }
}

fn hold(rule: &str, findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(|f| format!("  {f}")).collect();
    assert!(findings.is_empty(), "{rule}:\n{}", lines.join("\n"));
}

/// A workspace member as `cargo metadata` states it.
struct Member {
    name: String,
    manifest: PathBuf,
    /// Names of normal and build dependencies, whatever the target.
    uses: BTreeSet<String>,
    /// Names of dev-dependencies.
    tests_use: BTreeSet<String>,
}

impl Member {
    /// The manifest's path as a finding names it.
    fn place(&self) -> String {
        let relative = self.manifest.strip_prefix(root());
        relative.unwrap_or(&self.manifest).display().to_string()
    }
}

fn root() -> PathBuf {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    cli.parent().expect("cli/ lies in the workspace").into()
}

fn members() -> Vec<Member> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .arg("--offline")
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata failed: {said}");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages.iter().map(member).collect()
}

fn member(package: &serde_json::Value) -> Member {
    let dependencies = package["dependencies"].as_array().expect("dependencies");
    let named = |dev: bool| {
        dependencies
            .iter()
            .filter(|d| (d["kind"] == "dev") == dev)
            .map(|d| d["name"].as_str().expect("a dependency's name").into())
            .collect()
    };
    Member {
        name: package["name"].as_str().expect("a package's name").into(),
        manifest: package["manifest_path"].as_str().expect("its path").into(),
        uses: named(false),
        tests_use: named(true),
    }
}

/// Every text file of ours below the workspace root, with its path relative to it.
fn sources() -> BTreeMap<String, String> {
    let (root, mut found) = (root(), BTreeMap::new());
    let mut open = vec![root.clone()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).expect("a readable directory") {
            let path = entry.expect("a readable entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !NOT_SOURCE.contains(&name.as_ref()) {
                    open.push(path);
                }
            } else if is_ours(&name) {
                let relative = path.strip_prefix(&root).expect("below the root");
                let text = fs::read_to_string(&path).expect("text in UTF-8");
                found.insert(relative.display().to_string(), text);
            }
        }
    }
    found
}

fn is_ours(file_name: &str) -> bool {
    const ENDINGS: [&str; 6] = ["rs", "toml", "md", "yml", "sh", "html"];
    const NAMES: [&str; 5] = [
        "Dockerfile",
        "justfile",
        "run",
        ".dockerignore",
        ".gitignore",
    ];
    let ending = file_name.rsplit('.').next().unwrap_or_default();
    NAMES.contains(&file_name) || ENDINGS.contains(&ending)
}

/// Whether `line` holds `word` with no letter, digit or underscore at either side.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(part_of_word) && !line[at + word.len()..].starts_with(part_of_word)
    })
}

/// The lines of a source that are code of a test: all of a test file, else what follows the first
/// inline test module.
fn test_lines<'a>(path: &str, text: &'a str) -> Vec<(usize, &'a str)> {
    let of_tests = path.contains("/tests/") || path.ends_with("/tests.rs");
    let inline = text.find("#[cfg(test)]\nmod tests {");
    let starts = if of_tests { Some(0) } else { inline };
    let skipped = starts.map_or(usize::MAX, |at| text[..at].lines().count());
    text.lines().enumerate().skip(skipped).collect()
}

fn style_findings(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, what: String, fix: &'static str| {
        let place = format!("{path}:{}", line + 1);
        findings.push(Finding { place, what, fix });
    };
    let is_rust = path.ends_with(".rs");
    if is_rust && !text.starts_with("//!") {
        let fix = "open it with why it exists and what it knows nothing about";
        find(0, "does not open with `//!`".into(), fix);
    }
    // Spelt in two parts, or this file would be its own first finding.
    let leftovers = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
    ];
    let machine_paths = [
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/wo", "rk/"),
    ];
    for (number, line) in text.lines().enumerate() {
        for word in leftovers.iter().filter(|word| has_word(line, word)) {
            let fix = "do it, or say in prose what is absent and why";
            find(number, format!("`{word}` is left over"), fix);
        }
        for path in machine_paths.iter().filter(|path| starts_path(line, path)) {
            let fix = "use a relative path, a temporary directory or a variable";
            find(number, format!("`{path}` is a path of one machine"), fix);
        }
    }
    if is_rust {
        let sleep = concat!("sle", "ep(");
        for (number, _) in test_lines(path, text)
            .into_iter()
            .filter(|(_, line)| line.contains(sleep))
        {
            let fix = "turn a Clock, or wait for the event itself (a line, a channel, a port)";
            find(number, "a test waits for time to pass".into(), fix);
        }
    }
    findings
}

/// Whether an absolute path in `line` starts with `prefix`: a longer path that merely contains it
/// (`/v1/work/…`, a URL) is none.
fn starts_path(line: &str, prefix: &str) -> bool {
    line.match_indices(prefix)
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/}*".contains(c)))
}

/// The top modules of `crate_dir` in whose code one of `names` stands as a path's first segment.
fn modules_naming(
    crate_dir: &str,
    names: &[&str],
    sources: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let src = format!("{crate_dir}/src/");
    let names_it = |line: &str| {
        let code = line.trim_start();
        !code.starts_with("//")
            && names.iter().any(|name| {
                let as_path = format!("{name}::");
                let imported = [format!("use {name};"), format!("use {name} as ")];
                line.match_indices(&as_path).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                }) || imported.iter().any(|import| code.contains(import.as_str()))
            })
    };
    sources
        .iter()
        .filter(|(path, text)| path.ends_with(".rs") && text.lines().any(names_it))
        .filter_map(|(path, _)| path.strip_prefix(&src))
        .map(|path| path.split('/').next().unwrap_or_default())
        .map(|top| top.trim_end_matches(".rs").to_owned())
        .collect()
}

#[test]
fn arrows_between_crates_are_those_of_the_design() {
    let members = members();
    let mut findings = Vec::new();
    let names: BTreeSet<&str> = members.iter().map(|m| m.name.as_str()).collect();
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(
        names, drawn,
        "draw every crate in ARROWS and docs/architecture.md"
    );
    for (name, uses, tests_use) in ARROWS {
        let member = members
            .iter()
            .find(|m| m.name == name)
            .expect("as asserted");
        let ours = |set: &BTreeSet<String>| -> BTreeSet<String> {
            set.iter()
                .filter(|n| names.contains(n.as_str()))
                .cloned()
                .collect()
        };
        let place = member.place();
        let allowed: BTreeSet<String> = uses.iter().map(|&n| n.into()).collect();
        let in_tests: BTreeSet<String> = tests_use.iter().map(|&n| n.into()).collect();
        for name in ours(&member.uses).symmetric_difference(&allowed) {
            let drawn = if allowed.contains(name) {
                "missing"
            } else {
                "not drawn"
            };
            findings.push(Finding {
                place: place.clone(),
                what: format!("the arrow to {name} is {drawn}"),
                fix: "move the code to the crate that may know both, or change the design first",
            });
        }
        for name in ours(&member.tests_use) {
            if !allowed.contains(&name) && !in_tests.contains(&name) {
                findings.push(Finding {
                    place: place.clone(),
                    what: format!("its tests use {name}"),
                    fix: "set the test up through the crates that ARROWS allows, or test in cli/",
                });
            }
        }
    }
    hold("arrows between crates", &findings);
}

#[test]
fn each_replaceable_library_has_one_owner() {
    let members = members();
    let mut findings = Vec::new();
    for (library, owner) in OWNERS {
        for member in &members {
            let uses = member.uses.contains(library) || member.tests_use.contains(library);
            if uses != (member.name == owner) {
                let verb = if uses { "uses" } else { "does not use" };
                findings.push(Finding {
                    place: member.place(),
                    what: format!("{verb} {library}, which {owner} alone owns"),
                    fix: "go through the owner's types, in tests too",
                });
            }
        }
    }
    hold("owners of libraries", &findings);
}

#[test]
fn tide_and_bincode_are_named_in_one_module_each() {
    let sources = sources();
    let web = modules_naming("api", &["tide", "http_types"], &sources);
    assert_eq!(
        web.len(),
        1,
        "tide belongs in one module of api/src, but stands in {web:?}"
    );
    let codec = modules_naming("event", &["bincode"], &sources);
    assert_eq!(
        codec,
        BTreeSet::from(["codec".to_owned()]),
        "bincode belongs in event/src/codec"
    );
}

#[test]
fn every_crate_takes_the_lints_and_stands_in_the_architecture() {
    let (sources, mut findings) = (sources(), Vec::new());
    let drawn = sources
        .get("docs/architecture.md")
        .expect("docs/architecture.md is in the repository");
    for member in members() {
        let place = member.place();
        let manifest = fs::read_to_string(&member.manifest).expect("a readable manifest");
        if !manifest.contains("[lints]\nworkspace = true") {
            findings.push(Finding {
                place: place.clone(),
                what: "does not take the workspace's lints".into(),
                fix: "add `[lints]` with `workspace = true`",
            });
        }
        if !drawn.contains(&format!("`{}`", member.name)) {
            findings.push(Finding {
                place,
                what: format!("docs/architecture.md does not name `{}`", member.name),
                fix: "say there what the crate is for and what it knows nothing about",
            });
        }
    }
    hold("membership", &findings);
}

/// The first layer of the image is built of manifests and empty libraries. A bench without a path of its own
/// made cargo look for its file there, and `docker-compose up` end with "failed to parse manifest".
#[test]
fn every_bench_says_where_its_file_is() {
    let (mut benches, mut findings) = (0, Vec::new());
    for member in members() {
        let manifest = fs::read_to_string(&member.manifest).expect("a readable manifest");
        for bench in manifest.split("\n[[bench]]\n").skip(1) {
            benches += 1;
            let bench = bench.split("\n[").next().unwrap_or_default();
            if !bench.contains("path = ") {
                findings.push(Finding {
                    place: member.place(),
                    what: "a bench without a path".into(),
                    fix: "add `path`: the image's first layer has no such file",
                });
            }
        }
    }
    hold("benches", &findings);
    assert!(benches > 0, "there are benches");
}

/// The documentation of polling became part of a crate's, and the image's context did not have it: `docker-compose
/// up` ended after a quarter of an hour of building.
#[test]
fn what_the_image_is_built_of_is_in_its_context() {
    let (sources, mut findings, mut included) = (sources(), Vec::new(), 0);
    let context = sources.get(".dockerignore").expect("a .dockerignore");
    for (path, text) in &sources {
        let is_built =
            path.ends_with(".rs") && !path.contains("tests") && !path.starts_with("fuzz/");
        for (at, _) in text.match_indices("include_").filter(|_| is_built) {
            let call = text[at..]
                .split_once("!(\"")
                .and_then(|(_, rest)| rest.split_once('"'));
            let Some((target, _)) = call.filter(|(target, _)| target.starts_with("../")) else {
                continue;
            };
            included += 1;
            let ups = target.matches("../").count();
            let kept = path.split('/').count() - 1 - ups;
            let top = if kept == 0 {
                target.trim_start_matches("../").split('/').next()
            } else {
                path.split('/').next()
            };
            let top = top.unwrap_or_default();
            if !context.lines().any(|line| line == format!("!{top}")) {
                findings.push(Finding {
                    place: path.clone(),
                    what: format!("includes {target}"),
                    fix: "let it into the context in .dockerignore",
                });
            }
        }
    }
    assert!(included > 0, "sources that are made of other files");
    hold("context", &findings);
}

#[test]
fn every_source_keeps_the_house_style() {
    let sources = sources();
    assert!(
        sources.contains_key("cli/tests/architecture.rs"),
        "walks the workspace"
    );
    let findings: Vec<Finding> = sources
        .iter()
        .flat_map(|(path, text)| style_findings(path, text))
        .collect();
    hold("house style", &findings);
}

#[test]
fn a_breach_of_style_is_found_with_its_line() {
    let bad = concat!(
        "fn a() {}\n// TO",
        "DO later\nlet p = \"/ro",
        "ot/x\";\n#[cfg(test)]\nmod tests {\n    sle",
        "ep(1);\n}\n"
    );
    let places: Vec<String> = style_findings("x/src/a.rs", bad)
        .into_iter()
        .map(|finding| finding.place)
        .collect();
    assert_eq!(
        places,
        [
            "x/src/a.rs:1",
            "x/src/a.rs:2",
            "x/src/a.rs:3",
            "x/src/a.rs:6"
        ]
    );
    let fine = "//! Why.\n// \\uXXXX, a TODOMVC, https://example.org/work/x\n";
    assert!(style_findings("x/src/b.rs", fine).is_empty());
}
