//! Any text as a signed note, a tree head, a policy and inclusion proofs: an answer within bounded time, the same each
//! time. Nothing that is read under a key that signed nothing comes out as signed.

#![no_main]

use libfuzzer_sys::fuzz_target;
use verifier_core::merkle::rfc6962::{leaf_hash, verify_inclusion};
use verifier_core::tlog::{Checkpoint, ManyProofs, Note, NoteKey, Policy, Signed, SingleProof};

const KEY: &str = "keel-evidence.example/log/1+a4c08bcc+ATsdfxX9v0j6EaLWCzD9vvgjNEFjNUjeq3NlIUeQbIJC";
const GENUINE: &str = "keel-evidence.example/log/1\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";

fuzz_target!(|text: &str| {
    let key = NoteKey::parse(KEY).unwrap();
    if let Ok(note) = Note::parse(text) {
        assert_eq!(Note::parse(text), Ok(note.clone()));
        let head = Checkpoint::parse(note.text);
        if matches!(key.signed(&note), Signed::Yes(_)) {
            assert_eq!(note.text, GENUINE);
        }
        assert_eq!(Policy::of_log(key).judge(&note).quorum, true);
        let _ = head.map(|head| head.size);
    }
    let _ = NoteKey::parse(text);
    let _ = Policy::parse(text).map(|policy| policy.witness_count());
    let leaf = leaf_hash(b"");
    if let Ok(proof) = SingleProof::parse(text) {
        let _ = verify_inclusion(proof.path.index, u64::MAX, &leaf, &proof.path.hashes, &leaf);
    }
    if let Ok(proofs) = ManyProofs::parse(text) {
        let read = || proofs.entries().map(|entry| entry.ok()).count();
        assert_eq!(read(), read());
    }
});
