//! What `/metrics` tells, in Prometheus' text format
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>), with base units and the suffixes
//! that its conventions ask for (<https://prometheus.io/docs/practices/naming/>).
//!
//! - `exposition`: the format. - `requests`: what the service counts about its requests and
//!   connections. - `model`: how far the read model has come. - `process`: what the system says of the
//!   process.

mod exposition;
mod model;
mod process;
mod requests;

use exposition::Exposition;
pub(crate) use model::ModelFigures;
pub(crate) use requests::Metrics;

/// Everything as text. Without figures of the model there is none that can be read.
pub(crate) fn text(
    metrics: &Metrics,
    open_streams: u64,
    model: Option<&ModelFigures>,
    version: &str,
) -> String {
    let mut text = Exposition::default();
    text.gauge("ghev_build_info", "The version that answers, as a label.")
        .sample(&[("version", version)], 1);
    metrics.write(&mut text);
    text.gauge("ghev_http_streams", "Open streams of events.")
        .sample(&[], open_streams);
    model::write(model, &mut text);
    process::write(&mut text);
    text.into_text()
}
