//! Recorded events from files: GH Archive hours, lines of JSON, pages of the Events API. Every
//! event keeps the bytes it has in the file. Knows nothing of what the events mean.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use serde_json::value::RawValue;

use crate::event::{NotAnEvent, SimEvent};

/// Why a file of events could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It could not be read.
    #[error("cannot read {}: {source}; give a readable file of events", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It starts like gzip, but is damaged or cut off.
    #[error("{} is damaged gzip: {source}; fetch it again", path.display())]
    Gzip {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// It starts with `[`, but is no JSON array.
    #[error("{} is no JSON array: {source}; give one array, or one event a line", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// One entry is no event.
    #[error("{}: {unit} {number} is no event: {source}", path.display())]
    Event {
        /// The file.
        path: PathBuf,
        /// `line` or `element`.
        unit: &'static str,
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong.
        source: NotAnEvent,
    },
}

/// All events of a file in its order: a GH Archive `.json.gz` (of any number of gzip members), one
/// event a line, or an array as the Events API answers. Told apart by content, not by name.
///
/// # Errors
/// If the file cannot be read, its gzip is damaged, or any entry is no event: a stand-in must not
/// lose an event in silence.
pub fn load_events(path: &Path) -> Result<Vec<SimEvent>, LoadError> {
    let read = |source| LoadError::Read {
        path: path.to_owned(),
        source,
    };
    let content = fs::read(path).map_err(read)?;
    let content = if content.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        let mut decoder = MultiGzDecoder::new(&content[..]);
        decoder
            .read_to_end(&mut plain)
            .map_err(|source| LoadError::Gzip {
                path: path.to_owned(),
                source,
            })?;
        plain
    } else {
        content
    };
    let content = Bytes::from(content);
    let first = content.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        elements(path, &content)
    } else {
        lines(path, &content)
    }
}

fn lines(path: &Path, content: &Bytes) -> Result<Vec<SimEvent>, LoadError> {
    content
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(index, line)| event(path, "line", index, content.slice_ref(line)))
        .collect()
}

fn elements(path: &Path, content: &Bytes) -> Result<Vec<SimEvent>, LoadError> {
    let elements: Vec<&RawValue> =
        serde_json::from_slice(content).map_err(|source| LoadError::Array {
            path: path.to_owned(),
            source,
        })?;
    elements
        .iter()
        .enumerate()
        .map(|(index, raw)| {
            event(
                path,
                "element",
                index,
                content.slice_ref(raw.get().as_bytes()),
            )
        })
        .collect()
}

fn event(path: &Path, unit: &'static str, index: usize, raw: Bytes) -> Result<SimEvent, LoadError> {
    SimEvent::from_json(raw).map_err(|source| LoadError::Event {
        path: path.to_owned(),
        unit,
        number: index + 1,
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn load(content: &[u8]) -> Result<Vec<String>, LoadError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let events = load_events(file.path())?;
        let text = |e: &SimEvent| String::from_utf8(e.raw().to_vec()).unwrap();
        Ok(events.iter().map(text).collect())
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    const A: &str = r#"{"type":"A",  "x":1.0}"#;
    const B: &str = r#"{"x":"\u00e9","type":"B"}"#;

    #[test]
    fn every_form_keeps_the_bytes() {
        let lines = format!("{A}\n\n{B}\r\n");
        assert_eq!(load(lines.as_bytes()).unwrap(), [A, B]);
        let array = format!("\n[ {A} ,\n {B} ]\n");
        assert_eq!(load(array.as_bytes()).unwrap(), [A, B]);
        let mut members = gzip(format!("{A}\n").as_bytes());
        members.extend(gzip(format!("{B}\n").as_bytes()));
        assert_eq!(load(&members).unwrap(), [A, B]);
        assert!(load(b"").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let error = load(format!("{A}\n\n{{\n").as_bytes()).unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
        let error = load(format!("[{A},{{}}]").as_bytes()).unwrap_err();
        assert!(error.to_string().contains("element 2"), "{error}");
        assert!(matches!(load(b"[1,"), Err(LoadError::Array { .. })));
        let whole = gzip(A.as_bytes());
        let cut = load(&whole[..whole.len() - 9]);
        assert!(matches!(cut, Err(LoadError::Gzip { .. })), "{cut:?}");
        let absent = load_events(Path::new("no/such/file")).unwrap_err();
        assert!(absent.to_string().contains("no/such/file"), "{absent}");
    }
}
