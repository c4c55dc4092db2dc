//! Answers as pictures: SVG that stands alone, for a README or a page. Knows nothing about questions.
//!
//! No script, no style sheet, font or image from elsewhere. A title and a description say to a
//! screen reader what is drawn; colours follow the reader's preference for light or dark. Names are
//! other people's input: what is not plain text in one direction does not get in.
//!
//! - `drawing`: what is to be drawn. - `draw`: plotters draws it. - `palette`: colours, and how they
//!   turn dark. - `text`: what of a text gets in; numbers and durations as people read them.

mod draw;
mod drawing;
mod palette;
mod text;

pub(crate) use draw::svg;
pub(crate) use drawing::{Bar, Drawing, Picture};
pub(crate) use text::{duration, grouped};

#[cfg(test)]
mod tests;
