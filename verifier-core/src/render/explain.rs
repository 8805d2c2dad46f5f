//! What a code means, for `explain CODE` and for help texts.

use crate::finding::{Code, catalog};

/// Suggestions for a spelling that is not a code.
const SUGGESTIONS: usize = 4;

/// The code with this spelling, in any case.
#[must_use]
pub fn find(spelling: &str) -> Option<&'static Code> {
    catalog::find(spelling).or_else(|| catalog::all().find(|code| code.id.eq_ignore_ascii_case(spelling)))
}

/// Title, what was compared, what to do, and what the verdict beside the code means.
#[must_use]
pub fn text(code: &Code) -> String {
    format!(
        "{}: {}\n\nWhat was compared\n  {}\n\nWhat to do\n  {}\n\nWhat it does to the run\n{}\n\nSince release {}\n",
        code.id,
        code.title,
        code.explanation,
        code.remedy,
        effect(code),
        code.since
    )
}

fn effect(code: &Code) -> &'static str {
    if code.id.ends_with("_SUPPORTED") || code.id.ends_with("_MATCH") {
        return "  It says why something is supported; the run does not fail for it.";
    }
    "  The code does not fix the verdict; read the one printed beside it.\n  \
     disproved              the evidence contradicts the claim; the run fails (exit 1)\n  \
     insufficient_evidence  something needed is missing or untrusted; fails where required (exit 3)\n  \
     unverifiable_scope     a version or scope that this release does not know; fails where required (exit 3)\n  \
     note                   worth knowing; the run does not fail for it"
}

/// The codes most like a spelling that is none, best first: few letters differ, or whole words are shared.
#[must_use]
pub fn nearest(spelling: &str) -> Vec<&'static Code> {
    let wanted: Vec<char> = spelling.chars().take(80).map(|letter| letter.to_ascii_uppercase()).collect();
    let upper: String = wanted.iter().collect();
    let words: Vec<&str> = upper.split(['_', '.', '-', ' ']).filter(|word| word.len() > 2).collect();
    let mut ranked: Vec<(usize, usize, &'static Code)> = Vec::new();
    for code in catalog::all() {
        let id = code.id.to_ascii_uppercase();
        let differing = distance(&wanted, &id.chars().collect::<Vec<_>>());
        let shared = id.split(['_', '.']).filter(|word| words.contains(word)).count();
        if differing <= wanted.len() / 4 + 1 {
            ranked.push((0, differing, code));
        } else if shared > 0 {
            ranked.push((1, 100 - shared.min(100), code));
        }
    }
    ranked.sort_by_key(|(class, rank, code)| (*class, *rank, code.id));
    ranked.into_iter().take(SUGGESTIONS).map(|(_, _, code)| code).collect()
}

/// Letters to insert, remove or replace (Levenshtein).
pub(crate) fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (position, letter) in left.iter().enumerate() {
        let mut diagonal = position;
        let mut before = position + 1;
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(right) {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = *cell;
            *cell = replaced.min(diagonal + 1).min(before + 1);
            before = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn distance_counts_single_edits() {
        for (left, right, expected) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2)]
        {
            assert_eq!(distance(&letters(left), &letters(right)), expected);
        }
    }

    #[test]
    fn every_code_is_found_and_explained() {
        for code in catalog::all() {
            assert_eq!(find(&code.id.to_lowercase()).map(|found| found.id), Some(code.id));
            let text = text(code);
            assert!(text.contains(code.explanation) && text.contains(code.remedy), "{}", code.id);
            assert_eq!(nearest(code.id).first().map(|near| near.id), Some(code.id));
        }
    }

    #[test]
    fn a_typo_leads_to_the_code() {
        for (typo, code) in [
            ("WALK_RECORD_HASH_MISSMATCH", "WALK_RECORD_HASH_MISMATCH"),
            ("content_hash_mismach", "CONTENT_HASH_MISMATCH"),
            ("SEMANTIC-PIN-MISSING", "SEMANTIC_PIN_MISSING"),
        ] {
            assert!(find(typo).is_none());
            assert_eq!(nearest(typo)[0].id, code, "{typo}");
        }
        assert!(nearest("closure").iter().all(|code| code.id.contains("CLOSURE")));
        assert!(nearest("").is_empty() && nearest("zzzzzzzzzzzzzzzz").is_empty());
        assert!(nearest(&"W".repeat(100_000)).is_empty());
    }
}
