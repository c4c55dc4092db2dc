//! How far a long command has come: a bar on a terminal, a line every few seconds elsewhere.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Seldom enough not to fill a log file, often enough to see that it goes on.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

const UNKNOWN_TOTAL: &str = "{msg} {spinner} {bytes} {bytes_per_sec} {elapsed}";

/// Where nothing tells how far it has come.
const UNCOUNTED: &str = "{msg} {spinner} {elapsed}";

/// What nothing is told of turns this often.
const TICK: Duration = Duration::from_millis(100);

/// The bar that is on the terminal, if there is one.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn show(bar: Option<ProgressBar>) {
    *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = bar;
}

/// Standard error, where what is written stands above the bar and does not tear it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AboveBar;

impl AboveBar {
    fn of<T>(write: impl FnOnce() -> T) -> T {
        let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = shown.clone();
        drop(shown);
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Write for AboveBar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::of(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Progress in bytes or in records. Written to standard error.
pub(crate) struct Progress {
    what: &'static str,
    label: String,
    bar: ProgressBar,
    on_terminal: bool,
    line_at: Instant,
    /// When this part of the work began.
    started_at: Instant,
}

impl Progress {
    /// Begins; nothing is shown before the first report.
    pub(crate) fn start(what: &'static str) -> Self {
        let on_terminal = io::stderr().is_terminal();
        let target = if on_terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let progress = Self::drawn(what, on_terminal, target);
        show(on_terminal.then(|| progress.bar.clone()));
        progress
    }

    fn drawn(what: &'static str, on_terminal: bool, target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::no_length();
        bar.set_draw_target(target);
        let now = Instant::now();
        let progress = Self {
            what,
            label: what.to_owned(),
            bar,
            on_terminal,
            line_at: now + LINE_INTERVAL,
            started_at: now,
        };
        progress.set_style(UNCOUNTED);
        progress.bar.set_message(what);
        progress
    }

    /// So many bytes of so many.
    pub(crate) fn bytes(&mut self, done: u64, total: Option<u64>) {
        let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
        self.report(done, total, template, |count| HumanBytes(count).to_string());
    }

    /// Begins another part of the work, whose bar and rate are its own.
    pub(crate) fn begin(&mut self, part: &'static str) {
        self.label = format!("{} ({part})", self.what);
        self.bar.disable_steady_tick();
        // Nothing of the part before is drawn under the name of this one.
        self.set_style(UNCOUNTED);
        self.bar.reset();
        self.bar.set_message(self.label.clone());
        self.started_at = Instant::now();
    }

    /// This part of the work does not tell how far it has come.
    pub(crate) fn uncounted(&mut self) {
        if self.on_terminal {
            self.bar.enable_steady_tick(TICK);
        } else if Instant::now() >= self.line_at {
            self.line_at += LINE_INTERVAL;
            tracing::info!("{}", self.label);
        }
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
        if is_new {
            self.set_style(template);
            if let Some(total) = total {
                self.bar.set_length(total);
            }
        }
    }

    fn set_style(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
    }

    /// Says something above the bar without tearing it.
    pub(crate) fn say(&self, line: impl std::fmt::Display) {
        // Where standard error is gone, the counts of the summary still tell.
        let _ = AboveBar.write_all(format!("{line}\n").as_bytes());
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        show(None);
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use indicatif::TermLike;

    use super::*;

    /// A terminal that remembers every line that was drawn.
    #[derive(Debug, Clone, Default)]
    struct Drawn(Arc<Mutex<Vec<String>>>);

    impl Drawn {
        fn lines(&self) -> Vec<String> {
            self.0.lock().unwrap().clone()
        }
    }

    impl TermLike for Drawn {
        fn width(&self) -> u16 {
            200
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(line)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push(text.to_owned());
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The last part of a replay, which counts nothing, stood there with the records of the part before,
    /// all of them, and 300,000,000 events/s.
    #[test]
    fn a_part_that_counts_nothing_shows_no_counts_of_another() {
        let drawn = Drawn::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(drawn.clone()), 255);
        let mut progress = Progress::drawn("replaying", true, target);
        progress.begin("folding");
        progress.records(30, 30, 300_000);
        progress.bar.tick();
        progress.begin("writing");
        progress.uncounted();
        progress.bar.tick();
        progress.begin("catching up");
        progress.records(1, 2, 10);
        progress.end();
        let lines = drawn.lines();
        let has = |part: &str, text: &str| {
            let mut of_part = lines.iter().filter(|line| line.contains(part));
            of_part.any(|line| line.contains(text))
        };
        assert!(has("(folding)", "30/30 records"), "{lines:?}");
        assert!(has("(writing)", ""), "{lines:?}");
        assert!(!has("(writing)", "events/s"), "{lines:?}");
        assert!(!has("(catching up)", "30/30"), "{lines:?}");
        assert!(!has("", "0/0"), "{lines:?}");
    }
}
