//! The import itself: every file, piece by piece. Knows nothing about how bytes are decompressed,
//! taken apart or gathered.

use std::path::Path;
use std::sync::Arc;

use ghev_event::{Event, Reject, canonical_raw, read_event};
use ghev_log::Offset;
use memchr::memchr;

use super::blocks::FileBlocks;
use super::gather::{Gather, keys_of};
use super::inputs::{self, Place};
use super::pending::owned;
use super::pieces::{Piece, Pieces, Span};
use super::store::Store;
use super::{ImportObserver, ImportOptions, ImportProgress, ImportSummary, Input};
use crate::ImportError;
use crate::log_tail::read_heads;
use crate::seen::SeenAll;

/// Pieces between two looks at whether to stop, and two reports of progress.
const PIECES_PER_REPORT: u64 = 512;

/// Appends the events of `inputs` to the log in `log_dir`, which is created where there is none.
/// Returns once everything is durable, or as soon as `stop` says so with what was read until then
/// durable. Blocks; the log is held as its one writer meanwhile, unless an injector holds it, which
/// then appends for the import.
///
/// # Errors
/// [`ImportError`]. A file that cannot be opened is found before anything is appended, as far as
/// its name tells; damage within a file is a reject, no error. [`ImportError::Locked`] where another
/// process holds the log and is no injector that takes in imports.
pub fn import(
    log_dir: &Path,
    inputs: &[Input],
    options: &ImportOptions,
    observer: &mut dyn ImportObserver,
    stop: &dyn Fn() -> bool,
) -> Result<ImportSummary, ImportError> {
    let places = inputs::expand(inputs)?;
    let store = Store::open(log_dir, options)?;
    let (first, known) = store.extent()?;
    let seen = seen_in_log(log_dir, first, known)?;
    let mut import = Import {
        gather: Gather::new(store, seen, known, Arc::clone(&options.clock)),
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

/// Everything the log has: an import must not append any of it again.
fn seen_in_log(log_dir: &Path, first: Offset, to: Offset) -> Result<SeenAll, ImportError> {
    let mut seen = SeenAll::default();
    read_heads(log_dir, first, to, |heads| {
        keys_of(heads, |key| {
            seen.insert(key);
        });
    })?;
    Ok(seen)
}

struct Import<'a> {
    gather: Gather,
    progress: ImportProgress,
    observer: &'a mut dyn ImportObserver,
    stop: &'a dyn Fn() -> bool,
}

impl Import<'_> {
    /// One file; `false` where it was told to stop before its end.
    fn file(&mut self, place: &Place) -> Result<bool, ImportError> {
        let name = place.name();
        let failed = |reason| ImportError::input(Path::new(&name))(reason);
        let mut pieces = Pieces::new(FileBlocks::open(place).map_err(failed)?);
        self.gather.begin_file(&name);
        self.progress.file.clone_from(&name);
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
                Err(error) => return Err(failed(error)),
            }
        };
        self.gather.end_file()?;
        self.progress.files_done += u64::from(whole);
        self.gather.summary.files += u64::from(whole);
        self.report(bytes_before + pieces.blocks().stored_bytes());
        Ok(whole)
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
                    let failed = ImportError::input(Path::new(file));
                    pieces.not_one_value(&span).map_err(failed)?
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
