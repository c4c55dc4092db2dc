//! The config file: options by their long names, as defaults below flags and environment. Knows
//! nothing about what the options mean: clap checks the values as if they had been typed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};

/// Why a config file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read the config file {}: {source}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the config file {} is no TOML: {reason}", path.display())]
    Toml { path: PathBuf, reason: String },
    #[error(
        "the config file {} sets {key:?}, which is no option{}; it may set what any command takes as --OPTION",
        path.display(),
        meant.as_ref().map_or_else(String::new, |meant| format!(", did you mean {meant}?"))
    )]
    UnknownKey {
        path: PathBuf,
        key: String,
        meant: Option<String>,
    },
    #[error(
        "the config file {} sets {key} to something else than a text, a number, true or false, or a list of them",
        path.display()
    )]
    Value { path: PathBuf, key: String },
}

/// What a config file sets: option and values, in the file's order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Defaults(Vec<(String, Vec<String>)>);

/// The config file that the command line or the environment names, if either does. Anything else
/// that is wrong with the command line is left to the real parse.
pub(crate) fn named_file(command: &Command, args: &[OsString]) -> Option<PathBuf> {
    let lenient = command.clone().ignore_errors(true);
    let matches = lenient.try_get_matches_from(args).ok()?;
    deepest(&matches).try_get_one("config").ok()?.cloned()
}

fn deepest(matches: &ArgMatches) -> &ArgMatches {
    matches
        .subcommand()
        .map_or(matches, |(_, inner)| deepest(inner))
}

impl Defaults {
    /// Reads a config file, which may set any option of `command` and of its subcommands.
    pub(crate) fn read(path: &Path, command: &Command) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text, &options_of(command))
    }

    pub(crate) fn parse(
        path: &Path,
        text: &str,
        options: &BTreeSet<&str>,
    ) -> Result<Self, ConfigError> {
        let table: toml::Table =
            text.parse()
                .map_err(|error: toml::de::Error| ConfigError::Toml {
                    path: path.to_owned(),
                    reason: error.to_string(),
                })?;
        let mut defaults = Vec::new();
        for (key, value) in table {
            if !options.contains(key.as_str()) {
                return Err(ConfigError::UnknownKey {
                    path: path.to_owned(),
                    meant: meant(&key, options),
                    key,
                });
            }
            let values = words(&value).ok_or_else(|| ConfigError::Value {
                path: path.to_owned(),
                key: key.clone(),
            })?;
            defaults.push((key, values));
        }
        Ok(Self(defaults))
    }

    /// The same command line, with these defaults wherever it has such an option.
    pub(crate) fn apply(&self, command: Command) -> Command {
        command
            .mut_args(|arg| self.apply_to(arg))
            .mut_subcommands(|subcommand| self.apply(subcommand))
    }

    fn apply_to(&self, arg: Arg) -> Arg {
        let set = self
            .0
            .iter()
            .find(|(key, _)| arg.get_long() == Some(key.as_str()));
        match set {
            Some((_, values)) => arg.default_values(values.clone()),
            None => arg,
        }
    }
}

/// The long names of all options; not of the one that names the file.
fn options_of(command: &Command) -> BTreeSet<&str> {
    let own = command.get_arguments().filter_map(Arg::get_long);
    let below = command.get_subcommands().flat_map(options_of);
    own.chain(below).filter(|&name| name != "config").collect()
}

/// The option that differs in how its words are joined only, as `GHEV_*` does.
fn meant(key: &str, options: &BTreeSet<&str>) -> Option<String> {
    let joined = key.to_lowercase().replace('_', "-");
    let bare = joined.strip_prefix("ghev-").unwrap_or(&joined);
    options.get(bare).map(|&meant| meant.to_owned())
}

fn words(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::Array(values) => values.iter().map(word).collect(),
        value => word(value).map(|word| vec![word]),
    }
}

fn word(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(set) => Some(set.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Defaults, ConfigError> {
        let options = ["poll-interval", "source", "listen"].into();
        Defaults::parse(Path::new("ghev.toml"), text, &options)
    }

    #[test]
    fn texts_numbers_and_lists_of_them_are_defaults() {
        let defaults = parse("poll-interval = 90\nsource = [\"public\", \"org:a\"]").unwrap();
        let expected = [
            ("poll-interval", vec!["90"]),
            ("source", vec!["public", "org:a"]),
        ];
        let expected = expected.map(|(key, values)| {
            let values = values.into_iter().map(str::to_owned).collect();
            (key.to_owned(), values)
        });
        assert_eq!(defaults, Defaults(expected.to_vec()));
    }

    #[test]
    fn an_unknown_key_and_a_strange_value_are_named() {
        let unknown = parse("sauce = \"public\"").unwrap_err().to_string();
        assert!(unknown.contains("\"sauce\"") && unknown.contains("ghev.toml"));
        let joined = parse("poll_interval = 9").unwrap_err().to_string();
        assert!(joined.contains("did you mean poll-interval?"), "{joined}");
        let strange = parse("listen = { port = 1 }").unwrap_err().to_string();
        assert!(strange.contains("listen"));
        assert!(matches!(parse("= 1"), Err(ConfigError::Toml { .. })));
    }
}
