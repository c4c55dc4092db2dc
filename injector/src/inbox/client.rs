//! The import's end: offers records and waits for what became of them. Blocks. Knows nothing about
//! what to do with the answer.

use std::io::{self, BufWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use ghev_log::Offset;

use super::{Answer, GREETING_BYTES, Takes, socket};

/// A living holder greets at once; only a suspended one does not.
const GREETING_WAIT: Duration = Duration::from_secs(5);

/// A reason is a sentence.
const REASON_MAX_BYTES: u32 = 64 << 10;

/// A connection to whoever holds a log.
#[derive(Debug)]
pub(crate) struct Delivery {
    stream: UnixStream,
    takes: Takes,
}

impl Delivery {
    /// Connects to whoever holds the log in `dir`.
    pub(crate) fn connect(dir: &Path) -> io::Result<Self> {
        let mut stream = socket::with_name(dir, |name| UnixStream::connect(name))?;
        stream.set_read_timeout(Some(GREETING_WAIT))?;
        let mut greeting = [0; GREETING_BYTES];
        stream.read_exact(&mut greeting)?;
        let takes = Takes::of_greeting(&greeting).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "another version of ghev listens there",
            )
        })?;
        stream.set_read_timeout(None)?;
        Ok(Self { stream, takes })
    }

    /// The same, but a holder that does not go on for so long counts as one that has gone.
    pub(crate) fn with_patience(self, patience: Duration) -> io::Result<Self> {
        self.stream.set_read_timeout(Some(patience))?;
        self.stream.set_write_timeout(Some(patience))?;
        Ok(self)
    }

    /// What the holder takes in.
    pub(crate) const fn takes(&self) -> Takes {
        self.takes
    }

    /// Offers records that are to begin at `at`.
    ///
    /// # Errors
    /// Where the connection ended: then nobody knows what became of them.
    pub(crate) fn offer<R: AsRef<[u8]>>(
        &mut self,
        at: Offset,
        records: &[R],
    ) -> io::Result<Answer> {
        let length = |bytes: usize| u32::try_from(bytes).map_err(io::Error::other);
        let mut to = BufWriter::new(&self.stream);
        to.write_all(&at.get().to_le_bytes())?;
        to.write_all(&length(records.len())?.to_le_bytes())?;
        for record in records {
            let record = record.as_ref();
            to.write_all(&length(record.len())?.to_le_bytes())?;
            to.write_all(record)?;
        }
        to.flush()?;
        drop(to);
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let unknown = || io::Error::new(io::ErrorKind::InvalidData, "no answer of this version");
        let (mut tag, mut next, mut length) = ([0; 1], [0; 8], [0; 4]);
        self.stream.read_exact(&mut tag)?;
        self.stream.read_exact(&mut next)?;
        self.stream.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        if length > REASON_MAX_BYTES {
            return Err(unknown());
        }
        let mut reason = Vec::new();
        let read = (&self.stream)
            .take(u64::from(length))
            .read_to_end(&mut reason)?;
        if u32::try_from(read) != Ok(length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let reason = String::from_utf8_lossy(&reason).into_owned();
        Answer::of_parts(tag[0], u64::from_le_bytes(next), reason).ok_or_else(unknown)
    }
}
