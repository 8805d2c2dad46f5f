//! The declared scope of an export, judged by [`crate::claim::scope`].
//!
//! The records are read a second time for it, because the check compares each of them with what the declaration
//! discloses, and a large export's records are not kept.

use super::{Export, STREAMED};
use crate::archive::Siblings;
use crate::claim::name;
use crate::claim::scope::{self, Explicit, RecordRow, RecordRows, ScopeFacts, ScopeInput};
use crate::evidence::Fields;
use crate::evidence::stream::{self, Item, Origin, Settings, Visitor};
use crate::finding::{Effect, Finding, Location, catalog};
use crate::json::Value;
use crate::report::ReportBuilder;

/// Runs the check where the payload declares a scope or the claim is asked for.
pub(super) fn check(export: &Export<'_>, out: &mut ReportBuilder) -> ScopeFacts {
    let by_operator = export.policy.require.contains(name::SCOPE_FAITHFULNESS);
    let requested = export.requested(name::SCOPE_FAITHFULNESS, by_operator);
    let fields = export.fields();
    let has_records = fields.is_some_and(|fields| fields.count("records").is_some());
    let records = Records { export };
    let beside = export.set.manifest.as_ref().unwrap_or(&export.set.payload);
    let [sidecar, checkpoint] = [&export.set.sidecar, &export.set.checkpoint].map(|part| {
        let part = part.as_ref()?;
        let blob = part.entry.read(export.policy.limits.document_bytes);
        match blob {
            Ok(blob) => Some((part.label.as_str(), blob)),
            Err(error) => {
                let finding =
                    Finding::new(&catalog::input::INPUT_UNREADABLE, Effect::Unreadable, error.to_string());
                out.finding(finding.at(Location::file(&part.label)));
                None
            }
        }
    });
    let named = export.policy.checkpoint.as_ref().and_then(|file| match &file.content {
        Ok(blob) => Some(Explicit { name: &file.name, blob }),
        Err(why) => {
            let finding = Finding::new(&catalog::input::INPUT_UNREADABLE, Effect::Unreadable, why.as_str());
            out.finding(finding.at(Location::file(&file.name)));
            None
        }
    });
    let input = ScopeInput {
        export: fields.map(|fields| -> &dyn Fields { fields }),
        manifest: export.manifest.map(super::Manifest::root),
        siblings: &*beside.siblings,
        parent: beside.above.as_deref().map(|above| -> &dyn Siblings { above }),
        sidecar: sidecar.as_ref().map(|(name, blob)| Explicit { name, blob }),
        checkpoint: checkpoint.as_ref().map(|(name, blob)| Explicit { name, blob }).or(named),
        keys: export.binding_keys,
        records: has_records.then_some(&records),
        requested,
        limits: &export.policy.limits,
        file: export.payload_label(),
    };
    scope::check(&input, out)
}

/// The top-level records, read again when they are asked for.
struct Records<'r, 'e> {
    export: &'r Export<'e>,
}

struct Row {
    scope: Option<String>,
    sequence: Option<i64>,
    event_id: Option<String>,
    record_hash: Option<String>,
}

struct RowVisitor;

impl Visitor for RowVisitor {
    type Row = Row;

    fn visit(&self, item: Item<'_>) -> Row {
        let text = |name: &str| item.value.member_text(name).map(std::borrow::Cow::into_owned);
        Row {
            scope: text("chain_scope").filter(|scope| !scope.is_empty()),
            sequence: item.value.member("sequence_number").and_then(Value::as_i64),
            event_id: text("event_id"),
            record_hash: text("record_hash"),
        }
    }
}

impl RecordRows for Records<'_, '_> {
    fn for_each(&self, visit: &mut dyn FnMut(RecordRow<'_>)) {
        let policy = self.export.policy;
        let settings =
            Settings { limits: &policy.limits, workers: policy.workers, arrays: STREAMED, predict: false };
        let Ok(source) = self.export.set.payload.entry.open() else { return };
        let mut collect = |origin: Origin, rows: &mut Vec<Row>| {
            for row in rows.iter().filter(|_| origin == Origin::Array(0)) {
                visit(RecordRow {
                    chain_scope: row.scope.as_deref(),
                    sequence_number: row.sequence,
                    event_id: row.event_id.as_deref(),
                    record_hash: row.record_hash.as_deref(),
                });
            }
        };
        // A second reading that fails shows fewer records than are disclosed, which the check reports.
        let _ = stream::run(source, settings, &RowVisitor, &mut collect, &|_| true).map(drop);
    }
}
