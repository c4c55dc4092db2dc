//! What a user decides about polling, checked when it is made. Knows nothing about files, flags or
//! the environment they come from.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ghev_event::Source;
use ghev_log::LogOptions;
use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::Retention;

/// What to poll, and how.
#[derive(Debug, Clone)]
pub struct InjectOptions {
    /// Where the API is.
    pub github_url: GithubUrl,
    /// The feeds. [`Source::Archive`] is none and is left
    /// out.
    pub sources: Vec<Source>,
    /// Sent to the origin of `github_url` only.
    pub token: Option<Token>,
    /// Time between two polls of a feed. It only lengthens what `X-Poll-Interval` asks for (60 s
    /// where it is absent).
    pub poll_interval: Option<Duration>,
    /// Whether a feed whose polls hardly overlap is asked sooner than `X-Poll-Interval` says, within
    /// a token's budget. Without a token it is not.
    pub adaptive: bool,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
    /// How long an answer may stay silent.
    pub read_timeout: Duration,
    /// How long a request may take from its start to the answer's last byte.
    pub request_timeout: Duration,
    /// How to write the log. Where appends are not durable at once, a power cut may take pages that
    /// GitHub was already asked for: with them goes the memory of having seen them, so what the
    /// feeds still serve is fetched again at the next start.
    pub log: LogOptions,
    /// How much of the log is kept.
    pub retention: Retention,
    /// Whether the proxies that the environment names (`HTTPS_PROXY`, `NO_PROXY`, ...) are used.
    pub system_proxy: bool,
}

impl Default for InjectOptions {
    fn default() -> Self {
        Self {
            github_url: GithubUrl::default(),
            sources: vec![Source::Public],
            token: None,
            poll_interval: None,
            adaptive: false,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(20),
            request_timeout: Duration::from_secs(60),
            log: LogOptions::default(),
            retention: Retention::default(),
            system_proxy: true,
        }
    }
}

/// A text that is no address of an API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no GitHub URL: {text:?}: {reason}; expected one such as https://api.github.com")]
pub struct ParseGithubUrlError {
    text: String,
    reason: String,
}

/// Where GitHub's REST API is: `https://api.github.com`, `https://HOST/api/v3` of an Enterprise
/// Server, or a simulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GithubUrl(Url);

impl GithubUrl {
    /// The address of `path` (which starts with a slash) below this one.
    pub(crate) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url.set_query(query);
        url
    }

    /// The address that `reference` stands for, seen from `base`, if it is of this origin: scheme,
    /// host and port. Nothing else may be asked, or a token would leave it.
    pub(crate) fn within_origin(&self, base: &Url, reference: &str) -> Option<Url> {
        let mut target = base.join(reference).ok()?;
        target.set_fragment(None);
        let bare = target.username().is_empty() && target.password().is_none();
        (bare && target.origin() == self.0.origin()).then_some(target)
    }

    /// Whether TLS is spoken.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl Default for GithubUrl {
    fn default() -> Self {
        Self(Url::parse("https://api.github.com/").expect("a valid URL"))
    }
}

impl FromStr for GithubUrl {
    type Err = ParseGithubUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason: String| ParseGithubUrlError {
            text: text.chars().take(256).collect(),
            reason,
        };
        let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
        let reason = if !matches!(url.scheme(), "http" | "https") {
            "neither http nor https"
        } else if url.host_str().is_none_or(str::is_empty) {
            "no host"
        } else if !url.username().is_empty() || url.password().is_some() {
            // Not shown again: what stands there is meant to be secret.
            return Err(ParseGithubUrlError {
                text: "(hidden)".to_owned(),
                reason: "it holds credentials; the token has a place of its own".to_owned(),
            });
        } else if url.query().is_some() || url.fragment().is_some() {
            "it has a query or a fragment"
        } else {
            return Ok(Self(url));
        };
        Err(wrong(reason.to_owned()))
    }
}

impl fmt::Display for GithubUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// A text that can be no token. The text is not part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no token: it is empty, or holds a character that an HTTP header cannot (a line break?)")]
pub struct ParseTokenError;

/// A credential for GitHub's API. It never prints.
#[derive(Clone)]
pub struct Token(HeaderValue);

impl Token {
    /// The value of the `Authorization` header.
    pub(crate) fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl FromStr for Token {
    type Err = ParseTokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let visible = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let value = visible.then(|| HeaderValue::from_str(&format!("Bearer {text}")).ok());
        let mut value = value.flatten().ok_or(ParseTokenError)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_as_given_and_checked() {
        for text in [
            "https://api.github.com",
            "http://127.0.0.1:8080",
            "https://ghe.example/api/v3",
        ] {
            assert_eq!(
                text.parse::<GithubUrl>().map(|url| url.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "api.github.com",
            "ftp://x",
            "https://u:p@x",
            "https://x/?q",
            "https://x#f",
        ] {
            assert!(text.parse::<GithubUrl>().is_err(), "{text}");
        }
        let error = "https://user:secret@x".parse::<GithubUrl>().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn a_path_goes_below_the_address() {
        let url: GithubUrl = "https://ghe.example/api/v3/".parse().unwrap();
        let joined = url.join("/events?per_page=100");
        assert_eq!(
            joined.as_str(),
            "https://ghe.example/api/v3/events?per_page=100"
        );
    }

    #[test]
    fn nothing_of_another_origin_is_followed() {
        let url: GithubUrl = "https://api.github.com".parse().unwrap();
        let base = url.join("/events");
        let followed = |reference| url.within_origin(&base, reference).map(String::from);
        assert_eq!(
            followed("/repositories/1/events").as_deref(),
            Some("https://api.github.com/repositories/1/events")
        );
        assert!(followed("https://api.github.com:443/events?page=2").is_some());
        for elsewhere in [
            "http://api.github.com/events",
            "https://api.github.com:8443/events",
            "https://github.com/events",
            "//evil.example/events",
            "https://token@api.github.com/events",
            "file:///etc/passwd",
        ] {
            assert_eq!(followed(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_token_never_prints() {
        let token: Token = " ghp_secret\n".parse().unwrap();
        assert!(!format!("{token:?} {:?}", token.authorization()).contains("ghp_secret"));
        let options = InjectOptions {
            token: Some(token),
            ..InjectOptions::default()
        };
        assert!(!format!("{options:?}").contains("ghp_secret"));
        assert!("".parse::<Token>().is_err());
        assert!("a b".parse::<Token>().is_err());
        assert!("a\nb".parse::<Token>().is_err());
    }
}
