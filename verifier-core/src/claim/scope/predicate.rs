//! Does a record match a predicate (spec 12 section 12.4.1)?
//!
//! For each kind the first scalar of its lookup chain counts; `null`, arrays and objects are passed over. Values
//! are compared as the reference does: by value across number types, `true` being 1, and a kind that is nowhere
//! found equals `null`. A time that does not parse matches nothing.

use std::cmp::Ordering;

use crate::canon::{Profile, number};
use crate::format::scope::{EvidenceRecord, Kind, Lookup, Predicate, RangeBounds, integer};
use crate::json::{Kind as JsonKind, Value};
use crate::time::Timestamp;

/// Whether `record` belongs to the population that `predicate` describes.
#[must_use]
pub(super) fn matches(predicate: &Predicate<'_>, record: &EvidenceRecord<'_>) -> bool {
    predicate.equals.iter().all(|(kind, expected)| match lookup(kind, record) {
        Some(found) => same_scalar(found, *expected),
        None => expected.is_null(),
    }) && predicate.ranges.iter().all(|(kind, bounds)| {
        let Some(found) = lookup(kind, record) else { return false };
        match bounds {
            RangeBounds::Sequence { gte, lte } => {
                integer(found).is_some_and(|number| (gte..=lte).contains(&&number))
            }
            RangeBounds::Time { gte, lt } => {
                found.text().and_then(|text| Timestamp::parse(&text)).is_some_and(|at| *gte <= at && at < *lt)
            }
        }
    })
}

fn lookup<'a>(kind: &Kind, record: &EvidenceRecord<'a>) -> Option<Value<'a>> {
    kind.lookup.iter().find_map(|place| {
        let found = match place {
            Lookup::Record(name) => record.member(name),
            Lookup::PermitResource => {
                let is_permit = record.member("resource_type").is_some_and(|value| value.is_text("permit"));
                is_permit.then(|| record.member("resource_id"))?
            }
            Lookup::Payload(path) => record.payload.path(path),
        };
        found.filter(|value| {
            matches!(value.kind(), JsonKind::String | JsonKind::Int | JsonKind::Float | JsonKind::Bool)
        })
    })
}

fn same_scalar(left: Value<'_>, right: Value<'_>) -> bool {
    match (left.text(), right.text()) {
        (Some(left), Some(right)) => left == right,
        (None, None) => match (Number::read(left), Number::read(right)) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        },
        _ => false,
    }
}

/// A number in the spelling that is the same for equal values: the digits of a whole number, else the canonical
/// float.
#[derive(PartialEq)]
struct Number(String);

impl Number {
    fn read(value: Value<'_>) -> Option<Self> {
        if let Some(truth) = value.as_bool() {
            return Some(Self(u8::from(truth).to_string()));
        }
        let token = value.number()?;
        if value.kind() == JsonKind::Int {
            return Some(Self(if token == "-0" { "0" } else { token }.to_owned()));
        }
        let float: f64 = token.parse().ok()?;
        match float.fract().partial_cmp(&0.0) {
            Some(Ordering::Equal) => {
                Some(Self(if float == 0.0 { "0".to_owned() } else { format!("{float:.0}") }))
            }
            Some(_) => number(Profile::Legacy, token).ok().map(|text| Self(text.into_owned())),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::bytes::Blob;
    use crate::json::{Document, ParserLimits};

    fn document(text: &str) -> Document {
        Document::parse(Blob::new(text.as_bytes().to_vec()), ParserLimits::default()).unwrap()
    }

    fn judge(equals: &str, ranges: &str, members: &str) -> bool {
        let predicate = document(&format!(
            r#"{{"version":"keel.scope_predicate.v1","operator":"and","equals":{equals},"ranges":{ranges}}}"#
        ));
        let record = document(&format!(
            r#"{{"event_id":"e","event_type":"t","chain_scope":"a:b","sequence_number":5,"created_at":"2026-01-02T00:00:00Z",
                "record_hash":"h","prev_hash":"p","chain_format_version":"v1"{members}}}"#
        ));
        let record = EvidenceRecord::parse(record.root(), "r").unwrap();
        matches(&Predicate::parse(predicate.root()).unwrap(), &record)
    }

