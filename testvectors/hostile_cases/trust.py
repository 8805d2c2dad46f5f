"""Keys: status, windows, purposes, forged manifests, texts with two spellings."""
import base64
import json

from . import artifacts as a
from .registry import WALK, Pack, accepted, chain, pair

AREA = "trust"
ROOT = "files/root.json"


def keyed(export=None, binding=None, extra=(), manifest=None):
    return chain(WALK, keys=a.key_manifest(export, binding, extra), manifest=manifest)


pair(
    AREA,
    "export-key-revoked",
    "the export key was revoked before the signing time",
    keyed({"status": "revoked", "revoked_at": "2026-03-01T00:00:00Z"}),
    keyed(),
    "SIGNING_KEY_REVOKED",
)
pair(
    AREA,
    "export-key-revoked-no-date",
    "the export key is revoked, without a date",
    keyed({"status": "revoked"}),
    keyed({"status": "active"}),
    "SIGNING_KEY_REVOKED",
)
pair(
    AREA,
    "export-key-revoked-at-only",
    "the entry says active, and names a revocation before the signing time",
    keyed({"revoked_at": "2026-03-01T00:00:00Z"}),
    keyed({"revoked_at": None}),
    "SIGNING_KEY_REVOKED",
)
pair(
    AREA,
    "export-key-compromised",
    "the export key is compromised",
    keyed({"status": "compromised", "compromised_at": "2026-03-01T00:00:00Z"}),
    keyed(),
    "SIGNING_KEY_REVOKED",
)
pair(
    AREA,
    "export-key-compromised-later",
    "the export key was found compromised after the stated signing time; the stated time proves nothing",
    keyed({"status": "compromised", "compromised_at": "2026-08-01T00:00:00Z"}),
    keyed(),
    "SIGNING_KEY_REVOKED",
    notes="the holder of a compromised key can state any signing time",
)
pair(
    AREA,
    "export-key-expired",
    "the key's validity ended before the signing time",
    keyed({"valid_to": "2026-05-01T00:00:00Z"}),
    keyed({"valid_to": "2026-06-01T00:00:00Z"}),
    "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME",
)
pair(
    AREA,
    "export-key-not-yet-valid",
    "the key's validity began after the signing time",
    keyed({"valid_from": "2026-05-08T00:00:00Z"}),
    keyed({"valid_from": "2026-05-07T00:00:00Z"}),
    "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME",
)
pair(
    AREA,
    "export-key-unreadable-bound",
    "the key's beginning of validity is not a time",
    keyed({"valid_from": "the first of May"}),
    keyed(),
    "SIGNING_KEY_STATUS_UNKNOWN",
)
pair(
    AREA,
    "export-key-unknown-status",
    "the entry has a status that is not defined",
    keyed({"status": "suspended"}),
    keyed(),
    "SIGNING_KEY_STATUS_UNKNOWN",
)
pair(
    AREA,
    "signing-time-missing",
    "the key's validity has an end, and the manifest states no signing time",
    keyed({"valid_to": "2026-06-01T00:00:00Z"}, manifest={"signed_at": None}),
    keyed({"valid_to": "2026-06-01T00:00:00Z"}),
    "SIGNING_TIME_MISSING",
)
pair(
    AREA,
    "signing-time-unreadable",
    "the key's validity has an end, and the stated signing time is not a time",
    keyed({"valid_to": "2026-06-01T00:00:00Z"}, manifest={"signed_at": "soon"}),
    keyed({"valid_to": "2026-06-01T00:00:00Z"}),
    "SIGNING_TIME_MISSING",
)
pair(
    AREA,
    "one-id-two-keys",
    "the key manifest lists the id twice, with two different active keys",
    keyed(extra=[a.key_entry(a.ATTACKER, "export_signing", key_id=a.EXPORT.fingerprint)]),
    keyed(),
    "SIGNING_KEY_AMBIGUOUS",
)
pair(
    AREA,
    "one-id-second-entry-revoked",
    "the same key stands twice, first as active, then as revoked; a reader that takes the first misses it",
    keyed(extra=[a.key_entry(a.EXPORT, "export_signing", status="revoked", revoked_at="2026-03-01T00:00:00Z")]),
    keyed(extra=[a.key_entry(a.EXPORT, "export_signing")]),
    "SIGNING_KEY_REVOKED",
    notes="a revocation anywhere in the trusted manifest counts for the key",
)
pair(
    AREA,
    "wrong-purpose",
    "the signing key is trusted for checkpoints only",
    chain(WALK, keys={"keys": [a.key_entry(a.EXPORT, "integrity_checkpoint")]}),
    keyed(),
    "TRUST_ROOT_UNRESOLVABLE",
)
pair(
    AREA,
    "unknown-key",
    "the export is signed by a key that the manifest does not list",
    chain(WALK, manifest={"key_id": a.ATTACKER.fingerprint, "public_key": a.ATTACKER.text}),
    keyed(),
    "TRUST_ROOT_UNRESOLVABLE",
)


