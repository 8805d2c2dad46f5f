//! What is cut out of an export: raw bytes, and leaves as the trees have them.

use std::collections::BTreeSet;

use crate::canon::{self, Profile};
use crate::claim::closure::named_permit;
use crate::claim::export::excerpt::{record_leaf, record_permit};
use crate::claim::tlog;
use crate::evidence::Fields;
use crate::evidence::stream::{Item, Origin, StreamedObject, Visitor};
use crate::json::Value;
use crate::merkle::rfc6962::Hash;

/// A record, or an entry at the top.
pub(super) struct Cut {
    /// The permit that it is about.
    pub(super) permit: String,
    /// Position in its array.
    pub(super) index: u64,
    /// As the export has it.
    pub(super) raw: Vec<u8>,
    pub(super) entries: Vec<Entry>,
}

/// A chain entry.
pub(super) struct Entry {
    pub(super) event_id: String,
    /// As the log has it; empty where there is no canonical form, which no proof leads to.
    pub(super) canonical: Vec<u8>,
}

pub(super) struct Row {
    pub(super) cut: Option<Cut>,
    /// Of a whole record.
    pub(super) leaf: Option<Hash>,
}

pub(super) struct CutVisitor<'a> {
    pub(super) permits: &'a BTreeSet<String>,
    pub(super) all_leaves: bool,
}

impl Visitor for CutVisitor<'_> {
    type Row = Row;

    fn visit(&self, item: Item<'_>) -> Row {
        let is_record = item.origin == Origin::Array(0);
        let permit = if is_record {
            record_permit(item.value)
        } else {
            named_permit(item.value).map(|permit| permit.to_string())
        };
        let permit = permit.filter(|permit| self.permits.contains(permit));
        Row {
            leaf: (is_record && self.all_leaves).then(|| record_leaf(item)).flatten(),
            cut: permit.map(|permit| Cut {
                permit,
                index: item.index,
                raw: item.value.raw().to_vec(),
                entries: tlog::entries(item).into_iter().map(|(entry, _)| self::entry(entry)).collect(),
            }),
        }
    }
}

fn entry(entry: Value<'_>) -> Entry {
    Entry {
        event_id: entry.member("event_id").and_then(Value::text).unwrap_or_default().into_owned(),
        canonical: canon::to_bytes(Profile::Legacy, entry).unwrap_or_default(),
    }
}

/// Whether the export has records of permits with their chain entries.
pub(super) fn is_bundle(fields: &StreamedObject) -> bool {
    fields.text("bundle_type").as_deref() == Some("audit_export_bundle")
        && fields.member("schema_version").and_then(Value::as_i64) == Some(2)
        && fields.member("include_chain_entries").and_then(Value::as_bool) == Some(true)
}
