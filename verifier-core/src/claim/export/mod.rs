//! A payload with its manifest: integrity first, then everything the payload carries (spec 02).
//!
//! The steps run in the reference's order and none stops the others. What the reference would stop at is
//! remembered, because a pinned claim after that point counts as not adjudicated (spec 26 section 8).

pub(crate) mod excerpt;
mod identity;
mod integrity;
mod manifest;
mod permit;
mod record;
mod scope;
mod unjudged;
mod workflow;

use std::io::Read;
use std::sync::Arc;

use crate::archive::gzip;
use crate::bytes::Blob;

use crate::claim::scope::ScopeFacts;
use crate::claim::{closure, decided, name, payload_digest, revocation, walk};
use crate::evidence::stream::{self, Decoded, Settings, StreamError, Streamed};
use crate::evidence::{ExportSet, Layer, Progress};
use crate::finding::{Effect, Finding, Location, Verdict, catalog};
use crate::json::{AnomalyKind, Document, ParserLimits, Value};
use crate::registry::Semantics;
use crate::report::{FileSummary, ReportBuilder, Requested};
use crate::trust::{Check, KeyRing, KeySource, NamedBlob, TrustPolicy};

use manifest::Manifest;
use record::{Collected, RecordVisitor};

pub(crate) use integrity::{artifact_ref_fault, refused as refusal_finding, refused_by_status};
pub(crate) use manifest::file_name;
pub(crate) use record::PermitFacts;

/// Top-level arrays that can be large.
pub(crate) const STREAMED: &[&str] = &["records", "chain_entries"];

/// What every step may look at.
pub(crate) struct Export<'a> {
    pub(crate) set: &'a ExportSet,
    pub(crate) policy: &'a TrustPolicy,
    pub(crate) manifest: Option<&'a Manifest>,
    pub(crate) streamed: &'a Streamed,
    pub(crate) keys: &'a KeyRing,
    pub(crate) binding_keys: &'a KeyRing,
    pub(crate) semantics: &'a Semantics,
}

impl Export<'_> {
    /// The payload as named on the command line.
    pub(crate) fn payload_label(&self) -> &str {
        &self.set.payload.label
    }

    /// The manifest as named on the command line; empty without one.
    pub(crate) fn manifest_label(&self) -> &str {
        self.manifest.map_or("", Manifest::label)
    }

    /// The top-level members of the payload, when it is an object.
    pub(crate) fn fields(&self) -> Option<&stream::StreamedObject> {
        match &self.streamed.decoded {
            Decoded::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Who asks for a claim: the operator, the manifest's claim set, or nobody.
    pub(crate) fn requested(&self, claim: &str, by_operator: bool) -> Requested {
        match self.semantics.request(claim) {
            _ if by_operator => Requested::Operator,
            Some(_) => Requested::Evidence,
            None => Requested::Automatic,
        }
    }

    /// The decoded payload as one document, within the limit for documents held in memory.
    pub(crate) fn document(&self) -> Result<Document, String> {
        let limits = &self.policy.limits;
        let blob = if self.streamed.gzip {
            let stored = self.set.payload.entry.open().map_err(|error| error.to_string())?;
            let mut text = Vec::new();
            let mut decoded = gzip::decompress(stored, limits).take(limits.document_bytes + 1);
            decoded.read_to_end(&mut text).map_err(|error| error.to_string())?;
            if u64::try_from(text.len()).unwrap_or(u64::MAX) > limits.document_bytes {
                return Err(format!("the document is larger than {} bytes", limits.document_bytes));
            }
            Blob::new(text)
        } else {
            self.set.payload.entry.read(limits.document_bytes).map_err(|error| error.to_string())?
        };
        Document::parse(blob, ParserLimits::from(limits)).map_err(|error| error.to_string())
    }

    /// A place in the payload.
    pub(crate) fn place(&self, pointer: Option<String>, span: (u64, u64)) -> Location {
        Location { file: self.payload_label().to_owned(), pointer, bytes: Some(span.0..span.1) }
    }
}

/// Where a chain entry stands in an export.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EntryPlace {
    /// An item of the top-level entries.
    Chain(u64),
    /// A record that is an entry itself.
    Record(u64),
    /// An item of a record's entries.
    Nested(u64, usize),
}

