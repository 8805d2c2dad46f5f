//! Excerpts of an export ([`crate::format::excerpt`]): some records, and a signed tree head that they are under.
//!
//! | claim | supported when |
//! | --- | --- |
//! | `transparency_log.inclusion.v1` | every chain entry, payload included, is under a head that a trusted log signed |
//! | `excerpt.records.v1` | every whole record is under a head that the maker signed, for the export of the stated digest |
//! | `excerpt.entries.v1` | every entry hashes to its record hash, and neighbours are linked |
//!
//! Decisions and closures are judged as in an export. The chain is not walked: an excerpt is made of gaps. What an excerpt
//! cannot show, and the report says so: that the records were chosen without regard to what they say, and that no other
//! entry is about their permits.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::record::RecordVisitor;
use super::{Export, STREAMED, key_ring, permit, read_payload, report_text_faults, unjudged};
use crate::archive::{Entry, GivenSiblings};
use crate::canon::{self, Profile};
use crate::claim::tlog::{self, INCLUSION, Leaf};
use crate::claim::{closure, name, walk};
use crate::evidence::stream::{self, Decoded, Item, Origin, Settings, StreamError, Streamed, Visitor};
use crate::evidence::{ExportSet, Fields, Layer, Part, Progress};
use crate::finding::catalog::{excerpt as code, input, tlog as tlog_code};
use crate::finding::{Code, Effect, Finding, Location, Verdict};
use crate::format::excerpt::{Excerpt, FORMAT, Of, RECORDS_LINE, Tree};
use crate::json::Value;
use crate::merkle::multiproof::{self, MultiproofError};
use crate::merkle::rfc6962::{Hash, ProofError, leaf_hash};
use crate::report::{FileSummary, ReportBuilder, Requested, Subject};
use crate::tlog::Note;
use crate::trust::TrustPolicy;

const STEP: &str = "excerpt.proof";
const TITLE: &str = "the excerpt under its signed tree head";

/// Verifies an excerpt.
pub(crate) fn verify(part: &Part, policy: &TrustPolicy, progress: &dyn Progress, out: &mut ReportBuilder) {
    out.artifact.kind = "excerpt".to_owned();
    progress.layer(Layer::Bytes);
    let limit = policy.limits.document_bytes;
    if part.entry.size() > limit {
        let message = format!("an excerpt is one document, and this one is larger than {limit} bytes");
        let finding = Finding::new(&input::INPUT_LIMIT_EXCEEDED, Effect::Unreadable, message);
        return out.finding(finding.at(Location::file(&part.label)));
    }
    let Some(read) = Read::run(part, policy, out) else { return };
    let (excerpt, key_manifest) = match read.excerpt() {
        Ok(parts) => parts,
        Err(why) => {
            let place = Location::file(&part.label).pointing("/excerpt");
            return out.finding(Finding::disproves(&code::EXCERPT_MALFORMED, why).at(place));
        }
    };
    let key_manifest = key_manifest.map(|bytes| {
        let label = format!("{}#/excerpt/key_manifest", part.label);
        let entry = Entry::from_bytes(&label, bytes.to_vec());
        Part { label, entry, siblings: Arc::new(GivenSiblings::default()), above: None }
    });
    let set = ExportSet { key_manifest, ..ExportSet::new(part.clone(), None) };
    let keys = key_ring(&set, policy, out);
    let binding_keys = keys.for_bindings(policy);
    let semantics = crate::registry::resolve(None, &*part.siblings, &policy.limits);
    out.semantics = semantics.summary.clone();
    let visitor = RecordVisitor::new(&binding_keys);
    let Some((streamed, collected)) = read_payload(&set, policy, progress, &visitor, out) else { return };
    if streamed.sha256 != read.streamed.sha256 {
        let message = "the file changed between two passes over it";
        let finding = Finding::new(&code::EXCERPT_CHANGED_WHILE_READ, Effect::Unreadable, message);
        return out.finding(finding.at(Location::file(&part.label)));
    }
    let export = Export {
        set: &set,
        policy,
        manifest: None,
        streamed: &streamed,
        keys: &keys,
        binding_keys: &binding_keys,
        semantics: &semantics,
    };
    out.artifact.files.push(FileSummary {
        role: "excerpt",
        path: part.label.clone(),
        sha256: Some(crate::crypto::prefixed(&streamed.sha256)),
        bytes: Some(streamed.stored_bytes),
    });
    out.has_fields_of("excerpt");
    report_text_faults(&export, out);
    progress.layer(Layer::Log);
    prove(&export, &excerpt, &read, out);
    progress.layer(Layer::Signatures);
    let (decided, undecided) = (collected.permits.decided(), collected.permits.undecided());
    permit::check(&export, collected.permits, out);
    if undecided > 0 {
        // A log takes what it is given; whose decisions these are only their signatures say.
        let message = format!("{undecided} decisions of the excerpt are not those of a trusted issuer");
        let finding = Finding::lacks(&code::EXCERPT_DECISION_NOT_ESTABLISHED, message);
        out.finding(finding.on(name::PERMIT_DECISION).at(Location::file(&part.label)));
    }
    unjudged::report(&export, collected.unjudged, out);
    progress.layer(Layer::Chain);
    walk::check_excerpt(&export, collected.chain, out);
    progress.layer(Layer::Closures);
    closure::check(&export, collected.closures, out);
    semantics.annotate(out);
    limits_of_the_evidence(&excerpt, &read, &decided, out);
}

