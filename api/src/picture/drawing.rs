//! What is to be drawn.

use ghev_event::Timestamp;

/// A picture, before it is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// What it shows.
    pub(crate) title: String,
    /// What it says, in a sentence.
    pub(crate) summary: String,
    pub(crate) drawing: Drawing,
}

/// The ways to draw.
#[derive(Debug, Clone)]
pub(crate) enum Drawing {
    /// A bar for each of a few things.
    Bars {
        /// What is counted or measured, with its unit.
        unit: String,
        bars: Vec<Bar>,
    },
    /// A column for each stretch of time.
    Columns {
        unit: String,
        /// When each begins, and its value.
        columns: Vec<(Timestamp, u64)>,
        /// Whether the time of day tells columns apart.
        by_the_clock: bool,
    },
    /// A field for each hour of the week.
    Week(Box<[[u64; 24]; 7]>),
}

/// A bar.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) value: f64,
    /// The value as it is written beside the bar.
    pub(crate) shown: String,
}
