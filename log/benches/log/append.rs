//! Appending, in batches and one by one.

use std::{path::Path, time::Instant};

use ghev_log::{LogOptions, LogWriter};

use crate::{ROUNDS, median, plain::Plain, rate, report};

/// Batches of 500 records of 600 bytes, each made durable.
pub(crate) fn batched(home: &Path) {
    const BATCHES: u32 = 60;
    const RECORDS: u32 = 500;
    let batch = vec![[7; 600]; usize::try_from(RECORDS).unwrap()];
    let mut ours = Vec::new();
    let mut plain = Vec::new();
    let mut ratios = Vec::new();
    let mut writer = LogWriter::open(home.join("batched"), LogOptions::default()).unwrap();
    let mut file = Plain::create(&home.join("batched.plain"));
    for _round in 0..ROUNDS {
        let began = Instant::now();
        for _batch in 0..BATCHES {
            writer.append(&batch).unwrap();
        }
        let our_rate = rate(BATCHES * RECORDS, began.elapsed());
        let began = Instant::now();
        for _batch in 0..BATCHES {
            file.append(&batch);
        }
        let plain_rate = rate(BATCHES * RECORDS, began.elapsed());
        ours.push(our_rate);
        plain.push(plain_rate);
        ratios.push(our_rate / plain_rate);
    }
    report(
        "append, 500 records of 600 B a sync",
        &format!("{:.0} records/s", median(&mut ours)),
        &format!("{:.0} records/s", median(&mut plain)),
        median(&mut ratios),
        "at least 0.80",
    );
}

/// One envelope of 20 KB at a time, made durable, beside the write and fdatasync of as many bytes.
pub(crate) fn single(home: &Path) {
    const APPENDS: usize = 400;
    let envelope: Vec<u8> = (0..=u8::MAX).cycle().take(20_000).collect();
    let mut writer = LogWriter::open(home.join("single"), LogOptions::default()).unwrap();
    let mut file = Plain::create(&home.join("single.plain"));
    let mut ours = Vec::new();
    let mut plain = Vec::new();
    for _append in 0..APPENDS {
        let began = Instant::now();
        writer.append(&[&envelope]).unwrap();
        ours.push(began.elapsed());
        let began = Instant::now();
        file.append(&[&envelope]);
        plain.push(began.elapsed());
    }
    let (ours, plain) = (median(&mut ours), median(&mut plain));
    report(
        "append, one envelope of 20 KB a sync",
        &format!("{:.0} us", ours.as_secs_f64() * 1e6),
        &format!("{:.0} us", plain.as_secs_f64() * 1e6),
        ours.as_secs_f64() / plain.as_secs_f64(),
        "at most 1.20",
    );
}