impl EntryPlace {
    /// RFC 6901 pointer in the payload.
    pub(crate) fn pointer(self) -> String {
        match self {
            Self::Chain(index) => format!("/chain_entries/{index}"),
            Self::Record(index) => format!("/records/{index}"),
            Self::Nested(index, position) => format!("/records/{index}/chain_entries/{position}"),
        }
    }
}

/// Verifies an export set.
pub(crate) fn verify(
    set: &ExportSet,
    policy: &TrustPolicy,
    progress: &dyn Progress,
    out: &mut ReportBuilder,
) {
    out.artifact.kind = "export".to_owned();
    let keys = key_ring(set, policy, out);
    let binding_keys = keys.for_bindings(policy);
    let manifest = manifest::read(set, policy, out);
    let (root, siblings) = match (&manifest, &set.manifest) {
        (Some(manifest), Some(part)) => (Some(manifest.root()), Arc::clone(&part.siblings)),
        _ => (None, Arc::clone(&set.payload.siblings)),
    };
    let semantics = crate::registry::resolve(root, &*siblings, &policy.limits);
    out.semantics = semantics.summary.clone();
    if out.stops_when_failed()
        && let Some(manifest) = &manifest
    {
        integrity::other_bytes(set, policy, manifest, out);
    }
    if out.is_settled() {
        return;
    }
    let visitor = RecordVisitor::new(&binding_keys);
    progress.layer(Layer::Bytes);
    let Some((streamed, mut collected)) = read_payload(set, policy, progress, &visitor, out) else {
        return;
    };
    let export = Export {
        set,
        policy,
        manifest: manifest.as_ref(),
        streamed: &streamed,
        keys: &keys,
        binding_keys: &binding_keys,
        semantics: &semantics,
    };
    collected.decisions_at_top(permit::at_top(&export, &visitor));
    describe(&export, out);
    report_text_faults(&export, out);
    let mut gate = Gate { stopped: semantics.report_failure(out, export.manifest_label()), export: &export };
    progress.layer(Layer::Signatures);
    integrity::check(&export, out);
    identity::check(&export, out);
    if out.is_settled() {
        return;
    }
    gate.after(name::EXPORT_INTEGRITY, out);
    let mut scope = ScopeFacts::default();
    gate.step(&[name::SCOPE_FAITHFULNESS, name::SCOPE_STATE], out, |out| scope = scope::check(&export, out));
    // Absence says by itself that it lacks its scope, so the reference goes on to it.
    if semantics.request(name::DISPATCH_ABSENCE).is_none() {
        gate.after(name::SCOPE_FAITHFULNESS, out);
    }
    gate.step(&[name::PERMIT_DECISION], out, |out| permit::check(&export, collected.permits, out));
    let mut revoked = None;
    gate.step(&[name::PERMIT_REVOKED], out, |out| revoked = revocation::check(&export, out));
    gate.step(&[name::DISPATCH_ABSENCE], out, |out| {
        revocation::check_absence(&export, revoked.as_ref(), &scope, out);
    });
    // The claims about permits are one group: none of them ends the run before the others.
    for claim in [name::PERMIT_DECISION, name::PERMIT_REVOKED, name::DISPATCH_ABSENCE] {
        gate.after(claim, out);
    }
    unjudged::report(&export, collected.unjudged, out);
    gate.step(&WORKFLOW_CLAIMS, out, |out| workflow::check(&export, collected.snapshots, out));
    for claim in WORKFLOW_CLAIMS {
        gate.after(claim, out);
    }
    progress.layer(Layer::Chain);
    gate.step(&[name::LOCAL_CONTINUITY], out, |out| walk::check(&export, collected.chain, out));
    gate.after(name::LOCAL_CONTINUITY, out);
    if out.is_settled() {
        return;
    }
    payload_digest::check(&export, &collected.digests, out);
    progress.layer(Layer::Log);
    let log = crate::claim::tlog::check(&export, out);
    let has_decisions = collected.has_decisions;
    if fields_bundle(&export) {
        // A manifest beside a bundle must not make the bundle's own signature go unread.
        crate::claim::bundle::check_inner(&export, out);
    }
    progress.layer(Layer::Closures);
    gate.step(&[name::CLOSURE_SIGNATURE, name::CLOSURE_DIGEST, name::CLOSURE_DISPATCH], out, |out| {
        closure::check(&export, collected.closures, out);
    });
    if out.is_settled() {
        return;
    }
    progress.layer(Layer::Timestamps);
    decided::check(&export, has_decisions, log.as_ref(), out);
    semantics.enforce(out, export.manifest_label());
    semantics.annotate(out);
    limits_of_the_evidence(&export, out);
}

