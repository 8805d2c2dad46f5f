"""Exports, manifests and single-file bundles: what the signature does not cover, and whose it is."""
import json

from . import artifacts as a
from .registry import DISPROVED, WALK, Pack, accepted, chain, edit, export, pair

AREA = "export"


def broken_rows():
    rows = a.link(a.events())
    return rows[:2] + rows[3:]


def bundle(document, *options, trust=(), name="bundle.json", files=None):
    payload = document if isinstance(document, bytes) else a.dump(document)
    out = {f"files/{name}": payload}
    out.update({f"files/{k}": v for k, v in (files or {}).items()})
    return Pack(out, ["export", f"files/{name}", *trust, *options, "--json"])


# ---------------------------------------------------------------- unsigned manifest members

pair(
    AREA,
    "record-count-lies",
    "the manifest states more records than the payload holds",
    chain(WALK, manifest={"record_count": 9}),
    chain(WALK),
    "EXPORT_SCOPE_RECORD_COUNT_MISMATCH",
    exit=DISPROVED,
    claims={"export.scope_identity.v1": "disproved"},
    notes="the reference shows the claim as disproved and exits 0",
)
pair(
    AREA,
    "project-differs",
    "manifest and payload name different projects",
    chain(WALK, manifest={"project_id": "00000000-0000-4000-8000-000000000099"}),
    chain(WALK),
    "EXPORT_SCOPE_PROJECT_ID_MISMATCH",
    exit=DISPROVED,
    claims={"export.scope_identity.v1": "disproved"},
)
pair(
    AREA,
    "unsigned-broken-chain",
    "an unsigned manifest, accepted as such, and a broken chain that the walk was asked for",
    (lambda pack: pack)(chain("--allow-unsigned", WALK, rows=broken_rows(), manifest={"signature": None})),
    chain("--allow-unsigned", WALK, manifest={"signature": None}),
    "WALK_PREV_HASH_DISCONTINUITY",
    exit=DISPROVED,
    notes="the reference stops after the missing signature and exits 0",
)
pair(
    AREA,
    "signature-removed",
    "the manifest's signature was removed",
    chain(WALK, manifest={"signature": ""}),
    chain(WALK),
    "MANIFEST_SIGNATURE_MISSING",
)
pair(
    AREA,
    "content-altered",
    "one byte of the payload differs from what was signed",
    (lambda pack: (pack.files.__setitem__("files/export.json", pack.files["files/export.json"].replace(b"gpt-4o-mini", b"gpt-4o-nano", 1)), pack)[1])(chain(WALK)),
    chain(WALK),
    "CONTENT_HASH_MISMATCH",
    exit=DISPROVED,
    claims={"export.integrity.v1": "disproved"},
)
pair(
    AREA,
    "content-hash-and-payload-altered",
    "payload and content hash were altered together; the signature was not",
    (lambda pack: (
        pack.files.__setitem__("files/export.json", pack.files["files/export.json"].replace(b"gpt-4o-mini", b"gpt-4o-nano", 1)),
        pack.files.__setitem__("files/manifest.json", a.dump(dict(json.loads(pack.files["files/manifest.json"]), content_hash="sha256:" + a.sha(pack.files["files/export.json"])))),
        pack)[2])(chain(WALK)),
    chain(WALK),
    "SIGNATURE_VERIFICATION_FAILED",
    exit=DISPROVED,
)

# ---------------------------------------------------------------- claim set

WALK_OPTIONAL = a.pins([("export.integrity.v1", True), ("governance_chain.local_continuity.v1", False)], [a.PIN_EXPORT, a.PIN_WALK])
WALK_REQUIRED = a.pins([("export.integrity.v1", True), ("governance_chain.local_continuity.v1", True)], [a.PIN_EXPORT, a.PIN_WALK])

