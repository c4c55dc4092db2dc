//! How far a long command has come: a bar on a terminal, a line every few seconds elsewhere.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Seldom enough not to fill a log file, often enough to see that it goes on.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

const UNKNOWN_TOTAL: &str = "{msg} {spinner} {bytes} {bytes_per_sec} {elapsed}";

/// Progress in bytes or in records. Written to standard error.
pub(crate) struct Progress {
    what: &'static str,
    label: String,
    bar: ProgressBar,
    on_terminal: bool,
    line_at: Instant,
    started_at: Instant,
}

impl Progress {
    /// Begins; nothing is shown before the first report.
    pub(crate) fn start(what: &'static str) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::no_length();
        bar.set_draw_target(if on_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        bar.set_message(what);
        let now = Instant::now();
        Self {
            what,
            label: what.to_owned(),
            bar,
            on_terminal,
            line_at: now + LINE_INTERVAL,
            started_at: now,
        }
    }

    /// So many bytes of so many.
    pub(crate) fn bytes(&mut self, done: u64, total: Option<u64>) {
        let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
        self.report(done, total, template, |count| HumanBytes(count).to_string());
    }

    /// Begins another part of the work, whose bar and rate are its own.
    pub(crate) fn begin(&mut self, part: &'static str) {
        self.label = format!("{} ({part})", self.what);
        self.bar.set_message(self.label.clone());
        self.bar.reset();
        self.started_at = Instant::now();
    }

    /// So many records of so many, with so many events.
    pub(crate) fn records(&mut self, done: u64, total: u64, events: u64) {
        let milliseconds = self.started_at.elapsed().as_millis().max(1);
        let per_second = u128::from(events) * 1000 / milliseconds;
        let per_second = HumanCount(u64::try_from(per_second).unwrap_or(u64::MAX));
        if self.on_terminal {
            self.bar.set_prefix(per_second.to_string());
        }
        let template = "{msg} {wide_bar} {pos}/{len} records, {prefix} events/s, {eta} left";
        self.report(done, Some(total), template, |count| {
            if count == total {
                format!("{count} records ({per_second} events/s)")
            } else {
                count.to_string()
            }
        });
    }

    fn report(
        &mut self,
        done: u64,
        total: Option<u64>,
        template: &str,
        show: impl Fn(u64) -> String,
    ) {
        if self.on_terminal {
            self.set_total(total, template);
            self.bar.set_position(done);
        } else if Instant::now() >= self.line_at {
            self.line_at += LINE_INTERVAL;
            let of_total = total.map_or_else(String::new, |total| format!(" of {}", show(total)));
            let seconds = self.started_at.elapsed().as_secs();
            tracing::info!("{}: {}{of_total} after {seconds} s", self.label, show(done));
        }
    }

    /// Standard input has no end that is known: no bar then, and no time left.
    fn set_total(&self, total: Option<u64>, template: &str) {
        let template = if total.is_some() {
            template
        } else {
            UNKNOWN_TOTAL
        };
        let is_new = self.bar.position() == 0 || self.bar.length() != total;
        if is_new && let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
            if let Some(total) = total {
                self.bar.set_length(total);
            }
        }
    }

    /// Says something above the bar without tearing it.
    pub(crate) fn say(&self, line: impl std::fmt::Display) {
        self.bar.suspend(|| {
            use std::io::Write as _;
            // Where standard error is gone, the counts of the summary still tell.
            let _ = writeln!(std::io::stderr(), "{line}");
        });
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
