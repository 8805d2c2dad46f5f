"""Workflow evidence and incident bundles."""
import gzip
import json

from . import artifacts as a
from .registry import DISPROVED, Pack, accepted, edit, export, pair

AREA = "workflow"


def document(declarations, amendments=(), **members):
    return export(a.workflow(declarations, list(amendments), **members), kind="workflow_evidence", keys=members.pop("keys", None))


def amended(delta=None, keys=None, **members):
    deltas = [dict(a.DELTA, **(delta or {}))]
    body = a.workflow([a.declaration(deltas=deltas, **members)], [a.amendment(delta)])
    return export(body, kind="workflow_evidence", keys=keys)


pair(
    AREA,
    "signed-payload-diverges",
    "the record carries a genuine signed payload and displays a higher call limit",
    document([a.declaration(signed_payload=True, shown={"intent_json": dict(a.INTENT, max_calls=5000)})]),
    document([a.declaration(signed_payload=True)]),
    "WORKFLOW_SIGNED_PAYLOAD_DIVERGES",
)
pair(
    AREA,
    "signed-payload-cost",
    "the record displays another projected cost than the one signed",
    document([a.declaration(signed_payload=True, shown={"projection_amount_micros": 1})]),
    document([a.declaration(signed_payload=True)]),
    "WORKFLOW_SIGNED_PAYLOAD_DIVERGES",
)
pair(
    AREA,
    "binding-key-revoked",
    "the declaration is signed with a revoked key, selected by its id",
    amended(keys=a.key_manifest(binding={"status": "revoked", "revoked_at": "2026-03-01T00:00:00Z"})),
    amended(),
    "SIGNING_KEY_REVOKED",
)
pair(
    AREA,
    "binding-key-expired",
    "the declaration was signed after the key's end",
    amended(keys=a.key_manifest(binding={"valid_to": "2026-05-01T00:00:00Z"})),
    amended(keys=a.key_manifest(binding={"valid_to": "2026-06-01T00:00:00Z"})),
    "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME",
)
pair(
    AREA,
    "amendment-previous-invented",
    "an amendment states another previous limit than the one in force",
    amended({"previous_max_calls": 1}),
    amended(),
    "WORKFLOW_AMENDMENT_PREVIOUS_MISMATCH",
    notes="the amendment is genuine, but was made against another state than the one it is filed under",
)
pair(
    AREA,
    "intent-altered",
    "the displayed intent was altered, without a signed payload beside it",
    document([a.declaration(shown={"intent_json": dict(a.INTENT, max_calls=5000)})]),
    document([a.declaration()]),
    "WORKFLOW_SIGNATURE_INVALID",
    exit=DISPROVED,
)
pair(
    AREA,
    "count-boolean",
    "the number of declarations is stated as true",
    document([a.declaration()], declaration_count=True),
    document([a.declaration()]),
    "INPUT_STRUCTURE_INVALID",
    notes="the reference takes true for 1",
)
pair(
    AREA,
    "compressed-document",
    "an altered workflow document, compressed so that the check is skipped",
    export(gzip.compress(a.dump(a.workflow([a.declaration(shown={"intent_json": dict(a.INTENT, max_calls=5000)})], [])), 9, mtime=0), kind="workflow_evidence", name="export.json.gz"),
    export(gzip.compress(a.dump(a.workflow([a.declaration()], [])), 9, mtime=0), kind="workflow_evidence", name="export.json.gz"),
    "WORKFLOW_SIGNATURE_INVALID",
    exit=DISPROVED,
)


# ---------------------------------------------------------------- sibling and snapshots


def siblings(snapshots=None, file_name="workflow_evidence.json", place=None, key=a.EXPORT, keys=None, **descriptor):
    deltas = [a.DELTA]
    data = a.dump(a.workflow([a.declaration(deltas=deltas)], [a.amendment()]))
    records = snapshots or [a.snapshot()]
    body = {"schema": "keel.evidence/v1", "project_id": a.PROJECT, "records": records}
    pack = export(body, manifest=a.sibling(data, file_name, key, **descriptor), kind="evidence", count=len(records), keys=keys)
    pack.files[place or "files/workflow_evidence.json"] = data
    return pack