def small_order():
    """Identity point as key: R = identity, S = 0 satisfies the equation for every message."""
    weak = b"\x01" + b"\0" * 31
    text = "ed25519:" + base64.b64encode(weak).decode()
    signature = "ed25519:" + base64.b64encode(weak + b"\0" * 32).decode()
    pack = keyed({"public_key": text, "key_id": "weak"}, manifest={"public_key": text, "key_id": "weak", "signature": signature})
    return pack


pair(
    AREA,
    "small-order-key",
    "the trusted key is the neutral element, under which one signature fits every message",
    small_order(),
    keyed(),
    "SIGNATURE_VERIFICATION_FAILED",
    notes="a key of small order says nothing about who signed",
)


def respelled(change):
    pack = keyed()
    body = json.loads(pack.files["files/manifest.json"])
    body["signature"] = change(body["signature"])
    pack.files["files/manifest.json"] = a.dump(body)
    return pack


def loose_bits(text):
    """The last base64 digit before `==` carries four unused bits; set one."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert text.endswith("==")
    return text[:-3] + alphabet[alphabet.index(text[-3]) | 1] + "=="


def malleated(signature):
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little") + order
    return signature[:32] + scalar.to_bytes(32, "little")


pair(
    AREA,
    "base64-foreign-characters",
    "characters outside the alphabet stand inside the signature",
    respelled(lambda text: text[:40] + "\n!*" + text[40:]),
    keyed(),
    "SIGNATURE_SECOND_SPELLING",
)
pair(
    AREA,
    "base64-unused-bits",
    "the unused bits of the last digit are set",
    respelled(loose_bits),
    keyed(),
    "SIGNATURE_SECOND_SPELLING",
)
pair(
    AREA,
    "base64-after-padding",
    "text follows the padding",
    respelled(lambda text: text + "AAAA"),
    keyed(),
    [],
)
pair(
    AREA,
    "signature-plus-order",
    "the scalar of the signature is raised by the group order",
    respelled(lambda text: "ed25519:" + base64.b64encode(malleated(base64.b64decode(text[8:]))).decode()),
    keyed(),
    "SIGNATURE_VERIFICATION_FAILED",
)


accepted(
    AREA,
    "key-text-without-prefix",
    "the key manifest spells the key without the ed25519: prefix",
    keyed({"public_key": a.EXPORT.text.removeprefix("ed25519:")}),
    notes="laxer: keys are compared as 32 bytes, not as text; the reference refuses",
)
accepted(
    AREA,
    "key-revoked-later",
    "the key was revoked, after the signing time",
    keyed({"status": "active", "revoked_at": "2026-08-01T00:00:00Z"}),
    notes="a later revocation does not undo an honest signature; it is shown",
)

for name, text in (("with", a.EXPORT.text), ("without", a.EXPORT.text.removeprefix("ed25519:"))):
    pair(
        AREA,
        f"expected-key-{name}-prefix",
        f"another key than the expected one signed; the option gives the key {name} its prefix",
        Pack(
            {n: d for n, d in chain(WALK, manifest={"public_key": a.ATTACKER.text, "key_id": a.ATTACKER.fingerprint}).files.items() if "keys" not in n},
            ["export", "files/export.json", "files/manifest.json", "--expected-public-key", text, WALK, "--json"],
        ),
        Pack(
            {n: d for n, d in chain(WALK).files.items() if "keys" not in n},
            ["export", "files/export.json", "files/manifest.json", "--expected-public-key", text, WALK, "--json"],
        ),
        "MANIFEST_PUBLIC_KEY_MISMATCH",
    )
accepted(
    AREA,
    "trust-root-alone",
    "the trust root is the only key source",
    (lambda files: Pack(
        {n.replace("keys", "root"): d for n, d in files.items()},
        ["export", "files/export.json", "files/manifest.json", "--trust-root", "files/root.json", WALK, "--json"],
    ))(chain(WALK).files),
    notes="laxer: the reference uses --trust-root only for the signer of a key manifest",
)

# ---------------------------------------------------------------- signed key manifests


def rooted(entries, root, signer=a.OTHER, **members):
    pack = chain(WALK, keys=a.signed_key_manifest(entries, signer, **members))
    pack.files[ROOT] = a.dump(root)
    pack.args = pack.args[:-1] + ["--trust-root", ROOT, "--json"]
    return pack


def root(**members):
    return {"keys": [a.key_entry(a.OTHER, "export_signing", **members)]}


LISTED = [a.key_entry(a.EXPORT, "export_signing"), a.key_entry(a.BINDING, "permit_binding_signing")]

pair(
    AREA,
    "manifest-signer-revoked",
    "the key manifest is signed by a revoked key of the trust root",
    rooted(LISTED, root(status="revoked", revoked_at="2026-03-01T00:00:00Z")),
    rooted(LISTED, root()),
    "TRUST_ROOT_UNRESOLVABLE",
)
pair(
    AREA,
    "manifest-signer-expired-no-date",
    "the signer's validity has ended, and the manifest leaves out generated_at, which the signature does not cover",
    rooted(LISTED, root(valid_to="2026-02-01T00:00:00Z"), generated_at=None),
    rooted(LISTED, root(valid_to="2027-02-01T00:00:00Z")),
    "TRUST_ROOT_UNRESOLVABLE",
)
pair(
    AREA,
    "manifest-signer-not-in-root",
    "the key manifest is signed by a key of its own",
    rooted(LISTED, root(), signer=a.ATTACKER),
    rooted(LISTED, root()),
    "TRUST_ROOT_UNRESOLVABLE",
)
pair(
    AREA,
    "manifest-signed-keys-changed",
    "an entry of the signed key manifest was changed after signing",
    (lambda pack: (pack.files.__setitem__("files/keys.json", pack.files["files/keys.json"].replace(b'"status": "active"', b'"status": "Active"', 1)), pack)[1])(rooted(LISTED, root())),
    rooted(LISTED, root()),
    "TRUST_ROOT_UNRESOLVABLE",
)
pair(
    AREA,
    "manifest-signature-stripped",
    "the signature of a signed key manifest was removed, its version kept",
    (lambda body: (body.pop("manifest_signature"), chain(WALK, keys=body))[1])(a.signed_key_manifest(LISTED, a.OTHER)),
    rooted(LISTED, root()),
    "TRUST_ROOT_UNRESOLVABLE",
)


def planted_home():
    """A key manifest in the home folder, where the reference looks by itself."""
    pack = chain(WALK)
    keys = pack.files.pop("files/keys.json")
    pack.files["files/home/.keel-verifier/trust-root.json"] = keys
    pack.args = [arg for arg in pack.args if arg not in ("--key-manifest", "files/keys.json")]
    return pack


pair(
    AREA,
    "planted-home-cache",
    "an unsigned key manifest lies in the home folder; nobody asked for it",
    planted_home(),
    chain(WALK),
    "TRUST_ROOT_UNRESOLVABLE",
    notes="trust is what the operator names or what is compiled in, never what lies in a home folder",
)
accepted(
    AREA,
    "unsigned-key-manifest",
    "a key manifest without a signature, named by the operator",
    keyed(),
    ["KEY_MANIFEST_UNSIGNED"],
)
accepted(
    AREA,
    "self-attested",
    "checked with the key inside the evidence, because the operator asked for it",
    Pack({k: v for k, v in keyed().files.items() if k != "files/keys.json"}, ["export", "files/export.json", "files/manifest.json", "--self-attested", WALK, "--json"]),
    ["SELF_ATTESTED"],
)
