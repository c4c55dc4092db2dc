//! The rows of the table `threads`: one for all events of a thread and, where these are not all of one
//! organisation, one more for those of each, so that the table answers for an organisation too.

use rusqlite::Row;

use super::{Ids, Outcome, Summary, Thread, ThreadEvent, ThreadKind};

/// A row, without the key of its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadRow {
    /// What of the thread it is of: the kind's code of all its events; that and 2, 4, 6 … of those of one
    /// organisation, where there are others.
    pub(crate) part: i64,
    /// The organisation that all its events are of.
    pub(crate) org: Option<i64>,
    pub(crate) summary: Summary,
}

/// The columns after `repo, number, part`.
pub(crate) type RowValues = [Option<i64>; 10];

/// Their names.
pub(crate) const ROW_COLUMNS: [&str; 10] = [
    "org",
    "opened_at",
    "outcome",
    "ended_at",
    "ended_after",
    "answered_after",
    "answered_by_human_after",
    "first_at",
    "last_at",
    "first_closed_at",
];

/// Those that a summary of this kind has.
pub(crate) fn columns_of(kind: ThreadKind) -> &'static [&'static str] {
    match kind {
        ThreadKind::PullRequest => &ROW_COLUMNS[1..7],
        ThreadKind::Issue => &ROW_COLUMNS[1..],
    }
}

impl Summary {
    /// From a row of [`columns_of`] its kind that begin with its column `at`.
    pub(crate) fn read(kind: ThreadKind, row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
        let mut values = RowValues::default();
        let own = values.iter_mut().skip(1).take(columns_of(kind).len());
        for (at, value) in (at..).zip(own) {
            *value = row.get(at)?;
        }
        Ok(Self::of_values(values))
    }

    /// Of the columns after `org`.
    fn of_values([_, of @ ..]: RowValues) -> Self {
        let [
            opened_at,
            outcome,
            ended_at,
            ended_after,
            answered_after,
            answered_by_human_after,
            first_at,
            last_at,
            first_closed_at,
        ] = of;
        Self {
            opened_at,
            outcome: outcome.and_then(Outcome::from_code),
            ended_at,
            ended_after,
            answered_after,
            answered_by_human_after,
            seen: first_at.zip(last_at),
            first_closed_at,
        }
    }
}

impl ThreadRow {
    /// Of what the table has.
    pub(crate) fn of_values(part: i64, values: RowValues) -> Self {
        Self {
            part,
            org: values[0],
            summary: Summary::of_values(values),
        }
    }

    pub(crate) fn values(&self) -> RowValues {
        let Summary {
            opened_at,
            outcome,
            ended_at,
            ended_after,
            answered_after,
            answered_by_human_after,
            seen,
            first_closed_at,
        } = self.summary;
        [
            self.org,
            opened_at,
            outcome.map(Outcome::code),
            ended_at,
            ended_after,
            answered_after,
            answered_by_human_after,
            seen.map(|(first, _)| first),
            seen.map(|(_, last)| last),
            first_closed_at,
        ]
    }
}

/// The rows of all events with the number of a pull request or issue, by `part`.
pub(crate) fn rows_of<I: Ids>(events: &[ThreadEvent], ids: &I) -> Result<Vec<ThreadRow>, I::Error> {
    let mut rows = Vec::with_capacity(1);
    let mut of_kind = Vec::with_capacity(events.len());
    for kind in [ThreadKind::PullRequest, ThreadKind::Issue] {
        of_kind.clear();
        let own = events.iter().filter(|event| event.thread_kind() == kind);
        of_kind.extend(own.copied());
        if !of_kind.is_empty() {
            add_rows(kind, &of_kind, ids, &mut rows)?;
        }
    }
    rows.sort_unstable_by_key(|row| row.part);
    Ok(rows)
}

fn add_rows<I: Ids>(
    kind: ThreadKind,
    thread: &Thread,
    ids: &I,
    rows: &mut Vec<ThreadRow>,
) -> Result<(), I::Error> {
    let mut orgs: Vec<Option<i64>> = thread.iter().map(|event| event.org).collect();
    orgs.sort_unstable();
    orgs.dedup();
    let all_of_one = orgs.len() == 1;
    rows.push(ThreadRow {
        part: kind.code(),
        org: orgs[0].filter(|_| all_of_one),
        summary: Summary::of(kind, thread, ids)?,
    });
    if all_of_one {
        return Ok(());
    }
    for (rank, org) in (1..).zip(orgs.into_iter().flatten()) {
        let own = thread.iter().filter(|event| event.org == Some(org));
        let own: Vec<ThreadEvent> = own.copied().collect();
        rows.push(ThreadRow {
            part: kind.code() + 2 * rank,
            org: Some(org),
            summary: Summary::of(kind, &own, ids)?,
        });
    }
    Ok(())
}

/// The values in a row of [`ROW_COLUMNS`] that begin with its column `at`.
pub(crate) fn read_values(row: &Row<'_>, at: usize) -> rusqlite::Result<RowValues> {
    let mut values = RowValues::default();
    for (at, value) in (at..).zip(&mut values) {
        *value = row.get(at)?;
    }
    Ok(values)
}
