//! `ghev log verify`: checks the whole log and names every damaged place.

use ghev_event::Decoder;

use super::{DataDir, output, progress::Progress};
use crate::error::CommandError;
use crate::exit::Exit;

/// Exit 4 where any place is damaged. Damage of records is the log's to tell; whether a sound one
/// holds an envelope is told here, where it goes `deep`.
pub(crate) fn run(dirs: &DataDir, deep: bool) -> Result<Exit, CommandError> {
    let mut decoder = Decoder::new();
    let mut events = 0u64;
    let mut undecodable = Vec::new();
    let mut progress = Progress::start("verifying");
    let mut on_progress = |verified: ghev_log::VerifyProgress| {
        progress.bytes(verified.bytes, Some(verified.total_bytes));
    };
    let report = if deep {
        ghev_log::verify_records(&dirs.log, &mut on_progress, &mut |record| match decoder
            .envelope(record.payload)
        {
            Ok(envelope) => events += envelope.raw.len() as u64,
            Err(error) => undecodable.push(format!("record {}: {error}", record.offset)),
        })?
    } else {
        ghev_log::verify(&dirs.log, &mut on_progress)?
    };
    progress.end();
    let damaged = report.damages.len() + undecodable.len();
    output::to_stdout(|output| {
        for damage in &report.damages {
            output.line(damage)?;
        }
        for place in &undecodable {
            output.line(place)?;
        }
        let records = report.records;
        output.line(match damaged {
            0 if deep => format!("{records} records with {events} events, all sound"),
            0 => format!("{records} records, all sound"),
            _ => format!("{records} sound records; {damaged} damaged places, listed above"),
        })
    })?;
    Ok(if damaged == 0 {
        Exit::Done
    } else {
        Exit::DamagedLog
    })
}
