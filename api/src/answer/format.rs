//! The formats of answers.

use super::accept::weighted;
use super::csv::Csv;
use super::ndjson::Ndjson;
use crate::parameters::Format;
use crate::picture;
use crate::problem::{Code, Problem};
use crate::views::View;

/// Which formats an endpoint's answers can be had in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offered {
    /// JSON only.
    JsonOnly,
    /// JSON, NDJSON and CSV: the answer is a list of records, or a record itself.
    Records,
    /// A picture.
    Picture,
}

impl Offered {
    /// Those of a view.
    pub(crate) const fn by<V: View>() -> Self {
        if V::COLUMNS.is_empty() {
            Self::JsonOnly
        } else {
            Self::Records
        }
    }

    /// The formats, the preferred one first.
    pub(crate) const fn formats(self) -> &'static [Format] {
        match self {
            Self::JsonOnly => &[Format::Json],
            Self::Records => &[Format::Json, Format::Ndjson, Format::Csv],
            Self::Picture => &[Format::Svg],
        }
    }
}

/// The media type of a format, as it is sent.
pub(crate) const fn media_type(format: Format) -> &'static str {
    match format {
        Format::Json => "application/json",
        Format::Ndjson => "application/x-ndjson",
        Format::Csv => "text/csv; charset=utf-8",
        Format::Svg => "image/svg+xml",
    }
}

/// The format for a request: what `format=` names, else what `Accept` prefers, else JSON.
pub(crate) fn choose(
    offered: Offered,
    named: Option<Format>,
    accept: Option<&str>,
) -> Result<Format, Problem> {
    let formats = offered.formats();
    if let Some(named) = named {
        return if formats.contains(&named) {
            Ok(named)
        } else {
            Err(not_acceptable(offered, named == Format::Svg))
        };
    }
    let Some(accept) = accept.filter(|accept| says_something(accept)) else {
        return Ok(formats[0]);
    };
    let mut best = (0, None);
    for &format in formats {
        let weight = weight_of(media_type(format), accept);
        if weight > best.0 {
            best = (weight, Some(format));
        }
    }
    let svg = || weight_of(media_type(Format::Svg), accept) > 0;
    best.1.ok_or_else(|| not_acceptable(offered, svg()))
}

/// Refuses a request that does not take the only media type there is.
pub(crate) fn require(only: &str, accept: Option<&str>) -> Result<(), Problem> {
    match accept {
        Some(accept) if says_something(accept) && weight_of(only, accept) == 0 => {
            let detail = format!("this answer can be had as {only} only");
            Err(Problem::new(Code::NotAcceptable, detail))
        }
        _ => Ok(()),
    }
}

/// A field without an entry is allowed, and rules nothing out
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1>).
fn says_something(accept: &str) -> bool {
    accept.contains(|of: char| of != ',' && !of.is_ascii_whitespace())
}

/// What the most specific entry that matches says.
fn weight_of(media_type: &str, accept: &str) -> u16 {
    let media_type = media_type.split(';').next().unwrap_or_default();
    let kind = media_type.split('/').next().unwrap_or_default();
    let mut best = (0, 0);
    for (name, weight) in weighted(accept) {
        let specific = match name.split_once('/') {
            Some(("*", "*")) => 1,
            Some((given, "*")) if given.eq_ignore_ascii_case(kind) => 2,
            Some(_) if name.eq_ignore_ascii_case(media_type) => 3,
            _ => 0,
        };
        if specific > best.0 {
            best = (specific, weight);
        }
    }
    best.1
}

fn not_acceptable(offered: Offered, svg: bool) -> Problem {
    let words: Vec<String> = offered.formats().iter().map(ToString::to_string).collect();
    let mut detail = format!("this answer can be had as {} only", words.join(", "));
    if svg {
        detail.push_str("; pictures have paths of their own, which end in .svg");
    }
    Problem::new(Code::NotAcceptable, detail)
}

/// Writes a view; `whose` says whose events it is of.
pub(crate) fn write<V: View>(view: &V, format: Format, whose: &str) -> Result<Vec<u8>, String> {
    let of_json = |error: serde_json::Error| error.to_string();
    match format {
        Format::Json => serde_json::to_vec(view).map_err(of_json),
        Format::Ndjson => {
            let mut lines = Ndjson::default();
            view.records(&mut lines).map_err(of_json)?;
            Ok(lines.into_bytes())
        }
        Format::Csv => {
            let mut lines = Csv::new(V::COLUMNS);
            view.records(&mut lines).map_err(of_json)?;
            Ok(lines.into_bytes())
        }
        Format::Svg => {
            let picture = view.picture(whose);
            let picture = picture.ok_or_else(|| "this answer has no picture".to_owned())?;
            picture::svg(&picture).map(String::into_bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accept: &str) -> Result<Format, Code> {
        choose(Offered::Records, None, Some(accept)).map_err(|problem| problem.code)
    }

    #[test]
    fn accept_is_weighed_and_the_specific_entry_rules() {
        assert_eq!(chosen("*/*"), Ok(Format::Json));
        assert_eq!(
            chosen("text/html,application/xhtml+xml,*/*;q=0.8"),
            Ok(Format::Json)
        );
        assert_eq!(chosen("text/csv"), Ok(Format::Csv));
        assert_eq!(chosen("TEXT/*, application/json;q=0.1"), Ok(Format::Csv));
        assert_eq!(
            chosen("application/x-ndjson, application/json;q=0.9"),
            Ok(Format::Ndjson)
        );
        assert_eq!(chosen("application/json;q=0, */*"), Ok(Format::Ndjson));
        assert_eq!(chosen("text/html"), Err(Code::NotAcceptable));
        assert_eq!(chosen("*/*;q=0"), Err(Code::NotAcceptable));
    }

    /// It was answered with 406.
    #[test]
    fn an_accept_that_says_nothing_rules_nothing_out() {
        for accept in ["", " ", ", ,"] {
            assert_eq!(chosen(accept), Ok(Format::Json), "{accept:?}");
            assert!(
                require("text/event-stream", Some(accept)).is_ok(),
                "{accept:?}"
            );
        }
        assert!(require("text/event-stream", Some("text/csv")).is_err());
    }

    #[test]
    fn a_named_format_precedes_accept() {
        let csv = Some(Format::Csv);
        assert_eq!(
            choose(Offered::Records, csv, Some("text/html")),
            Ok(Format::Csv)
        );
        let problem = choose(Offered::JsonOnly, csv, None).unwrap_err();
        assert_eq!(problem.code, Code::NotAcceptable);
    }
}
