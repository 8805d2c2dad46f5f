//! Any bytes as a signed note, as a key and as a witness policy, and in place of bytes of a genuine head: the same answer
//! each time, and no head counts but the genuine one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::tlog::{Checkpoint, Note, NoteKey, Policy, Quorum};

const HEAD: &str = include_str!("../seeds/note/head");
const POLICY: &str = include_str!("../seeds/note/policy");

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let policy = Policy::parse(POLICY).unwrap();
    let genuine = Note::parse(HEAD).unwrap();
    judge(text, &policy, &genuine);
    if let Ok(key) = NoteKey::parse(text) {
        assert_eq!(key.signed(&genuine), key.signed(&genuine));
    }
    if let Ok(given) = Policy::parse(text) {
        let standing = given.judge(&genuine, u64::MAX);
        assert_eq!(standing, given.judge(&genuine, u64::MAX));
        assert!(!matches!(standing.quorum, Quorum::Reached(_)) || !standing.witnesses.is_empty());
        let early = given.judge(&genuine, 0);
        assert!(!matches!(early.quorum, Quorum::Reached(_)) && early.witnesses.is_empty());
    }
    // The genuine head with some of its bytes overwritten.
    if let Some((at, patch)) = bytes.split_first_chunk::<2>() {
        let start = usize::from(u16::from_le_bytes(*at)) % HEAD.len();
        let mut changed = HEAD.as_bytes().to_vec();
        for (byte, new) in changed[start..].iter_mut().zip(patch) {
            *byte = *new;
        }
        if let Ok(changed) = std::str::from_utf8(&changed) {
            judge(changed, &policy, &genuine);
        }
    }
});

/// Nobody but the seeds holds the keys, so whatever they signed is the text of a seed.
fn judge(text: &str, policy: &Policy, genuine: &Note<'_>) {
    let Ok(note) = Note::parse(text) else { return };
    assert!(note.signatures.len() <= 64 && note.text.ends_with('\n'));
    let standing = policy.judge(&note, u64::MAX);
    assert_eq!(standing, policy.judge(&note, u64::MAX));
    let head = Checkpoint::parse(note.text);
    if !standing.witnesses.is_empty() {
        assert_eq!(note.text, genuine.text);
    }
    if !standing.logs.is_empty() {
        let genuine = Checkpoint::parse(genuine.text).unwrap();
        assert_eq!(head, Ok(genuine));
    }
}
