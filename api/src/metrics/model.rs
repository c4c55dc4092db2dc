//! How far the read model has come, and how its sources are. Knows nothing about how that is found
//! out.

use ghev_event::Timestamp;
use ghev_readmodel::{AsOf, SourceStatus, Status};

use super::exposition::Exposition;
use crate::freshness::Lag;

/// What is known of a read model that can be read.
#[derive(Debug)]
pub(crate) struct ModelFigures {
    pub(crate) as_of: AsOf,
    pub(crate) status: Status,
    pub(crate) lag: Lag,
    /// Of the generation's files; `None` where they cannot be looked at.
    pub(crate) size_bytes: Option<u64>,
}

/// Adds the figures; without any, that there are none.
pub(super) fn write(figures: Option<&ModelFigures>, text: &mut Exposition) {
    text.gauge(
        "ghev_readmodel_readable",
        "1 where the read model can be read, otherwise 0.",
    )
    .sample(&[], u8::from(figures.is_some()));
    if let Some(figures) = figures {
        write_progress(figures, text);
        write_totals(&figures.status, text);
        write_sources(&figures.status.sources, text);
    }
}

fn write_progress(figures: &ModelFigures, text: &mut Exposition) {
    let ModelFigures {
        as_of,
        status,
        lag,
        size_bytes,
    } = figures;
    text.gauge(
        "ghev_readmodel_generation",
        "Which generation of the read model answers.",
    )
    .sample(&[], status.generation.get());
    if let Some(bytes) = size_bytes {
        text.gauge(
            "ghev_readmodel_size_bytes",
            "Size of the generation's files.",
        )
        .sample(&[], bytes);
    }
    text.gauge("ghev_readmodel_events", "Distinct events that are kept.")
        .sample(&[], status.events);
    text.gauge(
        "ghev_readmodel_next_offset",
        "The first record of the log that the read model does not cover.",
    )
    .sample(&[], as_of.checkpoint.next_offset.get());
    if let Some(observed_at) = as_of.observed_at {
        text.gauge(
            "ghev_readmodel_observed_timestamp_seconds",
            "When the newest record that the read model covers was observed.",
        )
        .sample(&[], seconds(observed_at));
    }
    if let Some(end) = lag.log_end {
        text.gauge(
            "ghev_log_durable_offset",
            "The first record of the log that is not durable yet.",
        )
        .sample(&[], end);
    }
    if let Some(records) = lag.records {
        text.gauge(
            "ghev_projection_lag_records",
            "Durable records that the read model does not cover.",
        )
        .sample(&[], records);
    }
    if let Some(lag_seconds) = lag.seconds {
        text.gauge(
            "ghev_projection_lag_seconds",
            "Age of what the read model covers; 0 where it covers the whole log.",
        )
        .sample(&[], lag_seconds);
    }
}

fn write_totals(status: &Status, text: &mut Exposition) {
    for (name, help, value) in [
        (
            "ghev_duplicate_events_total",
            "Repeats of an event with the same body.",
            status.duplicates,
        ),
        (
            "ghev_conflicting_events_total",
            "Repeats of an event with another body.",
            status.conflicts,
        ),
        (
            "ghev_dead_letters_total",
            "Input that could not be decoded.",
            status.dead_letters,
        ),
        (
            "ghev_suspected_gaps_total",
            "Gaps suspected between polls.",
            status.gaps,
        ),
    ] {
        text.counter(name, help).sample(&[], value);
    }
}

/// A figure of a source, where it has one.
type Figure = fn(&SourceStatus) -> Option<String>;

const OF_SOURCES: [(&str, &str, &str, Figure); 8] = [
    (
        "ghev_source_polls_total",
        "counter",
        "Polls, each with all its pages.",
        |source| Some(source.polls.to_string()),
    ),
    (
        "ghev_source_events_total",
        "counter",
        "Distinct events that the source was the first to bring.",
        |source| Some(source.events.to_string()),
    ),
    (
        "ghev_source_observed_timestamp_seconds",
        "gauge",
        "When the source last brought a record.",
        |source| Some(seconds(source.observed_at)),
    ),
    (
        "ghev_source_next_poll_timestamp_seconds",
        "gauge",
        "When the source will be polled again.",
        |source| source.next_poll_at.map(seconds),
    ),
    (
        "ghev_source_overlap_events",
        "gauge",
        "Events of the last poll that earlier polls had brought: 0 may mean a gap.",
        |source| source.overlap.map(|overlap| overlap.to_string()),
    ),
    (
        "ghev_source_poll_status",
        "gauge",
        "HTTP status of the last poll's last page; 0 where no answer came.",
        |source| {
            let polled = source.polls > 0;
            polled.then(|| source.status.unwrap_or(0).to_string())
        },
    ),
    (
        "ghev_source_budget_requests",
        "gauge",
        "Requests that GitHub's rate limit allows in its window.",
        |source| source.budget.map(|budget| budget.limit.to_string()),
    ),
    (
        "ghev_source_budget_remaining_requests",
        "gauge",
        "Requests that GitHub's rate limit leaves in its window.",
        |source| source.budget.map(|budget| budget.remaining.to_string()),
    ),
];

fn write_sources(sources: &[SourceStatus], text: &mut Exposition) {
    for (name, kind, help, figure) in OF_SOURCES {
        let mut family = if kind == "counter" {
            text.counter(name, help)
        } else {
            text.gauge(name, help)
        };
        for source in sources {
            if let Some(value) = figure(source) {
                family.sample(&[("source", &source.source)], value);
            }
        }
    }
}

fn seconds(time: Timestamp) -> String {
    let millis = time.as_millis();
    format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000))
}
