//! The signed state: what it saves, what it reports, and what it never does.

use super::evidence::*;
use verifier_core::audit::state::{State, StateKey};
use verifier_core::audit::{self, Expectation, Member};
use verifier_core::report::Outcome;
use verifier_core::time::Timestamp;
use verifier_core::trust::TrustPolicy;

/// RFC 8410 section 10.3.
const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
const OTHER_PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhD\n-----END PRIVATE KEY-----\n";

fn key() -> StateKey {
    StateKey::from_pem(PEM).unwrap()
}

fn archives(parts: std::ops::Range<usize>) -> Archives {
    let all = chain(PROJECT, 40, None);
    let archives = Archives::new();
    add(&archives, &all, parts);
    archives
}

fn add(archives: &Archives, all: &[serde_json::Value], parts: std::ops::Range<usize>) {
    for part in parts {
        archives.add(&format!("part-{part}"), PROJECT, &all[part * 10..part * 10 + 10]);
    }
}

/// One run as the command makes it: the state before, the members, the document and the state file after.
fn run(archives: &Archives, policy: &TrustPolicy, before: &State) -> (Vec<Member>, String, String) {
    let before = before.clone().under(audit::binding(policy));
    let (members, beside) = archives.members(policy, Some(&before));
    let after = before.after(&members).write(&key()).unwrap();
    let gone = before.gone(&members);
    let records = members.iter().map(|member| member.record.clone()).collect();
    let audit = audit::conclude(records, beside, &gone, Expectation::default(), 100);
    (members, audit.document(&policy.as_of).to_string(), after)
}

fn reload(text: &str) -> State {
    State::read(text, &key()).unwrap()
}

#[test]
fn a_later_run_verifies_only_what_is_new_and_says_the_same() {
    let all = chain(PROJECT, 40, None);
    let archives = archives(0..2);
    let (first, _, state) = run(&archives, &policy(), &State::default());
    assert!(first.iter().all(|member| !member.taken_over && member.seen.is_some()));
    add(&archives, &all, 2..4);
    archives.file("z-checkpoint.json", &checkpoint(&[&all[39]]));
    let (second, document, after) = run(&archives, &policy(), &reload(&state));
    let taken: Vec<bool> = second.iter().map(|member| member.taken_over).collect();
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 2);
    let (_, fresh, fresh_after) = run(&archives, &policy(), &State::default());
    assert_eq!((document, after), (fresh.clone(), fresh_after));
    // Everything taken over still says the same.
    let (third, again, state) =
        run(&archives, &policy(), &reload(&run(&archives, &policy(), &State::default()).2));
    assert!(third.iter().all(|member| member.taken_over));
    assert_eq!(again, fresh);
    assert_eq!(reload(&state).len(), 5);
}

/// The state after any number of sets leads to the same end as an uninterrupted run, also from an older state.
#[test]
fn a_run_that_was_killed_resumes_with_the_same_result() {
    let all = chain(PROJECT, 40, None);
    let old = archives(0..1);
    let (_, _, old_state) = run(&old, &policy(), &State::default());
    for start in [State::default(), reload(&old_state)] {
        let archives = archives(1..4);
        archives.file("z-checkpoint.json", &checkpoint(&[&all[39]]));
        let start = start.under(audit::binding(&policy()));
        let (members, document, after) = run(&archives, &policy(), &start);
        for count in 0..members.len() {
            let partial = start.with(&members[..count]).write(&key()).unwrap();
            let (resumed, again, state) = run(&archives, &policy(), &reload(&partial));
            assert_eq!(resumed.iter().filter(|member| member.taken_over).count(), count);
            assert_eq!((again, state), (document.clone(), after.clone()), "killed after {count}");
        }
    }
}

