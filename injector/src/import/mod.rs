//! Files of events into the log.
//!
//! # What is read
//!
//! GH Archive hours of every era, NDJSON, saved pages of the Events API (JSON arrays, also
//! pretty-printed), objects spread over several lines or following each other without a line break
//! (as in some files of 2012); plain, gzip (also of several members) or zstd. Compression is told
//! by the first bytes, everything else by the content itself: a file may mix all of it.
//!
//! An event is a JSON object with a string `type`. Everything else is a *reject*: reported as
//! `FILE:LINE: reason`, and kept with its bytes in the envelope. So is a damaged archive: every
//! whole event before the damage is kept, and so are those of the gzip members behind it. A line
//! that the damage cut is a reject on either side of it; lines behind it are counted on from there.
//! gzip finds corruption out only after a while, at the member's end at the latest: the nonsense that
//! came out of it until then is read like everything else, and is rejects as a rule.
//!
//! # Parts
//!
//! - `inputs`: which files, in which order (by name, numbers by value: GH Archive's hours come out
//!   in time order).
//! - `blocks`: a file's decompressed bytes, made by a thread of their own.
//! - `scan`, `pieces`: where one JSON value ends and the next begins.
//! - `known`: what the log has, asked event by event.
//! - `finished`: files that the log has to their end.
//! - `gather`: events and rejects into envelopes, envelopes into few appends.
//! - `encoder`: compresses envelopes, on a thread of its own.
//! - `pending`: envelopes until they are durable.
//! - `held`: a log that the import holds, and what others append to it meanwhile.
//! - `store`: the log, held by the import or reached through whoever holds it.
//! - `run`: the import itself.
//!
//! # Importing again
//!
//! Where a file was read to its end, the log says so in the file's last envelope: with its name, its
//! size, its time of change and the digest of its bytes as stored. A file of that name, size and time
//! is not opened again, one of that size and digest not decompressed. An import that was interrupted,
//! by kill -9 or a power cut even, goes on with the file in which it was.
//!
//! A file of which any of that differs is read. An event that the log has, with the same body, is
//! dropped; so is a reject of the same file, line and bytes. So importing a file twice appends no
//! event, however large the log is, and a file that has grown adds what is new of it.
//!
//! # Standard input that comes slowly
//!
//! A file is made durable a few megabytes at a time. Of standard input, which may be `tail -f`, every
//! event is durable within a second after its line has come to its end, however little comes; and an
//! import that waits for more hears that it is to stop.
//!
//! # While an injector or another import runs
//!
//! The log has one writer. Where that is an injector or another import, the import hands its
//! envelopes to it, batch by batch, and goes on once they are durable. Its summary is as exact as it
//! is otherwise: an event that the other one brought meanwhile is a duplicate. Where the holder ends
//! or is killed, the import goes on by itself; where another starts, through that.

mod blocks;
mod encoder;
mod finished;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gather;
mod held;
mod inputs;
mod known;
mod options;
mod pending;
mod pieces;
mod run;
mod scan;
mod store;

pub use inputs::Input;
pub use options::{ImportObserver, ImportOptions, ImportProgress, ImportSummary};
pub use run::import;

#[cfg(test)]
mod tests;