pair(
    AREA,
    "claim-set-switches-walk-off",
    "the unsigned claim set says the walk is not required; the walk was asked for, and nothing can be walked",
    export(a.governance([]), WALK, manifest=WALK_OPTIONAL),
    chain(WALK, manifest=WALK_OPTIONAL),
    "WALK_NO_EVALUABLE_SUBJECTS",
    notes="nothing in the evidence can turn off what the operator asked for",
)
pair(
    AREA,
    "claim-set-switches-walk-off-v1",
    "the same with a bundle of schema version 1, which has no chain entries",
    export({"bundle_type": "audit_export_bundle", "schema_version": 1, "project_id": a.PROJECT, "records": []}, WALK, manifest=WALK_OPTIONAL),
    chain(WALK, manifest=WALK_OPTIONAL),
    "WALK_NO_CHAIN_ENTRIES",
)
pair(
    AREA,
    "claim-set-empty-of-integrity",
    "the claim set asks for the walk alone, not for integrity, and the payload was altered",
    (lambda pack: (pack.files.__setitem__("files/export.json", pack.files["files/export.json"].replace(b"gpt-4o-mini", b"gpt-4o-nano", 1)), pack)[1])(
        chain(WALK, manifest=a.pins([("governance_chain.local_continuity.v1", True)], [a.PIN_WALK, a.PIN_EXPORT]))
    ),
    chain(WALK, manifest=a.pins([("governance_chain.local_continuity.v1", True)], [a.PIN_WALK, a.PIN_EXPORT])),
    "CONTENT_HASH_MISMATCH",
)
pair(
    AREA,
    "pin-hash-differs",
    "a pinned rule document has another hash than the published one",
    chain(WALK, manifest=a.pins([("export.integrity.v1", True), ("governance_chain.local_continuity.v1", True)], [a.PIN_EXPORT, (a.PIN_WALK[0], "sha256:" + "11" * 32, a.PIN_WALK[2])])),
    chain(WALK, manifest=WALK_REQUIRED),
    [],
)
pair(
    AREA,
    "raw-mode-claim-set",
    "the claim set names a claim that nobody defines; raw output",
    (lambda pack: Pack(pack.files, pack.args[:-1] + ["--raw"]))(chain(WALK, manifest=a.pins([("export.integrity.v1", True), ("no.such.claim.v1", True)], [a.PIN_EXPORT]))),
    (lambda pack: Pack(pack.files, pack.args[:-1] + ["--raw"]))(chain(WALK, manifest=WALK_REQUIRED)),
    "CLAIM_REGISTRY_UNRESOLVED",
    notes="raw mode of the reference does not look at the claim set; the verdict must not depend on the output form",
)


def outside(path):
    """A pin that is resolved from a path outside the manifest's folder."""
    return chain(WALK, manifest=a.pins([("export.integrity.v1", True), ("governance_chain.local_continuity.v1", True)], [(a.PIN_EXPORT[0], a.PIN_EXPORT[1], path), a.PIN_WALK]))


pair(
    AREA,
    "pin-path-parent",
    "a pinned rule document is named by a path into the parent folder",
    outside("../../semantics/export_manifest/integrity_v1.json"),
    outside(a.PIN_EXPORT[2]),
    ["INPUT_PATH_UNSAFE"],
    notes="a path of the evidence never leaves the evidence, whether or not something is there",
)
pair(
    AREA,
    "pin-path-absolute",
    "a pinned rule document is named by an absolute path",
    outside("/nowhere/integrity_v1.json"),
    outside(a.PIN_EXPORT[2]),
    "INPUT_PATH_UNSAFE",
)

# ---------------------------------------------------------------- artifact_ref


def referenced(**members):
    ref = {
        "schema_version": "artifact_ref.v1",
        "type": "compliance_export",
        "id": "exp-1",
        "urn": "urn:x-keel:artifact:compliance_export:exp-1",
        "region": "us",
        "path": "/x",
        "canonical_url": "https://x.invalid/x",
        "digest": "sha256:" + "ab" * 32,
    }
    ref.update(members)
    return chain(WALK, artifact_ref=ref)


pair(
    AREA,
    "artifact-ref-urn",
    "the reference's name does not fit its type and id",
    referenced(urn="urn:x-keel:artifact:compliance_export:exp-2"),
    referenced(),
    "ARTIFACT_REF_INVALID",
)

# ---------------------------------------------------------------- bundles

EXPECT = ("--expected-public-key", a.EXPORT.text)
KEYS = ("--key-manifest", "files/keys.json")
KEY_FILE = {"keys.json": a.dump(a.key_manifest())}