def without_mention(pack):
    manifest = json.loads(pack.files["files/manifest.json"])
    del manifest["sibling_artifacts"]
    pack.files["files/manifest.json"] = a.dump(manifest)
    return pack


pair(
    AREA,
    "sibling-parent-path",
    "the sibling is named by a path into the parent folder, where a file waits",
    siblings(place="workflow_evidence.json", file_name="../workflow_evidence.json", workflow_evidence_file="../workflow_evidence.json"),
    siblings(),
    "INPUT_PATH_UNSAFE",
)
pair(
    AREA,
    "sibling-absolute-path",
    "the sibling is named by an absolute path",
    siblings(file_name="/etc/hostname", workflow_evidence_file="/etc/hostname"),
    siblings(),
    "INPUT_PATH_UNSAFE",
)
pair(
    AREA,
    "sibling-home-path",
    "the sibling is named by a path into the home folder, where a file waits",
    siblings(place="files/home/workflow_evidence.json", file_name="none.json", workflow_evidence_file="~/workflow_evidence.json"),
    siblings(),
    "INPUT_PATH_UNSAFE",
)
pair(
    AREA,
    "sibling-working-folder",
    "the sibling does not lie beside the manifest, but in the folder that the verifier was started in",
    siblings(place="elsewhere.json", file_name="none.json", workflow_evidence_file="elsewhere.json"),
    siblings(place="files/elsewhere.json", file_name="none.json", workflow_evidence_file="elsewhere.json"),
    "WORKFLOW_EVIDENCE_SCHEMA_INVALID",
    notes="files of the evidence lie beside the manifest; the folder of the shell is not evidence",
)
pair(
    AREA,
    "sibling-folder-climb",
    "the folder of the sibling climbs out of the evidence",
    siblings(place="other/workflow_evidence.json", bundle_dir="files/../../other"),
    siblings(),
    "INPUT_PATH_UNSAFE",
)
pair(
    AREA,
    "sibling-unnamed",
    "the mention of the sibling was removed from the unsigned part of the manifest",
    without_mention(siblings()),
    siblings(),
    "WORKFLOW_SIBLING_UNNAMED",
)
pair(
    AREA,
    "sibling-signer-revoked",
    "the sibling is signed with a revoked export key, the manifest with a valid one",
    siblings(key=a.OTHER, keys=a.key_manifest(extra=[a.key_entry(a.OTHER, "export_signing", status="revoked", revoked_at="2026-03-01T00:00:00Z")])),
    siblings(key=a.OTHER, keys=a.key_manifest(extra=[a.key_entry(a.OTHER, "export_signing")])),
    "SIGNING_KEY_REVOKED",
)
pair(
    AREA,
    "call-limit-exceeded",
    "the permit was given when more calls had been made than were ever allowed",
    siblings([a.snapshot(calls=12, maximum=7)]),
    siblings([a.snapshot(calls=6, maximum=7)]),
    "WORKFLOW_CALL_LIMIT_EXCEEDED",
)
pair(
    AREA,
    "call-limit-invented",
    "the snapshot states a higher limit than the declaration and its amendments give",
    siblings([a.snapshot(calls=6, maximum=700)]),
    siblings([a.snapshot(calls=6, maximum=7)]),
    "WORKFLOW_CALL_LIMIT_MISSTATED",
)
pair(
    AREA,
    "snapshot-version",
    "the snapshot names the version before the amendment",
    siblings([a.snapshot(version=1)]),
    siblings(),
    "WORKFLOW_EFFECTIVE_INTENT_HASH_MISMATCH",
    exit=DISPROVED,
)

# ---------------------------------------------------------------- incident bundles

INCIDENT = "incident"


def incident(files=None, members=None, hashes=False, version=2, listed=None):
    files = files or a.incident_files()
    pairs = [("manifest.json", a.dump(listed or a.incident_manifest(files, version, hashes)))] + list(files.items()) + list(members or [])
    return export(a.zipped(pairs), name="incident.zip", kind="incident_evidence")


def altered_events():
    rows = a.link(a.events(4))
    rows[1]["outcome"] = "failure"
    return a.incident_files(**{"governance_events.jsonl": a.jsonl(rows)})


