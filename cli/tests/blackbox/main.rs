//! The product from outside: the built binary, its exit codes, its files and its HTTP, as a user's
//! scripts meet them. Knows nothing of the crates behind it, except the simulator it is fed from.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod bad_input;
mod clients;
mod config;
mod crowds;
mod import;
mod import_beside;
mod log_care;
mod log_commands;
mod model_room;
mod not_a_log;
mod readme;
mod real_data;
mod replay;
mod services;
mod serving;
mod support;
mod up;
