//! Every member changed one at a time, and hostile bytes.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::*;
use super::pack::{Pack, run_texts};

/// Pointers of all values that are no containers, and of empty containers.
fn leaves(value: &Json, at: &str, out: &mut Vec<String>) {
    match value {
        Json::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                leaves(member, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{at}/{index}"), out);
            }
        }
        _ => out.push(at.to_owned()),
    }
}

fn altered(value: &Json) -> Json {
    match value {
        Json::String(text) => match text.strip_suffix(|last: char| last.is_ascii_hexdigit()) {
            Some(rest) => format!("{rest}{}", if text.ends_with('0') { '1' } else { '0' }).into(),
            None => format!("{text}x").into(),
        },
        Json::Number(number) => (number.as_i64().unwrap() + 1).into(),
        Json::Bool(truth) => (!truth).into(),
        Json::Null => "x".into(),
        Json::Array(_) => json!(["keel.y"]),
        Json::Object(_) => json!({"x": 1}),
    }
}

/// The signature covers every member of the sidecar, and itself.
#[test]
fn every_member_of_the_sidecar_is_signed() {
    let honest = Pack::new();
    let mut all = Vec::new();
    leaves(&honest.sidecar, "", &mut all);
    assert!(all.len() > 25);
    for pointer in all {
        let mut pack = Pack::new();
        let place = pack.sidecar.pointer_mut(&pointer).unwrap();
        *place = altered(place);
        pack.refer();
        let run = pack.run();
        assert!(!run.facts.established, "{pointer}");
        assert_ne!(run.report.outcome, crate::report::Outcome::Verified, "{pointer}");
        // without the new reference the bytes are not the referenced ones
        let mut pack = Pack::new();
        let place = pack.sidecar.pointer_mut(&pointer).unwrap();
        *place = altered(place);
        assert_eq!(pack.run().reason(FAITHFULNESS), "EXPORT_SCOPE_STATE_REFERENCE_MISMATCH", "{pointer}");
    }
}

/// What a checkpoint's signature covers, and what it does not: the reference's measured gaps stay visible.
#[test]
fn the_checkpoint_signs_its_heads_only() {
    let honest = Pack::new();
    let mut all = Vec::new();
    leaves(&honest.checkpoint, "", &mut all);
    let mut uncovered = Vec::new();
    for pointer in all {
        let mut pack = Pack::new();
        let place = pack.checkpoint.pointer_mut(&pointer).unwrap();
        *place = if pointer == "/computed_at" { "2026-05-21T10:11:00Z".into() } else { altered(place) };
        if pack.run().facts.established {
            uncovered.push(pointer);
        }
    }
    assert_eq!(uncovered, ["/computed_at"]);
}

/// The declaration is covered by the export's signature; this is what the claim itself notices. What is left
/// is what a reader must take from the export's signature alone.
#[test]
fn every_member_of_a_segment_counts_or_is_listed() {
    let mut honest = Pack::new();
    let segment = honest.segment().clone();
    let mut all = Vec::new();
    leaves(&segment, "", &mut all);
    let mut uncovered = Vec::new();
    for pointer in &all {
        let mut pack = Pack::new();
        let place = pack.segment().pointer_mut(pointer).unwrap();
        *place = altered(place);
        if pack.run().facts.established {
            uncovered.push(pointer.as_str());
        }
    }
    let payload: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|pointer| pointer.ends_with("/occurred_at") || pointer.ends_with("payload_json/project_id"))
        .collect();
    assert_eq!(payload.len(), 10);
    let mut expected = vec![
        "/declared_scope/population_label",
        "/declared_scope/presentation_policy/policy_parameters",
        "/segment_id",
    ];
    expected.extend(payload);
    expected.sort_unstable();
    uncovered.sort_unstable();
    assert_eq!(uncovered, expected);
}

/// Without any one of its members a segment is refused, apart from payload members that no hash covers.
#[test]
fn every_member_of_a_segment_is_needed() {
    let mut honest = Pack::new();
    let segment = honest.segment().clone();
    let mut all = Vec::new();
    leaves(&segment, "", &mut all);
    let mut dispensable = Vec::new();
    for pointer in &all {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut pack = Pack::new();
        match pack.segment().pointer_mut(parent).unwrap() {
            Json::Object(members) => drop(members.remove(name)),
            _ => continue,
        }
        if pack.run().facts.established {
            dispensable.push(pointer.clone());
        }
    }
    let known = ["/occurred_at", "/project_id", "/severity"];
    assert!(
        dispensable
            .iter()
            .all(|pointer| pointer.contains("/payload_json/")
                && known.iter().any(|name| pointer.ends_with(name))),
        "{dispensable:?}"
    );
}

fn mutate(text: &str, place: usize, byte: u8, cut: bool) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let place = place % bytes.len();
    if cut {
        bytes.truncate(place)
    } else {
        bytes[place] = byte
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// No byte of any file makes the check panic, and nothing but the honest sidecar and heads is accepted.
    #[test]
    fn hostile_bytes_never_panic(which in 0u8..4, place in any::<usize>(), byte in any::<u8>(), cut in any::<bool>()) {
        let pack = Pack::new();
        let mut texts = [
            pack.export.to_string(), pack.sidecar.to_string(), pack.checkpoint.to_string(), pack.keys.to_string(),
        ];
        let index = usize::from(which);
        let honest = texts[index].clone();
        texts[index] = mutate(&honest, place, byte, cut);
        let changed = texts[index] != honest;
        let [export, sidecar, checkpoint, keys] = texts;
        let run = run_texts(
            &export, "{}", Some(sidecar.into_bytes()), Some(checkpoint.into_bytes()), &keys, &pack);
        if changed && which == 1 {
            prop_assert!(!run.facts.established);
        }
    }

    /// Values of any type in any place of the three documents.
    #[test]
    fn odd_types_never_panic(which in 0u8..3, pick in any::<prop::sample::Index>(), kind in 0u8..8) {
        let mut pack = Pack::new();
        let document = match which {
            0 => &mut pack.export,
            1 => &mut pack.sidecar,
            _ => &mut pack.checkpoint,
        };
        let mut all = Vec::new();
        leaves(document, "", &mut all);
        let mut pointer = pick.get(&all).as_str();
        if kind > 5 {
            pointer = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        if let Some(place) = document.pointer_mut(pointer) {
            *place = [json!(null), json!(-1), json!(1e300), json!([[]]), json!({"sequence_number": {}}), json!("\u{0}"), json!(5), json!([5])]
                [usize::from(kind)].clone();
        }
        pack.run();
    }
}
