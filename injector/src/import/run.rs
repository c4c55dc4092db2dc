//! The import itself: every file, piece by piece. Knows nothing about how bytes are decompressed,
//! taken apart or gathered.

use std::path::Path;
use std::sync::Arc;

use ghev_event::{Event, FileEnd, Reject, canonical_raw, read_event};
use memchr::memchr;

use super::blocks::FileBlocks;
use super::finished::Finished;
use super::gather::Gather;
use super::inputs::{self, Place};
use super::known::Known;
use super::pending::owned;
use super::pieces::{Halt, Piece, Pieces, Span};
use super::store::Store;
use super::{ImportObserver, ImportOptions, ImportProgress, ImportSummary, Input};
use crate::ImportError;
use crate::log_tail::{Extent, read_heads};

/// Pieces between two looks at whether to stop, and two reports of progress.
const PIECES_PER_REPORT: u64 = 512;

/// Appends the events of `inputs` to the log in `log_dir`, which is created where there is none.
/// Returns once everything is durable, or as soon as `stop` says so with what was read until then
/// durable. Blocks; the log is held as its one writer meanwhile, unless an injector or another import
/// holds it, which then appends for this one.
///
/// # Errors
/// [`ImportError`]. A file that cannot be opened is found before anything is appended, as far as
/// its name tells; damage within a file is a reject, no error. [`ImportError::Locked`] where another
/// process holds the log and does not take in imports.
pub fn import(
    log_dir: &Path,
    inputs: &[Input],
    options: &ImportOptions,
    observer: &mut dyn ImportObserver,
    stop: &dyn Fn() -> bool,
) -> Result<ImportSummary, ImportError> {
    let places = inputs::expand(inputs)?;
    let store = Store::open(log_dir, options)?;
    let log = store.extent()?;
    let (known, finished) = read_back(log_dir, log)?;
    let mut import = Import {
        gather: Gather::new(store, known, log.next, Arc::clone(&options.clock)),
        log,
        finished,
        progress: ImportProgress {
            file: String::new(),
            files_done: 0,
            files_total: places.len() as u64,
            bytes_read: 0,
            bytes_total: places.iter().map(Place::bytes).sum(),
            events: 0,
        },
        observer,
        stop,
    };
    for place in &places {
        match import.file(place) {
            Ok(true) => {}
            Ok(false) => {
                import.gather.summary.interrupted = true;
                break;
            }
            Err(error) => {
                // What came before the failure is kept; the failure is what is reported.
                if !matches!(
                    error,
                    ImportError::Append(_)
                        | ImportError::Refused { .. }
                        | ImportError::Locked { .. }
                ) {
                    import.gather.flush()?;
                }
                return Err(error);
            }
        }
    }
    import.gather.close()
}

/// What the log has: an import must not append any of it again.
fn read_back(log_dir: &Path, log: Extent) -> Result<(Known, Finished), ImportError> {
    let mut known = Known::new(log_dir);
    let mut finished = Finished::new(log.log_id, log.first);
    read_heads(log_dir, log.first, log.next, |offset, heads| {
        known.record(offset, heads, |_| {});
        finished.note(heads);
    })?;
    Ok((known, finished))
}

struct Import<'a> {
    gather: Gather,
    log: Extent,
    finished: Finished,
    progress: ImportProgress,
    observer: &'a mut dyn ImportObserver,
    stop: &'a dyn Fn() -> bool,
}

