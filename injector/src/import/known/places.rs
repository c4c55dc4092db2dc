//! Which records have events of which hour. Knows nothing about keys.

use std::collections::HashMap;

use ghev_log::Offset;

use super::Hour;

/// Runs of records, by hour.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<Hour, Place>);

#[derive(Debug, Default)]
struct Place {
    runs: Vec<Run>,
    records: u64,
    /// Spent on answers about single keys of this hour.
    spent: u64,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    from: Offset,
    to: Offset,
}

impl Places {
    /// A record, none older than those before it, has something of this hour.
    pub(super) fn add(&mut self, hour: Hour, record: Offset) {
        let place = self.0.entry(hour).or_default();
        match place.runs.last_mut() {
            Some(run) if record < run.to => return,
            Some(run) if record == run.to => run.to = record.next(),
            _ => place.runs.push(Run {
                from: record,
                to: record.next(),
            }),
        }
        place.records += 1;
    }

    /// The records that have something of this hour, as half-open ranges.
    pub(super) fn of(&self, hour: Hour) -> impl Iterator<Item = (Offset, Offset)> {
        let runs = self.0.get(&hour).map(|place| &place.runs);
        runs.into_iter().flatten().map(|run| (run.from, run.to))
    }

    /// How many records have something of this hour.
    pub(super) fn records_of(&self, hour: Hour) -> u64 {
        self.0.get(&hour).map_or(0, |place| place.records)
    }

    /// Adds to what single keys of this hour have cost; all of it since this was last set back to 0.
    pub(super) fn spend(&mut self, hour: Hour, cost: u64) -> u64 {
        let place = self.0.entry(hour).or_default();
        place.spent += cost;
        place.spent
    }

    /// What single keys of this hour will cost counts from 0 again.
    pub(super) fn forget_spent(&mut self, hour: Hour) {
        if let Some(place) = self.0.get_mut(&hour) {
            place.spent = 0;
        }
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
        assert_eq!(
            [1, 2, 3].map(|hour| places.records_of(Hour(hour))),
            [4, 2, 0]
        );
    }
}
