//! Which known name somebody may have meant. Knows nothing about what is named.

/// The known name that is fewest changes away, if these are few beside its length. Of equally near
/// ones the first.
pub(super) fn nearest<'k>(given: &str, known: &[&'k str]) -> Option<&'k str> {
    let folded = fold(given);
    let apart = |name: &str| changes(&folded, &fold(name));
    let (changes, name) = known
        .iter()
        .map(|name| (apart(name), *name))
        .min_by_key(|(changes, _)| *changes)?;
    (changes <= name.len().max(given.len()) / 3).then_some(name)
}

/// Case and the ways to join words make no difference.
fn fold(name: &str) -> Vec<char> {
    let kept = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    kept.flat_map(char::to_lowercase).collect()
}

/// How many characters have to be put in, left out, replaced or swapped with their neighbour
/// (optimal string alignment, <https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance>).
fn changes(a: &[char], b: &[char]) -> usize {
    let first: Vec<usize> = (0..=b.len()).collect();
    let (mut before_last, mut last) = (first.clone(), first);
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(from != to);
            let mut fewest = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                fewest = fewest.min(before_last[j - 1] + 1);
            }
            row.push(fewest);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: &[&str] = &[
        "type",
        "repo",
        "org",
        "actor",
        "action",
        "offset",
        "from",
        "to",
        "page_token",
        "limit",
    ];

    #[test]
    fn slips_are_understood_and_strangers_are_not() {
        for (given, meant) in [
            ("pageToken", "page_token"),
            ("page-token", "page_token"),
            ("tpye", "type"),
            ("types", "type"),
            ("Limit", "limit"),
            ("ofset", "offset"),
            ("actions", "action"),
        ] {
            assert_eq!(nearest(given, KNOWN), Some(meant), "{given}");
        }
        for given in ["x", "color", "", "zzzzzz"] {
            assert_eq!(nearest(given, KNOWN), None, "{given}");
        }
        assert_eq!(nearest("type", &[]), None);
    }

    proptest! {
        #[test]
        fn changes_are_a_distance(a in "[ab]{0,8}", b in "[ab]{0,8}") {
            let (a, b) = (fold(&a), fold(&b));
            let apart = changes(&a, &b);
            prop_assert_eq!(apart, changes(&b, &a));
            prop_assert_eq!(apart == 0, a == b);
            prop_assert!(apart >= a.len().abs_diff(b.len()) && apart <= a.len().max(b.len()));
        }
    }
}
