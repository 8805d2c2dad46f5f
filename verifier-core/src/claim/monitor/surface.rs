//! The document's own rules, then those of the heads noted before (spec 15 sections 1.4 and 1.9).

use std::collections::{BTreeMap, BTreeSet};

use super::reference::{Reference, hash, size};
use super::witness::Witnesses;
use super::{Expectation, Observation};
use crate::claim::export::anomaly_findings;
use crate::crypto::prefixed;
use crate::finding::{Code, Finding, Location, catalog};
use crate::json::{Document, ParserLimits, Value};
use crate::merkle::rfc6962::{CompactRange, Hash};

use catalog::monitor as code;

const SURFACE: &str = "keel.checkpoint_consistency_surface.v1";
const LOG: &str = "keel.checkpoint_log.v1";
const PROOF: &str = "keel.checkpoint_log.full_prefix_merkle.v1";

/// Findings that are kept; a document can have as many faults as leaves.
const MAX_FINDINGS: usize = 200;

struct Judge<'a> {
    file: &'a str,
    findings: Vec<Finding>,
    more: u64,
}

impl Judge<'_> {
    fn fails(&mut self, code: &'static Code, at: Value<'_>, message: impl Into<String>) {
        self.push(at, Finding::disproves(code, message));
    }

    fn push(&mut self, at: Value<'_>, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding.at(Location::value(self.file, at)));
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// The findings, the last of them with the number of those that were not kept.
    fn finish(mut self) -> Vec<Finding> {
        if let Some(last) = self.findings.last_mut().filter(|_| self.more > 0) {
            last.message.push_str(&format!(" (and {} further findings)", self.more));
        }
        self.findings
    }
}

pub(super) fn judge(
    file: &str,
    document: &Document,
    expectation: &Expectation,
    limits: ParserLimits,
) -> Observation {
    let root = document.root();
    let anomalies: Vec<Finding> = anomaly_findings(document, file, 20).take(20).collect();
    let mut judge = Judge { file, findings: anomalies, more: 0 };
    if !root.member("surface_version").is_some_and(|version| version.is_text(SURFACE)) {
        judge.fails(&code::MONITOR_SURFACE_INVALID, root, format!("surface_version is not {SURFACE}"));
    }
    let Some(proof) = root.member("proof").and_then(Value::as_object) else {
        judge.fails(&code::MONITOR_PROOF_INVALID, root, "missing consistency proof");
        return Observation {
            findings: judge.finish(),
            from_size: 0,
            to_size: 0,
            roots: None,
            has_proof: false,
            proved: None,
        };
    };
    if !proof.member("proof_type").is_some_and(|kind| kind.is_text(PROOF)) {
        judge.fails(&code::MONITOR_SURFACE_INVALID, proof, "unsupported consistency proof type");
    }
    let window = window(proof);
    if window.is_none() {
        judge.fails(&code::MONITOR_PROOF_INVALID, proof, "invalid consistency proof window");
    }
    let (from_size, to_size) = window.unwrap_or_default();
    let leaves = leaves(&mut judge, proof, to_size);
    let sizes = expectation.references.iter().map(|reference| reference.size);
    let roots = leaves.as_deref().map(|leaves| roots(leaves, sizes.chain([from_size, to_size]).collect()));
    let head = roots.as_ref().and_then(|roots| Some((*roots.get(&from_size)?, *roots.get(&to_size)?)));
    if let Some((from, to)) = head.filter(|_| window.is_some()) {
        for (name, computed) in [("from_root_hash", from), ("to_root_hash", to)] {
            if proof.member(name).and_then(hash) != Some(computed) {
                let finding = Finding::disproves(&code::MONITOR_ROOT_MISMATCH, format!("{name} mismatch"))
                    .fact("stated", proof.member_text(name).unwrap_or_default())
                    .fact("computed", prefixed(&computed));
                judge.push(proof, finding);
            }
        }
        heads(&mut judge, root, to_size, &to);
    }
    for reference in &expectation.references {
        extends(&mut judge, proof, to_size, reference, roots.as_ref());
    }
    let mut witnesses = Witnesses::new(expectation, limits);
    judge.findings.append(&mut witnesses.findings);
    entries(&mut judge, root, proof, to_size, &witnesses);
    let failed = !judge.findings.iter().all(|finding| finding.effect.verdict().is_none());
    let note = "the document carries no signed head: whoever serves it chose leaves and roots";
    let mut findings = judge.finish();
    findings.push(Finding::notes(&code::MONITOR_HEAD_UNSIGNED, note).at(Location::file(file)));
    let proved = head.filter(|_| !failed).map(|(_, root)| Reference {
        source: "the proved head".to_owned(),
        size: to_size,
        root,
    });
    Observation {
        findings,
        from_size,
        to_size,
        roots: head.map(|(from, to)| (prefixed(&from), prefixed(&to))),
        has_proof: true,
        proved,
    }
}

fn window(proof: Value<'_>) -> Option<(u64, u64)> {
    let (from, to) = (size(proof.member("from_size")?)?, size(proof.member("to_size")?)?);
    (from <= to).then_some((from, to))
}

/// The leaf hashes, when there are as many as the proof says and each is one.
fn leaves(judge: &mut Judge<'_>, proof: Value<'_>, to_size: u64) -> Option<Vec<Hash>> {
    let list = proof.member("leaf_hashes").and_then(Value::as_array);
    let Some(list) = list.filter(|list| u64::try_from(list.len()).is_ok_and(|count| count == to_size)) else {
        let message = "leaf_hashes length does not match to_size";
        judge.fails(&code::MONITOR_PROOF_INVALID, proof, message);
        return None;
    };
    let mut leaves = Vec::with_capacity(list.len());
    for leaf in list.items() {
        let Some(leaf) = hash(leaf) else {
            let message = "a leaf hash is not sha256: and 64 lower-case hexadecimal digits";
            judge.fails(&code::MONITOR_PROOF_INVALID, leaf, message);
            return None;
        };
        leaves.push(leaf);
    }
    Some(leaves)
}