impl Import<'_> {
    /// One file; `false` where it was told to stop before its end.
    fn file(&mut self, place: &Place) -> Result<bool, ImportError> {
        let name = place.name();
        let failed = |reason| ImportError::input(Path::new(&name))(reason);
        self.progress.file.clone_from(&name);
        if let Some(end) = self.finished.find(place).map_err(failed)? {
            self.known_file(&name, &end);
            return Ok(true);
        }
        let mut pieces = Pieces::new(FileBlocks::open(place).map_err(failed)?);
        let before = self.gather.summary.clone();
        let from = self.gather.begin_file(&name);
        let bytes_before = self.progress.bytes_read;
        let mut count = 0u64;
        let whole = loop {
            if count.is_multiple_of(PIECES_PER_REPORT) {
                if (self.stop)() {
                    break false;
                }
                self.report(bytes_before + pieces.blocks().stored_bytes());
            }
            count += 1;
            match pieces.next() {
                Ok(Some(piece)) => self.piece(piece, &mut pieces, &name)?,
                Ok(None) => break true,
                Err(Halt::Pause) => {
                    self.gather.pause()?;
                    // To look whether to stop.
                    count = 0;
                }
                Err(Halt::Io(error)) => return Err(failed(error)),
            }
        };
        let summary = &self.gather.summary;
        let end = |modified| FileEnd {
            log_id: self.log.log_id.to_bytes(),
            from_offset: from.get(),
            bytes: pieces.blocks().stored_bytes(),
            modified: Some(modified),
            digest: pieces.blocks().digest(),
            events: summary.events - before.events,
            rejected: summary.rejected - before.rejected,
        };
        // A file that was not read as a whole, or changed meanwhile, is read again next time.
        let end = place.unchanged_since().filter(|_| whole).map(end);
        let end = end.filter(|end| Some(end.bytes) == place.bytes());
        self.gather.end_file(end)?;
        self.progress.files_done += u64::from(whole);
        self.gather.summary.files += u64::from(whole);
        self.report(bytes_before + pieces.blocks().stored_bytes());
        Ok(whole)
    }

    /// A file that the log has to its end counts as if it had been read.
    fn known_file(&mut self, name: &str, end: &FileEnd) {
        tracing::debug!(
            file = name,
            events = end.events,
            "the log has it to its end"
        );
        if end.rejected > 0 {
            let reason = format!(
                "{} places that are no events; see the dead letters",
                end.rejected
            );
            self.observer.rejected(name, &reason);
        }
        let summary = &mut self.gather.summary;
        summary.files += 1;
        summary.known_files += 1;
        summary.events += end.events;
        summary.duplicates += end.events;
        summary.rejected += end.rejected;
        self.progress.files_done += 1;
        self.report(self.progress.bytes_read + end.bytes);
    }

    fn report(&mut self, bytes_read: u64) {
        self.progress.bytes_read = bytes_read;
        self.progress.events = self.gather.summary.events;
        self.gather.summary.bytes = bytes_read;
        self.observer.progress(&self.progress);
    }

    fn piece(
        &mut self,
        piece: Piece,
        pieces: &mut Pieces<FileBlocks>,
        file: &str,
    ) -> Result<(), ImportError> {
        let piece = match piece {
            Piece::Line(span) => match self.line(&span, pieces)? {
                Taken::Yes => return Ok(()),
                Taken::NotOneValue => {
                    match pieces.not_one_value(&span) {
                        Ok(piece) => piece,
                        // It is handed out again.
                        Err(Halt::Pause) => return self.gather.pause(),
                        Err(Halt::Io(error)) => {
                            return Err(ImportError::input(Path::new(file))(error));
                        }
                    }
                }
            },
            piece => piece,
        };
        match piece {
            Piece::Line(span) | Piece::Value(span, None) => {
                let raw = canonical_raw(pieces.bytes(&span));
                match read_event(&raw) {
                    Ok(event) => self.gather.event(&event, &raw, span.line),
                    Err(reason) => self.reject_bytes(file, &span, pieces, reason.to_string()),
                }
            }
            Piece::Value(span, Some(reason)) | Piece::Garbage(span, reason) => {
                self.reject_bytes(file, &span, pieces, reason)
            }
            Piece::Oversized(reject) => self.reject(file, *reject),
            Piece::Damage { line, reason } => self.reject(file, Reject::new(line, reason, &[])),
        }
    }

    /// The fast path: one line is one event, kept as it stands.
    fn line(&mut self, span: &Span, pieces: &Pieces<FileBlocks>) -> Result<Taken, ImportError> {
        let raw = pieces.bytes(span);
        let event: Event<'_> = match read_event(raw) {
            Ok(event) if memchr(b'\r', raw).is_none() => event,
            _ => return Ok(Taken::NotOneValue),
        };
        self.gather.event(&event, raw, span.line)?;
        Ok(Taken::Yes)
    }

    fn reject_bytes(
        &mut self,
        file: &str,
        span: &Span,
        pieces: &Pieces<FileBlocks>,
        reason: String,
    ) -> Result<(), ImportError> {
        let reject = Reject::new(span.line, reason, pieces.bytes(span));
        self.reject(file, owned(reject))
    }

    fn reject(&mut self, file: &str, reject: Reject<'static>) -> Result<(), ImportError> {
        self.observer
            .rejected(&format!("{file}:{}", reject.place), &reject.reason);
        self.gather.reject(reject)
    }
}

enum Taken {
    Yes,
    NotOneValue,
}
