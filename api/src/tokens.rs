//! Who may ask, where not everybody may: whoever shows one of the tokens of a file. Knows nothing
//! about GitHub's tokens, which are the injector's.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake3::Hash;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::watched::Watched;

/// Shorter tokens can be guessed.
const TOKEN_MIN_BYTES: usize = 16;

/// The tokens of a file, each as its hash: comparing hashes takes as long whatever is alike.
#[derive(Debug)]
pub(crate) struct Tokens {
    hashes: Watched<Vec<Hash>>,
}

impl Tokens {
    /// Those of a file: one a line, so that one can be replaced by the next without a gap. Empty lines
    /// and lines that begin with `#` are none.
    ///
    /// # Errors
    /// In words, where the file cannot be read or has no token, or one that is too short.
    pub(crate) fn of_file(file: PathBuf) -> Result<Self, String> {
        let read = {
            let file = file.clone();
            move || read(&file)
        };
        let hashes = Watched::new(vec![file], read)?;
        Ok(Self { hashes })
    }

    /// Whether a request shows one: as a bearer, or as the password of whatever user, which is what
    /// browsers can do by themselves.
    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        let mut fields = headers.get_all(AUTHORIZATION).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else {
            return false;
        };
        let Some(token) = field.to_str().ok().and_then(shown) else {
            return false;
        };
        let hash = blake3::hash(&token);
        // Every one is compared, and `Hash` compares in constant time.
        let known = self.hashes.current();
        known
            .iter()
            .fold(false, |found, known| found | (*known == hash))
    }
}

/// The token in an `Authorization` field.
fn shown(field: &str) -> Option<Vec<u8>> {
    let (scheme, value) = field.split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.as_bytes().to_vec());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = STANDARD.decode(value).ok()?;
        let colon = pair.iter().position(|&byte| byte == b':')?;
        return Some(pair[colon + 1..].to_vec());
    }
    None
}

fn read(file: &Path) -> Result<Vec<Hash>, String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let tokens = text.lines().map(str::trim);
    let tokens: Vec<&str> = tokens
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    if tokens.is_empty() {
        return Err(format!("{} has no token", file.display()));
    }
    if tokens.iter().any(|token| token.len() < TOKEN_MIN_BYTES) {
        return Err(format!(
            "{} has a token of less than {TOKEN_MIN_BYTES} characters, which can be guessed; \
             `openssl rand -hex 32` makes a good one",
            file.display()
        ));
    }
    Ok(tokens
        .iter()
        .map(|token| blake3::hash(token.as_bytes()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(tokens: &Tokens, fields: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(AUTHORIZATION, field.parse().unwrap());
        }
        tokens.allow(&headers)
    }

    #[test]
    fn a_token_is_shown_as_a_bearer_or_as_a_password() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tokens");
        fs::write(&file, "# ours\n0123456789abcdef\n\nfedcba9876543210  \n").unwrap();
        let tokens = Tokens::of_file(file).unwrap();
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        assert!(allowed(&tokens, &["Bearer 0123456789abcdef"]));
        assert!(allowed(&tokens, &["bearer fedcba9876543210"]));
        assert!(allowed(&tokens, &[&basic("anyone:0123456789abcdef")]));
        assert!(allowed(&tokens, &[&basic(":0123456789abcdef")]));
        for wrong in [
            "Bearer 0123456789abcdeF",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdef0",
            "Bearer # ours",
            "Bearer ",
            "Bearer",
            "",
            "0123456789abcdef",
            "Digest 0123456789abcdef",
            "Basic ???",
            "Basic 0123456789abcdef",
        ] {
            assert!(!allowed(&tokens, &[wrong]), "{wrong:?}");
        }
        assert!(!allowed(&tokens, &[]));
        let right = "Bearer 0123456789abcdef";
        assert!(!allowed(&tokens, &[right, right]), "two claims are none");
    }

    #[test]
    fn a_file_without_a_good_token_is_refused_in_words() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tokens");
        let said = |text: &str| {
            fs::write(&file, text).unwrap();
            Tokens::of_file(file.clone()).unwrap_err()
        };
        assert!(said("\n# nothing\n").contains("has no token"));
        assert!(said("short\n").contains("less than 16"));
        assert!(Tokens::of_file(dir.path().join("absent")).is_err());
    }
}
