"""Closures: keys, statuses, and what is compared with what."""
import copy

from . import artifacts as a
from .registry import CLOSE, DISPROVED, WALK, Pack, accepted, edit, export, pair

AREA = "closure"


def closed(records=None, *options, keys=None, **members):
    document = a.audit_bundle(records or [a.closed_permit()], **members)
    return export(document, *(options or (CLOSE, WALK)), keys=keys)


def with_closure(*options, after=None, **members):
    return closed([a.closed_permit(closure_payload=a.closure(after=after or {}, **members))], *options)


HONEST = closed()
REVOKED = {"status": "revoked", "revoked_at": "2026-03-01T00:00:00Z"}

pair(AREA, "binding-key-revoked", "the closure is signed with a binding key that was revoked before", closed(keys=a.key_manifest(binding=REVOKED)), HONEST, "SIGNING_KEY_REVOKED")
pair(
    AREA,
    "binding-key-expired",
    "the closure was signed after the binding key's end",
    closed(keys=a.key_manifest(binding={"valid_to": "2026-05-01T00:00:00Z"})),
    closed(keys=a.key_manifest(binding={"valid_to": "2026-06-01T00:00:00Z"})),
    "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME",
)
pair(
    AREA,
    "binding-key-compromised",
    "the binding key is compromised",
    closed(keys=a.key_manifest(binding={"status": "compromised", "compromised_at": "2026-03-01T00:00:00Z"})),
    HONEST,
    "SIGNING_KEY_REVOKED",
)
pair(
    AREA,
    "foreign-key",
    "the closure is signed by a key of the attacker, under the trusted key id",
    closed([a.closed_permit(closure_payload=a.closure(key=a.ATTACKER, binding_key_id=a.BINDING.binding_id))]),
    HONEST,
    "WALK_CLOSURE_SIGNATURE_INVALID",
    exit=DISPROVED,
    claims={"closure.signature.v1": "disproved"},
)
pair(
    AREA,
    "field-altered-default",
    "the status code was altered after signing, and nobody asked for closures",
    with_closure("--walk-events", after={"status_code": 500}),
    closed(None, "--walk-events"),
    "WALK_CLOSURE_SIGNATURE_INVALID",
    exit=DISPROVED,
    notes="closures that the evidence carries are verified without being asked",
)
pair(
    AREA,
    "chain-broken-closures-only",
    "the chain is broken, and only closures were asked for",
    (lambda pack_document: export(edit(pack_document, ("records", 0, "chain_entries", 1, "outcome"), "failure"), CLOSE))(a.audit_bundle([a.closed_permit()])),
    closed(None, CLOSE),
    "WALK_RECORD_HASH_MISMATCH",
    exit=DISPROVED,
)
pair(
    AREA,
    "status-unknown",
    "a signed status that is not published, which escapes the rules for digests",
    with_closure(closure_status="finished", dispatch_request_digest_v1=None, provider_response_digest_v1=None, client_response_digest_v1=None),
    with_closure(closure_status="timeout", dispatch_request_digest_v1=None, provider_response_digest_v1=None, client_response_digest_v1=None),
    "CLOSURE_STATUS_UNKNOWN",
)


def twice():
    record = a.closed_permit()
    second = copy.deepcopy(record["chain_entries"][-1])
    second["event_id"] = "evt_009"
    second["payload_json"] = a.closure(closure_status="provider_error", status_code=502)
    record["chain_entries"].append(second)
    return closed([record])


pair(AREA, "two-closures", "one permit is closed twice, with two outcomes", twice(), HONEST, "CLOSURE_DUPLICATE")






pair(
    AREA,
    "orphan",
    "a closure names a permit that the export does not contain",
    closed([a.closed_permit(closure_payload=a.closure(a.PERMIT_2))]),
    HONEST,
    "CLOSURE_PERMIT_MISMATCH",
    notes="it stands in the record of another permit, whose binding hash the reference compares it with",
)
pair(
    AREA,
    "permit-of-another-record",
    "the closure of one permit stands in the record of another one",
    closed([a.closed_permit(1, closure_payload=a.closure(a.PERMIT_2)), a.closed_permit(4, a.PERMIT_2, closure_payload={})]),
    closed([a.closed_permit(1), a.closed_permit(4, a.PERMIT_2)]),
    "CLOSURE_PERMIT_MISMATCH",
)


def top_level(records):
    document = a.audit_bundle(records)
    document["chain_entries"] = [entry for row in document["records"] for entry in row.pop("chain_entries")]
    return document


def open_second():
    """Two closed permits, the second one without a dispatch, so that its closure needs nothing of its record."""
    empty = dict.fromkeys(("dispatch_request_digest_v1", "provider_response_digest_v1", "client_response_digest_v1"))
    second = a.closure(a.PERMIT_2, closure_status="timeout", **empty)
    return top_level([a.closed_permit(1), a.closed_permit(4, a.PERMIT_2, closure_payload=second)])


