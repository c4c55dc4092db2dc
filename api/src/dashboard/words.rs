//! Numbers, durations, times and names as people read them, as HTML. Whatever came from elsewhere is
//! escaped here, and kept from turning the text around it.

use ghev_event::Timestamp;

use crate::document::html::escaped;

const UNITS: [(f64, &str); 3] = [(86_400.0, "d"), (3600.0, "h"), (60.0, "min")];

/// What is not known.
pub(super) const NOTHING: &str = "–";

/// A whole number with its thousands apart.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in the largest unit of which there are two.
pub(super) fn duration(seconds: f64) -> String {
    let larger = UNITS.iter().find(|(size, _)| seconds >= 2.0 * size);
    let (value, unit) = larger.map_or((seconds, "s"), |(size, unit)| (seconds / size, *unit));
    if value < 10.0 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

/// A duration that may not be known.
pub(super) fn maybe_duration(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| NOTHING.to_owned(), duration)
}

/// A moment, to the second.
pub(super) fn time(at: Option<Timestamp>) -> String {
    let Some(at) = at else {
        return NOTHING.to_owned();
    };
    let exact = Timestamp::from_seconds(at.as_seconds()).to_string();
    let shown = exact.replace('T', " ").replace('Z', "");
    format!("<time datetime=\"{exact}\">{shown}</time>")
}

/// How long ago a moment was.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_seconds().saturating_sub(at.as_seconds()).max(0);
    duration(std::time::Duration::from_secs(seconds.unsigned_abs()).as_secs_f64())
}

/// A name from elsewhere.
pub(super) fn name(name: Option<&str>) -> String {
    name.map_or_else(
        || NOTHING.to_owned(),
        |name| format!("<bdi>{}</bdi>", escaped(name)),
    )
}

/// A repository's name, which leads to its pull requests.
pub(super) fn repo(name: Option<&str>) -> String {
    match name {
        Some(full) if full.split('/').filter(|part| !part.is_empty()).count() == 2 => format!(
            "<a href=\"/?repo={}#interval\"><bdi>{}</bdi></a>",
            in_query(full),
            escaped(full)
        ),
        other => self::name(other),
    }
}

/// Text as a value in the query of an address.
fn in_query(text: &str) -> String {
    let mut value = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                value.push(char::from(byte));
            }
            other => value.push_str(&format!("%{other:02X}")),
        }
    }
    value
}

/// A bar of a length between 0 and `max`, which says nothing that the number beside it does not.
pub(super) fn bar(value: u64, max: u64) -> String {
    format!(
        "<meter min=\"0\" max=\"{}\" value=\"{value}\" aria-hidden=\"true\"></meter>",
        max.max(1)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_durations_are_short() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(duration(1.0), "1.0 s");
        assert_eq!(duration(119.0), "119 s");
        assert_eq!(duration(7200.0), "2.0 h");
        assert_eq!(duration(864_000.0), "10 d");
    }

    #[test]
    fn names_from_elsewhere_are_text_wherever_they_stand() {
        let hostile = "a\"><script>/b&c\u{202e}";
        assert_eq!(
            repo(Some(hostile)),
            "<a href=\"/?repo=a%22%3E%3Cscript%3E/b%26c%E2%80%AE#interval\">\
             <bdi>a&quot;&gt;&lt;script&gt;/b&amp;c\u{202e}</bdi></a>"
        );
        assert_eq!(name(Some("<b>")), "<bdi>&lt;b&gt;</bdi>");
        assert_eq!(repo(Some("nobody")), "<bdi>nobody</bdi>");
        assert_eq!(repo(None), NOTHING);
    }
}
