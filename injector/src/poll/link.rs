//! The `Link` header (RFC 8288), as far as paging needs it. Knows nothing about URLs.

/// The target of the first link whose relation is `next`.
pub(super) fn next(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (target, after) = after.split_once('>')?;
        let (parameters, left) = split_at_comma(after);
        if parameters.iter().any(|parameter| is_next(parameter)) {
            return Some(target.trim());
        }
        rest = left;
    }
}

/// The parameters up to the comma that ends the link, and what follows; what stands in quotes is
/// one text.
fn split_at_comma(text: &str) -> (Vec<&str>, &str) {
    let (mut quoted, mut parameters, mut start) = (false, Vec::new(), 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                parameters.push(&text[start..at]);
                start = at + 1;
            }
            b',' if !quoted => {
                parameters.push(&text[start..at]);
                return (parameters, &text[at + 1..]);
            }
            _ => {}
        }
    }
    parameters.push(&text[start..]);
    (parameters, "")
}

/// Whether a parameter is `rel` with `next` among its relations.
fn is_next(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        let relations = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && relations
                .split_ascii_whitespace()
                .any(|rel| rel.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_page_is_found_wherever_it_stands() {
        let github = r#"<https://api.github.com/events?per_page=100&page=2>; rel="next", <https://api.github.com/events?per_page=100&page=3>; rel="last""#;
        assert_eq!(
            next(github),
            Some("https://api.github.com/events?per_page=100&page=2")
        );
        for (header, target) in [
            ("<a>; rel=prev, <b>; rel=next", Some("b")),
            (
                "<a>; title=\"x, <y>; rel=next\"; rel=last, <b>;REL = \"first NEXT\"",
                Some("b"),
            ),
            ("<a,b>; rel=\"next\"", Some("a,b")),
            ("<a>; rel=\"prev\"", None),
            ("<a>; rel=\"nextish\"", None),
            ("<a; rel=next", None),
            ("a; rel=next", None),
            ("", None),
        ] {
            assert_eq!(next(header), target, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(header in r#"[<>;,="a-z \u{e9}]{0,60}"#) {
            if let Some(target) = next(&header) {
                prop_assert!(header.contains(target));
            }
        }

        #[test]
        fn a_written_header_is_read_back(
            links in prop::collection::vec(("[a-z/?&,;=]{1,12}", "(prev|last|first)"), 0..4),
            target in "[a-z/?&,;=]{1,12}",
            at in 0usize..4,
        ) {
            let mut written: Vec<String> =
                links.iter().map(|(url, rel)| format!("<{url}>; rel=\"{rel}\"")).collect();
            written.insert(at.min(written.len()), format!("<{target}>; rel=\"next\""));
            let header = written.join(", ");
            prop_assert_eq!(next(&header), Some(target.as_str()));
        }
    }
}