def dangling():
    """The second permit's record is gone, its chain entries are not."""
    document = open_second()
    document["records"] = document["records"][:1]
    document["record_count"] = 1
    return export(document, CLOSE, WALK)


pair(
    AREA,
    "orphan-top-level",
    "a closure at the top level names a permit that is in no record",
    dangling(),
    export(open_second(), CLOSE, WALK),
    "CLOSURE_ORPHAN",
)
SEEN = {"provider_response_digest_v1": "ee" * 32, "client_response_digest_v1": "ff" * 32}
pair(
    AREA,
    "responses-contradict",
    "two events of one permit carry different digests; one of them fits the closure",
    closed([a.closed_permit(responses=[SEEN, dict(SEEN, provider_response_digest_v1="99" * 32)])]),
    closed([a.closed_permit(responses=[SEEN, SEEN])]),
    "CLOSURE_RESPONSE_CONTRADICTION",
)
pair(
    AREA,
    "response-digest-differs",
    "no event carries the digest that the closure states",
    closed([a.closed_permit(responses=[dict(SEEN, provider_response_digest_v1="99" * 32)])]),
    HONEST,
    "WALK_CLOSURE_DIGEST_MISMATCH",
    exit=DISPROVED,
    claims={"closure.digest_consistency.v1": "disproved"},
)
pair(
    AREA,
    "dispatch-differs",
    "another request was dispatched than the permit was bound to",
    closed([a.closed_permit(binding_request_hash="cc" * 32)]),
    HONEST,
    "WALK_CLOSURE_DISPATCH_DIGEST_MISMATCH",
    exit=DISPROVED,
    claims={"closure.dispatch_binding.v1": "disproved"},
)


def bound(final_request_hash):
    """The unsigned binding_request_hash of the permit fits the closure; the signed binding says otherwise."""
    record = a.closed_permit()
    record["permit_decision"] = a.binding(final_request_hash=final_request_hash)
    return closed([record], permit_decision=a.binding(final_request_hash=final_request_hash))


pair(
    AREA,
    "dispatch-not-the-signed-one",
    "the dispatch fits the unsigned member of the permit, and contradicts its signed binding",
    bound("cc" * 32),
    bound("dd" * 32),
    "CLOSURE_DISPATCH_NOT_SIGNED_BINDING",
)
pair(
    AREA,
    "label-invented",
    "the label of the provider digest is not a published one",
    with_closure(provider_response_digest_semantics="whatever_was_convenient"),
    HONEST,
    "WALK_CLOSURE_DIGEST_MISMATCH",
)
pair(
    AREA,
    "version-unknown",
    "the closure names a version that nobody published",
    with_closure(binding_version="closure_v9"),
    HONEST,
    "WALK_UNKNOWN_CLOSURE_FORMAT",
)
pair(
    AREA,
    "version-array",
    "the closure's version is an array",
    with_closure(after={"binding_version": ["closure_v2"]}),
    HONEST,
    [],
    notes="the reference ends with a traceback",
)
pair(
    AREA,
    "none-although-asked",
    "closures were asked for, and there is none",
    closed([a.closed_permit(closure_payload={})]),
    HONEST,
    "CLOSURE_NO_EVALUABLE_SUBJECTS",
)
accepted(
    AREA,
    "overlapping-binding-keys",
    "two binding keys are valid at the signing time; the closure names one",
    closed(keys=a.key_manifest(extra=[a.key_entry(a.OTHER, "permit_binding_signing")])),
    notes="laxer: the reference finds the keys ambiguous although the closure names one",
)


def sealed():
    """The envelope of the specification: the payload apart from hash and signature."""
    flat = a.closure()
    record = a.closed_permit()
    record["chain_entries"][-1]["payload_json"] = {
        "permit_id": a.PERMIT,
        "closure_record": {
            "payload": {k: v for k, v in flat.items() if k in a.CLOSURE_FIELDS},
            "canonical_hash": flat["closure_canonical_hash"],
            "signature": flat["closure_signature_b64"],
            "binding_key_id": flat["binding_key_id"],
        },
    }
    return closed([record])


accepted(
    AREA,
    "sealed-envelope",
    "the closure in the specification's sealed form",
    sealed(),
    notes="laxer: the reference knows only the flat form",
)
accepted(
    AREA,
    "abnormal-without-dispatch",
    "a timeout without a dispatch digest is shown",
    with_closure(closure_status="timeout", dispatch_request_digest_v1=None, provider_response_digest_v1=None, client_response_digest_v1=None),
    ["CLOSURE_DIGEST_WARNING"],
)
