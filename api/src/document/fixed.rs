//! A document that does not change while the process runs, in every encoding that clients like.

use std::io::Read as _;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::read::GzDecoder;

use crate::answer::{Encoding, EntityTag};

/// A document, each of its encodings made the first time that a client likes it so.
#[derive(Debug)]
pub(crate) struct Document {
    media_type: &'static str,
    /// Three representations, three tags.
    tags: [EntityTag; 3],
    plain: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
}

impl Document {
    pub(super) fn json(media_type: &'static str, json: &serde_json::Value) -> Self {
        Self::new(media_type, format!("{json:#}\n"))
    }

    pub(super) fn new(media_type: &'static str, text: String) -> Self {
        let body = Bytes::from(text);
        Self {
            media_type,
            tags: tags(&body),
            plain: OnceLock::from(body),
            gzip: OnceLock::new(),
            zstd: OnceLock::new(),
        }
    }

    /// A document of which the gzip encoding is there already.
    pub(super) fn packed(media_type: &'static str, gzip: &'static [u8]) -> Self {
        Self {
            media_type,
            tags: tags(gzip),
            plain: OnceLock::new(),
            gzip: OnceLock::from(Bytes::from_static(gzip)),
            zstd: OnceLock::new(),
        }
    }

    /// Its media type.
    pub(crate) const fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// Its bytes in an encoding. Compression into memory does not fail; if it did, they come as they
    /// are.
    pub(crate) fn encoded(&self, encoding: Encoding) -> (EntityTag, Encoding, Bytes) {
        let [plain_tag, gzip_tag, zstd_tag] = self.tags;
        let (kept, tag) = match encoding {
            Encoding::Identity => return (plain_tag, encoding, self.plain()),
            Encoding::Gzip => (&self.gzip, gzip_tag),
            Encoding::Zstd => (&self.zstd, zstd_tag),
        };
        if let Some(body) = kept.get() {
            return (tag, encoding, body.clone());
        }
        match encoding.encode(self.plain().to_vec()) {
            Ok((encoding, body)) if encoding != Encoding::Identity => {
                (tag, encoding, kept.get_or_init(|| body.into()).clone())
            }
            Ok(_) | Err(_) => (plain_tag, Encoding::Identity, self.plain()),
        }
    }

    fn plain(&self) -> Bytes {
        let unpacked = || {
            let gzip = self.gzip.get().map_or(&[][..], |gzip| gzip);
            let mut body = Vec::new();
            GzDecoder::new(gzip)
                .read_to_end(&mut body)
                .expect("what is embedded was packed whole");
            Bytes::from(body)
        };
        self.plain.get_or_init(unpacked).clone()
    }
}

fn tags(bytes: &[u8]) -> [EntityTag; 3] {
    ["identity", "gzip", "zstd"]
        .map(|encoding| EntityTag::of_bytes(&[encoding.as_bytes(), bytes].concat()))
}

#[cfg(test)]
mod tests {
    use super::super::assets::assets;
    use super::*;

    #[test]
    fn what_was_packed_is_text_in_every_encoding() {
        for (name, document) in assets() {
            let (_, _, plain) = document.encoded(Encoding::Identity);
            assert!(
                std::str::from_utf8(&plain).is_ok_and(|text| !text.is_empty()),
                "{name}"
            );
            let (tag, encoding, gzip) = document.encoded(Encoding::Gzip);
            if encoding == Encoding::Gzip {
                let mut unpacked = Vec::new();
                GzDecoder::new(&gzip[..])
                    .read_to_end(&mut unpacked)
                    .unwrap();
                assert_eq!(unpacked, plain, "{name}");
            }
            assert_eq!(document.encoded(Encoding::Gzip).0, tag, "{name}");
        }
    }
}
