//! Which records have events of which hour. Knows nothing about keys.

use std::collections::HashMap;

use ghev_log::Offset;

use super::Hour;

/// Runs of records, by hour.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<Hour, Vec<Run>>);

#[derive(Debug, Clone, Copy)]
struct Run {
    from: Offset,
    to: Offset,
}

impl Places {
    /// A record, none older than those before it, has something of this hour.
    pub(super) fn add(&mut self, hour: Hour, record: Offset) {
        let runs = self.0.entry(hour).or_default();
        match runs.last_mut() {
            Some(run) if record < run.to => {}
            Some(run) if record == run.to => run.to = record.next(),
            _ => runs.push(Run {
                from: record,
                to: record.next(),
            }),
        }
    }

    /// The records that have something of this hour, as half-open ranges.
    pub(super) fn of(&self, hour: Hour) -> impl Iterator<Item = (Offset, Offset)> {
        let runs = self.0.get(&hour).into_iter().flatten();
        runs.map(|run| (run.from, run.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_follow_each_other_are_one_run() {
        let mut places = Places::default();
        for (hour, record) in [(1, 0), (1, 0), (2, 0), (1, 1), (1, 2), (1, 5), (2, 5)] {
            places.add(Hour(hour), Offset::new(record));
        }
        let of = |hour| -> Vec<(u64, u64)> {
            let runs = places.of(Hour(hour));
            runs.map(|(from, to)| (from.get(), to.get())).collect()
        };
        assert_eq!(of(1), [(0, 3), (5, 6)]);
        assert_eq!(of(2), [(0, 1), (5, 6)]);
        assert_eq!(of(3), []);
    }
}
