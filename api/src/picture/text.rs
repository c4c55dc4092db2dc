//! What of a text gets into a picture; numbers and durations as people read them.

/// The longest text beside a bar, in characters.
const LABEL_MAX_CHARS: usize = 34;

/// A text on one line: without control characters, which XML cannot have, and without those that
/// turn the direction of what follows (<https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings>).
pub(super) fn plain(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}');
    let is_no_xml = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars()
        .filter(|&c| !c.is_control() && !turns(c) && !is_no_xml(c))
        .collect()
}

/// The same, cut to fit beside a bar.
pub(super) fn label(text: &str) -> String {
    let text = plain(text);
    if text.chars().count() <= LABEL_MAX_CHARS {
        return text;
    }
    let mut cut: String = text.chars().take(LABEL_MAX_CHARS - 1).collect();
    cut.push('…');
    cut
}

/// A text between tags or quotes.
pub(super) fn escaped(text: &str) -> String {
    plain(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A number with its thousands apart: `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A duration in its largest sensible unit: `3.5 h`.
pub(crate) fn duration(seconds: f64) -> String {
    let units = [("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)];
    let fitting = units.iter().find(|(_, length)| seconds.abs() >= *length);
    let (unit, length) = fitting.copied().unwrap_or(("s", 1.0));
    let value = format!("{:.1}", seconds / length);
    format!("{} {unit}", value.trim_end_matches(".0"))
}
