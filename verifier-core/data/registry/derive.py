#!/usr/bin/env python3
"""Derive artifacts.tsv, registries.tsv and legacy_profile.tsv from a folder of published registries, and check claims.tsv.

    derive.py FOLDER [--check]

FOLDER holds the published files (claim_registry/, comparator_registry/, semantics/,
semantics_source_bytes/) and the lists allowlist.json and claim_semantics.json.  Only what decides a
verdict is taken over: ids, digests, lengths, versions and claim names, never a file's prose.
With --check nothing is written; a difference is an error.  The texts in claims.tsv are our own.
"""

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
PINNABLE = {f"keel.verifier_claim_registry.v{n}": f"verifier-claims.v{n}" for n in range(3)}


def ranges(rows: list[int]) -> str:
    out: list[list[int]] = []
    for row in sorted(rows):
        if out and out[-1][1] == row - 1:
            out[-1][1] = row
        else:
            out.append([row, row])
    return ",".join(f"{a}-{b}" if a != b else f"{a}" for a, b in out)


def main() -> int:
    source, check = Path(sys.argv[1]), "--check" in sys.argv
    allowed = json.loads((source / "allowlist.json").read_text())["entries"]
    table = [line.split("\t") for line in (HERE / "claims.tsv").read_text().splitlines() if not line.startswith("#")]
    names = [row[0] for row in table]

    published = {c["name"]: c for c in json.loads((source / "claim_semantics.json").read_text())["claims"]}
    if set(names) != set(published) or len(names) != len(published):
        sys.exit("claims.tsv: other names than published")
    for name, first, _reach, semantics, _says, _needs in table:
        if first != published[name]["first_registry"] or semantics != (",".join(published[name]["semantics"]) or "-"):
            sys.exit(f"claims.tsv: {name} differs")

    artifacts, registries = [], []

    def add(ident: str, path: Path, allow: bool, found: str, released: str) -> None:
        data = path.read_bytes()
        document = json.loads(data)
        digest = hashlib.sha256(data).hexdigest()
        own_id, version = (v if isinstance(v := document.get(k), str) else "-" for k in ("id", "version"))
        artifacts.append([ident, digest, str(len(data)), "yes" if allow else "no", found, own_id, version, released])
        if ident in PINNABLE:
            members = [names.index(claim["name"]) for claim in document["claims"]]
            registries.append([digest, version, str(len(members)), ranges(members)])

    for entry in allowed:
        released = entry["released_path"]
        if not entry["peer_has_bytes"]:
            # allowed, but not part of any release: known at the path of its released sibling
            found = "digest"
            released = next(e["released_path"] for e in allowed if e["id"] == entry["id"] and e["current"])
        elif entry["id"] in PINNABLE or entry["id"] == "keel.permit.decision.v1":
            found = "id"
        else:
            found = "path"
        add(entry["id"], source / entry["file"], True, found, released or "-")
        if artifacts[-1][1] != entry["sha256"]:
            sys.exit(f"{entry['file']}: other digest than listed")
    digests = {row[1] for row in artifacts}
    for folder in ("claim_registry", "comparator_registry", "semantics"):
        for path in sorted((source / folder).rglob("*.json")):
            if hashlib.sha256(path.read_bytes()).hexdigest() not in digests:
                document = json.loads(path.read_bytes())
                ident = next(v for k in ("id", "version", "$id") if isinstance(v := document.get(k), str))
                add(ident, path, False, "path", path.relative_to(source).as_posix())

    profile = json.loads((source / "semantics/profiles/pre_pinning_default_v0.json").read_bytes())
    parts = [[c["id"], c["hash"].removeprefix("sha256:"), c["path"]] for c in profile["body"]["components"]]

    head_a = "# id\tsha256\tbytes\tmay be pinned\tfound by\tid in the file\tversion in the file\tpublished path"
    head_r = "# sha256\tversion\tclaims\trows of claims.tsv, from 0"
    head_p = "# id\tsha256\tpublished path"
    for name, head, rows in (
        ("artifacts.tsv", head_a, artifacts),
        ("registries.tsv", head_r, registries),
        ("legacy_profile.tsv", head_p, parts),
    ):
        text = "\n".join([head, *("\t".join(row) for row in rows)]) + "\n"
        if not check:
            (HERE / name).write_text(text)
        elif (HERE / name).read_text() != text:
            sys.exit(f"{name} differs")
    print(f"{len(artifacts)} artifacts, {len(registries)} registries, {len(names)} claims")
    return 0


if __name__ == "__main__":
    sys.exit(main())