/// Whether the payload is itself a signed evidence bundle.
fn fields_bundle(export: &Export<'_>) -> bool {
    use crate::evidence::Fields;
    let version = export.fields().and_then(|fields| fields.text("schema_version"));
    version.is_some_and(|version| version.starts_with("keel.evidence_bundle/"))
}

/// Claims over workflow evidence and incident bundles, in the reference's order.
const WORKFLOW_CLAIMS: [&str; 6] = [
    crate::claim::workflow::SIBLING_INTEGRITY,
    crate::claim::workflow::DECLARATION_SIGNATURE,
    crate::claim::workflow::EFFECTIVE_INTENT_HASH,
    crate::claim::workflow::AMENDMENT_SIGNATURE,
    crate::claim::workflow::PERMIT_SNAPSHOT,
    crate::claim::incident::BUNDLE_MANIFEST,
];

/// Where the reference would have stopped.
///
/// A claim of the manifest's claim set that comes after that point counts as not adjudicated, because a pack's
/// author can rely on no more than that. Claims that nobody pinned are judged all the same.
struct Gate<'g, 'e> {
    stopped: bool,
    export: &'g Export<'e>,
}

impl Gate<'_, '_> {
    /// Runs the step for these claims. Where they are not adjudicated, it runs for what it finds and where.
    fn step(&self, claims: &[&'static str], out: &mut ReportBuilder, check: impl FnOnce(&mut ReportBuilder)) {
        if out.is_settled() {
            return;
        }
        let pinned = claims.iter().find(|claim| self.export.semantics.request(claim).is_some());
        match pinned {
            Some(claim) if self.stopped => {
                let mut aside = out.aside();
                check(&mut aside);
                out.take_aside(aside);
                out.skipped(
                    claim,
                    "pinned claims",
                    format!("a check before {claim} failed, so it is not adjudicated; what its check found stands among the findings"),
                );
            }
            _ => check(out),
        }
    }

    /// Closes the gate when a requested claim was not established.
    fn after(&mut self, claim: &'static str, out: &ReportBuilder) {
        let always = claim == name::EXPORT_INTEGRITY || claim == name::SCOPE_FAITHFULNESS;
        let requested = always
            || WORKFLOW_CLAIMS.contains(&claim)
            || self.export.semantics.request(claim).is_some()
            || (claim == name::LOCAL_CONTINUITY && self.export.policy.walk == Check::Required);
        let accepted = claim == name::EXPORT_INTEGRITY && self.export.policy.allow_unsigned;
        let failed = out.verdict(claim).is_some_and(|verdict| verdict != Verdict::Supported);
        self.stopped |= requested && failed && !accepted;
    }
}

/// The keys of the run. A signed key manifest beside the evidence counts when the trust root signed it.
fn key_ring(set: &ExportSet, policy: &TrustPolicy, out: &mut ReportBuilder) -> KeyRing {
    if let (KeySource::TrustRoot, Some(part)) = (&policy.keys, &set.key_manifest)
        && let Ok(blob) = part.entry.read(policy.limits.document_bytes)
    {
        let beside = NamedBlob { name: part.label.clone(), content: Ok(blob) };
        let ring = KeyRing::load(&TrustPolicy { keys: KeySource::Manifest(beside), ..policy.clone() });
        if !ring.entries().is_empty() && !ring.is_unsigned_manifest() {
            return ring;
        }
        let message = format!(
            "the key manifest {} beside the evidence was not used: it is not signed by a trusted root; name it with --key-manifest to trust it",
            part.label
        );
        out.finding(
            Finding::notes(&catalog::trust::KEY_MANIFEST_UNSIGNED, message).at(Location::file(&part.label)),
        );
    }
    let ring = KeyRing::load(policy);
    if let Some((kind, text)) = ring.anomaly() {
        let mut finding = anomaly_finding(kind, "");
        text.clone_into(&mut finding.message);
        out.finding(finding);
    }
    if ring.is_unsigned_manifest() {
        let message = "the key manifest is trusted because it was named, not because it is signed";
        out.finding(Finding::notes(&catalog::trust::KEY_MANIFEST_UNSIGNED, message));
    }
    ring
}

fn read_payload(
    set: &ExportSet,
    policy: &TrustPolicy,
    progress: &dyn Progress,
    visitor: &RecordVisitor<'_>,
    out: &mut ReportBuilder,
) -> Option<(Arc<Streamed>, Collected)> {
    // The rows depend on these and on the bytes.
    let binding_keys = visitor.keys();
    let place = || Location::file(&set.payload.label);
    let size = set.payload.entry.size();
    let tick = |done| {
        progress.advance(done, size);
        !progress.cancelled()
    };
    let pass = |predict| {
        let settings =
            Settings { limits: &policy.limits, workers: policy.workers, arrays: STREAMED, predict };
        let mut collected = Collected::new(&policy.limits, policy.keep_chains);
        let mut collect = |origin, rows: &mut Vec<_>| {
            for row in rows {
                collected.take(origin, row);
            }
        };
        let streamed =
            stream::run_entry(&set.payload.entry, settings, visitor, binding_keys, &mut collect, &tick)?;
        Ok((streamed, collected))
    };
    let result = match pass(true) {
        Err(StreamError::Mispredicted) => pass(false),
        result => result,
    };
    match result {
        Ok((streamed, collected)) => {
            out.ran("payload.read", "bytes, digest and decoding", &[("bytes", streamed.stored_bytes)]);
            Some((streamed, collected))
        }
        Err(error) => {
            let code = match error {
                StreamError::Limit(_) => &catalog::input::INPUT_LIMIT_EXCEEDED,
                _ => &catalog::input::INPUT_UNREADABLE,
            };
            out.skipped("payload.read", "bytes, digest and decoding", error.to_string());
            out.finding(Finding::new(code, Effect::Unreadable, error.to_string()).at(place()));
            None
        }
    }
}

fn describe(export: &Export<'_>, out: &mut ReportBuilder) {
    let digest = crate::crypto::prefixed(&export.streamed.sha256);
    let wire = &mut out.artifact.wire;
    wire.insert("payload_path", export.payload_label().into());
    wire.insert("payload_hash", digest.clone().into());
    out.artifact.files.push(FileSummary {
        role: "payload",
        path: export.payload_label().to_owned(),
        sha256: Some(digest),
        bytes: Some(export.streamed.stored_bytes),
    });
    out.has_fields_of(fields_table(export));
    if let Some(manifest) = export.manifest {
        out.has_fields_of("export manifest");
        let digest = crate::crypto::prefixed(&manifest.sha256());
        let wire = &mut out.artifact.wire;
        wire.insert("manifest_path", manifest.label().into());
        wire.insert("manifest_hash", digest.clone().into());
        out.artifact.files.push(FileSummary {
            role: "manifest",
            path: manifest.label().to_owned(),
            sha256: Some(digest),
            bytes: Some(manifest.bytes()),
        });
    }
}

/// The table of field coverage for the payload; a name without a table where its form is another one.
fn fields_table(export: &Export<'_>) -> &'static str {
    use crate::evidence::Fields;
    match (&export.streamed.decoded, export.fields()) {
        (Decoded::Lines(_), _) => "governance events lines",
        (_, Some(fields)) if fields.text("schema").as_deref() == Some("keel.governance_events/v1") => {
            "governance events document"
        }
        (_, Some(fields)) if fields.text("bundle_type").as_deref() == Some("audit_export_bundle") => {
            "audit export bundle"
        }
        (_, Some(fields)) if fields.member("schema").is_some_and(crate::format::workflow::is_schema) => {
            "workflow evidence"
        }
        _ => "",
    }
}

/// What the decoded text is, and where readers may disagree about it.
fn report_text_faults(export: &Export<'_>, out: &mut ReportBuilder) {
    let place = || Location::file(export.payload_label());
    match &export.streamed.decoded {
        Decoded::Malformed(error) if error.kind.is_limit() => {
            out.finding(
                Finding::new(
                    &catalog::input::INPUT_LIMIT_EXCEEDED,
                    Effect::Unreadable,
                    format!("payload: {error}"),
                )
                .at(place()),
            );
        }
        Decoded::Malformed(error) => {
            let message = format!("export is not JSON: {error}");
            let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
            out.finding(
                Finding::new(&catalog::export::EXPORT_STRUCTURE_INVALID, effect, message).at(place()),
            );
        }
        Decoded::Undecodable(error) => {
            let message = format!("export is not JSON: it does not decompress: {error}");
            let effect = Effect::Fails { verdict: Verdict::UnverifiableScope };
            out.finding(
                Finding::new(&catalog::export::EXPORT_STRUCTURE_INVALID, effect, message).at(place()),
            );
        }
        Decoded::OverLimit(limit) => {
            out.finding(
                Finding::new(
                    &catalog::input::INPUT_LIMIT_EXCEEDED,
                    Effect::Unreadable,
                    format!("payload: {limit}"),
                )
                .at(place()),
            );
        }
        Decoded::Object(_) | Decoded::Lines(_) => {}
        Decoded::OtherJson | Decoded::Opaque => {
            let message = "the payload is neither a JSON object nor JSON lines; only its digest and signature were checked";
            out.finding(Finding::notes(&catalog::export::PAYLOAD_NOT_EXAMINED, message).at(place()));
        }
    }
    for anomaly in &export.streamed.anomalies {
        let finding = anomaly_finding(anomaly.kind, &anomaly.pointer).at(Location {
            file: export.payload_label().to_owned(),
            pointer: Some(anomaly.pointer.clone()),
            bytes: Some(anomaly.span.clone()),
        });
        out.finding(finding);
    }
}

/// The findings for the places of a document where JSON readers disagree.
pub(crate) fn anomaly_findings<'d>(
    document: &'d Document,
    file: &'d str,
    located: u32,
) -> impl Iterator<Item = Finding> + 'd {
    findings_of(document.anomalies(), file, located)
}

