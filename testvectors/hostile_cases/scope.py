"""Scope faithfulness: statements about completeness that the reference takes on trust."""
from . import artifacts as a
from .registry import DISPROVED, Pack, accepted, chain, edit, export, pair

AREA = "scope"
SEGMENT = ("scope_faithfulness", "segments", 0)


def pack(parts, *options, keys=None, manifest=None, scope_state=None):
    document, sidecar, checkpoint = parts
    return export(
        document,
        *options,
        manifest=manifest,
        keys=keys or a.scope_keys(),
        files={"sidecars/checkpoint-scope-state-v1.json": scope_state or sidecar, "checkpoint.json": a.dump(checkpoint)},
    )


def changed(path, new, **options):
    document, sidecar, checkpoint = a.scoped(**options)
    return edit(document, SEGMENT + path, new), sidecar, checkpoint


HONEST = pack(a.scoped())


def forged():
    """Rows whose contents were changed after hashing: the stated hashes link, but are not those of the rows."""
    rows = a.link([a.event(n + 1, "permit.created" if n % 2 == 0 else "permit.bound") for n in range(6)])
    for row in rows:
        row["outcome"] = "failure"
    return rows


pair(
    AREA,
    "forged-record-hashes",
    "the evidence rows link by their stated hashes, which do not fit their contents",
    pack(a.scoped(rows=forged())),
    HONEST,
    "WALK_RECORD_HASH_MISMATCH",
    notes="the reference trusts stated hashes unless the walk is asked for",
)
pair(
    AREA,
    "records-not-disclosed",
    "the records shown are not those that the evidence proves",
    pack((lambda parts: (edit(parts[0], ("records",), [a.event(9, event_id="evt_other", prev_hash="00" * 32, record_hash="11" * 32, sequence_number=9)]), *parts[1:]))(a.scoped())),
    HONEST,
    "SCOPE_RECORDS_NOT_TIED",
)
pair(
    AREA,
    "record-withheld",
    "a record that the evidence discloses is left out of the records",
    pack((lambda parts: (edit(edit(parts[0], ("records",), lambda rows: rows[:-1]), ("record_count",), 2), *parts[1:]))(a.scoped())),
    HONEST,
    "SCOPE_RECORDS_NOT_TIED",
)


def cut_tail():
    """Evidence stops at sequence 4; the declared end is the checkpoint's head at 6."""
    document, sidecar, checkpoint = a.scoped(rows=None)
    for name in ("disclosure_records", "proof_bridge_records"):
        document = edit(document, SEGMENT + ("chain_evidence", name), lambda rows: [r for r in rows if r["sequence_number"] <= 5])
    return document, sidecar, checkpoint


pair(
    AREA,
    "tail-missing",
    "the evidence ends before the declared end",
    pack(cut_tail()),
    HONEST,
    "SCOPE_TAIL_MISSING",
)


def other_genesis():
    rows = a.link([a.event(n + 1, "permit.created" if n % 2 == 0 else "permit.bound") for n in range(6)], first_prev="77" * 32)
    return a.scoped(rows=rows)


accepted(
    AREA,
    "genesis-invented",
    "the declared start is a genesis that nobody published",
    pack(other_genesis()),
    ["CHAIN_GENESIS_NOT_ANCHORED"],
    notes="the reference's own samples start elsewhere, so the report says that nothing ties the beginning to the published start",
)
pair(
    AREA,
    "freshness-empty",
    "the checkpoint is said to be the latest one, and the evidence for it is an empty object",
    pack(a.scoped(boundary="latest_checkpoint_at_export", scope_faithfulness_freshness={})),
    pack(a.scoped(boundary="latest_checkpoint_at_export", scope_faithfulness_freshness={"later_checkpoints": [], "observed_checkpoints": [{"checkpoint_id": "cp-1", "chain_scope": a.SCOPE, "sequence_number": 6}]})),
    "EXPORT_BOUNDARY_FRESHNESS_EVIDENCE_MISSING",
)
pair(
    AREA,
    "freshness-stale",
    "a later checkpoint is known",
    pack(a.scoped(boundary="latest_checkpoint_at_export", scope_faithfulness_freshness={"later_checkpoints": [{"checkpoint_id": "cp-2", "chain_scope": a.SCOPE, "sequence_number": 9}]})),
    pack(a.scoped(boundary="latest_checkpoint_at_export", scope_faithfulness_freshness={"later_checkpoints": [], "observed_checkpoints": [{"checkpoint_id": "cp-1", "chain_scope": a.SCOPE, "sequence_number": 6}]})),
    "EXPORT_BOUNDARY_STALE_CHECKPOINT",
    exit=DISPROVED,
)
pair(
    AREA,
    "sidecar-key-revoked",
    "the key that signed the scope state is revoked",
    pack(a.scoped(), keys=a.scope_keys(status="revoked", revoked_at="2026-03-01T00:00:00Z")),
    HONEST,
    "SIGNING_KEY_REVOKED",
)
pair(
    AREA,
    "disclosure-withheld",
    "one matching record is disclosed as a bridge",
    pack((lambda parts: (
        edit(edit(parts[0], SEGMENT + ("chain_evidence", "proof_bridge_records"), lambda rows: rows + [parts[0]["scope_faithfulness"]["segments"][0]["chain_evidence"]["disclosure_records"][-1]]),
             SEGMENT + ("chain_evidence", "disclosure_records"), lambda rows: rows[:-1]), *parts[1:]))(a.scoped())),
    HONEST,
    "EXPORT_PROOF_BRIDGE_MISCLASSIFIED",
    exit=DISPROVED,
)
pair(
    AREA,
    "sidecar-path-parent",
    "the scope state is named by a path that climbs out of the folder",
    pack(changed(("scope_state_reference", "storage_uri"), "../../etc/scope-state.json")),
    pack(changed(("scope_state_reference", "storage_uri"), "sidecars/checkpoint-scope-state-v1.json")),
    "INPUT_PATH_UNSAFE",
)
pair(
    AREA,
    "sidecar-path-absolute",
    "the scope state is named by an absolute path",
    pack(changed(("scope_state_reference", "storage_uri"), "/etc/scope-state.json")),
    pack(changed(("scope_state_reference", "storage_uri"), "sidecars/checkpoint-scope-state-v1.json")),
    "INPUT_PATH_UNSAFE",
)


def claim(parts, **options):
    made = pack(parts, **options)
    return Pack(made.files, ["claim", "scope_faithfulness", "--export-file", "files/export.json", "--manifest", "files/manifest.json", "--key-manifest", "files/keys.json", "--json"])


pair(
    AREA,
    "claim-without-declaration",
    "the claim is asked for, and the export declares no scope",
    (lambda made: Pack(made.files, ["claim", "scope_faithfulness", "--export-file", "files/export.json", "--manifest", "files/manifest.json", "--key-manifest", "files/keys.json", "--json"]))(chain()),
    claim(a.scoped()),
    "EXPORT_SCOPE_DECLARATION_MISSING",
    notes="the reference says supported, because nothing was judged",
)
