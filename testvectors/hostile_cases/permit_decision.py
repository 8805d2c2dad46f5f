"""Permit decisions: what an export says about a permit, and what was signed."""
from . import artifacts as a
from .registry import DISPROVED, WALK, accepted, edit, export, pair, pinned_decision

AREA = "permit"
REVOKED = {"status": "revoked", "revoked_at": "2026-03-01T00:00:00Z"}


def carried(decision, *options, keys=None, **members):
    """The decision is in the export, and nobody asks for it."""
    return export(a.governance(a.link(a.events(2)), permit_decision=decision, **members), *options, keys=keys)


pair(
    AREA,
    "decision-altered-unpinned",
    "the decision was altered after signing, and no claim set asks for it",
    carried(a.binding(after={"constraints": {"max_output_tokens": 999999}})),
    carried(a.binding()),
    "PERMIT_DECISION_CANONICAL_HASH_MISMATCH",
    exit=DISPROVED,
    notes="what the evidence carries is judged",
)
pair(
    AREA,
    "decision-forged-unpinned",
    "the decision is signed by an unknown key under the trusted id, and no claim set asks for it",
    carried(a.binding(key=a.ATTACKER, binding_key_id=a.BINDING.binding_id)),
    carried(a.binding()),
    "PERMIT_DECISION_SIGNATURE_INVALID",
    exit=DISPROVED,
)
pair(
    AREA,
    "decision-altered-not-required",
    "the decision was altered; the unsigned claim set leaves it out",
    pinned_decision(a.binding(after={"decision": "allow", "reason": "changed"}), (("export.integrity.v1", True),)),
    pinned_decision(a.binding(), (("export.integrity.v1", True),)),
    "PERMIT_DECISION_CANONICAL_HASH_MISMATCH",
)
pair(AREA, "binding-key-revoked", "the decision is signed with a revoked key", pinned_decision(a.binding(), keys=a.key_manifest(binding=REVOKED)), pinned_decision(a.binding()), "SIGNING_KEY_REVOKED")
pair(
    AREA,
    "binding-key-expired",
    "the decision was issued after the key's end",
    pinned_decision(a.binding(), keys=a.key_manifest(binding={"valid_to": "2026-05-01T00:00:00Z"})),
    pinned_decision(a.binding(), keys=a.key_manifest(binding={"valid_to": "2026-06-01T00:00:00Z"})),
    "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME",
)


def bodied(**members):
    record = a.closed_permit(**members)
    record["permit_decision"] = a.binding()
    return export(a.audit_bundle([record], permit_decision=a.binding()), WALK)


CONTRADICTION = "the report shows the permit's members; they must be the ones signed"
pair(AREA, "body-decision-differs", "the permit in the record says deny, its signed binding says allow", bodied(decision="deny"), bodied(), "PERMIT_BODY_CONTRADICTS_DECISION", notes=CONTRADICTION)
pair(AREA, "body-model-differs", "the permit in the record names another model than the one signed", bodied(resource_model="gpt-5-max"), bodied(), "PERMIT_BODY_CONTRADICTS_DECISION", notes=CONTRADICTION)
pair(AREA, "body-expiry-differs", "the permit in the record is valid for longer than the one signed", bodied(expires_at="2027-05-07T12:15:00Z"), bodied(), "PERMIT_BODY_CONTRADICTS_DECISION", notes=CONTRADICTION)


def two(second):
    records = [a.closed_permit(1), a.closed_permit(4, a.PERMIT_2)]
    records[0]["chain_entries"][0]["payload_json"]["permit_decision"] = a.binding()
    records[1]["chain_entries"][0]["payload_json"]["permit_decision"] = second
    return export(a.audit_bundle(records), WALK)