/// The first pass: what ties the excerpt, and the leaves.
struct Read {
    streamed: Streamed,
    /// Of the entries, top-level ones first.
    top: Vec<Leaf>,
    nested: Vec<Leaf>,
    /// Of the whole records; `None` where one has no canonical form.
    records: Vec<Option<Hash>>,
    /// The permits that they name.
    permits: Vec<Option<String>>,
}

impl Read {
    fn run(part: &Part, policy: &TrustPolicy, out: &mut ReportBuilder) -> Option<Self> {
        let settings =
            Settings { limits: &policy.limits, workers: policy.workers, arrays: STREAMED, predict: false };
        let (mut top, mut nested) = (Vec::new(), Vec::new());
        let (mut records, mut permits) = (Vec::new(), Vec::new());
        let mut collect = |origin: Origin, rows: &mut Vec<Row>| {
            for row in rows.drain(..) {
                if origin == Origin::Array(1) {
                    top.extend(row.leaves);
                } else {
                    nested.extend(row.leaves);
                    records.push(row.record);
                    permits.push(row.permit);
                }
            }
        };
        let open = part.entry.open().map_err(|error| StreamError::Read(std::io::Error::other(error)));
        let result =
            open.and_then(|source| stream::run(source, settings, &ExcerptVisitor, &mut collect, &|_| true));
        match result {
            Ok(streamed) => Some(Self { streamed, top, nested, records, permits }),
            Err(error) => {
                let code = match error {
                    StreamError::Limit(_) => &input::INPUT_LIMIT_EXCEEDED,
                    _ => &input::INPUT_UNREADABLE,
                };
                let finding = Finding::new(code, Effect::Unreadable, error.to_string());
                out.finding(finding.at(Location::file(&part.label)));
                None
            }
        }
    }

    /// What ties the excerpt, and the bytes of the key manifest.
    fn excerpt(&self) -> Result<(Excerpt, Option<&[u8]>), String> {
        let Decoded::Object(fields) = &self.streamed.decoded else {
            return Err("the file is no JSON object".to_owned());
        };
        if fields.member("format").is_none_or(|format| !format.is_text(FORMAT)) {
            return Err(format!("the format is not {FORMAT}"));
        }
        let member = fields.member("excerpt").ok_or("the member \"excerpt\" is missing")?;
        // By these members closures and entries are found, so nothing else may stand there.
        let is_bundle = fields.text("bundle_type").as_deref() == Some("audit_export_bundle")
            && fields.member("schema_version").and_then(Value::as_i64) == Some(2)
            && fields.member("include_chain_entries").and_then(Value::as_bool) == Some(true);
        if !is_bundle {
            return Err("bundle_type, schema_version and include_chain_entries are not those of an excerpt"
                .to_owned());
        }
        if fields.count("records").is_none() {
            return Err("records must be a list".to_owned());
        }
        if fields.has("chain_entries") && fields.count("chain_entries").is_none() {
            return Err("chain_entries must be a list".to_owned());
        }
        let excerpt = Excerpt::read(member, fields.names())?;
        Ok((excerpt, Excerpt::key_manifest(member)))
    }

