//! Which logins are those of bots. Knows nothing about what they do.
//!
//! GitHub's own apps have logins that end in `[bot]`
//! (<https://docs.github.com/en/apps/creating-github-apps/about-creating-github-apps/about-creating-github-apps>).
//! Others are told by their last word, which is `bot`, or stand in a list. A login that merely
//! contains the letters is nobody's bot: `abbott` and `robot-fan` are people.

use std::sync::LazyLock;

static NAMED: LazyLock<Vec<&str>> = LazyLock::new(|| named().collect());

/// The longest login that can stand in the list: GitHub's own limit is 39 characters.
const NAMED_MAX_BYTES: usize = 40;

fn named() -> impl Iterator<Item = &'static str> {
    let lines = include_str!("bots/named.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Whether a login is a bot's, in whatever case it is written.
pub fn is_bot_login(login: &str) -> bool {
    ends_in_bot(login.as_bytes()) || is_named(login)
}

fn ends_in_bot(login: &[u8]) -> bool {
    // Almost every login is told by its last letter.
    if !matches!(login.last(), Some(b't' | b'T' | b']')) {
        return false;
    }
    let ends = |end: &[u8]| {
        let from = login.len().checked_sub(end.len());
        from.is_some_and(|from| login[from..].eq_ignore_ascii_case(end))
    };
    ends(b"[bot]") || ends(b"-bot") || ends(b"_bot") || login.eq_ignore_ascii_case(b"bot")
}

/// Asked of every event: nothing is allocated.
fn is_named(login: &str) -> bool {
    let mut buffer = [0; NAMED_MAX_BYTES];
    let Some(lowered) = buffer.get_mut(..login.len()) else {
        return false;
    };
    lowered.copy_from_slice(login.as_bytes());
    lowered.make_ascii_lowercase();
    NAMED
        .binary_search_by(|named| named.as_bytes().cmp(lowered))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_is_told_by_its_last_word_or_the_list_and_by_nothing_else() {
        for bot in [
            "dependabot[bot]",
            "GitHub-Actions[BOT]",
            "snyk-bot",
            "saltmarsh_bot",
            "Bot",
            "Coveralls",
            "k8s-ci-robot",
        ] {
            assert!(is_bot_login(bot), "{bot}");
        }
        for person in [
            "",
            "abbott",
            "robot-fan",
            "talbot",
            "bot-maker",
            "botany",
            "robot",
            "[bot]x",
            "my-robot",
        ] {
            assert!(!is_bot_login(person), "{person}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_lower_case() {
        let named: Vec<&str> = named().collect();
        assert!(named.is_sorted());
        assert!(named.iter().all(|login| login.len() <= NAMED_MAX_BYTES));
        assert!(named.iter().all(|login| *login == login.to_lowercase()));
        assert!(
            named.iter().all(|login| !login.ends_with("-bot")),
            "said by the login"
        );
    }
}
