//! Where a JSON value ends, without reading it. Knows brackets and strings, nothing of validity:
//! what it delimits has yet to be parsed.

use memchr::{memchr_iter, memchr3};

/// Follows one value from its first byte on, over as many slices as it takes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// What a slice did for the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The value ends before this place of the slice.
    Ends(usize),
    /// No JSON value goes on like this: a line break within a string, at this place.
    Broken(usize),
    /// The slice ends within the value.
    Open,
}

impl Scan {
    /// Goes on through `bytes`. The first byte of all is to be `{`, `[` or `"`.
    pub(super) fn over(&mut self, bytes: &[u8]) -> Extent {
        let mut at = 0;
        while at < bytes.len() {
            at = if self.in_string {
                match self.through_string(&bytes[at..]) {
                    Ok(length) => at + length,
                    Err(broken) => return Extent::Broken(at + broken),
                }
            } else {
                self.structure(bytes[at]);
                at + 1
            };
            if self.depth == 0 && !self.in_string {
                return Extent::Ends(at);
            }
        }
        Extent::Open
    }

    fn structure(&mut self, byte: u8) {
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    /// How many bytes of `bytes` belong to the string that is open, or where it breaks.
    fn through_string(&mut self, bytes: &[u8]) -> Result<usize, usize> {
        let mut at = 0;
        if self.escaped && !bytes.is_empty() {
            self.escaped = false;
            at = 1;
        }
        while let Some(found) = memchr3(b'"', b'\\', b'\n', &bytes[at..]) {
            let here = at + found;
            match bytes[here] {
                b'"' => {
                    self.in_string = false;
                    return Ok(here + 1);
                }
                b'\n' => return Err(here),
                _ if here + 1 == bytes.len() => {
                    self.escaped = true;
                    return Ok(bytes.len());
                }
                _ => at = here + 2,
            }
        }
        Ok(bytes.len())
    }
}

/// How many lines end within `bytes`.
pub(super) fn line_ends(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_ends_where_its_brackets_close() {
        for (bytes, extent) in [
            (&b"{}"[..], Extent::Ends(2)),
            (b"{}{}", Extent::Ends(2)),
            (b"[1,[2]] ", Extent::Ends(7)),
            (b"\"a\\\"b\",", Extent::Ends(6)),
            (b"{\"a\":\"}\\\\\"}x", Extent::Ends(11)),
            (b"{\n\"a\":1\n}", Extent::Ends(9)),
            (b"{\"a", Extent::Open),
            (b"{\"a\\", Extent::Open),
            (b"{\"a\nb\"}", Extent::Broken(3)),
        ] {
            assert_eq!(
                Scan::default().over(bytes),
                extent,
                "{:?}",
                bytes.escape_ascii()
            );
        }
    }

    proptest! {
        #[test]
        fn cutting_a_value_into_slices_changes_nothing(
            bytes in r#"[{\["][{}\[\]"\\a:\n]{0,40}"#,
            cut in 0usize..41,
        ) {
            let bytes = bytes.as_bytes();
            let whole = Scan::default().over(bytes);
            let cut = cut.min(bytes.len());
            let mut scan = Scan::default();
            let in_two = match scan.over(&bytes[..cut]) {
                Extent::Open => match scan.over(&bytes[cut..]) {
                    Extent::Ends(at) => Extent::Ends(cut + at),
                    Extent::Broken(at) => Extent::Broken(cut + at),
                    Extent::Open => Extent::Open,
                },
                found => found,
            };
            prop_assert_eq!(in_two, whole);
        }
    }
}