    fn leaves(&self, of: Of) -> Vec<Option<Hash>> {
        match of {
            Of::Entries => self.top.iter().chain(&self.nested).map(|leaf| leaf.hash).collect(),
            Of::Records => self.records.clone(),
        }
    }
}

/// What stays of a record or a top-level entry.
struct Row {
    leaves: Vec<Leaf>,
    record: Option<Hash>,
    permit: Option<String>,
}

struct ExcerptVisitor;

impl Visitor for ExcerptVisitor {
    type Row = Row;

    fn visit(&self, item: Item<'_>) -> Row {
        Row { leaves: tlog::leaves(item), record: record_leaf(item), permit: record_permit(item.value) }
    }
}

/// The permit of a record.
pub(crate) fn record_permit(record: Value<'_>) -> Option<String> {
    record.path(&["permit", "id"])?.non_empty_text().map(Cow::into_owned)
}

/// The leaf of a whole record.
pub(crate) fn record_leaf(item: Item<'_>) -> Option<Hash> {
    canon::to_bytes(Profile::Legacy, item.value).ok().map(|bytes| leaf_hash(&bytes))
}

/// Judges every tree of the excerpt.
fn prove(export: &Export<'_>, excerpt: &Excerpt, read: &Read, out: &mut ReportBuilder) {
    if excerpt.trees.is_empty() {
        out.skipped(STEP, TITLE, "there is no tree head");
        out.claim(INCLUSION, Requested::Evidence);
        let message = "no signed tree head is in the excerpt";
        let finding = Finding::lacks(&code::EXCERPT_NOT_TIED, message);
        return out.unsupported(
            INCLUSION,
            subject(export),
            finding.at(Location::file(export.payload_label())),
        );
    }
    for (at, tree) in excerpt.trees.iter().enumerate() {
        let place = Location::file(export.payload_label()).pointing(format!("/excerpt/trees/{at}"));
        // Without a log the maker's word is all there is, so it is demanded.
        let (claim, requested) = match tree.of {
            Of::Entries => (INCLUSION, Requested::Evidence),
            Of::Records if excerpt.tree(Of::Entries).is_some() => {
                (name::EXCERPT_RECORDS, Requested::Automatic)
            }
            Of::Records => (name::EXCERPT_RECORDS, Requested::Evidence),
        };
        out.claim(claim, requested);
        if let Err(finding) = judge(export, excerpt, tree, claim, &place, &read.leaves(tree.of), out) {
            out.unsupported(claim, subject(export), finding.at(place));
        }
    }
}

fn subject(export: &Export<'_>) -> Subject {
    Subject::new("excerpt", super::file_name(export.payload_label()))
}

