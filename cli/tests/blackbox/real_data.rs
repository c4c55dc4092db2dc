//! Real events of every era: everything comes back byte for byte, and the two headline answers equal
//! what a few lines over the same files give. Skips, saying so, where the files are absent.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Service, Workspace, get, shared_data};

const HOURS: [&str; 8] = [
    "2012-06-14-15",
    "2015-01-01-15",
    "2016-01-01-1",
    "2016-01-01-2",
    "2016-01-01-3",
    "2016-01-01-4",
    "2016-01-01-5",
    "2016-01-01-6",
];

/// Windows of every kind: an hour, minutes within one, a day over all six hours, one with an odd
/// second at either end, and an empty one.
const WINDOWS: [(&str, &str); 5] = [
    ("2016-01-01T01:00:00Z", "2016-01-01T02:00:00Z"),
    ("2016-01-01T03:10:00Z", "2016-01-01T03:20:00Z"),
    ("2016-01-01T00:00:00Z", "2016-01-02T00:00:00Z"),
    ("2016-01-01T02:59:59Z", "2016-01-01T05:00:01Z"),
    ("2014-01-01T00:00:00Z", "2014-02-01T00:00:00Z"),
];

fn hour(dir: &Path, name: &str) -> PathBuf {
    dir.join("gharchive").join(format!("{name}.json.gz"))
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::MultiGzDecoder::new(file)
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

fn import(at: &Workspace, files: &[PathBuf]) -> Value {
    let mut args = vec!["import", "--format", "json"];
    args.extend(files.iter().map(|file| file.to_str().unwrap()));
    at.run(&args).with_code(0).last_json()
}

#[test]
fn hours_of_three_eras_come_back_byte_for_byte() {
    let Some(dir) = shared_data() else {
        eprintln!("skipped: no ../shared/data beside the checkout");
        return;
    };
    for name in HOURS {
        let at = Workspace::new();
        import(&at, &[hour(&dir, name)]);
        let kept = at.run(&["log", "cat"]).with_code(0).stdout;
        let lines = distinct_lines(&unpacked(&hour(&dir, name)));
        assert!(
            kept == lines,
            "{name}: {} bytes kept of {}",
            kept.len(),
            lines.len()
        );
    }
}

/// The lines of a file without exact repeats of an earlier one, each ended.
fn distinct_lines(bytes: &[u8]) -> Vec<u8> {
    let mut seen = std::collections::HashSet::new();
    let lines = bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty());
    let distinct = lines.filter(|line| seen.insert(line.to_vec()));
    distinct.flat_map(|line| [line, b"\n"].concat()).collect()
}

