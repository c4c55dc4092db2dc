//! What anybody would write first: a buffered file of lengths, checksums and payloads, synced.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Write},
    path::Path,
};

#[derive(Debug)]
pub(crate) struct Plain(BufWriter<File>);

impl Plain {
    pub(crate) fn create(path: &Path) -> Self {
        Self(BufWriter::new(File::create(path).unwrap()))
    }

    /// Appends records durably.
    pub(crate) fn append<R: AsRef<[u8]>>(&mut self, records: &[R]) {
        for record in records {
            let record = record.as_ref();
            let length = u32::try_from(record.len()).unwrap();
            self.0.write_all(&length.to_le_bytes()).unwrap();
            let crc = crc32c::crc32c(record).to_le_bytes();
            self.0.write_all(&crc).unwrap();
            self.0.write_all(record).unwrap();
        }
        self.0.flush().unwrap();
        self.0.get_ref().sync_data().unwrap();
    }
}

/// Reads and checks all records of such a file; returns how many there are.
pub(crate) fn read(path: &Path) -> u32 {
    let mut file = BufReader::with_capacity(256 * 1024, File::open(path).unwrap());
    let mut header = [0; 8];
    let mut record = Vec::new();
    let mut records = 0;
    while file.read_exact(&mut header).is_ok() {
        let (length, crc) = header.split_at(4);
        let length = u32::from_le_bytes(length.try_into().unwrap());
        record.resize(usize::try_from(length).unwrap(), 0);
        file.read_exact(&mut record).unwrap();
        assert_eq!(crc, crc32c::crc32c(&record).to_le_bytes());
        records += 1;
    }
    records
}
