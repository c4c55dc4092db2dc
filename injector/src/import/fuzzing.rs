//! Doors for the fuzz targets in `fuzz/`, which are another crate. Compiled only for them, under
//! `cfg(fuzzing)`, which cargo-fuzz sets.

use std::io::{BufReader, Read as _};

use ghev_event::read_event;

use super::blocks::{Blocks, Fault};
use super::pieces::{Piece, Pieces};
use crate::gzip::GzipReader;

/// What an import finds in bytes that are handed to it in blocks of `block_bytes`: the line, the
/// bytes, and why they are no event, if they are none.
#[must_use]
pub fn found(bytes: &[u8], block_bytes: usize) -> Vec<(u64, Vec<u8>, Option<String>)> {
    let mut pieces = Pieces::new(InBlocks(bytes.chunks(block_bytes.max(1))));
    let mut found = Vec::new();
    while let Some(mut piece) = pieces.next().expect("memory does not fail") {
        if let Piece::Line(span) = &piece
            && read_event(pieces.bytes(span)).is_err()
        {
            let line = span.clone();
            piece = pieces.not_one_value(&line).expect("memory does not fail");
        }
        found.push(match piece {
            Piece::Line(span) => (span.line, pieces.bytes(&span).to_vec(), None),
            Piece::Value(span, why) => (span.line, pieces.bytes(&span).to_vec(), why),
            Piece::Garbage(span, why) => (span.line, pieces.bytes(&span).to_vec(), Some(why)),
            Piece::Oversized(reject) => {
                let why = reject.reason.into_owned();
                (reject.place, reject.body.into_owned(), Some(why))
            }
            Piece::Damage { line, reason } => (line, Vec::new(), Some(reason)),
        });
    }
    found
}

/// What comes out of gzip members, those behind damage too, and how often there was any. Read in
/// blocks of `block_bytes`.
#[must_use]
pub fn gunzipped(bytes: &[u8], block_bytes: usize) -> (Vec<u8>, usize) {
    let blocks = BufReader::with_capacity(block_bytes.max(1), bytes);
    let (mut reader, mut content, mut damages) = (GzipReader::new(blocks), Vec::new(), 0);
    while reader.read_to_end(&mut content).is_err() {
        damages += 1;
        if !reader.resync().expect("memory does not fail") {
            break;
        }
    }
    (content, damages)
}

struct InBlocks<'a>(std::slice::Chunks<'a, u8>);

impl Blocks for InBlocks<'_> {
    fn append_to(&mut self, to: &mut Vec<u8>) -> Result<bool, Fault> {
        let block = self.0.next();
        to.extend_from_slice(block.unwrap_or_default());
        Ok(block.is_some())
    }
}