pair(
    INCIDENT,
    "events-altered",
    "a governance event inside the bundle was altered",
    incident(altered_events()),
    incident(),
    "WALK_RECORD_HASH_MISMATCH",
    notes="the reference does not look at them",
)
pair(
    INCIDENT,
    "member-twice",
    "the zip holds two members of one name; readers disagree about which one counts",
    incident(members=[("permits.jsonl", a.jsonl([a.snapshot(calls=1)]))]),
    incident(),
    "INCIDENT_MEMBER_DUPLICATED",
)
pair(
    INCIDENT,
    "member-outside",
    "a member's name climbs out of the folder",
    incident(members=[("../outside.json", b"{}\n")]),
    incident(),
    "INCIDENT_MEMBER_UNSAFE",
)
pair(
    INCIDENT,
    "member-absolute",
    "a member's name is an absolute path",
    incident(members=[("/etc/cron.d/keel", b"{}\n")]),
    incident(),
    "INCIDENT_MEMBER_UNSAFE",
)
pair(
    INCIDENT,
    "file-digest-differs",
    "the bundle's manifest states a digest that its file does not have",
    incident(a.incident_files(), listed=(lambda listed: (listed["files"][0].update(sha256="00" * 32), listed)[1])(a.incident_manifest(a.incident_files(), hashes=True))),
    incident(hashes=True),
    "INCIDENT_MEMBER_HASH_MISMATCH",
)
pair(
    INCIDENT,
    "bomb-member",
    "a member that expands a thousandfold",
    incident(a.incident_files(**{"permits.jsonl": a.jsonl([a.snapshot()]) + b" " * (48 << 20)})),
    incident(a.incident_files(**{"permits.jsonl": a.jsonl([a.snapshot()]) + b" " * 48})),
    "INPUT_LIMIT_EXCEEDED",
)
pair(
    INCIDENT,
    "declaration-altered",
    "a declaration inside the bundle was altered",
    incident(a.incident_files(**{"workflow_declarations.jsonl": a.jsonl([dict(a.declaration(deltas=[a.DELTA]), workflow_id="wf_other")])})),
    incident(),
    "WORKFLOW_SIGNATURE_INVALID",
    exit=DISPROVED,
)
pair(
    INCIDENT,
    "required-file-missing",
    "a required file is listed and not there",
    incident({k: v for k, v in a.incident_files().items() if k != "permits.jsonl"}, listed=a.incident_manifest(a.incident_files())),
    incident(),
    "INCIDENT_MANIFEST_SCHEMA_INVALID",
    exit=DISPROVED,
)
accepted(
    INCIDENT,
    "version-one",
    "a bundle of manifest version 1, whose content no check knows",
    incident(version=1),
    ["INCIDENT_CONTENT_NOT_EXAMINED"],
)
pair(
    INCIDENT,
    "extra-file",
    "the zip holds a file that the manifest does not list, so that no check looks at it",
    incident(members=[("readme.txt", b"call me\n")]),
    incident(),
    "INCIDENT_MEMBER_UNLISTED",
)
pair(
    INCIDENT,
    "listed-file-absent",
    "the manifest lists a file that is not in the zip",
    incident(listed=(lambda listed: (listed["files"].append({"name": "notes.txt", "schema": None}), listed)[1])(a.incident_manifest({}))),
    incident(),
    "INCIDENT_MEMBER_MISSING",
)
pair(
    INCIDENT,
    "manifest-removed",
    "no manifest says what the bundle is, so that nothing in it would be examined",
    export(a.zipped(a.incident_files().items()), name="incident.zip", kind="incident_evidence"),
    export(a.zipped(a.incident_files().items()), name="incident.zip", kind="incident_evidence", manifest=a.incident_manifest({})),
    "INCIDENT_MANIFEST_MISSING",
    notes="the export manifest that would name version and files carries no signature over them",
)
pair(
    INCIDENT,
    "manifest-relabelled",
    "the unsigned export manifest calls the bundle version 1, the signed zip says 2",
    export(incident().files["files/incident.zip"], name="incident.zip", kind="incident_evidence", manifest={"manifest_version": 1}),
    incident(),
    "INCIDENT_MANIFEST_CONTRADICTION",
)
