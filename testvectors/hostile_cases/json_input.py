"""Notation: two readings of one file, files that exhaust a reader, containers."""
import gzip

from . import artifacts as a
from .registry import WALK, Pack, accepted, chain, export, pair, pinned_decision

AREA = "json"


def insert(old, new):
    """Edits finished bytes; the place must occur."""

    def run(payload):
        old_bytes, new_bytes = (x.encode() if isinstance(x, str) else x for x in (old, new))
        assert old_bytes in payload, old
        return payload.replace(old_bytes, new_bytes, 1)

    return run


pair(
    AREA,
    "duplicate-member-record",
    "an event states two severities; the hash covers the second",
    chain(WALK, text=insert('"severity": "info"', '"severity": "critical", "severity": "info"')),
    chain(WALK),
    "DUPLICATE_JSON_KEY",
)
pair(
    AREA,
    "duplicate-member-records-array",
    "the document carries two arrays of records; a reader that takes the first sees a forged one",
    chain(WALK, text=insert('"records": [', '"records": [{"event_id": "evt_forged"}],\n "records": [')),
    chain(WALK),
    "DUPLICATE_JSON_KEY",
)
pair(
    AREA,
    "duplicate-member-escaped",
    "the second spelling of the repeated name is escaped",
    chain(WALK, text=insert('"severity": "info"', '"sever\\u0069ty": "critical", "severity": "info"')),
    chain(WALK),
    "DUPLICATE_JSON_KEY",
)


def manifest_text(old, new):
    pack = chain(WALK)
    pack.files["files/manifest.json"] = insert(old, new)(pack.files["files/manifest.json"])
    return pack


pair(
    AREA,
    "duplicate-member-manifest",
    "the manifest states two content hashes; only the last one fits",
    manifest_text('"content_hash"', '"content_hash": "sha256:' + "00" * 32 + '",\n "content_hash"'),
    chain(WALK),
    "DUPLICATE_JSON_KEY",
)


def keys_text(old, new):
    pack = chain(WALK)
    pack.files["files/keys.json"] = insert(old, new)(pack.files["files/keys.json"])
    return pack


pair(
    AREA,
    "duplicate-member-keys",
    "the key entry says revoked and active; the last one wins in most readers",
    keys_text('"status": "active"', '"status": "revoked",\n   "status": "active"'),
    chain(WALK),
    "DUPLICATE_JSON_KEY",
)


def bundle(text=None, document=None, trust=("--expected-public-key", a.EXPORT.text)):
    payload = a.dump(document or a.evidence_bundle())
    if text:
        payload = text(payload)
    return Pack({"files/bundle.json": payload}, ["export", "files/bundle.json", *trust, "--json"])


pair(
    AREA,
    "duplicate-member-bundle",
    "a bundle body states two export ids; the digest covers the second",
    bundle(insert('"export_id": "exp-1"', '"export_id": "exp-9", "export_id": "exp-1"')),
    bundle(),
    "DUPLICATE_JSON_KEY",
)
pair(
    AREA,
    "nan",
    "an event payload holds NaN",
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": NaN')),
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": null')),
    "JSON_NON_FINITE_NUMBER",
)
pair(
    AREA,
    "infinity-literal",
    "an event payload holds -Infinity",
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": -Infinity')),
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": -1')),
    "JSON_NON_FINITE_NUMBER",
)
pair(
    AREA,
    "float-overflow",
    "a number that is larger than any double",
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": 1e400')),
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": 1e300')),
    "JSON_NON_FINITE_NUMBER",
)
pair(
    AREA,
    "lone-surrogate-payload",
    "half of a surrogate pair in an event payload, which no hash of the walk covers",
    chain(WALK, text=insert('"provider": "openai"', '"provider": "open\\ud800ai"')),
    chain(WALK, text=insert('"provider": "openai"', '"provider": "open\\ud83d\\ude00ai"')),
    "JSON_UNPAIRED_SURROGATE",
)
pair(
    AREA,
    "lone-surrogate-member-name",
    "half of a surrogate pair in a member name",
    chain(WALK, text=insert('"provider": "openai"', '"provider\\udfff": "openai"')),
    chain(WALK),
    "JSON_UNPAIRED_SURROGATE",
)
pair(
    AREA,
    "unsafe-integer-binding",
    "a signed permit constraint beyond 2^53 - 1, which RFC 8785 does not allow",
    pinned_decision(a.binding(constraints={"max_output_tokens": 2**53 + 1})),
    pinned_decision(a.binding(constraints={"max_output_tokens": 2**53 - 1})),
    "JSON_UNSAFE_INTEGER",
    notes="the reference ends with a traceback",
)
accepted(
    AREA,
    "unsafe-integer-payload",
    "an integer beyond 2^53 - 1 in an event payload is shown, and its digits are kept",
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": 9007199254740993')),
    ["JSON_UNSAFE_INTEGER"],
    notes="no reader may be told another value than the one signed, but the evidence is well-formed",
)


def deep(levels, opening="["):
    closing = "]" if opening == "[" else "}"
    return insert('"cost_usd_micros": 1250', '"cost_usd_micros": ' + opening * levels + "1" + closing * levels)


