//! The table of docs/polling.md, row by row, against the simulator: what the table says is what
//! happens.

use ghev_sim::{RequestRecord, SimOptions};

use super::simulated::Simulated;
use super::*;

const DOCUMENT: &str = include_str!("../../../../docs/polling.md");

/// One row.
#[derive(Debug)]
struct Row<'a> {
    answer: &'a str,
    fault: &'a str,
    again_seconds: u64,
    keeps_token: bool,
    status: Option<u16>,
    fails: bool,
}

impl<'a> Row<'a> {
    /// A row of the table with five columns; `None` for any other line.
    fn of(line: &'a str) -> Option<Self> {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", answer, fault, _, again, log, ""] = cells[..] else {
            return None;
        };
        let again_seconds = again.split(',').next()?.parse().ok()?;
        let (status, fails) = log
            .split_once(", ")
            .map_or((log, false), |(s, _)| (s, true));
        Some(Self {
            answer,
            fault: fault.trim_matches('`'),
            again_seconds,
            keeps_token: !again.contains("no token"),
            status: status.parse().ok(),
            fails,
        })
    }

    /// Polls until page 1 was to be asked for again.
    async fn happen(&self) -> (Simulated, Vec<RequestRecord>) {
        let options = SimOptions::new()
            .rate_per_second(0.05)
            .initial_events(250)
            .latency_floor_seconds(0)
            .faults(self.fault.parse().unwrap());
        let simulated = Simulated::start(options, 5).await;
        // The fault may strike the second poll.
        let duration = self.again_seconds + 90;
        simulated
            .poll_for(Duration::from_secs(duration), &["public"], |options| {
                options.token = Some("ghp_token".parse().unwrap());
                // Only these are to be given up: a machine that is busy elsewhere is no fault.
                if ["hang", "drip"]
                    .iter()
                    .any(|slow| self.fault.starts_with(slow))
                {
                    options.read_timeout = Duration::from_millis(1_500);
                    options.request_timeout = Duration::from_secs(2);
                }
            })
            .await;
        let (_, requests) = simulated.told();
        (simulated, requests)
    }

    async fn check(&self) {
        let (simulated, requests) = self.happen().await;
        let struck = requests.iter().find(|request| request.fault.is_some());
        assert_eq!(struck.is_some(), !self.fault.is_empty(), "{self:?}");
        let struck = struck.unwrap_or(&requests[0]);
        let again = requests.iter().find(|later| {
            let first_page = !later.path_and_query.contains("&page=");
            first_page && later.number > struck.number
        });
        let again = again.unwrap_or_else(|| panic!("never asked again: {self:?} {requests:#?}"));
        let after_seconds = again.at.millis_since(struck.at) / 1000;
        assert_eq!(after_seconds, self.again_seconds, "{self:?}");
        let with_token = again.credential == requests[0].credential;
        assert_eq!(with_token, self.keeps_token, "{self:?}");
        let log = simulated.bench.log();
        let says = |status, fails: bool| {
            let facts = log.iter().map(|kept| &kept.facts);
            facts
                .filter(|facts| facts.error.is_some() == fails)
                .any(|facts| facts.status == status)
        };
        assert!(says(self.status, self.fails), "{self:?}: {log:#?}");
        let failed = log.iter().any(|kept| kept.facts.error.is_some());
        assert_eq!(failed, self.fails, "{self:?}");
        simulated.check_kept(self.answer);
    }
}

#[tokio::test]
async fn every_row_of_the_document_is_done_as_it_says() {
    let rows: Vec<Row<'_>> = DOCUMENT.lines().filter_map(Row::of).collect();
    assert_eq!(rows.len(), 35, "{rows:#?}");
    for row in rows {
        row.check().await;
    }
}
