#!/usr/bin/env python3
"""Takes the offline cases of sigstore-conformance over into this folder.

usage: import.py FOLDER      the suite's test/assets/bundle-verify

Writes conformance/<case>.json (the bundles, unchanged), conformance/shared/<first 12 hex digits of SHA-256> (what
cases share: artifacts, trusted roots, keys) and cases.json (what belongs together, and what the suite expects).
The suite gives every case twice: with the artifact and with its SHA-256.
"""
import hashlib
import json
import pathlib
import sys

IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/"
    "workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"

source = pathlib.Path(sys.argv[1])
target = pathlib.Path(__file__).parent / "conformance"
(target / "shared").mkdir(parents=True, exist_ok=True)


def share(path):
    data = path.read_bytes()
    name = f"shared/{hashlib.sha256(data).hexdigest()[:12]}"
    (target / name).write_bytes(data)
    return name


cases = []
for folder in sorted(path for path in source.iterdir() if path.is_dir()):
    bundle = folder / "bundle.sigstore.json"
    (target / f"{folder.name}.json").write_bytes(bundle.read_bytes())
    artifact = folder / "artifact"
    case = {
        "case": folder.name,
        "expect": "refuse" if folder.name.endswith("fail") else "accept",
        "artifact": share(artifact if artifact.exists() else source / "a.txt"),
    }
    for member, name in [("trusted_root", "trusted_root.json"), ("key", "key.pub")]:
        if (folder / name).exists():
            case[member] = share(folder / name)
    for member, default in [("identity", IDENTITY), ("issuer", ISSUER)]:
        stated = folder / member
        case[member] = stated.read_text().strip() if stated.exists() else default
    cases.append(case)

text = ",\n".join(json.dumps(case) for case in cases)
(target.parent / "cases.json").write_text(f"[\n{text}\n]\n")
