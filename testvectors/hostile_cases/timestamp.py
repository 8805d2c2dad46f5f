"""Receipts beside a checkpoint: the worked examples of the specification, chapters 10 and 11."""
import base64

from . import artifacts as a
from .registry import DISPROVED, NOT_ESTABLISHED, Pack, pair

AREA = "timestamp"

TOKEN = (
    "MIIDNAYJKoZIhvcNAQcCoIIDJTCCAyECAQMxDzANBglghkgBZQMEAgEFADBxBgsqhkiG9w0BCRABBKBiBGAwXgIBAQYJKwYBBAGGjR8BMDEwDQYJ"
    "YIZIAWUDBAIBBQAEILF7RMeVZNGPxeAOPVefY09XGE8Qy0I9pIA5xwjWhWTlAgID6RgPMjAyNjA2MTUxMjAwMDVaMAMCAQECAQegggF9MIIBeTCC"
    "AR+gAwIBAgIBAjAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9WZWN0b3IgVFNBIFJvb3QwHhcNMjYwNTE2MTIwMDA1WhcNMjcwNjE1MTIwMDA1WjAX"
    "MRUwEwYDVQQDDAxWZWN0b3IgVFNBIDEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATr3oFGjK5TfMsriwmsNxE24hwlGqgS+R7i76xEafrFzzOb"
    "p3KVbHPzH9hDbgscJCG0cR9t6xOBPOJMC8kQxAe+o1kwVzAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDAWBgNVHSUBAf8EDDAKBggrBgEF"
    "BQcDCDAfBgNVHSMEGDAWgBRdRfcZ12Img2TRXwqDsS7FHWj/mjAKBggqhkjOPQQDAgNIADBFAiBeQgT4045PFJhR4Az/uPJq/ttCUVvbguPbOBjP"
    "pOS0mwIhAKJVbGjX2290LhckFCPlIYaBhucNIAWVVpDxUq023Zm8MYIBFTCCARECAQEwHzAaMRgwFgYDVQQDDA9WZWN0b3IgVFNBIFJvb3QCAQIw"
    "DQYJYIZIAWUDBAIBBQCggYYwGgYJKoZIhvcNAQkDMQ0GCyqGSIb3DQEJEAEEMC8GCSqGSIb3DQEJBDEiBCAP0qX6ZU/3NcxQMjWpsryuLh0Z4+r/"
    "+n/ghH0nRL0zwDA3BgsqhkiG9w0BCRACLzEoMCYwJDAiBCCMDWQZVpxp9fmkgl248ByqRXT+OTSQGABPNmGkOIxfTzAKBggqhkjOPQQDAgRHMEUC"
    "IFlplXbtZeXzixWcAVRDijV8zIfH1kseI3ypgfb2XgtgAiEA3lqtcjmFp6LUU5LnCv905skwIz9H9+MG2yXaQc7Fqdk="
)
# Nobody signed it.
UNSIGNED = (
    "MIGRBgkqhkiG9w0BBwKggYMwgYACAQMxDzANBglghkgBZQMEAgEFADBoBgsqhkiG9w0BCRABBKBZBFcwVQIBAQYJKwYBBAGGjR8BMDEwDQYJYIZI"
    "AWUDBAIBBQAEILF7RMeVZNGPxeAOPVefY09XGE8Qy0I9pIA5xwjWhWTlAgEBGA8yMDI2MDYxNTEyMDAwNVoxAA=="
)
# Two authorities that vouch for each other and for the signer; nobody else does.
CYCLIC = (
    "MIIGRwYJKoZIhvcNAQcCoIIGODCCBjQCAQMxDzANBglghkgBZQMEAgEFADBoBgsqhkiG9w0BCRABBKBZBFcwVQIBAQYJKwYBBAGGjR8BMDEwDQYJ"
    "YIZIAWUDBAIBBQAEILF7RMeVZNGPxeAOPVefY09XGE8Qy0I9pIA5xwjWhWTlAgECGA8yMDI2MTEyNjIwMzYzNlqgggSDMIIBjTCCATKgAwIBAgIC"
    "A+swCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGTG9vcCBBMB4XDTI2MTEyNjIwMzYzNloXDTM2MTEyMzIwMzYzNlowEzERMA8GA1UEAwwITG9vcCBU"
    "U0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARcJptcLzJIvAqrHLRdWrjyp6FUGBdwHtLtOuJ94eJxrOupPPvoG8h/VISCPsc/TYB0eeLiEaS6"
    "YysbPi+jJ0o2o3gwdjAMBgNVHRMBAf8EAjAAMA4GA1UdDwEB/wQEAwIHgDAWBgNVHSUBAf8EDDAKBggrBgEFBQcDCDAdBgNVHQ4EFgQU21BAuU/h"
    "4pSAmBkUqmV8qhiQzQUwHwYDVR0jBBgwFoAUTGplVhHRB6qnuJ+ZweXdZZh0DjowCgYIKoZIzj0EAwIDSQAwRgIhAL57Enf00yg4s3M+KUMweyRp"
    "nNFUV7DTbXRaNujfATJPAiEA0LxaTUnmgRKHAwHC9E3C4Um6OyHCXlWwqSOUHamdHEEwggF2MIIBG6ADAgECAgID6TAKBggqhkjOPQQDAjARMQ8w"
    "DQYDVQQDDAZMb29wIEIwHhcNMjYxMTI2MjAzNjM1WhcNMzYxMTIzMjAzNjM1WjARMQ8wDQYDVQQDDAZMb29wIEEwWTATBgcqhkjOPQIBBggqhkjO"
    "PQMBBwNCAARqPQUrzRi+ih7iS/3RL9CC6h9JtcDBVSRFy2uoVvLEnxqXIdMtzZtnvw+sVqAl+rBRrjw3stXDogYV4krtnmm2o2MwYTAPBgNVHRMB"
    "Af8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUTGplVhHRB6qnuJ+ZweXdZZh0DjowHwYDVR0jBBgwFoAUq/uLIJQcfpR1uh5wX1Dg"
    "CGVpXbYwCgYIKoZIzj0EAwIDSQAwRgIhAPIRrJ5jhUKKu/WkK6nlzVhGVERRoibz8WP6evuJSBlcAiEA0ta3flpf2xprX4DHvYAYvEGLJZVBoWMp"
    "Uyvly30hvOIwggF0MIIBG6ADAgECAgID6jAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZMb29wIEEwHhcNMjYxMTI2MjAzNjM1WhcNMzYxMTIzMjAz"
    "NjM1WjARMQ8wDQYDVQQDDAZMb29wIEIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQZYpE43nrGUBhhv2CDNunGL0zkQ5kc/fABc30o3ILludov"
    "E+bn9XQuVMezEwAn40CG/H5Kw1TKT3zIviEDI9Ero2MwYTAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUq/uLIJQc"
    "fpR1uh5wX1DgCGVpXbYwHwYDVR0jBBgwFoAUTGplVhHRB6qnuJ+ZweXdZZh0DjowCgYIKoZIzj0EAwIDRwAwRAIgIXteD0dFTcLPGbP/41HawoMU"
    "duILXbctXTDTrF5v4C0CIBxe5PyPw4OxnY+ayVjxiY9PFYHDLoX8zzpeRULqP9zeMYIBKzCCAScCAQEwFzARMQ8wDQYDVQQDDAZMb29wIEECAgPr"
    "MA0GCWCGSAFlAwQCAQUAoIGkMBoGCSqGSIb3DQEJAzENBgsqhkiG9w0BCRABBDAcBgkqhkiG9w0BCQUxDxcNMjYxMTI2MjAzNjM2WjAvBgkqhkiG"
    "9w0BCQQxIgQgtTNtUdDmJIND39QZKGGPuWFL4+Bbii/KsQIaKexgDQkwNwYLKoZIhvcNAQkQAi8xKDAmMCQwIgQgBpZNYi81szEQ6qKca5jzXSyQ"
    "//8t279UQg/hQINUY3swCgYIKoZIzj0EAwIERzBFAiAt5PZ6btjDUqoWep0Zay+aww1+7E0Km77SsiPrhScirwIhAJOcLGMNdFk1o7o92lbZZSFp"
    "3+cDt3dtu7xSPn96Tf/V"
)
ROOT = """\
-----BEGIN CERTIFICATE-----
MIIBZDCCAQugAwIBAgIBATAKBggqhkjOPQQDAjAaMRgwFgYDVQQDDA9WZWN0b3Ig
VFNBIFJvb3QwHhcNMjUwNjE1MTIwMDA1WhcNMzYwNjEyMTIwMDA1WjAaMRgwFgYD
VQQDDA9WZWN0b3IgVFNBIFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASG
u2KlxXtnQ3O8HS75Pz8AQuy308GnY4AnFVznU2MNapmTScyzEoigt5wmpNBJrsXn
WgRkiL9QTqzNkcPJZ2+fo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQE
AwIBBjAdBgNVHQ4EFgQUXUX3GddiJoNk0V8Kg7EuxR1o/5owCgYIKoZIzj0EAwID
RwAwRAIgKHIm7I4NsLmc9n86mJ12KhuHioQGTm9JTvKbZEK+d68CIHVzYe5nlVoL
0zfazBi2dxNcDx0aPg+laLM3ZKKOwsq9
-----END CERTIFICATE-----
"""
HEADS = {
    "project:00000000-0000-0000-0000-0000000000aa": (42, "bb71a98d2685bb5e69eec2711f78d91b68bdcf194192f4d41873ac73e7476022"),
    "admin:global": (7, "1268d916bfefa28f636f4ad7967697fbfc8adc1f700c7d183ed310e9206a01b0"),
}
KEY = {"key_id": "sha256:57216d6ca1e8f4b78b90ee6dcf1cf7e3", "public_key": "ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU="}
CHECKPOINT = {
    "checkpoint_id": "5b2f6c1e-0000-4000-8000-000000000001",
    "computed_at": "2026-06-15T12:00:00Z",
    "chain_heads": {scope: {"sequence_number": n, "last_record_hash": h} for scope, (n, h) in HEADS.items()},
    "composite_hash": "sha256:b17b44c79564d18fc5e00e3d579f634f57184f10cb423da48039c708d68564e5",
    "signature": "ed25519:R88uN4EWTEYSIp3zWivDKcfKH7usX3B/00jIaAwoHu9B44L1BLRkkxLRXsV3/c1rb91dJyWkjOn+E6f5u+wmDA==",
    **KEY,
}
MANIFEST = {"keys": [{**KEY, "purpose": "integrity_checkpoint", "status": "active", "valid_from": "2026-01-01T00:00:00Z", "valid_to": None}]}