fn judge(
    export: &Export<'_>,
    excerpt: &Excerpt,
    tree: &Tree,
    claim: &'static str,
    place: &Location,
    leaves: &[Option<Hash>],
    out: &mut ReportBuilder,
) -> Result<(), Box<Finding>> {
    let (logs, as_of) = (&export.policy.logs, &export.policy.as_of);
    check_kind(excerpt, tree)?;
    let trusted = match tree.of {
        Of::Entries => tlog::head(&tree.head, logs, as_of, claim, place, out),
        Of::Records => tlog::unwitnessed(&tree.head, logs, as_of, claim, place, out),
    };
    let Some(trusted) = trusted else {
        out.skipped(STEP, TITLE, "the tree head is not one that a trusted key signed");
        return Ok(());
    };
    let head = &trusted.head;
    let invalid = |message: String| Box::new(Finding::disproves(&code::EXCERPT_PROOF_INVALID, message));
    if leaves.len() != tree.indexes.len() {
        let (have, named) = (leaves.len(), tree.indexes.len());
        return Err(invalid(format!(
            "the file has {have} {}, and the proof is of {named}",
            tree.of.as_str()
        )));
    }
    let mut named = Vec::with_capacity(leaves.len());
    for (index, leaf) in tree.indexes.iter().zip(leaves) {
        let Some(leaf) = leaf else {
            return Err(invalid(format!("leaf {index} of the {} has no canonical form", tree.of.as_str())));
        };
        named.push((*index, *leaf));
    }
    named.sort_unstable();
    multiproof::verify(&named, head.size, &tree.hashes, &head.root).map_err(|error| {
        Box::new(Finding::disproves(code_of(error), format!("{}: {error}", tree.of.as_str())))
    })?;
    let count = leaves.len();
    out.epistemic(claim, "tree_size", &head.size.to_string());
    let message = match tree.of {
        Of::Entries => {
            out.epistemic(claim, "log", head.origin);
            format!("{count} entries are under the head of {} at size {}", head.origin, head.size)
        }
        Of::Records => {
            out.epistemic(claim, "maker", head.origin);
            out.artifact.signed.push(("Excerpt of".to_owned(), excerpt.source.sha256.clone()));
            format!("{count} records are those that {} signed as {} of {}", head.origin, count, head.size)
        }
    };
    let supported = match tree.of {
        Of::Entries => &tlog_code::TLOG_INCLUSION_SUPPORTED,
        Of::Records => &code::EXCERPT_RECORDS_SUPPORTED,
    };
    out.supported(claim, subject(export), supported, message);
    let hashes = u64::try_from(tree.hashes.len()).unwrap_or(u64::MAX);
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    out.ran(STEP, TITLE, &[("leaves", count), ("hashes", hashes), ("tree size", head.size)]);
    Ok(())
}

fn code_of(error: MultiproofError) -> &'static Code {
    match error {
        MultiproofError::Proof(ProofError::IndexOutOfRange) => &tlog_code::TLOG_INDEX_OUT_OF_RANGE,
        MultiproofError::Proof(ProofError::WrongLength { .. }) => &tlog_code::TLOG_PROOF_LENGTH,
        _ => &code::EXCERPT_PROOF_INVALID,
    }
}

/// A log's head is none of a tree of records, and such a head names the export. What is signed says which it is.
fn check_kind(excerpt: &Excerpt, tree: &Tree) -> Result<(), Box<Finding>> {
    let Ok(note) = Note::parse(&tree.head) else { return Ok(()) };
    let extensions: Vec<&str> = note.text.lines().skip(3).collect();
    let is_of_records = extensions.iter().any(|line| line.starts_with(RECORDS_LINE));
    let expected = excerpt.source.records_line();
    match tree.of {
        Of::Entries if is_of_records => {
            let message = "the head of the entries is one of a tree of records";
            Err(Box::new(Finding::disproves(&code::EXCERPT_TREE_MISMATCH, message)))
        }
        Of::Records if extensions != [expected.as_str()] => {
            let message = "the head of the records does not name this export";
            let finding = Finding::disproves(&code::EXCERPT_TREE_MISMATCH, message);
            Err(Box::new(finding.fact("expected", expected).fact("signed", extensions.join(" "))))
        }
        _ => Ok(()),
    }
}

fn limits_of_the_evidence(
    excerpt: &Excerpt,
    read: &Read,
    decided: &BTreeSet<String>,
    out: &mut ReportBuilder,
) {
    let records = read.records.len();
    let supported = read.permits.iter().flatten().filter(|permit| decided.contains(*permit)).count();
    let is_supported = |claim: &str| out.verdict(claim) == Some(Verdict::Supported);
    let mut texts = vec![
        format!(
            "what else the export holds: these are {records} records, by the maker's word of {}, and nothing shows how they were chosen",
            excerpt.source.records
        ),
        "that no other chain entry is about these permits".to_owned(),
        "that calls were decided before they ran: the links of the chain between these entries are not here"
            .to_owned(),
        "that the recorded events happened as described".to_owned(),
    ];
    if !is_supported(name::EXCERPT_RECORDS) {
        texts.push(
            "what records say outside of their chain entries (permit objects, usage): no signed tree covers it here"
                .to_owned(),
        );
        texts.push(format!("which export it is: the digest {} is the maker's word", excerpt.source.sha256));
    }
    if supported < records {
        texts.push(format!(
            "who decided: {supported} of {records} records have a decision that a trusted key signed"
        ));
    }
    out.not_proven.extend(texts);
}
