//! What a recovery did, as a person reads it in a line of a service's log.

use std::fmt;

use super::{CutTail, Recovery};

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            created,
            cut,
            rebuilt_indexes,
            proven_segments,
            unproven_segments,
            kept_records,
            watermark_rebuilt,
        } = self;
        let counted = |count: &u64, what: &str| (*count > 0).then(|| format!("{count} {what}"));
        let parts = [
            created.then(|| "a new log".to_owned()),
            cut.as_ref().map(CutTail::to_string),
            watermark_rebuilt.then(|| "watermark made anew".to_owned()),
            counted(kept_records, "records above the watermark kept"),
            counted(rebuilt_indexes, "indexes made anew"),
            counted(proven_segments, "segments given a checksum"),
            counted(unproven_segments, "segments still without a checksum"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return f.write_str("nothing to repair");
        }
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Display for CutTail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            damage,
            bytes,
            quarantine,
        } = self;
        write!(
            f,
            "{bytes} bytes of an interrupted append cut off ({damage})"
        )?;
        match quarantine {
            Some(file) => write!(f, ", kept in {}", file.display()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_done_or_that_nothing_had_to_be() {
        let nothing = Recovery::default();
        assert_eq!(nothing.to_string(), "nothing to repair");
        let some = Recovery {
            kept_records: 3,
            rebuilt_indexes: 1,
            ..nothing
        };
        let said = "3 records above the watermark kept, 1 indexes made anew";
        assert_eq!(some.to_string(), said);
    }
}
