//! The five questions that an audit begins with, answered from the claims of a report and nothing else.

use crate::finding::Verdict;
use crate::report::{Outcome, Report};

use super::headline;

/// Claims that a trusted key signed these bytes.
const SIGNED: [&str; 4] = [
    "export.integrity.v1",
    "evidence_bundle.self_attesting.v1",
    "checkpoint.signature.v1",
    "sigstore.signature.v1",
];
const CONTINUITY: &str = "governance_chain.local_continuity.v1";
const LOGGED: [&str; 2] = ["transparency_log.inclusion.v1", "transparency_log.witness.v1"];
const DECIDED: &str = "permit.decided_before_dispatch.v1";

/// How far an answer is established.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The evidence supports it.
    Supported,
    /// The evidence contradicts it.
    Disproved,
    /// Neither.
    NotEstablished,
}

impl State {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Disproved => "disproved",
            Self::NotEstablished => "not established",
        }
    }

    fn of(verdict: Option<Verdict>) -> Self {
        match verdict {
            Some(Verdict::Supported) => Self::Supported,
            Some(Verdict::Disproved) => Self::Disproved,
            _ => Self::NotEstablished,
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What is asked.
    pub question: &'static str,
    /// How far the reassuring answer is established.
    pub state: State,
    /// The answer in a sentence.
    pub text: String,
}

/// The answers of a report, in the order of the questions.
#[must_use]
pub fn of(report: &Report) -> Vec<Answer> {
    vec![changed(report), deleted(report), inserted(report), signed(report), before(report)]
}

fn answer(question: &'static str, state: State, texts: [&str; 3]) -> Answer {
    let [supported, disproved, open] = texts;
    let text = match state {
        State::Supported => supported,
        State::Disproved => disproved,
        State::NotEstablished => open,
    };
    Answer { question, state, text: text.to_owned() }
}

fn changed(report: &Report) -> Answer {
    let judged: Vec<Verdict> = SIGNED.iter().filter_map(|claim| report.verdict(claim)).collect();
    let mut state = match judged.as_slice() {
        [] => State::NotEstablished,
        all if all.contains(&Verdict::Disproved) => State::Disproved,
        all if all.iter().all(|verdict| *verdict == Verdict::Supported) => State::Supported,
        _ => State::NotEstablished,
    };
    if report.accepted_without_trust && state == State::Supported {
        state = State::NotEstablished;
    }
    answer(
        "Was it changed after it was signed?",
        state,
        [
            "No: the bytes are the ones that a trusted key signed.",
            "Yes: the bytes are not the ones that were signed.",
            "Not established: no signature of a trusted key over these bytes was verified.",
        ],
    )
}

fn deleted(report: &Report) -> Answer {
    answer(
        "Was anything deleted?",
        State::of(report.verdict(CONTINUITY)),
        [
            "Not between the first and the last entry that are shown: the hash chain is unbroken. What came before or after is not known.",
            "The hash chain is broken: something was taken out or altered.",
            "Not established: there is no chain of entries that could be followed.",
        ],
    )
}

fn inserted(report: &Report) -> Answer {
    let [inclusion, witness] = LOGGED.map(|claim| State::of(report.verdict(claim)));
    let state = match (inclusion, witness) {
        (State::Disproved, _) | (_, State::Disproved) => State::Disproved,
        (State::Supported, State::Supported) => State::Supported,
        _ => State::NotEstablished,
    };
    answer(
        "Was anything inserted or rewritten later?",
        state,
        [
            "Not since witnesses cosigned the log: every entry is in it, payload included.",
            "An entry is not the one that the log has, or the log contradicts itself.",
            "Not established: no witnessed log has these entries, so the issuer could have written the history again before signing it.",
        ],
    )
}

fn signed(report: &Report) -> Answer {
    const QUESTION: &str = "Who signed it, and did the key count then?";
    let names: Vec<String> = report
        .signers
        .iter()
        .map(|signer| {
            let key = signer.key_id.as_deref().unwrap_or(&signer.public_key);
            format!("{} by {}", signer.signed, super::escape(key))
        })
        .collect();
    let text = if names.is_empty() {
        "Nobody: no signature was established in this run.".to_owned()
    } else {
        format!("{}.", names.join("; "))
    };
    let state = match (names.is_empty(), report.accepted_without_trust, report.outcome) {
        (_, _, Outcome::Disproved) if names.is_empty() => State::Disproved,
        (true, ..) | (_, true, _) => State::NotEstablished,
        (false, false, _) => State::Supported,
    };
    Answer { question: QUESTION, state, text }
}

fn before(report: &Report) -> Answer {
    let state = State::of(report.verdict(DECIDED));
    let text = match headline::decisions(report) {
        Some(text) => format!("{text}."),
        None => "Not established: the evidence carries no decisions.".to_owned(),
    };
    Answer { question: "Was each call decided before it ran?", state, text }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn no_answer_is_wider_than_its_claim() {
        for (name, report) in samples::all() {
            let answers = of(&report);
            assert_eq!(answers.len(), 5, "{name}");
            for answer in &answers {
                assert!(answer.text.ends_with('.'), "{name}: {}", answer.text);
                if answer.state == State::Supported {
                    assert!(
                        report.claims.iter().any(|claim| claim.verdict == Verdict::Supported)
                            || !report.signers.is_empty(),
                        "{name}: {}",
                        answer.question
                    );
                }
            }
        }
        let states = |report| of(&report).into_iter().map(|answer| answer.state).collect::<Vec<_>>();
        // The signature holds and the chain does not.
        assert_eq!(states(samples::refused())[..2], [State::Supported, State::Disproved]);
        assert!(!states(samples::unreadable()).contains(&State::Supported));
    }
}