    #[test]
    fn each_kind_follows_its_chain() {
        for (kind, payload) in [
            ("project_id", r#"{"project":{"id":"x"}}"#),
            ("project_id", r#"{"export":{"project_id":"x"}}"#),
            ("permit_id", r#"{"permit_uuid":"x"}"#),
            ("permit_id", r#"{"permit":{"id":"x"}}"#),
            ("request_id", r#"{"execution":{"request_id":"x"}}"#),
            ("category", r#"{"classification":{"category":"x"}}"#),
            ("severity", r#"{"incident":{"severity":"x"}}"#),
            ("decision_type", r#"{"decision":{"type":"x"}}"#),
            ("policy_id", r#"{"policy":{"id":"x"}}"#),
            ("provider", r#"{"model_provider":"x"}"#),
            ("provider", r#"{"metadata":{"provider":"x"}}"#),
            ("section", r#"{"report":{"section":"x"}}"#),
            ("export_type", r#"{"export":{"type":"x"}}"#),
        ] {
            let members = format!(",\"payload_json\":{payload}");
            assert!(judge(&format!("{{{kind:?}:\"x\"}}"), "{}", &members), "{kind} {payload}");
            assert!(!judge(&format!("{{{kind:?}:\"y\"}}"), "{}", &members), "{kind} {payload}");
        }
        // the first scalar counts, and containers and null are passed over
        assert!(!judge(
            r#"{"permit_id":"x"}"#,
            "{}",
            r#","payload_json":{"permit_id":"y","permit_uuid":"x"}"#
        ));
        assert!(judge(
            r#"{"permit_id":"x"}"#,
            "{}",
            r#","payload_json":{"permit_id":null,"permit_uuid":"x"}"#
        ));
        assert!(judge(
            r#"{"permit_id":"x"}"#,
            "{}",
            r#","payload_json":{"permit_id":{},"permit":{"id":"x"}}"#
        ));
        // members beside the payload count only as payload members, so the payload's own come first
        assert!(judge(r#"{"permit_id":"x"}"#, "{}", r#","permit_id":"x""#));
        assert!(!judge(r#"{"permit_id":"x"}"#, "{}", r#","permit_id":"x","payload_json":{"permit_id":"y"}"#));
        assert!(!judge(r#"{"permit_id":"x"}"#, "{}", r#","resource_type":"permit","resource_id":"x""#));
        assert!(!judge(r#"{"decision_type":"x"}"#, "{}", r#","decision_type":"x""#));
        assert!(judge(r#"{"event_type":"t"}"#, "{}", r#","payload_json":{"event_type":"other"}"#));
        assert!(judge("{}", "{}", ""));
    }

    #[test]
    fn absent_is_null_and_numbers_compare_by_value() {
        assert!(judge(r#"{"provider":null}"#, "{}", ""));
        assert!(judge(r#"{"provider":null}"#, "{}", r#","payload_json":{"provider":null}"#));
        assert!(!judge(r#"{"provider":null}"#, "{}", r#","provider":"x""#));
        for (expected, found, equal) in [
            ("1", "true", true),
            ("1.0", "1", true),
            ("0", "false", true),
            ("-0.0", "0", true),
            ("1e2", "100", true),
            ("0.5", "5e-1", true),
            ("1", "\"1\"", false),
            ("2", "true", false),
            ("9007199254740993", "9007199254740992.0", false),
            ("9007199254740992", "9007199254740992.0", true),
            ("100000000000000000000000", "1e23", false),
            ("1e400", "1e400", false),
        ] {
            let members = format!(",\"provider\":{found}");
            assert_eq!(
                judge(&format!("{{\"provider\":{expected}}}"), "{}", &members),
                equal,
                "{expected} {found}"
            );
        }
    }

    #[test]
    fn ranges_have_their_edges() {
        for (gte, lte, inside) in [(5, 5, true), (1, 4, false), (6, 9, false), (1, 5, true), (5, 9, true)] {
            let range = format!(r#"{{"sequence_number":{{"gte":{gte},"lte":{lte}}}}}"#);
            assert_eq!(judge("{}", &range, ""), inside, "{range}");
        }
        for (kind, gte, lt, inside) in [
            ("created_at", "2026-01-02T00:00:00Z", "2026-01-03", true),
            ("created_at", "2026-01-01", "2026-01-02T00:00:00Z", false),
            ("created_at", "2026-01-02T01:00:00+01:00", "2026-01-02T00:00:00.000001Z", true),
            ("created_at", "2026-01-03", "2026-01-01", false),
            ("occurred_at", "2026-01-02", "2026-01-03", true),
        ] {
            let range = format!(r#"{{{kind:?}:{{"gte":{gte:?},"lt":{lt:?}}}}}"#);
            assert_eq!(judge("{}", &range, ""), inside, "{range}");
        }
        let day = r#"{"occurred_at":{"gte":"2026-01-02","lt":"2026-01-03"}}"#;
        assert!(!judge("{}", day, r#","occurred_at":"2026-02-02""#));
        assert!(!judge("{}", day, r#","payload_json":{"event_time":"2026-02-02","timestamp":"2026-01-02"}"#));
        assert!(!judge("{}", day, r#","payload_json":{"occurred_at":"yesterday"}"#));
        assert!(!judge("{}", day, r#","payload_json":{"occurred_at":5}"#));
    }

    proptest! {
        #[test]
        fn a_sequence_range_is_an_interval(gte in -3i64..12, lte in -3i64..12) {
            prop_assume!(gte <= lte);
            let range = format!(r#"{{"sequence_number":{{"gte":{gte},"lte":{lte}}}}}"#);
            prop_assert_eq!(judge("{}", &range, ""), gte <= 5 && 5 <= lte);
        }

        #[test]
        fn a_text_matches_only_itself(value in "\\PC{0,12}", other in "\\PC{0,12}") {
            let quote = |text: &str| serde_json::to_string(text).unwrap();
            let members = format!(",\"payload_json\":{{\"policy\":{{\"id\":{}}}}}", quote(&value));
            let predicate = format!("{{\"policy_id\":{}}}", quote(&other));
            prop_assert_eq!(judge(&predicate, "{}", &members), value == other);
        }

        /// More conditions never let more records in.
        #[test]
        fn conditions_only_narrow(severity in prop::sample::select(vec!["info", "warn"]), provider in prop::sample::select(vec!["a", "b"])) {
            let members = r#","payload_json":{"severity":"info","provider":"a"}"#;
            let one = judge(&format!("{{\"severity\":{severity:?}}}"), "{}", members);
            let both = judge(&format!("{{\"severity\":{severity:?},\"provider\":{provider:?}}}"), "{}", members);
            prop_assert!(one || !both);
            prop_assert_eq!(both, severity == "info" && provider == "a");
        }
    }
}
