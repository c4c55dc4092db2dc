//! What the service counts about its requests and connections. Knows nothing about what is asked
//! beyond the endpoint's path.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

use super::exposition::{Exposition, Family};

/// Upper bounds of the latency histogram, in microseconds, with the text of each in seconds.
const BUCKETS_US: [(u64, &str); 10] = [
    (100, "0.0001"),
    (250, "0.00025"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (50_000, "0.05"),
    (250_000, "0.25"),
    (1_000_000, "1"),
    (5_000_000, "5"),
];

/// The statuses the service gives; the last stands for any other.
const STATUSES: [u16; 13] = [
    200, 204, 304, 400, 401, 404, 405, 406, 413, 414, 500, 503, 0,
];

/// Counters of every endpoint, and of requests for which there is none.
#[derive(Debug)]
pub(crate) struct Metrics {
    endpoints: Vec<EndpointMetrics>,
    reused: AtomicU64,
    connections: AtomicU64,
    connections_ended: AtomicU64,
    connections_refused: AtomicU64,
}

#[derive(Debug)]
struct EndpointMetrics {
    path: Cow<'static, str>,
    by_status: [AtomicU64; STATUSES.len()],
    by_latency: [AtomicU64; BUCKETS_US.len() + 1],
    latency_us: AtomicU64,
}

impl Metrics {
    /// Counters for endpoints with these paths, all zero.
    pub(crate) fn new(paths: impl Iterator<Item = Cow<'static, str>>) -> Self {
        let unknown = std::iter::once("unknown".into());
        let endpoints = paths.chain(unknown).map(|path| EndpointMetrics {
            path,
            by_status: Default::default(),
            by_latency: Default::default(),
            latency_us: AtomicU64::new(0),
        });
        Self {
            endpoints: endpoints.collect(),
            reused: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            connections_ended: AtomicU64::new(0),
            connections_refused: AtomicU64::new(0),
        }
    }

    /// Counts a connection that was let in, until what is returned is dropped.
    pub(crate) fn connected(&self) -> Connected<'_> {
        add(&self.connections, 1);
        Connected(self)
    }

    /// Connections that are open now.
    pub(crate) fn open_connections(&self) -> u64 {
        // Those that have ended first: read the other way round, one could have ended that had not
        // begun.
        let ended = self.connections_ended.load(Ordering::Relaxed);
        let connections = self.connections.load(Ordering::Relaxed);
        connections.saturating_sub(ended)
    }

    /// Counts an answer that was given before and is given again.
    pub(crate) fn reused(&self) {
        add(&self.reused, 1);
    }

    /// Counts a connection that was refused.
    pub(crate) fn refused(&self) {
        add(&self.connections_refused, 1);
    }

    /// Counts one answer of an endpoint, by its number; `None` where there is none for the path.
    pub(crate) fn count(&self, endpoint: Option<usize>, status: StatusCode, latency: Duration) {
        let last = self.endpoints.len() - 1;
        let metrics = &self.endpoints[endpoint.unwrap_or(last).min(last)];
        let known = STATUSES.iter().position(|&known| known == status.as_u16());
        add(&metrics.by_status[known.unwrap_or(STATUSES.len() - 1)], 1);
        let latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_US
            .iter()
            .position(|&(bound, _)| latency_us <= bound);
        add(&metrics.by_latency[bucket.unwrap_or(BUCKETS_US.len())], 1);
        add(&metrics.latency_us, latency_us);
    }

    /// Adds the counters.
    pub(super) fn write(&self, text: &mut Exposition) {
        let mut requests = text.counter("ghev_http_requests_total", "Requests answered.");
        for metrics in &self.endpoints {
            for (status, count) in STATUSES.iter().zip(&metrics.by_status) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let status = match *status {
                        0 => "other".to_owned(),
                        status => status.to_string(),
                    };
                    requests.sample(&[("path", &*metrics.path), ("status", &status)], count);
                }
            }
        }
        let mut latencies = text.histogram(
            "ghev_http_request_duration_seconds",
            "Time from a request's headers to its answer.",
        );
        for metrics in &self.endpoints {
            metrics.write_latencies(&mut latencies);
        }
        text.counter(
            "ghev_http_kept_answers_total",
            "Answers given as they had been kept, since the read model had not changed.",
        )
        .sample(&[], self.reused.load(Ordering::Relaxed));
        text.gauge("ghev_http_connections", "Open connections.")
            .sample(&[], self.open_connections());
        text.counter("ghev_http_connections_total", "Connections let in.")
            .sample(&[], self.connections.load(Ordering::Relaxed));
        text.counter(
            "ghev_http_connections_refused_total",
            "Connections over a limit.",
        )
        .sample(&[], self.connections_refused.load(Ordering::Relaxed));
    }
}

/// A connection that is counted.
#[derive(Debug)]
pub(crate) struct Connected<'m>(&'m Metrics);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        add(&self.0.connections_ended, 1);
    }
}

impl EndpointMetrics {
    fn write_latencies(&self, family: &mut Family<'_>) {
        let path = ("path", &*self.path);
        let counts: Vec<u64> = self
            .by_latency
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect();
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return;
        }
        let mut below = 0;
        for (count, (_, bound)) in counts.iter().zip(BUCKETS_US) {
            below += count;
            family.suffixed("_bucket", &[path, ("le", bound)], below);
        }
        family.suffixed("_bucket", &[path, ("le", "+Inf")], total);
        let sum_us = self.latency_us.load(Ordering::Relaxed);
        let (seconds, micros) = (sum_us / 1_000_000, sum_us % 1_000_000);
        let sum = format!("{seconds}.{micros:06}");
        family
            .suffixed("_sum", &[path], sum)
            .suffixed("_count", &[path], total);
    }
}

/// Each counter stands for itself: no other memory is ordered by it.
fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_statuses_apart() {
        let metrics = Metrics::new(std::iter::once("/v1/status".into()));
        metrics.count(Some(0), StatusCode::OK, Duration::from_micros(90));
        metrics.count(Some(0), StatusCode::OK, Duration::from_secs(9));
        metrics.count(None, StatusCode::NOT_FOUND, Duration::from_micros(10));
        metrics.count(None, StatusCode::IM_A_TEAPOT, Duration::ZERO);
        let connected = metrics.connected();
        drop(metrics.connected());
        metrics.refused();
        let mut text = Exposition::default();
        metrics.write(&mut text);
        drop(connected);
        let text = text.into_text();
        for expected in [
            "ghev_http_requests_total{path=\"/v1/status\",status=\"200\"} 2\n",
            "ghev_http_requests_total{path=\"unknown\",status=\"404\"} 1\n",
            "ghev_http_requests_total{path=\"unknown\",status=\"other\"} 1\n",
            "_bucket{path=\"/v1/status\",le=\"0.0001\"} 1\n",
            "_bucket{path=\"/v1/status\",le=\"5\"} 1\n",
            "_bucket{path=\"/v1/status\",le=\"+Inf\"} 2\n",
            "_sum{path=\"/v1/status\"} 9.000090\n",
            "_count{path=\"/v1/status\"} 2\n",
            "\nghev_http_connections 1\n",
            "\nghev_http_connections_total 2\n",
            "\nghev_http_connections_refused_total 1\n",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }
}
