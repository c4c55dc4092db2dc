//! Input that could not be decoded, and records that are not there to be decoded: each is a row
//! with its place and the reason, and nothing stops.

use std::fmt::Write as _;

use ghev_event::{Origin, Provenance, Reject};
use ghev_readmodel::{Changes, DeadLetter, Offset};

/// The source of what is wrong with the log itself.
const LOG: &str = "log";

/// What an envelope brought that is no event.
pub(crate) fn of_rejects(
    changes: &mut Changes,
    offset: Offset,
    provenance: &Provenance,
    rejects: &[Reject<'_>],
) {
    for (number, reject) in (0..).zip(rejects) {
        let place = match &provenance.origin {
            Origin::Import(import) => format!("{}:{}", import.file, reject.place),
            Origin::Poll(poll) => format!("{} event {}", poll.path, reject.place),
        };
        let source = provenance.source.to_string();
        changes
            .dead_letters
            .push(letter(offset, number, source, place, reject));
    }
}

/// A record that is no envelope.
pub(crate) fn of_record(changes: &mut Changes, offset: Offset, record: &[u8], reason: String) {
    let reject = Reject::new(0, reason, record);
    let place = format!("record {offset}");
    changes
        .dead_letters
        .push(letter(offset, 0, LOG.to_owned(), place, &reject));
}

/// Records that retention took away before they were read: from `asked` up to `first`, which is
/// there.
pub(crate) fn of_trimmed(changes: &mut Changes, asked: Offset, first: Offset) {
    let reject = Reject::new(0, "trimmed from the log before they were read", b"");
    let place = format!("records {asked} up to {first}");
    changes
        .dead_letters
        .push(letter(asked, 0, LOG.to_owned(), place, &reject));
}

fn letter(
    offset: Offset,
    number: u32,
    source: String,
    place: String,
    of: &Reject<'_>,
) -> DeadLetter {
    let mut digest = String::with_capacity(2 * of.digest.len());
    for byte in of.digest {
        write!(digest, "{byte:02x}").expect("a String takes what is written");
    }
    let reason = of.reason.clone().into_owned();
    DeadLetter {
        offset,
        number,
        source,
        place,
        reason,
        digest,
        bytes: of.body_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trimmed_records_are_a_fact_with_the_place_they_had() {
        let mut changes = Changes::default();
        let offset = |number| Offset::new(number).unwrap();
        of_trimmed(&mut changes, offset(3), offset(9));
        let letter = &changes.dead_letters[0];
        assert_eq!((letter.offset, letter.source.as_str()), (offset(3), LOG));
        assert_eq!(letter.place, "records 3 up to 9");
        assert_eq!(letter.bytes, 0);
    }
}
