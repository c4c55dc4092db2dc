//! Records as JSON texts, one a line (<https://github.com/ndjson/ndjson-spec>).

use serde::Serialize;

use crate::views::Records;

/// Lines as they are written.
#[derive(Default)]
pub(super) struct Ndjson {
    lines: Vec<u8>,
}

impl Ndjson {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.lines
    }
}

impl Records for Ndjson {
    type Error = serde_json::Error;

    fn take(&mut self, record: &impl Serialize) -> Result<(), Self::Error> {
        serde_json::to_writer(&mut self.lines, record)?;
        self.lines.push(b'\n');
        Ok(())
    }
}
