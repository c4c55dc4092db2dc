//! Which files an import reads, in which order. Knows nothing about what is in them.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use ghev_event::Timestamp;

use crate::ImportError;

/// What a user names to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or anything that can be read like one (a named pipe).
    File(PathBuf),
    /// The files of a directory whose names end in `.json`, `.jsonl`, `.ndjson`, `.gz` or `.zst`;
    /// not those of directories below it.
    Dir(PathBuf),
    /// Standard input.
    Stdin,
}

const ENDINGS: [&str; 5] = ["json", "jsonl", "ndjson", "gz", "zst"];

impl Input {
    /// What an argument names: `-` is standard input, a directory its files, all else a file.
    pub fn from_argument(argument: &Path) -> Self {
        if argument == Path::new("-") {
            Self::Stdin
        } else if argument.is_dir() {
            Self::Dir(argument.to_owned())
        } else {
            Self::File(argument.to_owned())
        }
    }
}

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    File {
        path: PathBuf,
        bytes: u64,
        /// By its filesystem; unknown for what is no regular file.
        modified: Option<Timestamp>,
    },
    Stdin,
}

impl Place {
    /// As the user named it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
        }
    }

    /// When it was last changed, where it still is what it was when the import began.
    pub(super) fn unchanged_since(&self) -> Option<Timestamp> {
        let Self::File {
            path,
            bytes,
            modified: Some(before),
        } = self
        else {
            return None;
        };
        let now = fs::metadata(path).ok()?;
        let unchanged = now.len() == *bytes && modified(&now) == Some(*before);
        unchanged.then_some(*before)
    }

    /// Its size as stored, where it has one.
    pub(super) fn bytes(&self) -> Option<u64> {
        match self {
            Self::File { bytes, .. } => Some(*bytes),
            Self::Stdin => None,
        }
    }
}

/// Every file of `inputs`, each once, by name with numbers by value; standard input comes last.
pub(super) fn expand(inputs: &[Input]) -> Result<Vec<Place>, ImportError> {
    let (mut paths, mut stdin) = (Vec::new(), false);
    for input in inputs {
        match input {
            Input::File(path) => paths.push(path.clone()),
            Input::Dir(dir) => paths.extend(files_of(dir)?),
            Input::Stdin => stdin = true,
        }
    }
    paths.sort_by(|a, b| by_name(a, b));
    paths.dedup();
    let files = paths.into_iter().map(|path| {
        let metadata = fs::metadata(&path).map_err(ImportError::input(&path))?;
        Ok(Place::File {
            bytes: metadata.len(),
            modified: modified(&metadata),
            path,
        })
    });
    files.chain(stdin.then_some(Ok(Place::Stdin))).collect()
}

fn modified(metadata: &fs::Metadata) -> Option<Timestamp> {
    let since = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let millis = i64::try_from(since.as_millis()).ok()?;
    metadata.is_file().then(|| Timestamp::from_millis(millis))
}

fn files_of(dir: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(ImportError::input(dir))? {
        let path = entry.map_err(ImportError::input(dir))?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if !path.is_file() {
            tracing::warn!(path = %path.display(), "not imported: no file; name a directory to import it");
        } else if ending
            .is_some_and(|ending| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
        {
            paths.push(path);
        } else {
            tracing::warn!(path = %path.display(), "not imported: its name has no known ending");
        }
    }
    if paths.is_empty() {
        tracing::warn!(path = %dir.display(), "nothing to import in this directory");
    }
    Ok(paths)
}

/// By file name first, so that hours in different directories come in time order.
fn by_name(a: &Path, b: &Path) -> Ordering {
    let name = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    natural(&name(a), &name(b)).then_with(|| a.cmp(b))
}

/// Compares texts, runs of digits by their value: `2016-01-01-9` comes before `2016-01-01-10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (a_text, a_rest) = split_at_digits(a);
        let (b_text, b_rest) = split_at_digits(b);
        let (a_number, a_next) = split_digits(a_rest);
        let (b_number, b_next) = split_digits(b_rest);
        let by_value = |digits: &str| {
            let significant = digits.trim_start_matches('0');
            (significant.len(), significant.to_owned())
        };
        let order = a_text
            .cmp(b_text)
            .then_with(|| a_number.is_empty().cmp(&b_number.is_empty()).reverse())
            .then_with(|| by_value(a_number).cmp(&by_value(b_number)));
        if order.is_ne() || a_next.is_empty() && b_next.is_empty() {
            return order;
        }
        (a, b) = (a_next, b_next);
    }
}

fn split_at_digits(text: &str) -> (&str, &str) {
    let at = text
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(at)
}

fn split_digits(text: &str) -> (&str, &str) {
    let at = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hours_come_in_time_order_whatever_their_digits() {
        let mut names = [
            "2016-01-01-10.json.gz",
            "2016-01-01-9.json.gz",
            "2015-12-31-23.json.gz",
            "2016-01-01-1.json.gz",
            "2016-1-01-2.json.gz",
        ];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            [
                "2015-12-31-23.json.gz",
                "2016-01-01-1.json.gz",
                "2016-1-01-2.json.gz",
                "2016-01-01-9.json.gz",
                "2016-01-01-10.json.gz",
            ]
        );
    }

    #[test]
    fn files_of_directories_are_found_once_and_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b-10.json.gz", "b-9.zst", "a.ndjson", "README.md"] {
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        fs::create_dir(dir.path().join("below.json")).unwrap();
        let named = dir.path().join("README.md");
        let inputs = [
            Input::Stdin,
            Input::from_argument(dir.path()),
            Input::from_argument(&dir.path().join("a.ndjson")),
            Input::from_argument(&named),
        ];
        let places = expand(&inputs).unwrap();
        let names: Vec<String> = places
            .iter()
            .map(|place| place.name().rsplit('/').next().unwrap().to_owned())
            .collect();
        assert_eq!(
            names,
            ["README.md", "a.ndjson", "b-9.zst", "b-10.json.gz", "-"]
        );
        assert_eq!(places.iter().map(Place::bytes).max(), Some(Some(1)));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = expand(&[Input::File("no/such.json".into())]).unwrap_err();
        assert!(error.to_string().contains("no/such.json"), "{error}");
    }

    proptest! {
        #[test]
        fn the_order_is_a_total_one(a in "[a0-9-]{0,6}", b in "[a0-9-]{0,6}", c in "[a0-9-]{0,6}") {
            prop_assert_eq!(natural(&a, &b), natural(&b, &a).reverse());
            if natural(&a, &b).is_le() && natural(&b, &c).is_le() {
                prop_assert!(natural(&a, &c).is_le());
            }
        }
    }
}
