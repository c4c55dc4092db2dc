//! Compression of answers, by `Accept-Encoding`.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::accept::weighted;

/// Shorter answers fit a packet or two as they are.
const BODY_MIN_BYTES: usize = 1024;

/// Fast levels: an answer is compressed once and read once.
const GZIP_LEVEL: u32 = 4;
const ZSTD_LEVEL: i32 = 3;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// As it is.
    Identity,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Encoding {
    /// What a client prefers; of what it likes equally zstd, then gzip.
    pub(crate) fn preferred(accept_encoding: Option<&str>) -> Self {
        let Some(header) = accept_encoding else {
            return Self::Identity;
        };
        let weight_of = |wanted: &str| {
            let mut any = 0;
            for (name, weight) in weighted(header) {
                if name.eq_ignore_ascii_case(wanted) {
                    return weight;
                }
                if name == "*" {
                    any = weight;
                }
            }
            any
        };
        let (zstd, gzip) = (weight_of("zstd"), weight_of("gzip"));
        // What is not named is acceptable, and liked less than what is.
        let identity = weighted(header).find(|(name, _)| name.eq_ignore_ascii_case("identity"));
        if identity.is_some_and(|(_, weight)| weight > zstd.max(gzip)) {
            Self::Identity
        } else if zstd > 0 && zstd >= gzip {
            Self::Zstd
        } else if gzip > 0 {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// Its name in `Content-Encoding`; nothing for a body as it is.
    pub(crate) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }

    /// A body and how it is compressed: a short one stays as it is.
    pub(crate) fn encode(self, body: Vec<u8>) -> io::Result<(Self, Vec<u8>)> {
        if body.len() < BODY_MIN_BYTES {
            return Ok((Self::Identity, body));
        }
        match self {
            Self::Identity => Ok((self, body)),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::new(GZIP_LEVEL));
                encoder.write_all(&body)?;
                Ok((self, encoder.finish()?))
            }
            Self::Zstd => Ok((self, zstd::bulk::compress(&body, ZSTD_LEVEL)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses() {
        let chosen = |header| Encoding::preferred(Some(header));
        assert_eq!(Encoding::preferred(None), Encoding::Identity);
        assert_eq!(chosen("gzip, deflate, br, zstd"), Encoding::Zstd);
        assert_eq!(chosen("gzip;q=1.0, zstd;q=0.5"), Encoding::Gzip);
        assert_eq!(chosen("*;q=0.1, zstd;q=0"), Encoding::Gzip);
        assert_eq!(chosen("identity;q=0.5, gzip;q=0.3"), Encoding::Identity);
        assert_eq!(chosen("gzip, identity"), Encoding::Gzip);
        assert_eq!(chosen("gzip;q=0.5, *;q=0"), Encoding::Gzip);
        assert_eq!(chosen("br"), Encoding::Identity);
        assert_eq!(chosen("gzip;q=0"), Encoding::Identity);
    }
}
