//! The same where appends are not durable at once: a power cut costs at most what was appended since
//! the timer last made everything durable, and never what a reader had seen.

use super::{
    super::{
        random::Random,
        sync_policy::{INTERVAL, Turned},
    },
    disk::CrashDisk,
    model::{Model, directory},
};
use crate::{SyncPolicy, stat};

const SEEDS: u64 = 3;
const STEPS: usize = 25;

#[test]
fn a_power_cut_costs_at_most_what_was_not_due() {
    for seed in 0..SEEDS {
        let dir = directory();
        let disk = CrashDisk::new(dir.path(), Random::new(!seed), Model::default());
        let policy = SyncPolicy::Interval(INTERVAL);
        let mut log = Turned::open(dir.path(), disk.clone(), policy);
        disk.state().model.created = true;
        disk.state().every = 1;
        let mut random = Random::new(seed);
        for number in 0..STEPS {
            if random.below(4) == 0 {
                log.turn();
                let model = &mut disk.state().model;
                model.acknowledged.append(&mut model.in_flight);
                assert_eq!(
                    log.writer.durable_offset().get(),
                    model.acknowledged.len() as u64
                );
            } else {
                let byte = u8::try_from(number).unwrap();
                let record = vec![byte; 1 + random.below(300)];
                disk.state().model.in_flight.push(record.clone());
                log.writer.append(&[record]).unwrap();
            }
            let closed = stat(dir.path()).unwrap().segments.saturating_sub(1);
            disk.state().model.closed_segments = closed;
        }
        let images = disk.state().images;
        assert!(images > 2 * STEPS, "only {images} calls");
    }
}