pair(
    AREA,
    "bundle-other-signer",
    "a bundle signed by an arbitrary key, while the operator expects another one",
    bundle(a.evidence_bundle(key=a.ATTACKER), trust=EXPECT),
    bundle(a.evidence_bundle(), trust=EXPECT),
    "BUNDLE_SIGNER_UNTRUSTED",
)
pair(
    AREA,
    "bundle-signer-not-listed",
    "a bundle signed by a key that the key manifest does not list",
    bundle(a.evidence_bundle(key=a.ATTACKER), trust=KEYS, files=KEY_FILE),
    bundle(a.evidence_bundle(), trust=KEYS, files=KEY_FILE),
    "BUNDLE_SIGNER_UNTRUSTED",
)
pair(
    AREA,
    "bundle-signer-default",
    "a bundle signed by an arbitrary key, and no trust option: the compiled-in root does not know it",
    bundle(a.evidence_bundle(key=a.ATTACKER)),
    bundle(a.evidence_bundle(key=a.ATTACKER), trust=("--self-attested",)),
    "BUNDLE_SIGNER_UNTRUSTED",
)
pair(
    AREA,
    "bundle-signer-borrowed-id",
    "the bundle names the trusted key id and carries the attacker's key",
    bundle(a.evidence_bundle(key=a.ATTACKER, public_key_id=a.EXPORT.fingerprint), trust=KEYS, files=KEY_FILE),
    bundle(a.evidence_bundle(), trust=KEYS, files=KEY_FILE),
    "BUNDLE_SIGNER_UNTRUSTED",
)
pair(
    AREA,
    "bundle-signer-revoked",
    "the bundle's key is revoked in the key manifest",
    bundle(a.evidence_bundle(), trust=KEYS, files={"keys.json": a.dump(a.key_manifest({"status": "revoked", "revoked_at": "2026-03-01T00:00:00Z"}))}),
    bundle(a.evidence_bundle(), trust=KEYS, files=KEY_FILE),
    "SIGNING_KEY_REVOKED",
)
pair(
    AREA,
    "bundle-body-altered",
    "the bundle's body was altered after signing",
    bundle(edit(a.evidence_bundle(), ("body", "export_id"), "exp-2"), trust=EXPECT),
    bundle(a.evidence_bundle(), trust=EXPECT),
    "ARTIFACT_REF_DIGEST_MISMATCH",
    exit=DISPROVED,
)
pair(
    AREA,
    "bundle-v2-unknown-profile",
    "a bundle of version 2 whose profile nobody adjudicates; raw output",
    (lambda pack: Pack(pack.files, pack.args[:-1] + ["--raw"]))(bundle(a.evidence_bundle(version="v2"), trust=EXPECT)),
    (lambda pack: Pack(pack.files, pack.args[:-1] + ["--raw"]))(bundle(a.evidence_bundle(), trust=EXPECT)),
    "EVIDENCE_BUNDLE_V2_PROFILE_UNADJUDICATED",
    notes="raw mode of the reference prints VERIFIED",
)
pair(
    AREA,
    "bundle-as-split-export",
    "a bundle with a broken signature of its own, given with a manifest that covers the file",
    export(a.evidence_bundle(signature="ed25519:" + a.ATTACKER.sign("something else"))),
    export(a.evidence_bundle()),
    "BUNDLE_SIGNATURE_INVALID",
    notes="the reference does not look at a bundle's own signature when a manifest is given",
)
pair(
    AREA,
    "bundle-foreign-tsa-receipt",
    "the bundle has an anchor and a receipt without bytes",
    bundle(a.evidence_bundle({"schema": "keel.evidence/v1", "records": [], "anchor": {"kind": "published_checkpoint", "composite_hash": "sha256:" + "ab" * 32}}, tsa_receipts=[{"provider": "x"}]), trust=EXPECT),
    bundle(a.evidence_bundle({"schema": "keel.evidence/v1", "records": [], "anchor": {"kind": "published_checkpoint", "composite_hash": "sha256:" + "ab" * 32}}), trust=EXPECT),
    "BUNDLE_TSA_RECEIPT_MISSING",
)

pair(
    AREA,
    "bundle-signature-second-spelling",
    "the bundle's signature holds characters outside the alphabet",
    bundle(edit(a.evidence_bundle(), ("signature_envelope", "signature"), lambda text: text[:30] + "\n" + text[30:]), trust=EXPECT),
    bundle(a.evidence_bundle(), trust=EXPECT),
    "SIGNATURE_SECOND_SPELLING",
)
pair(
    AREA,
    "bundle-member-added",
    "a member was added to the body after signing",
    bundle(edit(a.evidence_bundle(), ("body", "note"), "added"), trust=EXPECT),
    bundle(a.evidence_bundle(), trust=EXPECT),
    "ARTIFACT_REF_DIGEST_MISMATCH",
    exit=DISPROVED,
)

# ---------------------------------------------------------------- form

pair(
    AREA,
    "format-lies",
    "the manifest says the payload is CSV; it is JSON",
    chain(WALK, manifest={"format": "csv"}),
    chain(WALK),
    "MANIFEST_PAYLOAD_CONTRADICTION",
)

pair(
    AREA,
    "compressed-flag-lies",
    "the manifest says the payload is compressed; it is not",
    chain(WALK, manifest={"compressed": True}),
    chain(WALK),
    "MANIFEST_PAYLOAD_CONTRADICTION",
    notes="the reference does not read the member",
)
accepted(
    AREA,
    "members-unsigned",
    "the manifest's other members are not covered by its signature, and the report says so",
    chain(WALK),
    ["MANIFEST_FIELD_UNSIGNED"],
)