/// The findings for places where JSON readers disagree.
///
/// A place is searched for from the start of the document, so of each kind only the first `located` have one.
pub(crate) fn findings_of<'d>(
    anomalies: impl Iterator<Item = (AnomalyKind, Value<'d>)>,
    file: &str,
    located: u32,
) -> impl Iterator<Item = Finding> {
    let mut seen: Vec<(AnomalyKind, u32)> = Vec::new();
    anomalies.map(move |(kind, value)| {
        let count = match seen.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => {
                *count = count.saturating_add(1);
                *count
            }
            None => {
                seen.push((kind, 1));
                1
            }
        };
        if count > located {
            return anomaly_finding(kind, "").at(Location::file(file));
        }
        anomaly_finding(kind, &value.pointer()).at(Location::value(file, value))
    })
}

/// The finding for a place where JSON readers disagree.
pub(crate) fn anomaly_finding(kind: AnomalyKind, pointer: &str) -> Finding {
    use catalog::input;
    match kind {
        AnomalyKind::RepeatedMember => {
            Finding::lacks(&input::DUPLICATE_JSON_KEY, format!("member name {pointer:?} occurs twice"))
        }
        AnomalyKind::NonFinite => Finding::lacks(
            &input::JSON_NON_FINITE_NUMBER,
            format!("{pointer:?} is a number without a finite value"),
        ),
        AnomalyKind::UnpairedSurrogate => Finding::lacks(
            &input::JSON_UNPAIRED_SURROGATE,
            format!("{pointer:?} holds half of a surrogate pair"),
        ),
        AnomalyKind::UnsafeInteger => {
            Finding::notes(&input::JSON_UNSAFE_INTEGER, format!("{pointer:?} is an integer beyond 2^53 − 1"))
        }
    }
}

fn limits_of_the_evidence(export: &Export<'_>, out: &mut ReportBuilder) {
    out.not_proven.extend(
        [
            "that the recorded events happened as described, or that every event was recorded",
            "when the export was signed: the signing time is a statement of the signer without an outside timestamp",
            "that the signing key was used only by its owner",
        ]
        .map(str::to_owned),
    );
    if let Some(manifest) = export.manifest {
        let unsigned = manifest.unsigned_members();
        if !unsigned.is_empty() {
            let message = format!("not covered by the manifest signature: {}", unsigned.join(", "));
            out.finding(
                Finding::notes(&catalog::export::MANIFEST_FIELD_UNSIGNED, message)
                    .at(Location::file(manifest.label())),
            );
        }
    }
}