pair(
    AREA,
    "nesting-valid",
    "600 levels of arrays inside an event payload",
    chain(WALK, text=deep(600)),
    chain(WALK, text=deep(200)),
    "INPUT_LIMIT_EXCEEDED",
    notes="a reader that recurses dies at a depth that depends on its stack; the bound is 512",
)
pair(
    AREA,
    "nesting-objects",
    "5,000 levels of objects inside an event payload",
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": ' + '{"a":' * 5_000 + "1" + "}" * 5_000)),
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": ' + '{"a":' * 100 + "1" + "}" * 100)),
    "INPUT_LIMIT_EXCEEDED",
)


def unclosed(levels):
    pack = chain(WALK)
    payload = b"[" * levels
    body = a.manifest(payload)
    pack.files["files/export.json"] = [{"text": "[", "times": levels}]
    pack.files["files/manifest.json"] = a.dump(body)
    return pack


pair(
    AREA,
    "nesting-unclosed",
    "a megabyte of opening brackets",
    unclosed(1_000_000),
    chain(WALK),
    [],
)
pair(
    AREA,
    "integer-digits",
    "an integer of 5,000 digits",
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": ' + "7" * 5000)),
    chain(WALK, text=insert('"cost_usd_micros": 1250', '"cost_usd_micros": ' + "7" * 15)),
    "INPUT_LIMIT_EXCEEDED",
)
pair(
    AREA,
    "truncated-payload",
    "the signed payload stops in the middle of an event",
    chain(WALK, text=lambda payload: payload[: len(payload) * 2 // 3]),
    chain(WALK),
    "EXPORT_STRUCTURE_INVALID",
)
pair(
    AREA,
    "truncated-payload-default",
    "the same, and nobody asks for the walk",
    chain(text=lambda payload: payload[: len(payload) * 2 // 3]),
    chain(),
    "EXPORT_STRUCTURE_INVALID",
    notes="the hash fits, but nothing of the content can be checked; the reference does not look",
)
pair(
    AREA,
    "truncated-manifest",
    "the manifest stops in the middle",
    manifest_text('"signed_at"', '"signed'),
    chain(WALK),
    "MANIFEST_JSON_INVALID",
)
pair(
    AREA,
    "byte-order-mark",
    "the payload starts with a byte order mark",
    chain(WALK, text=lambda payload: b"\xef\xbb\xbf" + payload),
    chain(WALK),
    "EXPORT_STRUCTURE_INVALID",
)
pair(
    AREA,
    "invalid-utf8",
    "an overlong byte sequence inside a string",
    chain(WALK, text=insert('"provider": "openai"', b'"provider": "open\xc0\xafai"')),
    chain(WALK),
    "EXPORT_STRUCTURE_INVALID",
)
pair(
    AREA,
    "trailing-document",
    "a second document follows the first one",
    chain(WALK, text=lambda payload: payload + payload),
    chain(WALK),
    "EXPORT_STRUCTURE_INVALID",
)


# ---------------------------------------------------------------- containers


def zipped_chain(transform, text=None, recipe=None):
    """A gzip export; `transform` makes the stored bytes from the JSON."""
    inner = a.dump(a.governance(a.link(a.events())))
    if text:
        inner = text(inner)
    stored = transform(inner)
    pack = export(stored, WALK, name="export.json.gz", count=5)
    if recipe:
        pack.files["files/export.json.gz"] = recipe(inner)
    return pack


def squeeze(data):
    return gzip.compress(data, 9, mtime=0)


def padded(spaces):
    def text(payload):
        return payload + b" " * spaces

    return text


def member_bomb(count):
    """One gzip member of 16 MiB of blanks, `count` times, behind a valid document."""
    blank = squeeze(b" " * (16 << 20))

    def stored(inner):
        return squeeze(inner) + blank * count

    def recipe(inner):
        return [{"hex": squeeze(inner).hex()}, {"hex": blank.hex(), "times": count}]

    return zipped_chain(stored, recipe=recipe)


CONTAINER = "container"
pair(
    CONTAINER,
    "gzip-bomb",
    "a valid export followed by 64 MiB of blanks, stored in 66 KB",
    member_bomb(4),
    zipped_chain(squeeze, text=padded(1 << 20)),
    "INPUT_LIMIT_EXCEEDED",
    notes="deflate reaches 1,032:1; JSON evidence about 8:1",
)
pair(
    CONTAINER,
    "gzip-truncated",
    "the gzip stream stops early",
    zipped_chain(lambda inner: squeeze(inner)[:-30]),
    zipped_chain(squeeze),
    [],
)
pair(
    CONTAINER,
    "gzip-wrong-checksum",
    "the gzip trailer does not fit the content",
    zipped_chain(lambda inner: squeeze(inner)[:-8] + b"\0\0\0\0" + squeeze(inner)[-4:]),
    zipped_chain(squeeze),
    [],
)
pair(
    CONTAINER,
    "gzip-trailing-garbage",
    "bytes that belong to no gzip member follow the stream",
    zipped_chain(lambda inner: squeeze(inner) + b"hidden evidence"),
    zipped_chain(squeeze),
    [],
)
pair(
    CONTAINER,
    "gzip-in-gzip",
    "a gzip stream inside a gzip stream",
    zipped_chain(lambda inner: squeeze(squeeze(inner))),
    zipped_chain(squeeze),
    [],
)
