"""Honest artifacts with a fixed clock and fixed keys, from which attacks are made.

Every builder returns plain Python values, so that an attack is one change between building and signing.
"""
import base64
import copy
import hashlib
import io
import json
import warnings
import zipfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PROJECT = "00000000-0000-4000-8000-000000000001"
SCOPE = f"project:{PROJECT}"
PERMIT = "10000000-0000-4000-8000-00000000000a"
PERMIT_2 = "10000000-0000-4000-8000-00000000000b"
GENESIS = hashlib.sha256(b"keel-audit-chain-genesis-v1").hexdigest()
SIGNED_AT = "2026-05-07T13:00:00Z"


class Key:
    """An Ed25519 key from a one-byte seed."""

    def __init__(self, seed):
        self.secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.raw = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.text = "ed25519:" + base64.b64encode(self.raw).decode()
        digest = hashlib.sha256(self.raw).hexdigest()
        self.fingerprint = "sha256:" + digest[:32]
        self.binding_id = digest[:16]

    def sign(self, message):
        if isinstance(message, str):
            message = message.encode()
        return base64.b64encode(self.secret.sign(message)).decode()


EXPORT, BINDING, OTHER, ATTACKER, CHECKPOINT = Key(1), Key(2), Key(3), Key(4), Key(5)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def lcj(value):
    """Legacy canonical JSON (payload.v1)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# RFC 8785 gives the same bytes as the legacy profile for the ASCII keys, strings and integers used here.
jcs = lcj


def dump(value):
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


# ---------------------------------------------------------------- keys


def key_entry(key, purpose, key_id=None, **members):
    entry = {
        "algorithm": "ed25519",
        "key_id": key_id or (key.binding_id if purpose == "permit_binding_signing" else key.fingerprint),
        "public_key": key.text,
        "purpose": purpose,
        "status": "active",
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_to": None,
    }
    entry.update(members)
    return entry


def key_manifest(export=None, binding=None, extra=()):
    """A plain manifest; `export` and `binding` change members of the two standard entries."""
    return {
        "keys": [
            key_entry(EXPORT, "export_signing", **(export or {})),
            key_entry(BINDING, "permit_binding_signing", **(binding or {})),
            *extra,
        ]
    }


def signed_key_manifest(entries, signer=EXPORT, generated_at="2026-05-07T00:00:00Z", key_id=None):
    body = {
        "canonicalization_profile": "keel.canonical_json.payload.v1",
        "keys": entries,
        "manifest_version": "keel.public_key_manifest.v1",
    }
    content_hash = "sha256:" + sha(lcj(body))
    body = dict(body, schema_version=1)
    if generated_at is not None:
        body["generated_at"] = generated_at
    body["manifest_signature"] = {
        "signature_type": "ed25519.content_hash.v1",
        "purpose": "export_signing",
        "key_id": key_id or signer.fingerprint,
        "content_hash": content_hash,
        "signature": "ed25519:" + signer.sign(content_hash),
    }
    return body


# ---------------------------------------------------------------- chain


def clock(created_at):
    """`created_at` as the record hash sees it: the wall clock with six fraction digits."""
    text = created_at.strip()
    text = text[:-1] if text.endswith("Z") else text
    head, _, rest = text.partition("T")
    for sign in "+-":
        rest = rest.split(sign)[0]
    whole, _, fraction = rest.partition(".")
    return f"{head}T{whole}.{(fraction + '000000')[:6]}"


def record_hash(entry, time_member="created_at"):
    parts = [
        entry["event_id"],
        entry["event_type"],
        entry.get("resource_type") or "",
        entry.get("resource_id") or "",
        entry.get("outcome") or "",
        entry["severity"],
        clock(entry.get(time_member) or entry["created_at"]),
        entry["prev_hash"],
        str(entry["sequence_number"]),
    ]
    return sha("|".join(parts).encode())


def link(entries, first_prev=GENESIS, first_sequence=1, sequences=None):
    """Numbers and links entries in place; members that an attack set beforehand stay."""
    previous = {}
    for index, entry in enumerate(entries):
        scope = json.dumps(entry.get("chain_scope"))
        number = sequences[index] if sequences else first_sequence + index
        entry.setdefault("sequence_number", number)
        entry.setdefault("prev_hash", previous.get(scope, first_prev))
        entry.setdefault("record_hash", record_hash(entry, "occurred_at"))
        previous[scope] = entry["record_hash"]
    return entries


def event(number, event_type="permit.created", **members):
    """A governance event without its place in the chain."""
    entry = {
        "event_id": f"evt_{number:03}",
        "event_type": event_type,
        "severity": "info",
        "outcome": "success",
        "resource_type": "permit",
        "resource_id": PERMIT,
        "occurred_at": f"2026-05-07T12:00:{number:02}Z",
        "chain_format_version": "v1",
        "chain_scope": SCOPE,
        "payload_json": {"permit_id": PERMIT, "provider": "openai", "model": "gpt-4o-mini", "cost_usd_micros": 1250 * number},
    }
    entry.update(members)
    return entry


def events(count=5):
    kinds = ["permit.created", "permit.bound", "provider.response.received", "client.response.delivered", "budget.committed"]
    return [event(n + 1, kinds[n % len(kinds)]) for n in range(count)]


def governance(records, **members):
    document = {"schema": "keel.governance_events/v1", "project_id": PROJECT, "record_count": len(records), "records": records}
    document.update(members)
    return document


def integrity_digest(number, covered, **members):
    """An audit.integrity_digest event over `covered` events."""
    names = (
        "actor_id actor_type category decision event_id event_type lineage_type model occurred_at operation outcome payload_json "
        "permit_id project_id project_name provider request_id resource_id resource_type schema_version severity source_stage "
        "span_id surface trace_id"
    ).split()
    items = []
    for one in covered:
        body = {name: one.get(name) for name in names}
        body["payload_json"] = one.get("payload_json") or {}
        items.append({"event_id": one["event_id"], "event_type": one["event_type"], "event_hash": sha(lcj(body))})
    batch = sha(lcj([{k: i[k] for k in ("event_hash", "event_id", "event_type")} for i in items]))
    return event(
        number,
        "audit.integrity_digest",
        resource_type="integrity_digest",
        resource_id=batch[:32],
        payload_json={"covered_events": items, "covered_event_count": len(items), "batch_hash": batch},
        **members,
    )


# ---------------------------------------------------------------- export bundle and closures


def permit(permit_id=PERMIT, **members):
    body = {
        "id": permit_id,
        "project_id": PROJECT,
        "subject_type": "agent",
        "subject_id": "agent:invoice-bot",
        "action_name": "chat.completions",
        "resource_provider": "openai",
        "resource_model": "gpt-4o-mini",
        "estimated_input_tokens": 900,
        "estimated_output_tokens": 300,
        "decision": "allow",
        "reason": "within budget",
        "actions_json": [],
        "policy_id": "pol_spend",
        "policy_version": "7",
        "idempotency_key": f"idem-{permit_id[-4:]}",
        "request_fingerprint": "ab" * 32,
        "binding_request_hash": "dd" * 32,
        "status": "closed",
        "created_at": "2026-05-07T12:00:00Z",
        "expires_at": "2026-05-07T12:15:00Z",
    }
    body.update(members)
    return body


CLOSURE_FIELDS = (
    "binding_version permit_id execution_id correlation_id provider model provider_response_digest_v1 client_response_digest_v1 "
    "closure_status status_code provider_response_id provider_response_digest_semantics client_response_digest_semantics "
    "request_created_at started_at completed_at provider_response_received_at client_response_delivered_at closure_signed_at "
    "binding_key_id dispatch_request_digest_v1 dispatch_request_digest_semantics"
).split()


def closure(permit_id=PERMIT, key=BINDING, **members):
    """A flat closure_v2 payload. Members given in `after` (a dict) are changed after signing."""
    after = members.pop("after", {})
    body = {
        "binding_version": "closure_v2",
        "permit_id": permit_id,
        "execution_id": "exec_123",
        "correlation_id": "corr_123",
        "provider": "openai",
        "model": "gpt-4o-mini",
        "provider_response_digest_v1": "ee" * 32,
        "client_response_digest_v1": "ff" * 32,
        "closure_status": "closed",
        "status_code": 200,
        "provider_response_id": "resp_123",
        "provider_response_digest_semantics": "provider_bytes_received_by_keel",
        "client_response_digest_semantics": "response_bytes_handed_to_asgi_not_tcp_receipt",
        "request_created_at": "2026-05-07T12:00:20Z",
        "started_at": "2026-05-07T12:00:21Z",
        "completed_at": "2026-05-07T12:00:25Z",
        "provider_response_received_at": "2026-05-07T12:00:24Z",
        "client_response_delivered_at": "2026-05-07T12:00:25Z",
        "closure_signed_at": "2026-05-07T12:00:30Z",
        "binding_key_id": key.binding_id,
        "dispatch_request_digest_v1": "dd" * 32,
        "dispatch_request_digest_semantics": "approved_request_body_bytes_at_dispatch_time",
    }
    body.update(members)
    canonical = sha(lcj({name: body[name] for name in CLOSURE_FIELDS if name in body}))
    body["closure_canonical_hash"] = canonical
    body["closure_signature_b64"] = key.sign(canonical)
    body.update(after)
    return body


def closed_permit(first=1, permit_id=PERMIT, closure_payload=None, responses=None, **permit_members):
    """One record of an audit export bundle: a permit, its events and its closure."""
    seen = {"provider_response_digest_v1": "ee" * 32, "client_response_digest_v1": "ff" * 32}
    rows = [
        event(first, "permit.created", resource_id=permit_id, payload_json={"permit_id": permit_id}),
        *[
            event(first + 1 + n, "execution.completed", resource_id=permit_id, payload_json={"permit_id": permit_id, **body})
            for n, body in enumerate(responses or [seen])
        ],
    ]
    payload = closure(permit_id) if closure_payload is None else closure_payload
    if payload:
        rows.append(event(first + len(rows), "permit.closed", resource_id=permit_id, payload_json=payload))
    for row in rows:
        row["created_at"] = row.pop("occurred_at")
    return {"permit": permit(permit_id, **permit_members), "chain_entries": rows}


def audit_bundle(records, **members):
    link([entry for record in records for entry in record.get("chain_entries", [])])
    document = {
        "bundle_type": "audit_export_bundle",
        "schema_version": 2,
        "format": "json",
        "project_id": PROJECT,
        "time_range_basis": "permit.created_at",
        "from": "2026-05-07T00:00:00Z",
        "to": "2026-05-08T00:00:00Z",
        "generated_at": "2026-05-07T12:59:00Z",
        "record_count": len(records),
        "include_chain_entries": True,
        "records": records,
    }
    document.update(members)
    return document


# ---------------------------------------------------------------- permit binding


def binding(permit_id=PERMIT, key=BINDING, attributes=None, after=None, **members):
    """A permit decision binding v7."""
    attributes = attributes if attributes is not None else {"purpose": "invoice summary"}
    payload = {
        "binding_version": "v7",
        "permit_id": permit_id,
        "project_id": PROJECT,
        "parent_permit_id": None,
        "decision": "allow",
        "reason": "within budget",
        "provider": "openai",
        "model": "gpt-4o-mini",
        "operation": "chat.completions",
        "action_name": "chat.completions",
        "request_fingerprint": "ab" * 32,
        "constraints": {"max_output_tokens": 300},
        "routing": None,
        "policy_id": "pol_spend",
        "policy_version": "7",
        "policy_snapshot_hash": "cd" * 32,
        "issued_at": "2026-05-07T12:00:00+00:00",
        "expires_at": "2026-05-07T12:15:00+00:00",
        "is_dry_run": False,
        "binding_key_id": key.binding_id,
        "final_request_hash": "dd" * 32,
        "binding_session_id": None,
        "binding_session_event_hash": None,
        "binding_project_anchor_hash": None,
        "permit_chain_role": "session_root",
        "inherits_from": None,
        "authority_delta": None,
        "spend_scope_hash": None,
        "delegation_policy_hash": None,
        "resource_attributes_canonical_hash": sha(jcs(attributes)),
        "authority_chain_digest": None,
        "quota_reservation_id": None,
        "subject_id": "agent:invoice-bot",
        "subject_type": "agent",
        "account_id": None,
        "org_id": None,
    }
    payload.update(members)
    canonical = sha(jcs(payload))
    payload.update(after or {})
    return {
        "artifact_type": "permit_decision_binding",
        "artifact_version": "permit.decision.v1",
        "canonical_payload": payload,
        "binding_canonical_hash": canonical,
        "binding_signature": "ed25519:" + key.sign(canonical),
        "binding_issued_at": payload["issued_at"],
        "binding_version": payload["binding_version"],
        "binding_key_id": payload["binding_key_id"],
        "expected_decision": payload["decision"],
        "resource_attributes_json": attributes,
    }


def review_transition(key=BINDING, **members):
    body = {
        "event_type": "permit.review_transition",
        "permit_id": PERMIT,
        "project_id": PROJECT,
        "decision_at": "2026-05-07T12:05:00Z",
        "actor_id": "user:controller",
        "actor_kind": "user",
        "from_decision": "challenge",
        "from_status": "pending",
        "to_decision": "allow",
        "to_status": "bound",
    }
    body.update(members)
    canonical = sha(lcj(body))
    return {
        "status": "present",
        "signed_event": dict(body, signature="ed25519:" + key.sign(canonical)),
        "canonical_hash": canonical,
    }


# ---------------------------------------------------------------- manifest


def manifest(payload, kind="governance_events", count=None, key=EXPORT, **members):
    content_hash = "sha256:" + sha(payload)
    body = {
        "export_id": "40000000-0000-4000-8000-000000000001",
        "project_id": PROJECT,
        "export_type": kind,
        "format": "json",
        "compressed": payload[:2] == b"\x1f\x8b",
        "record_count": count,
        "content_hash": content_hash,
        "signature": "ed25519:" + key.sign(content_hash),
        "public_key": key.text,
        "key_id": key.fingerprint,
        "signed_at": SIGNED_AT,
    }
    if count is None:
        for name in ("export_id", "project_id", "export_type", "format", "compressed", "record_count"):
            del body[name]
    body.update(members)
    return body


def pins(claims, artifacts):
    """claim_set and semantics_pins; every artifact resolves from what verifiers carry."""
    return {
        "claim_set": {
            "version": "verifier-claims.v2",
            "registry": {
                "id": "keel.verifier_claim_registry.v2",
                "hash": "sha256:b21b06402a55ee38ffeafadee8fe491aef786e2a7b29650c762efc7cbe2f1344",
                "path": "claim_registry/v2.json",
            },
            "claims": [{"name": n, "required": r, "minimum_trust_grade": None} for n, r in claims],
        },
        "semantics_pins": {
            "version": "keel-semantics-pins.v0",
            "mode": "pinned",
            "artifacts": [dict(zip(("id", "hash", "path"), row)) for row in artifacts],
        },
    }


PIN_EXPORT = (
    "keel.export_manifest.integrity.v1",
    "sha256:d1d67dca7eb9a662d26463c3dec841f47f8791df2fafb21e911dd26a83dabb76",
    "semantics/export_manifest/integrity_v1.json",
)
PIN_WALK = (
    "keel.governance_chain.record_hash.v1",
    "sha256:a3213706c9e9531a74cd2355f2f05e537c7a70604cb869b7b76c65cba4a2b707",
    "semantics/governance_chain/record_hash_v1.json",
)
PIN_DECISION = (
    "keel.permit.decision.v1",
    "sha256:6c990d806ce3a72837464b5d20a3eb20caa9ad74e3ac147ee98ec37bdd10cbbb",
    "semantics/permit/decision_v1.json",
)


# ---------------------------------------------------------------- single-file bundle


def evidence_bundle(body=None, key=EXPORT, version="v1", **envelope):
    body = copy.deepcopy(body) if body else {"schema": "keel.evidence/v1", "export_id": "exp-1", "records": [{"permit_id": PERMIT}]}
    digest = "sha256:" + sha(lcj({k: v for k, v in body.items() if k not in ("artifact_ref", "anchor")}))
    body["artifact_ref"] = {
        "schema_version": "artifact_ref.v1",
        "type": "compliance_export",
        "id": "exp-1",
        "urn": "urn:x-keel:artifact:compliance_export:exp-1",
        "region": "us",
        "path": "/x",
        "canonical_url": "https://x.invalid/x",
        "digest": digest,
    }
    content_hash = "sha256:" + sha(lcj(body))
    out = {
        "content_hash": content_hash,
        "signature": "ed25519:" + key.sign(content_hash),
        "public_key": key.text,
        "public_key_id": key.fingerprint,
        "tsa_receipts": [],
    }
    out.update(envelope)
    return {"schema_version": f"keel.evidence_bundle/{version}", "body": body, "signature_envelope": out}


# ---------------------------------------------------------------- scope faithfulness


def merkle_root(leaves):
    if not leaves:
        return sha(b"")
    level = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]

    def root(nodes):
        if len(nodes) == 1:
            return nodes[0]
        half = 1
        while half * 2 < len(nodes):
            half *= 2
        return hashlib.sha256(b"\1" + root(nodes[:half]) + root(nodes[half:])).digest()

    return root(level).hex()


PREDICATE = {"version": "keel.scope_predicate.v1", "operator": "and", "equals": {"event_type": "permit.created"}, "ranges": {}}


def evidence_row(entry):
    names = ("event_id", "event_type", "chain_scope", "sequence_number", "record_hash", "prev_hash", "chain_format_version")
    row = {name: entry[name] for name in names}
    row["created_at"] = entry["occurred_at"]
    row["payload_json"] = {
        "resource_type": entry["resource_type"],
        "resource_id": entry["resource_id"],
        "outcome": entry["outcome"],
        "severity": entry["severity"],
        "event_type": entry["event_type"],
    }
    return row


def checkpoint(heads, key=CHECKPOINT, **members):
    lines = "\n".join(f"{s}:{h['sequence_number']}:{h['last_record_hash']}" for s, h in sorted(heads.items()))
    composite = "sha256:" + sha(lines.encode())
    body = {
        "checkpoint_id": "cp-1",
        "computed_at": "2026-05-07T12:30:00Z",
        "chain_heads": heads,
        "composite_hash": composite,
        "signature": "ed25519:" + key.sign(composite),
        "public_key": key.text,
        "key_id": key.fingerprint,
    }
    body.update(members)
    return body


def scoped(rows=None, disclose=None, end=None, start=None, boundary="explicit_checkpoint", sidecar_key=CHECKPOINT, **export_members):
    """(export, sidecar bytes, checkpoint) of a faithful slice: the permit.created events of six."""
    rows = rows or link([event(n + 1, "permit.created" if n % 2 == 0 else "permit.bound") for n in range(6)])
    disclosed = [r for r in rows if r["event_type"] == "permit.created"] if disclose is None else disclose
    bridges = [r for r in rows if r["event_type"] != "permit.created"]
    last = end or rows[-1]
    head = {"sequence_number": last["sequence_number"], "last_record_hash": last["record_hash"]}
    predicate_hash = "sha256:" + sha(lcj(PREDICATE))
    leaves = [
        lcj(
            {
                "canonical_predicate_value_hash": predicate_hash,
                "event_id": r["event_id"],
                "record_hash": r["record_hash"],
                "sequence_number": r["sequence_number"],
            }
        )
        for r in disclosed
    ]
    sidecar = {
        "artifact_type": "checkpoint_scope_state",
        "version": "checkpoint_scope_state.v1",
        "scope_state_id": "ss-1",
        "checkpoint_id": "cp-1",
        "chain_scope": SCOPE,
        "predicate_grammar_version": "keel.scope_predicate.v1",
        "predicate_basis": {
            "canonicalization_profile": "keel.canonical_json.payload.v1",
            "supported_predicate_kinds": ["event_type"],
            "reserved_namespaces": [],
        },
        "commitment_profile": "keel.scope_state.merkle.v1",
        "scope_commitments": [
            {
                "predicate_value": PREDICATE,
                "predicate_value_hash": predicate_hash,
                "first_matching_sequence": disclosed[0]["sequence_number"] if disclosed else None,
                "last_matching_sequence": disclosed[-1]["sequence_number"] if disclosed else None,
                "matching_count": len(disclosed),
                "membership_root_hash": "sha256:" + merkle_root(leaves),
            }
        ],
        "tree_size": len(rows),
        "signed_at": "2026-05-07T12:30:00Z",
        "signature": {"algorithm": "Ed25519", "key_id": sidecar_key.fingerprint},
        "trust_root_reference": {
            "manifest_version": "keel.public_key_manifest.v1",
            "purpose": "scope_state",
            "key_id": sidecar_key.fingerprint,
        },
    }
    sidecar["signature"]["signature"] = "ed25519:" + sidecar_key.sign(lcj(sidecar))
    sidecar_bytes = dump(sidecar)
    segment = {
        "segment_id": "seg-1",
        "declared_scope": {
            "version": "keel.scope_declaration.v1",
            "scope_kind": "declared_population",
            "chain_scope": SCOPE,
            "population_label": "permits created",
            "predicate": PREDICATE,
            "presentation_policy": {"version": "keel.presentation_policy.v1", "policy_kind": "none", "policy_parameters": {}},
        },
        "declared_start": start
        or {"kind": "genesis", "chain_scope": SCOPE, "sequence_number": 1, "genesis_prev_hash": rows[0]["prev_hash"]},
        "declared_end": {"checkpoint_id": "cp-1", "chain_scope": SCOPE, **head, "boundary_policy": boundary},
        "scope_state_reference": {
            "artifact_type": "checkpoint_scope_state",
            "scope_state_id": "ss-1",
            "checkpoint_id": "cp-1",
            "chain_scope": SCOPE,
            "artifact_hash": "sha256:" + sha(sidecar_bytes),
        },
        "canonical_filters": {
            "canonicalization_profile": "keel.canonical_json.payload.v1",
            "raw_filters": {"event_type": "permit.created"},
            "filters_hash": "sha256:" + sha(lcj({"event_type": "permit.created"})),
        },
        "chain_evidence": {
            "disclosure_records": [evidence_row(r) for r in disclosed],
            "proof_bridge_records": [evidence_row(r) for r in bridges],
        },
    }
    records = [dict(r) for r in rows if r["event_type"] == "permit.created"] if disclose is None else [dict(r) for r in disclosed]
    document = governance(
        records, scope_faithfulness={"version": "keel.export_scope_faithfulness.v1", "segments": [segment]}, **export_members
    )
    return document, sidecar_bytes, checkpoint({SCOPE: head})


def scope_keys(**checkpoint_members):
    return key_manifest(
        extra=[
            key_entry(CHECKPOINT, "integrity_checkpoint", **checkpoint_members),
            key_entry(CHECKPOINT, "scope_state", **checkpoint_members),
        ]
    )


# ---------------------------------------------------------------- workflow


INTENT = {
    "expected_calls": 2,
    "expected_input_tokens_per_call": 100,
    "expected_model": "gpt-4o-mini",
    "expected_output_tokens_per_call": 50,
    "max_calls": 5,
    "max_duration_seconds": 3600,
}
DELTA = {
    "applied_against_version": 1,
    "new_expected_calls": 4,
    "new_max_calls": 7,
    "previous_expected_calls": 2,
    "previous_max_calls": 5,
    "reason_provided": "raise cap during incident run",
}
ACTOR = {"type": "api_key", "id": "20000000-0000-4000-8000-000000000001"}
DECLARATION = "10000000-0000-4000-8000-0000000000d1"


def effective_intent(intent, deltas):
    digest = hashlib.sha256(lcj(intent))
    for delta in deltas:
        digest.update(lcj(delta))
    return digest.hexdigest()


def declaration(intent=None, deltas=(), key=BINDING, signed_payload=False, shown=None):
    """`shown` replaces displayed members after signing, with the effective intent following what is shown."""
    intent = dict(INTENT, **(intent or {}))
    cost = {
        "amount_micros": 1234,
        "currency": "USD",
        "methodology": {"basis": "caller_declared_workflow_x_point_pricing", "expected_calls": 2},
    }
    payload = {
        "binding_version": "workflow_declaration.v1",
        "project_id": PROJECT,
        "workflow_id": "wf_123",
        "intent": intent,
        "budget_envelope_id": None,
        "declared_by": {"api_key_id": ACTOR["id"]},
        "projected_cost": cost,
        "status": "active",
        "issued_at": "2026-05-07T12:00:00+00:00",
        "binding_key_id": key.binding_id,
    }
    canonical = sha(lcj(payload))
    row = {
        "workflow_declaration_id": DECLARATION,
        "workflow_id": "wf_123",
        "project_id": PROJECT,
        "status": "active",
        "version": 1 + len(deltas),
        "intent_json": intent,
        "budget_envelope_id": None,
        "declared_by": ACTOR,
        "projection_amount_micros": 1234,
        "projection_currency": "USD",
        "projection_methodology": cost["methodology"],
        "declaration_signed_at": "2026-05-07T12:00:00+00:00",
        "declaration_canonical_hash": canonical,
        "declaration_signature_b64": key.sign(canonical),
        "binding_key_id": key.binding_id,
    }
    if signed_payload:
        row["signed_payload"] = payload
    row.update(shown or {})
    row["effective_intent_hash"] = effective_intent(row["intent_json"], deltas)
    return row


def amendment(delta=None, key=BINDING, number=1):
    delta = dict(DELTA, **(delta or {}))
    at = f"2026-05-07T12:0{4 + number}:00+00:00"
    payload = {
        "binding_version": "workflow_amendment.v1",
        "project_id": PROJECT,
        "workflow_declaration_id": DECLARATION,
        "amended_by": {"api_key_id": ACTOR["id"]},
        "issued_at": at,
        "binding_key_id": key.binding_id,
        "delta": delta,
    }
    canonical = sha(lcj(payload))
    return {
        "workflow_amendment_id": f"30000000-0000-4000-8000-00000000000{number}",
        "workflow_declaration_id": DECLARATION,
        "project_id": PROJECT,
        "amended_by": ACTOR,
        "created_at": at,
        "binding_key_id": key.binding_id,
        "amendment_canonical_hash": canonical,
        "amendment_signature_b64": key.sign(canonical),
        **delta,
    }


def workflow(declarations, amendments, **members):
    body = {
        "schema": "keel.workflow_evidence/v1",
        "project_id": PROJECT,
        "generated_at": "2026-05-07T12:10:00+00:00",
        "declaration_count": len(declarations),
        "amendment_count": len(amendments),
        "declarations": declarations,
        "amendments": amendments,
    }
    body.update(members)
    return body


def snapshot(version=2, calls=1, maximum=7, deltas=(DELTA,), at="2026-05-07T12:06:00+00:00", intent=None):
    return {
        "decision": "allow",
        "permit_id": PERMIT,
        "timestamp": at,
        "workflow_state_json": {
            "workflow_declaration_id": DECLARATION,
            "workflow_id": "wf_123",
            "effective_intent_hash": effective_intent(dict(INTENT, **(intent or {})), deltas),
            "declaration_version_at_decision": version,
            "actual_calls_at_decision": calls,
            "max_calls_at_decision": maximum,
        },
    }


def sibling(data, file_name="workflow_evidence.json", key=EXPORT, **members):
    content_hash = "sha256:" + sha(data)
    body = {
        "schema": "keel.workflow_evidence/v1",
        "workflow_evidence": {
            "file_name": file_name,
            "content_hash": content_hash,
            "signature": "ed25519:" + key.sign(content_hash),
            "public_key": key.text,
            "key_id": key.fingerprint,
            "signed_at": "2026-05-07T12:10:00Z",
        },
    }
    body.update(members)
    return {"sibling_artifacts": {"workflow_evidence": body}}


# ---------------------------------------------------------------- incident


def jsonl(rows):
    return "".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows).encode()


INCIDENT_SCHEMAS = {
    "admin_actions.jsonl": "keel.admin_actions/v1",
    "bracket_checkpoints.json": "keel.bracket_checkpoints/v1",
    "governance_events.jsonl": "keel.governance_events/v1",
    "incident_metadata.json": "keel.incident_metadata/v1",
    "permits.jsonl": "keel.permits/v1",
    "workflow_declarations.jsonl": "keel.workflow_declarations/v1",
    "workflow_amendments.jsonl": "keel.workflow_amendments/v1",
    "mcp_tool_decisions.jsonl": "keel.mcp_tool_decisions/v1",
}


def incident_files(**replaced):
    chain = link(events(4))
    head = {SCOPE: {"sequence_number": 4, "last_record_hash": chain[-1]["record_hash"]}}
    start = {SCOPE: {"sequence_number": 1, "last_record_hash": chain[0]["record_hash"]}}
    files = {
        "admin_actions.jsonl": jsonl([{"action": "key.rotated", "at": "2026-05-07T11:00:00Z"}]),
        "bracket_checkpoints.json": dump({"start": checkpoint(start), "end": checkpoint(head)}),
        "governance_events.jsonl": jsonl(chain),
        "incident_metadata.json": dump({"schema": "keel.incident_evidence/v1", "incident_id": "inc-1"}),
        "permits.jsonl": jsonl([snapshot()]),
        "workflow_declarations.jsonl": jsonl([declaration(deltas=[DELTA])]),
        "workflow_amendments.jsonl": jsonl([amendment()]),
        "mcp_tool_decisions.jsonl": jsonl([{"tool": "search", "decision": "allow"}]),
    }
    files.update(replaced)
    return files


def zipped(members):
    """A zip with a fixed date; `members` are pairs, so that a name can occur twice."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in members:
            info = zipfile.ZipInfo(name, (2026, 5, 7, 12, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def incident_manifest(files, version=2, hashes=False):
    rows = []
    for name, schema in INCIDENT_SCHEMAS.items():
        row = {"name": name, "schema": schema}
        if hashes:
            row["sha256"] = sha(files[name])
        rows.append(row)
    return {"manifest_version": version, "files": rows}
