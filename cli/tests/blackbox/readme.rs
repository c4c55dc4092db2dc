//! Every command that README.md shows is run here, in its order, or is one that CI itself runs. A
//! command of a kind this test does not know fails it: teach it how to run the new one.

use ghev_sim::{EventGenerator, SimOptions};

use crate::support::{Made, Service, StandIn, Workspace, event, get, gzip, ndjson};

/// Run by CI, by hand where there is a Docker engine, or about the shell alone.
const RUN_ELSEWHERE: [&str; 5] = [
    "cargo test --workspace --locked",
    "cargo build --release --locked",
    "docker-compose up",
    "docker-compose down",
    "just bench ",
];

fn commands() -> Vec<String> {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("$ "));
    lines
        .map(|line| line.split(" #").next().unwrap().trim().to_owned())
        .collect()
}

/// The words of a command line: what it needs of a shell is single quotes.
fn words(line: &str) -> Vec<String> {
    let quoted = line.split('\'').enumerate();
    quoted
        .flat_map(|(number, part)| match number % 2 {
            1 => vec![part.to_owned()],
            _ => part.split_whitespace().map(str::to_owned).collect(),
        })
        .collect()
}

struct Session {
    at: Workspace,
    github: StandIn,
    demo: Service,
    address: String,
}

impl Session {
    fn new() -> Self {
        let at = Workspace::new();
        let github = StandIn::start(
            SimOptions::new()
                .initial_events(20)
                .latency_floor_seconds(0),
            EventGenerator::new(1),
        );
        // The file that README's import names.
        let lines = [
            event(Made::default()),
            event(Made {
                id: 2,
                ..Made::default()
            }),
        ];
        at.file("2016-01-01-1.json.gz", &gzip(&ndjson(&lines)));
        let mut demo = at.start(&["demo", "--listen", "127.0.0.1:0"]);
        let address = demo.address();
        demo.until("the demo's first events", || {
            let counts = get(&address, "/v1/event-counts")?;
            (counts.status == 200 && counts.json()["sample_size"] != 0).then_some(())
        });
        Self {
            at,
            github,
            demo,
            address,
        }
    }

    fn run(&mut self, line: &str) {
        if RUN_ELSEWHERE.iter().any(|known| line.starts_with(known)) {
            return;
        }
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["curl", .., url] => self.ask(line, url),
            ["cargo", "run", "--release", "--", args @ ..] | ["ghev", args @ ..] => {
                self.ghev(line, args);
            }
            _ => panic!("README.md shows `{line}`, which this test cannot run"),
        }
    }

    fn ask(&mut self, line: &str, url: &str) {
        let path = url
            .strip_prefix("http://localhost:5000")
            .unwrap_or_else(|| panic!("{line}"));
        let address = self.address.clone();
        // What is asked for may be among the events of the next seconds.
        self.demo.until(line, || {
            get(&address, path).filter(|answer| answer.status == 200)
        });
    }

    fn ghev(&mut self, line: &str, args: &[&str]) {
        match args {
            ["up" | "inject", ..] => {
                let mut service = [args, &["--github-url", self.github.url()]].concat();
                if args[0] == "up" {
                    service.extend(["--listen", "127.0.0.1:0"]);
                }
                let at = Workspace::new();
                let mut service = at.start(&service);
                service.until(line, || {
                    (at.run(&["log", "stat"]).code == Some(0)).then_some(())
                });
                assert!(service.signal("INT").success(), "{line}");
            }
            ["demo" | "serve", ..] => {
                let args = [args, &["--listen", "127.0.0.1:0"]].concat();
                let mut service = self.at.start(&args);
                service.address();
                assert!(service.signal("INT").success(), "{line}");
            }
            _ => {
                let ended = self.at.run(args);
                assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
            }
        }
    }
}

#[test]
fn every_command_of_the_readme_works() {
    let commands = commands();
    assert!(commands.len() > 10, "{commands:?}");
    let mut session = Session::new();
    for line in &commands {
        session.run(line);
    }
    assert!(session.demo.signal("TERM").success());
}
