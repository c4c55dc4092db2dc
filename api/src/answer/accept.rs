//! Lists of preferences in headers: `Accept` and `Accept-Encoding`
//! (<https://www.rfc-editor.org/rfc/rfc9110#name-content-negotiation-fields>).

/// Each entry with its weight, in thousandths, from 0 (not acceptable) to 1000.
pub(super) fn weighted(header: &str) -> impl Iterator<Item = (&str, u16)> {
    header.split(',').filter_map(|entry| {
        let mut parts = entry.split(';');
        let name = parts.next().unwrap_or_default().trim();
        let weight = parts.map(str::trim).find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            key.trim()
                .eq_ignore_ascii_case("q")
                .then(|| thousandths(value.trim()))
        });
        (!name.is_empty()).then_some((name, weight.unwrap_or(1000)))
    })
}

/// A weight such as `0.8`; what is none counts as 1, as if it had not been written.
fn thousandths(weight: &str) -> u16 {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match (whole, digits) {
        ("0", true) => format!("{fraction:0<3}").parse().unwrap_or(1000),
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_and_default_to_one() {
        let header = "text/html, a/b;q=0.85 , c/d; x=1; Q=0, e/f;q=1.0,, g/h;q=zero";
        let entries: Vec<_> = weighted(header).collect();
        let expected = [
            ("text/html", 1000),
            ("a/b", 850),
            ("c/d", 0),
            ("e/f", 1000),
            ("g/h", 1000),
        ];
        assert_eq!(entries, expected);
    }
}
