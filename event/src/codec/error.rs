//! What can go wrong between an envelope and its bytes.

/// Why a record is no envelope. The bytes may still be worth keeping: they go to the dead letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Shorter than its own header says.
    #[error("the record ends after {bytes} bytes, within its {part}")]
    Truncated {
        /// What the record has.
        bytes: usize,
        /// What it ends within.
        part: &'static str,
    },
    /// Written by a version of ghev that this one does not know.
    #[error("envelope format {version}, of which this version of ghev knows nothing; update ghev")]
    UnknownVersion {
        /// The version byte.
        version: u8,
    },
    /// A section says it is larger than any envelope's.
    #[error("the {section} section says it holds {bytes} bytes, more than the allowed {max_bytes}")]
    TooLarge {
        /// Which section.
        section: &'static str,
        /// What it says.
        bytes: u64,
        /// What is allowed.
        max_bytes: u64,
    },
    /// A section does not decompress to the length it states.
    #[error("the {section} section does not decompress: {reason}")]
    Compression {
        /// Which section.
        section: &'static str,
        /// What the decompressor said.
        reason: String,
    },
    /// The heads are not what the version prescribes.
    #[error("the heads do not decode: {reason}")]
    Heads {
        /// What is wrong with them.
        reason: String,
    },
    /// Heads and raw bytes do not belong together.
    #[error("the heads speak of {heads_bytes} bytes of JSON, the raw section has {raw_bytes}")]
    Mismatch {
        /// Sum of the lengths in the heads.
        heads_bytes: u64,
        /// Length of the raw section.
        raw_bytes: u64,
    },
}

/// Why events do not make an envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// More than one envelope holds; send fewer events at a time.
    #[error("an envelope of {bytes} bytes, more than the allowed {max_bytes}")]
    TooLarge {
        /// What it would have.
        bytes: usize,
        /// What is allowed.
        max_bytes: usize,
    },
    /// The compressor or the encoder failed.
    #[error("the envelope does not encode: {reason}")]
    Encoding {
        /// What it said.
        reason: String,
    },
}