#[test]
fn what_an_earlier_run_saw_and_is_gone_is_reported() {
    let archives = archives(0..4);
    let (_, _, state) = run(&archives, &policy(), &State::default());
    archives.remove("part-3");
    let (_, document, after) = run(&archives, &policy(), &reload(&state));
    assert!(document.contains("AUDIT_INPUT_GONE"));
    assert!(document.contains("AUDIT_TAIL_MISSING") && document.contains("\"first\":31"), "{document}");
    // It stays reported, also when the options change.
    let mut later = policy();
    later.as_of = Timestamp::parse("2027-02-01T00:00:00Z").unwrap();
    let (members, document, _) = run(&archives, &later, &reload(&after));
    assert!(members.iter().all(|member| !member.taken_over), "other options verify everything again");
    assert!(document.contains("AUDIT_INPUT_GONE"));
}

#[test]
fn changed_bytes_are_verified_again() {
    let archives = archives(0..2);
    let (_, _, state) = run(&archives, &policy(), &State::default());
    let payload = archives.folder.path().join("part-0/export.json");
    let text = std::fs::read_to_string(&payload).unwrap().replace("\"note\":3", "\"note\":4");
    std::fs::write(&payload, text).unwrap();
    let (members, document, _) = run(&archives, &policy(), &reload(&state));
    assert_eq!(members.iter().map(|member| member.taken_over).collect::<Vec<_>>(), [false, true]);
    assert_eq!(members[0].record.outcome, Outcome::Disproved);
    assert!(document.contains("AUDIT_SET_NOT_VERIFIED"));
    // A manifest that changes counts too, although the payload is the same.
    let manifest = archives.folder.path().join("part-1/manifest.json");
    let text = std::fs::read_to_string(&manifest)
        .unwrap()
        .replace("\"signature\":\"ed25519:", "\"signature\":\"ed25519:A");
    std::fs::write(&manifest, text).unwrap();
    let (members, _, _) = run(&archives, &policy(), &reload(&state));
    assert!(!members[1].taken_over && members[1].record.outcome != Outcome::Verified);
}

#[test]
fn trust_material_and_options_are_bound() {
    let base = audit::binding(&policy());
    let changes: [fn(&mut TrustPolicy); 6] = [
        |policy| policy.allow_unsigned = true,
        |policy| policy.as_of = Timestamp::parse("2027-01-02").unwrap(),
        |policy| policy.keys = verifier_core::trust::KeySource::SelfAttested,
        |policy| policy.limits.findings_per_code = 7,
        |policy| assert!(policy.require.insert("export.integrity.v1".to_owned())),
        |policy| policy.timestamps.skip = true,
    ];
    for change in changes {
        let mut other = policy();
        change(&mut other);
        assert_ne!(audit::binding(&other), base);
    }
    let mut threads = policy();
    threads.workers = std::num::NonZeroUsize::MIN;
    assert_eq!(audit::binding(&threads), base);
}

#[test]
fn a_state_that_is_not_signed_by_the_key_is_refused() {
    let (_, _, state) = run(&archives(0..1), &policy(), &State::default());
    assert!(State::read(&state, &key()).is_ok());
    let other = StateKey::from_pem(OTHER_PEM).unwrap();
    assert!(State::read(&state, &other).is_err_and(|refused| refused.0.contains("another key")));
    // Someone else's state, with the auditor's key name put over it.
    let forged = State::default().write(&other).unwrap();
    let named = forged.replace(&other.public().unwrap().to_text(), &key().public().unwrap().to_text());
    assert!(State::read(&named, &key()).is_err_and(|refused| refused.0.contains("does not verify")));
    let mut refused = 0;
    for at in (0..state.len()).step_by(state.len() / 60) {
        let mut bytes = state.clone().into_bytes();
        bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
        let changed = String::from_utf8(bytes).unwrap();
        if changed != state {
            assert!(State::read(&changed, &key()).is_err(), "byte {at}");
            refused += 1;
        }
    }
    assert!(refused > 50);
    assert!(State::read(&format!("{state} "), &key()).is_err());
    assert!(State::read(&state[..state.len() - 1], &key()).is_err());
    for pem in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        assert!(StateKey::from_pem(pem).is_err(), "{pem:?}");
    }
}
