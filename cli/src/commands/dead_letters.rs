//! `ghev dead-letters`: input that could not be decoded, whether or not any service is running.

use ghev_readmodel::{DeadLetterRow, ModelDir, Reader, Snapshot};
use serde_json::{Value, json};

use super::{DataDir, output};
use crate::args::OutputFormat;
use crate::error::CommandError;
use crate::exit::Exit;

/// How many are read at a time.
const PAGE: usize = 1000;

/// All of them, the newest first, as they are read.
pub(crate) fn run(dirs: &DataDir, format: OutputFormat) -> Result<Exit, CommandError> {
    let mut reader = Reader::new(ModelDir::new(&dirs.model));
    let snapshot = reader.snapshot()?;
    let mut output = output::stdout();
    each(&snapshot, |letter| match format {
        OutputFormat::Json => output.line(json_letter(letter)),
        OutputFormat::Text => output.line(text_letter(letter)),
    })?;
    output.flush().map_err(CommandError::Output)?;
    Ok(Exit::Done)
}

fn each(
    snapshot: &Snapshot<'_>,
    mut write: impl FnMut(&DeadLetterRow) -> std::io::Result<()>,
) -> Result<(), CommandError> {
    let mut after = None;
    loop {
        let page = snapshot.dead_letters(PAGE, after)?;
        for letter in &page {
            write(letter).map_err(CommandError::Output)?;
        }
        match page.last() {
            Some(last) => after = Some((last.offset, last.number)),
            None => return Ok(()),
        }
    }
}

fn json_letter(letter: &DeadLetterRow) -> Value {
    json!({
        "offset": letter.offset.get(),
        "number": letter.number,
        "source": letter.source,
        "place": letter.place,
        "reason": letter.reason,
        "digest": letter.digest,
        "bytes": letter.bytes,
    })
}

fn text_letter(letter: &DeadLetterRow) -> String {
    let DeadLetterRow {
        offset,
        source,
        place,
        reason,
        bytes,
        ..
    } = letter;
    format!("{place}: {reason} ({bytes} bytes of {source}, in record {offset})")
}
