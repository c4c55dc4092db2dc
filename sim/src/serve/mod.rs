//! The HTTP skin: a socket around a [`Simulator`](crate::Simulator). Knows how answers are cut,
//! dripped and dropped, nothing of what is in them.

mod body;
mod line;
mod server;
#[cfg(test)]
mod tests;

pub use server::serve;
