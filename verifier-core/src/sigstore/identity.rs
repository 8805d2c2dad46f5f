//! Who is expected to have signed: one identity at one identity provider.
//!
//! A name alone is no identity, because every provider may know the same name; both are therefore always compared.

use std::fmt;

/// An expected certificate identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The subject alternative name.
    pub name: Name,
    /// The identity provider, compared as text.
    pub issuer: String,
}

/// An expected subject alternative name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// This text.
    Exact(String),
    /// A text in which `*` stands for any characters but `/`, also for none. There is no escape and no other sign.
    Glob(String),
}

impl Name {
    /// Whether a name of the certificate is the expected one. The whole name must fit; case counts.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(expected) => expected == name,
            Self::Glob(pattern) => glob(pattern, name),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => formatter.write_str(text),
            Self::Glob(pattern) => write!(formatter, "{pattern} (* for any characters but /)"),
        }
    }
}

/// Part by part between slashes, since no star crosses one.
fn glob(pattern: &str, name: &str) -> bool {
    pattern.split('/').count() == name.split('/').count()
        && pattern.split('/').zip(name.split('/')).all(|(pattern, part)| glob_part(pattern, part))
}

/// The first and last literal at the ends, the others from left to right, each at its earliest place.
fn glob_part(pattern: &str, part: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == part };
    let (middle, last) = rest.rsplit_once('*').map_or(("", rest), |(middle, last)| (middle, last));
    let Some(mut open) = part.strip_prefix(first).and_then(|open| open.strip_suffix(last)) else {
        return false;
    };
    for literal in middle.split('*') {
        match open.find(literal) {
            Some(at) => open = open.get(at.saturating_add(literal.len())..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_between_slashes() {
        let matches = |pattern: &str, name: &str| Name::Glob(pattern.to_owned()).matches(name);
        let pattern = "https://github.com/org/*/.github/workflows/release*.yml@refs/tags/v*";
        assert!(matches(pattern, "https://github.com/org/repo/.github/workflows/release.yml@refs/tags/v1.2"));
        assert!(!matches(pattern, "https://github.com/org/a/b/.github/workflows/release.yml@refs/tags/v1.2"));
        assert!(!matches(
            pattern,
            "https://github.com/org/repo/.github/workflows/release.yml@refs/tags/v1/x"
        ));
        assert!(!matches(
            pattern,
            "x https://github.com/org/repo/.github/workflows/release.yml@refs/tags/v1"
        ));
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "a@b.c", true),
            ("*", "a/b", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*b", "aabb", true),
            ("*ab*ab*", "ab", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("a.c", "abc", false),
            ("A", "a", false),
            ("**", "anything", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        assert!(!Name::Exact("*".to_owned()).matches("a"));
    }
}
