use super::{Field, Kind};

/// A way to go on with a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is offered.
    pub label: String,
    /// The filter with it.
    pub filter: String,
}

/// Ways to go on at the end of `text`. `values` gives texts that occur in a field.
#[must_use]
pub fn complete(text: &str, values: impl Fn(Field) -> Vec<String>) -> Vec<Completion> {
    const MOST: usize = 12;
    let start = text.rfind([' ', '(', '!']).map_or(0, |at| at.saturating_add(1));
    let (before, begun) = text.split_at(start.min(text.len()));
    let words: Vec<&str> = before.split_whitespace().collect();
    let field = match words.as_slice() {
        [.., name, "==" | "!=" | "~" | "="] => Field::named(name.trim_start_matches(['(', '!'])),
        _ => None,
    };
    let offer = |label: String, word: String| Completion { label, filter: format!("{before}{word} ") };
    if let Some(field) = field {
        let listed = match field.kind() {
            Kind::Flag => vec!["true".to_owned(), "false".to_owned()],
            Kind::Text | Kind::Day => values(field),
            Kind::Money | Kind::Number => Vec::new(),
        };
        let begun = begun.trim_start_matches('"').to_lowercase();
        let fitting = listed.into_iter().filter(|value| value.to_lowercase().starts_with(&begun));
        return fitting.take(MOST).map(|value| offer(value.clone(), quoted(&value))).collect();
    }
    let is_after_value =
        matches!(words.last(), Some(last) if !matches!(*last, "&&" | "||" | "and" | "or" | "not"));
    if is_after_value && begun.is_empty() {
        return ["&&", "||"].map(|word| offer(word.to_owned(), word.to_owned())).to_vec();
    }
    let fitting = Field::ALL.into_iter().filter(|field| field.name().starts_with(begun));
    fitting
        .take(MOST)
        .map(|field| offer(field.name().to_owned(), format!("{} {}", field.name(), sign(field))))
        .collect()
}

fn sign(field: Field) -> &'static str {
    match field.kind() {
        Kind::Money | Kind::Number => ">",
        Kind::Text | Kind::Day | Kind::Flag => "==",
    }
}

/// A value as it is written in a filter.
fn quoted(value: &str) -> String {
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/@".contains(&byte));
    let reserved = matches!(value, "and" | "or" | "not" | "");
    if plain && !reserved {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
