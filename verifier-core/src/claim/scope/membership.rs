//! The commitment profile `keel.scope_state.merkle.v1` over evidence records (spec 12 section 12.3).
//!
//! ```text
//! leaf data = legacy canonical {"canonical_predicate_value_hash", "event_id", "record_hash", "sequence_number"}
//! order     = sequence number, then event id, then record hash, texts by code point
//! root      = "sha256:" + hex of the RFC 6962 root
//! ```
//!
//! Event id, record hash and sequence number go in as the record states them.

use crate::canon::{CanonError, ObjectBuilder, Profile};
use crate::crypto::prefixed;
use crate::format::scope::EvidenceRecord;
use crate::json::Value;
use crate::merkle::rfc6962;

/// A member of the tree, as its record or a reference to it states it.
pub(crate) trait Member {
    /// Event id, record hash and sequence number.
    fn leaf(&self) -> (&str, &str, Value<'_>);
}

impl Member for EvidenceRecord<'_> {
    fn leaf(&self) -> (&str, &str, Value<'_>) {
        (&self.event_id, &self.record_hash, self.sequence_value)
    }
}

/// Sorts records into the order of the profile.
pub(super) fn sort(records: &mut [&EvidenceRecord<'_>]) {
    records.sort_by(|left, right| left.order().cmp(&right.order()));
}

/// The membership root of members that are in order.
///
/// # Errors
/// [`CanonError`] when a member has no canonical form.
pub(crate) fn root<M: Member>(predicate_hash: &str, members: &[&M]) -> Result<String, CanonError> {
    let mut leaves = Vec::with_capacity(members.len());
    for member in members {
        leaves.push(rfc6962::leaf_hash(&leaf_data(predicate_hash, *member)?));
    }
    Ok(prefixed(&rfc6962::root(leaves)))
}

fn leaf_data(predicate_hash: &str, member: &impl Member) -> Result<Vec<u8>, CanonError> {
    let (event_id, record_hash, sequence_number) = member.leaf();
    let mut leaf = ObjectBuilder::new(Profile::Legacy);
    leaf.text("canonical_predicate_value_hash", predicate_hash)
        .text("event_id", event_id)
        .text("record_hash", record_hash)
        .value("sequence_number", sequence_number)?;
    Ok(leaf.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::{Blob, hex};
    use crate::crypto::sha256;
    use crate::json::{Document, ParserLimits};

    fn documents(members: &[(String, String, i64)]) -> Vec<Document> {
        members
            .iter()
            .map(|(id, hash, sequence)| {
                let text = format!(
                    r#"{{"event_id":{id:?},"event_type":"t","chain_scope":"a:b","sequence_number":{sequence},
                        "created_at":"2026-01-01","record_hash":{hash:?},"prev_hash":"p","chain_format_version":"v1"}}"#
                );
                Document::parse(Blob::new(text.into_bytes()), ParserLimits::default()).unwrap()
            })
            .collect()
    }

    fn root_of(predicate_hash: &str, members: &[(String, String, i64)]) -> String {
        let documents = documents(members);
        let records: Vec<_> =
            documents.iter().map(|item| EvidenceRecord::parse(item.root(), "r").unwrap()).collect();
        let mut order: Vec<_> = records.iter().collect();
        sort(&mut order);
        root(predicate_hash, &order).unwrap()
    }

    /// Spec 04 section 5.4.
    #[test]
    fn three_members() {
        let hash = "sha256:e948509f792bcaf8f62a1f6a697684ac706020c63372c2164c35699d05f50cb4";
        let members: Vec<_> =
            [5, 1, 3].iter().map(|n| (format!("evt_00{n}"), format!("{n:064}"), *n)).collect();
        assert_eq!(
            root_of(hash, &members),
            "sha256:79ed9ae1752140733e4a271f83780dcf1a3122d174b7e6104657aa1441da5c3e"
        );
        let documents = documents(&members);
        let leaf = |index: usize| {
            let record = EvidenceRecord::parse(documents[index].root(), "r").unwrap();
            let data = leaf_data(hash, &record).unwrap();
            (String::from_utf8(data.clone()).unwrap(), hex::encode(&rfc6962::leaf_hash(&data)))
        };
        assert_eq!(
            leaf(1),
            (
                r#"{"canonical_predicate_value_hash":"sha256:e948509f792bcaf8f62a1f6a697684ac706020c63372c2164c35699d05f50cb4","event_id":"evt_001","record_hash":"0000000000000000000000000000000000000000000000000000000000000001","sequence_number":1}"#.to_owned(),
                "a39eb44b987a523582fe697e9f3b739041ed30ae9f136989b70fe016efe534ae".to_owned()
            )
        );
        assert_eq!(leaf(2).1, "d53cbe1cf054cd54a129ff767b76946ddb8eaff034b99b6d1a15ef21d79b93ce");
        assert_eq!(leaf(0).1, "af274a3f61c7e95c041ef45c6ea5cd16ce969d30c85ac218115071bb9fe52264");
    }

    /// Spec 12 section 12.8, root table.
    #[test]
    fn zero_to_eight_members() {
        let hash = "sha256:041226ce91f4c049f6da640cace2475cb53e01f56d110c33a5b9e3acbd318b40";
        let members: Vec<_> = (1..=8)
            .map(|n: i64| (format!("evt_{n}"), hex::encode(&sha256(format!("r{n}").as_bytes())), n))
            .collect();
        for (count, root) in [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "d8e99d7550abd5dda8942d2341334ac52ea049432b9a6796580a8c775666198a",
            "cec6a82cc4ffba78b607aa9be4028b1e533ea980bfaf4d9befd307ad8312bc54",
            "65be67eaa345c6137c13c48aa65153b81a57f1b124bf7efe820e1bab041c03d5",
            "5fa863f55dce2437e77766269e1d2c24da90405e3b79e44b59b5732b2923bca2",
            "8584d3d48b56319aca7f9e9ef546a9a1faf193d1f7a5ea1e8d0b4af7b47c0d25",
            "c6f0281b7723845f732f6827cba12a4321ca85cad718f598cf2bb4932d6c5e3c",
            "a64058ec5fe4134226bc9b1a1423521038df7dcbe638a37b223bd47641eebbcf",
            "26018b373fb44e3aaf725f7dab037f412484291f46a9cda68f3df3e8db5b64ed",
        ]
        .iter()
        .enumerate()
        {
            let mut some = members[..count].to_vec();
            some.reverse();
            assert_eq!(root_of(hash, &some), format!("sha256:{root}"), "{count}");
        }
    }
}