#[test]
fn saved_pages_since_the_trimmed_payloads_come_back_without_their_white_space() {
    let Some(dir) = shared_data() else {
        eprintln!("skipped: no ../shared/data beside the checkout");
        return;
    };
    let mut pages: Vec<PathBuf> = std::fs::read_dir(dir.join("events-api"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    let at = Workspace::new();
    let summary = import(&at, &pages);
    assert_eq!(summary["events"], 1319, "{summary}");
    let kept = at.run(&["log", "cat"]).with_code(0).text();
    let mut kept: Vec<Value> = kept
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut given: Vec<Value> = Vec::new();
    for page in &pages {
        let page: Vec<Value> = serde_json::from_slice(&std::fs::read(page).unwrap()).unwrap();
        for event in page {
            if !given.contains(&event) {
                given.push(event);
            }
        }
    }
    let key = |event: &Value| event.to_string();
    kept.sort_by_key(key);
    given.sort_by_key(key);
    assert!(kept == given, "{} kept, {} given", kept.len(), given.len());
}

/// What a few lines over the files say, knowing nothing of ghev.
struct Naive(Vec<Value>);

impl Naive {
    fn read(files: &[PathBuf]) -> Self {
        let mut seen = std::collections::HashSet::new();
        let mut events = Vec::new();
        for file in files {
            for line in unpacked(file)
                .split(|&byte| byte == b'\n')
                .filter(|line| !line.is_empty())
            {
                let event: Value = serde_json::from_slice(line).unwrap();
                if seen.insert((event["type"].to_string(), event["id"].to_string())) {
                    events.push(event);
                }
            }
        }
        Self(events)
    }

    fn of<'a>(&'a self, repo: u64, from: &'a str, to: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |event| {
            let at = event["created_at"].as_str().unwrap();
            event["repo"]["id"] == repo && from <= at && at < to
        })
    }

    fn counts(&self, repo: u64, from: &str, to: &str) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for event in self.of(repo, from, to) {
            *counts
                .entry(event["type"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
        counts
    }

    /// (sample size, mean) of the times between openings.
    fn interval(&self, repo: u64, from: &str, to: &str) -> (usize, Option<f64>) {
        let mut opened: BTreeMap<u64, i64> = BTreeMap::new();
        for event in self.of(repo, "", "9") {
            if event["type"] == "PullRequestEvent" && event["payload"]["action"] == "opened" {
                let number = event["payload"]["number"].as_u64().unwrap();
                let at = seconds(event["created_at"].as_str().unwrap());
                opened
                    .entry(number)
                    .and_modify(|first| *first = at.min(*first))
                    .or_insert(at);
            }
        }
        let window = seconds(from)..seconds(to);
        let mut times: Vec<i64> = opened
            .into_values()
            .filter(|at| window.contains(at))
            .collect();
        times.sort_unstable();
        let gaps = times.len().saturating_sub(1);
        let mean = (gaps > 0).then(|| (times[gaps] - times[0]) as f64 / gaps as f64);
        (times.len(), mean)
    }

    /// The repositories with the most pull requests opened, and their names.
    fn busiest(&self, count: usize) -> Vec<(u64, String)> {
        let mut opened: BTreeMap<(u64, String), usize> = BTreeMap::new();
        for event in &self.0 {
            if event["type"] == "PullRequestEvent" && event["payload"]["action"] == "opened" {
                let name = event["repo"]["name"].as_str().unwrap().to_owned();
                *opened
                    .entry((event["repo"]["id"].as_u64().unwrap(), name))
                    .or_default() += 1;
            }
        }
        let mut repos: Vec<_> = opened.into_iter().collect();
        repos.sort_by_key(|(repo, opened)| (std::cmp::Reverse(*opened), repo.clone()));
        repos
            .into_iter()
            .take(count)
            .map(|(repo, _)| repo)
            .collect()
    }
}

/// Seconds since 1970 of `YYYY-MM-DDThh:mm:ssZ`, by the calendar arithmetic of
/// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>.
fn seconds(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (month, day) = (number(5..7), number(8..10));
    let year = number(0..4) - i64::from(month <= 2);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    days * 86_400 + number(11..13) * 3600 + number(14..16) * 60 + number(17..19)
}

#[test]
fn headline_answers_equal_a_naive_count_over_the_same_files() {
    let Some(dir) = shared_data() else {
        eprintln!("skipped: no ../shared/data beside the checkout");
        return;
    };
    let files: Vec<PathBuf> = HOURS[2..].iter().map(|name| hour(&dir, name)).collect();
    let naive = Naive::read(&files);
    let at = Workspace::new();
    let summary = import(&at, &files);
    assert_eq!(summary["appended"], naive.0.len(), "{summary}");
    at.run(&["project", "--once"]).with_code(0);
    let mut api = at.start(&["serve", "--listen", "127.0.0.1:0"]);
    let address = api.address();
    let mut means = 0;
    for (id, name) in naive.busiest(10) {
        for (from, to) in WINDOWS {
            compare_counts(&address, &naive, (id, &name), (from, to));
            means += usize::from(compare_interval(&address, &naive, (id, &name), (from, to)));
        }
    }
    assert!(
        means >= 10,
        "only {means} of 50 windows have a mean to compare"
    );
    end(api);
}

fn compare_counts(address: &str, naive: &Naive, repo: (u64, &str), window: (&str, &str)) {
    let path = format!(
        "/v1/repos/{}/event-counts?from={}&to={}",
        repo.1, window.0, window.1
    );
    let answer = get(address, &path).unwrap().json();
    let expected = naive.counts(repo.0, window.0, window.1);
    let total: u64 = expected.values().sum();
    assert_eq!(answer["sample_size"], total, "{path}: {answer}");
    for (kind, count) in answer["counts"].as_object().unwrap() {
        assert_eq!(
            *count,
            expected.get(kind).copied().unwrap_or(0),
            "{path} {kind}"
        );
    }
}

/// Returns whether there was a mean to compare.
fn compare_interval(address: &str, naive: &Naive, repo: (u64, &str), window: (&str, &str)) -> bool {
    let path = format!(
        "/v1/repos/{}/pull-request-interval?from={}&to={}",
        repo.1, window.0, window.1
    );
    let answer = get(address, &path).unwrap().json();
    let (sample_size, mean) = naive.interval(repo.0, window.0, window.1);
    assert_eq!(answer["sample_size"], sample_size, "{path}: {answer}");
    match mean {
        Some(mean) => {
            let answered = answer["mean_seconds"].as_f64().unwrap();
            assert!(
                (answered - mean).abs() < 1e-6,
                "{path}: {answered} instead of {mean}"
            );
        }
        None => assert!(answer["mean_seconds"].is_null(), "{path}: {answer}"),
    }
    mean.is_some()
}

#[track_caller]
fn end(api: Service) {
    assert!(api.signal("TERM").success());
}
