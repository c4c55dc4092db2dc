//! The power is cut at every call of a long random workload: before each write, sync, removal or
//! link, an image is made of what would be left, opened as the next writer would and held against a
//! model. So is, of each image, one of a power cut in the middle of that opening. Now and then the
//! workload itself goes on from such an image.
//!
//! `GHEV_LOG_CRASH_SEEDS` says how many workloads, from seed 0 on.

mod by_interval;
mod disk;
mod model;

use std::{env, mem};

use super::{random::Random, *};
use crate::{stat, verify};
use disk::{CrashDisk, End};
use model::{Model, directory, open, options, write_files};

const SEEDS: u64 = 2;
const STEPS: usize = 40;

/// A workload and where it is.
struct Run {
    dir: tempfile::TempDir,
    disk: CrashDisk,
    writer: Option<LogWriter>,
    random: Random,
    images: usize,
}

impl Run {
    fn new(seed: u64) -> Self {
        let dir = directory();
        let random = Random::new(seed);
        let disk = CrashDisk::new(dir.path(), Random::new(!seed), Model::default());
        disk.state().every = 1;
        Self {
            dir,
            disk,
            writer: None,
            random,
            images: 0,
        }
    }

    fn model(&self, change: impl FnOnce(&mut Model)) {
        change(&mut self.disk.state().model);
    }

    /// Opens the log; `None` where the power was cut meanwhile.
    fn open(&mut self) -> Option<()> {
        let opened = open(self.dir.path(), options(&mut self.random), &self.disk);
        if self.has_ended() {
            return None;
        }
        let writer = opened.unwrap();
        let next = self.disk.state().model.check(self.dir.path());
        assert_eq!(index_of(writer.next_offset()), next);
        let first = index_of(writer.first_offset());
        self.model(|model| {
            model.created = true;
            // What is there now stays: readers may have seen it.
            let in_flight = mem::take(&mut model.in_flight);
            let kept = next - model.acknowledged.len();
            model.acknowledged.extend(in_flight.into_iter().take(kept));
            model.first = [first; 2];
            model.closed = false;
        });
        self.writer = Some(writer);
        // Not all that are closed: a cut in the middle of a roll may have cost one its checksum file.
        let report = verify(self.dir.path(), &mut |_| ()).unwrap();
        self.model(|model| model.closed_segments = report.proven_segments);
        Some(())
    }

    fn segments(&self) -> u64 {
        stat(self.dir.path()).unwrap().segments
    }

    fn append(&mut self) -> Option<()> {
        let records: Vec<_> = (0..1 + self.random.below(6))
            .map(|_| {
                let byte = u8::try_from(self.random.below(256)).unwrap();
                let bytes = 1 + self.random.below(300);
                (byte..=u8::MAX).cycle().take(bytes).collect()
            })
            .collect::<Vec<Vec<u8>>>();
        self.model(|model| model.in_flight.clone_from(&records));
        let segments = self.segments();
        let writer = self.writer.as_mut()?;
        let appended = writer.append(&records);
        if self.has_ended() {
            return None;
        }
        let offsets = appended.unwrap();
        self.model(|model| {
            assert_eq!(index_of(offsets.start), model.acknowledged.len());
            model.acknowledged.append(&mut model.in_flight);
        });
        let closed = self.segments() - segments;
        self.model(|model| model.closed_segments += closed);
        Some(())
    }

    fn trim(&mut self) -> Option<()> {
        let bytes = self.random.below(4000) as u64;
        self.trim_to(TrimLimit::ToBytes(bytes))
    }

    fn trim_to(&mut self, limit: TrimLimit) -> Option<()> {
        let writer = self.writer.as_mut()?;
        let plan = writer.plan_trim(limit).unwrap();
        let until = index_of(plan.until);
        {
            let model = &mut self.disk.state().model;
            model.first[1] = until;
            model.closed_segments = model.closed_segments.saturating_sub(plan.segments);
        }
        let trimmed = writer.trim(limit);
        if self.has_ended() {
            return None;
        }
        assert_eq!(trimmed.unwrap(), plan);
        self.model(|model| model.first = [until; 2]);
        Some(())
    }

    fn close(&mut self) -> Option<()> {
        let closed = self.writer.take()?.close();
        if self.has_ended() {
            return None;
        }
        closed.unwrap();
        self.model(|model| model.closed = true);
        self.open()
    }

    fn step(&mut self) -> Option<()> {
        match self.random.below(12) {
            0 => self.close(),
            1 => {
                self.writer = None;
                self.open()
            }
            2 | 3 => self.trim(),
            4 | 5 => {
                // Somewhere in what comes next.
                let end = [End::PowerCut, End::Kill][self.random.below(2)];
                self.disk.state().ends_in = Some((self.random.below(12), end));
                Some(())
            }
            _ => self.append(),
        }
    }

    fn has_ended(&self) -> bool {
        self.disk.state().ended.is_some()
    }

    /// Another process begins, after a power cut with what was left.
    fn restart(&mut self) {
        self.writer = None;
        self.disk.state().ended = None;
        let Some(left) = self.disk.state().left.take() else {
            return;
        };
        let dir = directory();
        write_files(dir.path(), &left, &mut self.random);
        let state = self.disk.state();
        let disk = CrashDisk::new(dir.path(), state.random.clone(), state.model.clone());
        self.images += state.images;
        drop(state);
        disk.state().every = 1;
        (self.dir, self.disk) = (dir, disk);
    }

    fn run(mut self, steps: usize) -> usize {
        let mut alive = self.open();
        for _step in 0..steps {
            while alive.is_none() {
                self.restart();
                alive = self.open();
            }
            alive = self.step();
        }
        let images = self.disk.state().images;
        self.images + images
    }
}

#[test]
fn a_power_cut_at_any_call_of_a_workload_loses_nothing_acknowledged() {
    let seeds = env::var("GHEV_LOG_CRASH_SEEDS").map_or(SEEDS, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        let images = Run::new(seed).run(STEPS);
        println!("seed {seed}: {images} power cuts");
        assert!(images > 5 * STEPS, "only {images} calls");
    }
}

/// A trim was killed when its word that the log begins later was stored and not yet synced. The next
/// opening deleted the segments on that word, and when the power was cut then, the segments were gone
/// and the word too: the log refused to open for what it had been told to forget.
#[test]
fn a_trim_that_was_killed_deletes_nothing_before_its_word_is_durable() {
    for seed in 0..12 {
        let mut run = Run::new(seed);
        run.disk.state().every = 0;
        run.open().unwrap();
        while stat(run.dir.path()).unwrap().segments < 4 {
            run.append().unwrap();
        }
        let stored_not_synced = 1;
        run.disk.state().ends_in = Some((stored_not_synced, End::Kill));
        let next = run.writer.as_ref().unwrap().next_offset();
        let killed = run.trim_to(TrimLimit::BeforeOffset(next));
        assert!(killed.is_none());
        run.restart();
        run.disk.state().every = 1;
        run.open().unwrap();
    }
}
