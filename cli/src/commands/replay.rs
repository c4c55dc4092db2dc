//! `ghev replay`: the read model anew, from the log alone.

use std::path::Path;

use ghev_projector::StopFlag;
use ghev_projector::replay::{self, ReplayPhase, ReplayProgress, Until};
use ghev_readmodel::{IndexFault, Offset, RowDifferenceKind};

use super::progress::Progress;
use super::{DataDir, output, project, runtime};
use crate::args::{KeepArgs, ReplayArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::moment::OffsetOrTime;

/// Rebuilds, all or in part (`--only`), or compares (`--check`), goes back (`--rollback`) or goes to a
/// moment of the past (`--until --into`).
pub(crate) fn run(dirs: &DataDir, args: &ReplayArgs) -> Result<Exit, CommandError> {
    match (&args.until, &args.into) {
        (Some(until), Some(into)) => travel(dirs, *until, into),
        _ if args.check => check(dirs),
        _ if args.rollback => rollback(dirs),
        _ if !args.only.is_empty() => only(dirs, args),
        _ => rebuild(dirs, args.keep),
    }
}

fn rollback(dirs: &DataDir) -> Result<Exit, CommandError> {
    let generation = replay::rollback(&project::options(dirs, KeepArgs::default()))?;
    output::to_stdout(|output| {
        output.line(format_args!("generation {generation} is current again"))
    })
}

fn travel(dirs: &DataDir, until: OffsetOrTime, into: &Path) -> Result<Exit, CommandError> {
    let until = match until {
        OffsetOrTime::Offset(offset) => Until::Offset(Offset::new(offset).unwrap_or(Offset::MAX)),
        OffsetOrTime::Time(time) => Until::Time(time),
    };
    let (options, file) = (project::options(dirs, KeepArgs::default()), into.to_owned());
    let summary = with_progress("replaying the past", move |progress, flag| {
        Ok(replay::until(&options, until, &file, progress, flag)?)
    })?;
    output::to_stdout(|output| {
        output.line(format_args!(
            "{} has {} events of the records before {}",
            into.display(),
            summary.events,
            summary.next_offset
        ))?;
        if summary.records == 0 {
            output.line(format_args!(
                "that is none: a time is when a record was appended, not when its events happened"
            ))?;
        }
        Ok(())
    })
}

/// Runs a replay in the background with a bar, until it is done or a signal stops it.
fn with_progress<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce(&mut dyn FnMut(ReplayProgress), &StopFlag) -> Result<T, CommandError>
    + Send
    + 'static,
) -> Result<T, CommandError> {
    runtime::block_on(async move |stop| {
        project::in_background(&stop, move |flag| {
            let mut progress = Progress::start(what);
            let mut phase = None;
            let mut report = |at: ReplayProgress| {
                if phase.replace(at.phase) != Some(at.phase) {
                    progress.begin(phase_name(at.phase));
                }
                if reads_records(at.phase) {
                    progress.records(at.next_offset, at.watermark, at.events);
                } else {
                    progress.uncounted();
                }
            };
            let result = work(&mut report, flag);
            progress.end();
            result
        })
        .await
    })
}

/// What a replay is at. The log is read twice: only the whole of it tells which events are repeats.
const fn phase_name(phase: ReplayPhase) -> &'static str {
    match phase {
        ReplayPhase::Copying => "1 of 2, copying",
        ReplayPhase::Refolding => "2 of 2, folding",
        ReplayPhase::Comparing => "1 of 3, looking for repeats",
        ReplayPhase::Folding => "2 of 3, folding",
        ReplayPhase::Writing => "3 of 3, writing the tables",
        ReplayPhase::CatchingUp => "catching up",
    }
}

/// Whether a phase tells of each record.
const fn reads_records(phase: ReplayPhase) -> bool {
    match phase {
        ReplayPhase::Copying | ReplayPhase::Writing => false,
        ReplayPhase::Refolding
        | ReplayPhase::Comparing
        | ReplayPhase::Folding
        | ReplayPhase::CatchingUp => true,
    }
}

fn rebuild(dirs: &DataDir, keep: KeepArgs) -> Result<Exit, CommandError> {
    let options = project::options(dirs, keep);
    let summary = with_progress("replaying", move |progress, flag| {
        Ok(replay::replay(&options, progress, flag)?)
    })?;
    output::to_stdout(|output| {
        output.line(format_args!(
            "generation {} is current: {} events in {} records were folded",
            summary.generation, summary.events, summary.records
        ))
    })
}

fn only(dirs: &DataDir, args: &ReplayArgs) -> Result<Exit, CommandError> {
    let (options, wanted) = (project::options(dirs, args.keep), args.only.clone());
    let summary = with_progress("rebuilding", move |progress, flag| {
        Ok(replay::only(&options, &wanted, progress, flag)?)
    })?;
    output::to_stdout(|output| {
        if let Some(because) = &summary.whole_because {
            output.line(format_args!("all was rebuilt: {because}"))?;
        }
        let projections: Vec<_> = summary.projections.iter().map(|of| of.name()).collect();
        let replayed = &summary.replayed;
        output.line(format_args!(
            "generation {} has {} anew, of {} events in {} records, and is current",
            replayed.generation,
            projections.join(", "),
            replayed.events,
            replayed.records
        ))
    })
}

/// Exit 5 where a table or an index differs.
fn check(dirs: &DataDir) -> Result<Exit, CommandError> {
    let options = project::options(dirs, KeepArgs::default());
    let report = with_progress("replaying to compare", move |progress, flag| {
        Ok(replay::check(&options, progress, flag)?)
    })?;
    output::to_stdout(|output| {
        for table in &report.differing {
            output.line(format_args!("{table} differs"))?;
            for (_, row) in report.rows.iter().filter(|(of, _)| of == table) {
                let kind = match row.kind {
                    RowDifferenceKind::OnlyInFirst => "only the read model has this row",
                    RowDifferenceKind::OnlyInSecond => "only the replay has this row",
                    RowDifferenceKind::OtherValues => "other values",
                };
                output.line(format_args!("  {}: {kind}", row.key))?;
            }
        }
        for (index, fault) in &report.indexes {
            let what = match fault {
                IndexFault::Missing => "is missing",
                IndexFault::DefinedOtherwise => "is of something else",
            };
            output.line(format_args!("the index {index} {what}"))?;
        }
        let tables = match report.differing.len() {
            0 => None,
            1 => Some("1 table differs".to_owned()),
            count => Some(format!("{count} tables differ")),
        };
        let indexes = match report.indexes.len() {
            0 => None,
            1 => Some("1 index differs".to_owned()),
            count => Some(format!("{count} indexes differ")),
        };
        let wrong: Vec<String> = tables.into_iter().chain(indexes).collect();
        output.line(if wrong.is_empty() {
            "the read model is what the log makes of it".to_owned()
        } else {
            let wrong = wrong.join(" and ");
            format!("{wrong} from what the log makes: run `ghev replay`, which makes all anew")
        })
    })?;
    Ok(if report.is_good() {
        Exit::Done
    } else {
        Exit::ReplayDiffers
    })
}