/// Roots at the wanted sizes, as far as the leaves reach; one pass.
fn roots(leaves: &[Hash], wanted: BTreeSet<u64>) -> BTreeMap<u64, Hash> {
    let mut range = CompactRange::default();
    let mut roots = BTreeMap::new();
    let mut note = |range: &CompactRange| {
        if wanted.contains(&range.size()) {
            roots.insert(range.size(), range.root());
        }
    };
    note(&range);
    for leaf in leaves {
        range.push(*leaf);
        note(&range);
    }
    roots
}

/// The two heads that the document states beside the proof.
fn heads(judge: &mut Judge<'_>, document: Value<'_>, to_size: u64, to_root: &Hash) {
    for name in ["tree_head", "requested_tree_head"] {
        let Some(head) = document.member(name).and_then(Value::as_object) else {
            judge.fails(&code::MONITOR_HEAD_MISMATCH, document, format!("{name} is missing"));
            continue;
        };
        if !head.member("version").is_some_and(|version| version.is_text(LOG)) {
            judge.fails(&code::MONITOR_SURFACE_INVALID, head, format!("{name}.version is not {LOG}"));
        }
        let stated = (head.member("tree_size").and_then(size), head.member("root_hash").and_then(hash));
        let (Some(stated_size), Some(stated_root)) = stated else {
            judge.fails(&code::MONITOR_HEAD_MISMATCH, head, format!("{name} has no size and root"));
            continue;
        };
        let message = if name == "requested_tree_head" && stated_size != to_size {
            "requested tree_size mismatch"
        } else if name == "requested_tree_head" && stated_root != *to_root {
            "requested root_hash mismatch"
        } else if stated_size < to_size {
            "tree_head is smaller than the proved head"
        } else if stated_size == to_size && stated_root != *to_root {
            "tree_head contradicts the proved head of its size"
        } else {
            continue;
        };
        judge.fails(&code::MONITOR_HEAD_MISMATCH, head, message);
    }
}

/// Entries, where there are any: each must be the leaf at its place.
fn entries(
    judge: &mut Judge<'_>,
    document: Value<'_>,
    proof: Value<'_>,
    to_size: u64,
    witnesses: &Witnesses,
) {
    let stated = document.present("entries");
    let Some(list) = stated.and_then(Value::as_array) else {
        if stated.is_some() {
            judge.fails(&code::MONITOR_SURFACE_INVALID, document, "entries is no list");
        }
        if witnesses.are_required() {
            let message = "entries are required for Rekor enforcement";
            judge.push(document, Finding::lacks(&code::MONITOR_REKOR_MISSING, message));
        }
        return;
    };
    let leaves = proof.member("leaf_hashes").and_then(Value::as_array);
    if !list.is_empty() && !u64::try_from(list.len()).is_ok_and(|count| count == to_size) {
        let message = "there are not as many entries as leaves, so an entry cannot be held against its leaf";
        judge.fails(&code::MONITOR_ENTRY_MISMATCH, list, message);
    }
    let mut leaves = leaves.map(Value::items).into_iter().flatten();
    for (position, entry) in list.items().enumerate() {
        let leaf = leaves.next();
        if !entry.is_object() {
            let message = format!("entry {position} is not an object");
            judge.fails(&code::MONITOR_ENTRY_MISMATCH, entry, message);
            continue;
        }
        let own = entry.member("leaf_hash").and_then(hash);
        if own.is_none() || own != leaf.and_then(hash) {
            let message = format!("entry {position}: leaf_hash is not the leaf of the proof at its place");
            judge.fails(&code::MONITOR_ENTRY_MISMATCH, entry, message);
        }
        if witnesses.are_required() {
            let findings = witnesses.check(position, entry, own.as_ref());
            findings.into_iter().for_each(|finding| judge.push(entry, finding));
        }
    }
    if witnesses.are_required() && list.is_empty() {
        let message = "no entry, so no entry is witnessed";
        judge.push(list, Finding::lacks(&code::MONITOR_REKOR_MISSING, message));
    }
}

/// The log must extend a head that was noted before.
fn extends(
    judge: &mut Judge<'_>,
    proof: Value<'_>,
    to_size: u64,
    reference: &Reference,
    roots: Option<&BTreeMap<u64, Hash>>,
) {
    let what = &reference.source;
    let finding = if to_size < reference.size {
        let message = format!("checkpoint log tree_size is below customer pin ({what})");
        Finding::disproves(&code::MONITOR_ROLLBACK, message)
            .fact("noted size", reference.size.to_string())
            .fact("size", to_size.to_string())
    } else {
        match roots.and_then(|roots| roots.get(&reference.size)) {
            Some(root) if *root == reference.root => return,
            Some(root) => {
                let message = format!("customer-pinned checkpoint root mismatch ({what})");
                Finding::disproves(&code::MONITOR_FORK, message)
                    .fact("noted", prefixed(&reference.root))
                    .fact("computed", prefixed(root))
            }
            None => Finding::lacks(
                &code::MONITOR_PROOF_INVALID,
                format!("could not recompute pinned root ({what}): the leaf hashes are not usable"),
            ),
        }
    };
    judge.push(proof, finding);
}