def stamped(*receipts, root=ROOT):
    """The checkpoint with these receipts, judged against this root; without revocation lists they stay open."""
    listed = [{"provider": "vector", **({"receipt_b64": r} if isinstance(r, str) else r)} for r in receipts]
    files = {
        "files/checkpoint.json": a.dump({**CHECKPOINT, "tsa_receipts": listed}),
        "files/keys.json": a.dump(MANIFEST),
        "files/root.pem": root.encode(),
    }
    args = ["checkpoint", "files/checkpoint.json", "--key-manifest", "files/keys.json", "--tsa-ca-bundle", "files/root.pem", "--json"]
    return Pack(files, args)


def changed(position, bit=1):
    data = bytearray(base64.b64decode(TOKEN))
    data[position] ^= bit
    return base64.b64encode(bytes(data)).decode()


def altered(old, new):
    data = base64.b64decode(TOKEN)
    assert data.count(old) >= 1 and len(old) == len(new)
    return base64.b64encode(data.replace(old, new, 1)).decode()


def cut(length):
    return base64.b64encode(base64.b64decode(TOKEN)[:length]).decode()


HONEST = stamped(TOKEN)

pair(AREA, "unsigned-token", "a token that was put together by hand: nobody signed it", stamped(UNSIGNED), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "TSA_TOKEN_MALFORMED"], DISPROVED)
pair(AREA, "unsigned-beside-genuine", "an unsigned token beside a genuine one", stamped(TOKEN, UNSIGNED), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "TSA_TOKEN_MALFORMED"], DISPROVED)
pair(AREA, "signature-bit", "one bit of the token's signature is changed", stamped(changed(-1)), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "TSA_SIGNATURE_INVALID"], DISPROVED)
pair(AREA, "stated-time-moved", "the stated time is moved by a year", stamped(altered(b"20260615120005Z", b"20250615120005Z")), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "TSA_SIGNATURE_INVALID"], DISPROVED)
pair(AREA, "imprint-algorithm", "the token says that its digest is one of SHA-384", stamped(altered(bytes.fromhex("0609608648016503040201050004"), bytes.fromhex("0609608648016503040202050004"))), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "TSA_IMPRINT_ALGORITHM"], DISPROVED)
pair(AREA, "signed-attribute", "the content type among the signed attributes is another", stamped(altered(bytes.fromhex("2a864886f70d010903310d060b2a864886f70d0109100104"), bytes.fromhex("2a864886f70d010903310d060b2a864886f70d0109100105"))), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "TSA_SIGNED_ATTRS"], DISPROVED)
pair(AREA, "truncated-token", "the token stops in its signature", stamped(cut(800)), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "CHECKPOINT_TSA_IMPRINT_MISMATCH", "TSA_TOKEN_MALFORMED"], DISPROVED)
pair(AREA, "trailing-byte", "a byte follows the token", stamped(base64.b64encode(base64.b64decode(TOKEN) + b"\0").decode()), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "CHECKPOINT_TSA_IMPRINT_MISMATCH", "TSA_TOKEN_MALFORMED"], DISPROVED)
pair(AREA, "base64-with-blanks", "blanks inside the receipt's base64", stamped(TOKEN[:80] + " " + TOKEN[80:]), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "CHECKPOINT_TSA_IMPRINT_MISMATCH", "TSA_TOKEN_MALFORMED"], DISPROVED)
pair(AREA, "receipt-hash", "receipt_hash is not the receipt's", stamped({"receipt_b64": TOKEN, "receipt_hash": "sha256:" + "0" * 64}), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "CHECKPOINT_TSA_IMPRINT_MISMATCH", "TSA_RECEIPT_HASH_MISMATCH"], DISPROVED)
pair(AREA, "too-many-receipts", "more receipts than anybody needs", stamped(*[TOKEN] * 65), stamped(*[TOKEN] * 64), "INPUT_LIMIT_EXCEEDED", NOT_ESTABLISHED)
pair(AREA, "cyclic-chain", "the certificates of the token lead in a circle", stamped(CYCLIC), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "TSA_CHAIN_INVALID"], DISPROVED)
for where, length in [("first-byte", 1), ("version", 22), ("stated-time", 150), ("certificate", 400), ("signer", 690)]:
    pair(AREA, f"truncated-in-{where}", f"the token stops after {length} bytes", stamped(cut(length)), HONEST, ["CHECKPOINT_TSA_CHAIN_INVALID", "CHECKPOINT_TSA_IMPRINT_MISMATCH", "TSA_TOKEN_MALFORMED"], DISPROVED)
