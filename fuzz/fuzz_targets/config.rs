//! A config file: refused with a reason that names the file, or applied to the command line, where
//! every value goes through the same checks as if it had been typed.
#![no_main]

use std::path::Path;

use clap::{Arg, ArgAction, Command};

#[allow(
    dead_code,
    unreachable_pub,
    reason = "the binary's own module, of which this uses a part"
)]
#[path = "../../cli/src/config.rs"]
mod config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let options = ["source", "listen"].into();
    match config::Defaults::parse(Path::new("ghev.toml"), text, &options) {
        Err(error) => assert!(error.to_string().contains("ghev.toml")),
        Ok(defaults) => {
            let command = Command::new("ghev")
                .arg(Arg::new("source").long("source").action(ArgAction::Append))
                .arg(Arg::new("listen").long("listen"));
            let _ = defaults.apply(command).try_get_matches_from(["ghev"]);
        }
    }
});
