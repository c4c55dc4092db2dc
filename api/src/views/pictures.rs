//! How answers are drawn: what their pictures say.

use super::{Time, WindowView};
use crate::picture::{Bar, grouped};

/// The window in words.
pub(super) fn span(window: &WindowView) -> String {
    let moment = |time: Time| time.0.to_string().replace('T', " ");
    match (window.from.map(moment), window.to.map(moment)) {
        (None, None) => "of all time".to_owned(),
        (Some(from), None) => format!("since {from}"),
        (None, Some(to)) => format!("before {to}"),
        (Some(from), Some(to)) => format!("from {from} to {to}"),
    }
}

/// A bar of a whole number.
pub(super) fn counted(label: impl Into<String>, count: u64) -> Bar {
    Bar {
        label: label.into(),
        value: float(count),
        shown: grouped(count),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a bar's length needs no more than 53 bits"
)]
const fn float(number: u64) -> f64 {
    number as f64
}
