//! The two numbers of a log, apart: which record, and which byte of a segment.
//! Knows nothing about files.

use std::fmt;

/// A record's number: dense, from 0, never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(u64);

impl Offset {
    /// The first record a log ever holds.
    pub const ZERO: Self = Self(0);

    /// The offset of record number `number`.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The record number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The offset of the record after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// The offset `records` after this one; stays at the largest number rather than wrapping.
    #[must_use]
    pub const fn plus(self, records: u64) -> Self {
        Self(self.0.saturating_add(records))
    }

    /// How many records lie from `earlier` up to this one; 0 where `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A byte's place inside one segment file, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// The place of byte number `byte`.
    #[must_use]
    pub const fn new(byte: u64) -> Self {
        Self(byte)
    }

    /// The byte number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The place `bytes` further on; stays at the largest number rather than wrapping.
    #[must_use]
    pub const fn plus(self, bytes: u64) -> Self {
        Self(self.0.saturating_add(bytes))
    }

    /// How many bytes lie from `earlier` up to this place; 0 where `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