pair(
    AREA,
    "second-decision-altered",
    "the second decision of the export was altered; the reference judges the first one only",
    two(a.binding(a.PERMIT_2, after={"reason": "changed"})),
    two(a.binding(a.PERMIT_2)),
    "PERMIT_DECISION_CANONICAL_HASH_MISMATCH",
    exit=DISPROVED,
)
pair(
    AREA,
    "envelope-contradicts",
    "the envelope states another decision than the payload",
    pinned_decision(dict(a.binding(), expected_decision="deny")),
    pinned_decision(a.binding()),
    "PERMIT_DECISION_CANONICAL_PAYLOAD_MISMATCH",
    exit=DISPROVED,
)
pair(
    AREA,
    "decision-word-invented",
    "the signed decision is 'throttle', which is not a decision",
    pinned_decision(a.binding(decision="throttle")),
    pinned_decision(a.binding(decision="deny")),
    "PERMIT_DECISION_SCHEMA_INVALID",
)
pair(
    AREA,
    "decision-array",
    "the decision is an array",
    pinned_decision(a.binding(decision=["allow"])),
    pinned_decision(a.binding()),
    "PERMIT_DECISION_SCHEMA_INVALID",
    notes="the reference ends with a traceback",
)
pair(
    AREA,
    "version-object",
    "the binding version is an object",
    pinned_decision(a.binding(binding_version={"v": 7})),
    pinned_decision(a.binding()),
    "PERMIT_DECISION_UNSUPPORTED_BINDING_VERSION",
)
pair(
    AREA,
    "unknown-member-missing-word",
    "an unknown payload member whose name contains the word missing",
    pinned_decision(a.binding(missing_limit=1)),
    pinned_decision(a.binding()),
    "PERMIT_DECISION_SCHEMA_INVALID",
    notes="the reference derives its verdict from the text of its own message",
)
pair(
    AREA,
    "signature-second-spelling",
    "the signature holds characters outside the alphabet",
    pinned_decision((lambda d: dict(d, binding_signature=d["binding_signature"][:30] + "\n" + d["binding_signature"][30:]))(a.binding())),
    pinned_decision(a.binding()),
    [],
)
pair(
    AREA,
    "attributes-altered",
    "the resource attributes beside the binding are not those that were hashed",
    pinned_decision(dict(a.binding(), resource_attributes_json={"purpose": "wire transfer"})),
    pinned_decision(a.binding()),
    "permit.binding.v7.resource_attributes_canonical_hash_mismatch",
    exit=DISPROVED,
)


def reviewed(transition, decision="challenge"):
    document = a.governance(a.link(a.events(2)), permit_decision=a.binding(decision=decision), review_transition=transition)
    claims = a.pins([("export.integrity.v1", True), ("permit.decision.v1", True)], [a.PIN_EXPORT, a.PIN_DECISION])
    return export(document, manifest=claims)


LINKAGE = "PERMIT_REVIEW_TRANSITION_LINKAGE_MISMATCH"
pair(AREA, "review-of-another-permit", "the approval that was signed belongs to another permit", reviewed(a.review_transition(permit_id=a.PERMIT_2)), reviewed(a.review_transition()), LINKAGE)
pair(AREA, "review-of-another-project", "the approval that was signed belongs to another project", reviewed(a.review_transition(project_id="00000000-0000-4000-8000-000000000099")), reviewed(a.review_transition()), LINKAGE)
pair(AREA, "review-to-deny", "the signed review ends in a refusal", reviewed(a.review_transition(to_decision="deny")), reviewed(a.review_transition()), LINKAGE)
pair(AREA, "review-from-allow", "the reviewed permit was never held for review", reviewed(a.review_transition(), decision="allow"), reviewed(a.review_transition()), LINKAGE)
accepted(
    AREA,
    "expires-before-issue",
    "a permit that expires before it was issued is shown",
    pinned_decision(a.binding(expires_at="2026-05-07T11:00:00+00:00")),
    ["PERMIT_EXPIRES_BEFORE_ISSUED"],
    notes="a remark, not a failure: the reference accepts it and the signature is genuine",
)
accepted(
    AREA,
    "request-hash-on-deny",
    "a refused permit that carries a request hash is shown",
    export(a.audit_bundle([a.closed_permit(closure_payload={}, decision="deny")]), WALK),
    ["PERMIT_REQUEST_HASH_WITHOUT_ALLOW"],
)
accepted(
    AREA,
    "details-differ",
    "a permit whose details state another decision is shown",
    export(a.audit_bundle([a.closed_permit(decision_details={"decision": "deny", "code": "x", "reason": "y"})]), WALK),
    ["PERMIT_DECISION_DETAILS_MISMATCH"],
)
