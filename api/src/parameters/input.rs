//! The raw path and query of a request, decoded, and what was found wrong with them so far.

use std::borrow::Borrow;

use super::Format;
use super::nearest::nearest;
use crate::problem::{Code, ParameterError, Problem};

/// What was given and not yet read, and what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Input {
    segments: Vec<(&'static str, String)>,
    query: Vec<(String, String)>,
    /// Names of the query's parameters that were asked for.
    known: Vec<&'static str>,
    /// The formats that there are of what is asked for.
    formats: &'static [Format],
    errors: Vec<ParameterError>,
    conflict: bool,
}

/// What a parameter that can be a few words should have been.
pub(super) fn one_of<W: Borrow<str>>(words: &[W]) -> String {
    match words {
        [only] => format!("must be {}", only.borrow()),
        several => format!("must be one of {}", several.join(", ")),
    }
}

/// How much of a client's own text an error repeats, in characters.
const ECHO_MAX_CHARS: usize = 64;

impl Input {
    /// Takes the segments that a path's template names, still percent-encoded, and the query.
    pub(crate) fn new<'r>(
        segments: impl Iterator<Item = (&'static str, &'r str)>,
        query: Option<&str>,
    ) -> Self {
        let mut input = Self::default();
        for (name, raw) in segments {
            match percent_decoded(raw, false) {
                Some(text) => input.segments.push((name, text)),
                None => input.refuse(name, NOT_DECODABLE),
            }
        }
        let pairs = query
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty());
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (percent_decoded(name, true), percent_decoded(value, true)) {
                (Some(name), Some(value)) => input.query.push((name, value)),
                (name, _) => input.refuse(&name.unwrap_or_else(|| name_echo(pair)), NOT_DECODABLE),
            }
        }
        input
    }

    /// A segment of the path; nothing where it could not be decoded.
    pub(super) fn segment(&mut self, name: &'static str) -> Option<String> {
        let at = self.segments.iter().position(|(known, _)| *known == name)?;
        Some(self.segments.swap_remove(at).1)
    }

    /// Whether a parameter of the query was given and not read yet.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.query.iter().any(|(given, _)| given == name)
    }

    /// All values of a parameter of the query, in their order.
    pub(super) fn take(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        // Almost every parameter is absent from almost every request.
        if !self.is_given(name) {
            return Vec::new();
        }
        self.query
            .extract_if(.., |(given, _)| given == name)
            .map(|(_, value)| value)
            .collect()
    }

    /// Names these where a format is none at all: of others there is no use here.
    pub(crate) const fn offer(&mut self, formats: &'static [Format]) {
        self.formats = formats;
    }

    /// Notes that a parameter's value is none that it can be.
    pub(super) fn refuse_value(&mut self, name: &str, reason: String) {
        if name == "format" && !self.formats.is_empty() {
            let words: Vec<String> = self.formats.iter().map(ToString::to_string).collect();
            return self.refuse(name, one_of(&words));
        }
        self.refuse(name, reason);
    }

    /// Notes what is wrong with a parameter.
    pub(super) fn refuse(&mut self, name: &str, reason: impl Into<String>) {
        self.errors.push(ParameterError {
            name: name.to_owned(),
            reason: reason.into(),
        });
    }

    /// Notes that a parameter excludes another.
    pub(super) fn conflict(&mut self, name: &str, reason: impl Into<String>) {
        self.conflict = true;
        self.refuse(name, reason);
    }

    /// Everything that is wrong, once all parameters are read.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        let unknown: Vec<String> = self.query.iter().map(|(name, _)| name_echo(name)).collect();
        for name in &unknown {
            let reason = self.unknown_reason(name);
            self.refuse(name, reason);
        }
        if self.errors.is_empty() {
            return Ok(());
        }
        let code = if !unknown.is_empty() {
            Code::UnknownParameter
        } else if self.conflict {
            Code::ConflictingParameters
        } else {
            Code::InvalidParameter
        };
        let told: Vec<String> = self
            .errors
            .iter()
            .map(|error| format!("{} {}", error.name, error.reason))
            .collect();
        Err(Problem {
            errors: self.errors,
            ..Problem::new(code, told.join("; "))
        })
    }

    fn unknown_reason(&self, name: &str) -> String {
        if self.known.is_empty() {
            return "is unknown: this endpoint takes no parameters".to_owned();
        }
        let takes = format!("this endpoint takes {}", self.known.join(", "));
        match nearest(name, &self.known) {
            Some(meant) => format!("is unknown, did you mean {meant}? ({takes})"),
            None => format!("is unknown: {takes}"),
        }
    }
}

const NOT_DECODABLE: &str = "is not percent-encoded UTF-8";

fn name_echo(name: &str) -> String {
    name.split('=')
        .next()
        .unwrap_or_default()
        .chars()
        .take(ECHO_MAX_CHARS)
        .collect()
}

/// The text that a segment or a part of a query stands for; nothing where an escape is cut short or
/// the bytes are no UTF-8. In a query a plus stands for a space
/// (<https://url.spec.whatwg.org/#urlencoded-parsing>).
fn percent_decoded(raw: &str, plus_is_space: bool) -> Option<String> {
    if memchr::memchr2(b'%', b'+', raw.as_bytes()).is_none() {
        return Some(raw.to_owned());
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                let digit = |byte: u8| char::from(byte).to_digit(16);
                bytes.push(u8::try_from(digit(digits[0])? << 4 | digit(digits[1])?).ok()?);
                rest = after;
            }
            b'+' if plus_is_space => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_escape_cut_short_is_no_text() {
        for raw in ["%", "%4", "%4g", "a%ff", "%c3%28", "%+1"] {
            assert_eq!(percent_decoded(raw, true), None, "{raw}");
        }
        assert_eq!(
            percent_decoded("a+b%2B%C3%A9", true).as_deref(),
            Some("a b+é")
        );
        assert_eq!(percent_decoded("a+b", false).as_deref(), Some("a+b"));
    }

    proptest! {
        #[test]
        fn every_text_comes_back_from_its_escapes(text in ".*") {
            let raw: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(percent_decoded(&raw, true), Some(text));
        }

        #[test]
        fn any_query_is_read_and_all_that_is_unknown_told(query in ".*") {
            let told = Input::new(std::iter::empty(), Some(&query)).finish();
            let given = query.split('&').filter(|pair| !pair.is_empty()).count();
            prop_assert_eq!(told.map_or_else(|problem| problem.errors.len(), |()| 0), given);
        }
    }
}
