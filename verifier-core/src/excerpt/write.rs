//! An excerpt as bytes. The same export, permits and key give the same bytes.

use serde_json::json;

use super::{Cut, Tree, Whole};
use crate::bytes::{Blob, base64};
use crate::format::excerpt::FORMAT;
use crate::tlog::proof::{Path, SINGLE};

pub(super) fn document(cut: &Whole, trees: &[Tree], key_manifest: Option<&Blob>) -> Vec<u8> {
    let source = &cut.source;
    let stated = json!({
        "name": source.name, "sha256": source.sha256, "bytes": source.bytes, "records": source.records,
    });
    let trees: Vec<serde_json::Value> = trees
        .iter()
        .map(|tree| {
            json!({
                "of": tree.of.as_str(),
                "indexes": tree.indexes,
                "hashes": tree.hashes.iter().map(|hash| base64::encode(hash)).collect::<Vec<_>>(),
                "head": tree.head,
            })
        })
        .collect();
    let mut out = Vec::new();
    out.extend(format!("{{\"format\":\"{FORMAT}\",\n\"excerpt\":{{\"source\":{stated},\n").bytes());
    if let Some(manifest) = key_manifest {
        out.extend_from_slice(b"\"key_manifest\":");
        out.extend_from_slice(manifest.as_slice().trim_ascii());
        out.extend_from_slice(b",\n");
    }
    out.extend(format!("\"trees\":{}}},\n", serde_json::Value::from(trees)).bytes());
    out.extend_from_slice(
        b"\"bundle_type\":\"audit_export_bundle\",\"schema_version\":2,\"include_chain_entries\":true,\n",
    );
    if let Some(top) = &cut.top {
        array("chain_entries", top, &mut out);
        out.extend_from_slice(b",\n");
    }
    array("records", &cut.records, &mut out);
    out.extend_from_slice(b"}\n");
    out
}

fn array(name: &str, items: &[Cut], out: &mut Vec<u8>) {
    out.extend(format!("\"{name}\":[").bytes());
    for (at, item) in items.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        out.extend_from_slice(&item.raw);
    }
    out.extend_from_slice(b"]");
}

/// A C2SP tlog-proof file.
pub(super) fn single(path: &Path, head: &str) -> String {
    let hashes: String = path.hashes.iter().map(|hash| base64::encode(hash) + "\n").collect();
    format!("{SINGLE}\nindex {}\n{hashes}\n{head}", path.index)
}
