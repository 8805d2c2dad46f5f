#!/usr/bin/env python3
"""Imports recorded runs of the reference verifier into reference/.

    python3 testvectors/import.py CORPUS

CORPUS is a folder with index.json and cases/<id>/case.json as the recorder writes them. Kept are the input
files, the command line, the exit status, the failure codes and the claim verdicts. The reference's texts
(standard output and error) are not copied. Equal files are stored once, under reference/blobs/<sha256>.
Afterwards: UPDATE=1 cargo test -p testvectors
"""
import gzip
import hashlib
import json
import shutil
import sys
from pathlib import Path

AREAS = {"export", "manifest-trust", "walk", "closure", "workflow", "incident", "permit-binding", "usage-errors"}
HERE = Path(__file__).resolve().parent


def wanted(case):
    """The core areas, and the semantics cases that verify an export."""
    return case["area"] in AREAS or (case["area"] == "semantics" and "export" in case["argv"][:1])


def claims_of(document, out):
    """claim name -> verdict, wherever the report shape puts its claims; the last one of a name counts."""
    if isinstance(document, dict):
        claims = document.get("claims")
        for claim in claims if isinstance(claims, list) else []:
            if isinstance(claim, dict):
                name = claim.get("name") or claim.get("claim")
                verdict = claim.get("verdict") or claim.get("aggregate_verdict")
                if isinstance(name, str) and isinstance(verdict, str):
                    out[name] = verdict
        for value in document.values():
            claims_of(value, out)
    elif isinstance(document, list):
        for value in document:
            claims_of(value, out)
    return out


def title_of(case):
    """What is asked and what came of it, in words of our own."""
    end = {0: "accepted", 2: "usage error"}.get(case["exit_code"], "refused")
    why = f" with {', '.join(case['codes'])}" if case["codes"] else ""
    return f"{case['area']}: {end}{why}"


def main(corpus):
    target = HERE / "reference"
    if target.exists():
        shutil.rmtree(target)
    (target / "blobs").mkdir(parents=True)
    count = 0
    for row in json.loads((corpus / "index.json").read_text())["cases"]:
        folder = corpus / "cases" / row["id"]
        case = json.loads((folder / "case.json").read_text())
        if not wanted(case):
            continue
        packed = set(case.get("gz") or [])
        files = {}
        for path in sorted((folder / "files").rglob("*")):
            if not path.is_file():
                continue
            name = path.relative_to(folder).as_posix()
            data = path.read_bytes()
            if name.endswith(".gz") and name[:-3] in packed:
                name, data = name[:-3], gzip.decompress(data)
            digest = hashlib.sha256(data).hexdigest()
            (target / "blobs" / digest).write_bytes(data)
            files[name] = f"blobs/{digest}"
        levels = case["levels"]
        expect = {"exit": case["exit_code"]}
        try:
            document = json.loads(case["stdout"]) if "json" in levels else None
        except ValueError:
            document = None
        if isinstance(document, dict):
            claims = claims_of(document, {})
            if claims:
                expect["claims"] = {name: {"verdict": verdict} for name, verdict in sorted(claims.items())}
            members = {
                k: json.dumps(document[k]) if isinstance(document[k], bool) else document[k]
                for k in ("ok", "status", "verdict")
                if isinstance(document.get(k), (str, bool))
            }
            if members:
                expect["members"] = members
        if "codes" in levels and case["codes"]:
            expect["codes"] = case["codes"]
        out = {"id": case["id"], "title": title_of(case), "files": files, "args": case["argv"], "expect": expect}
        for key in ("empty_dirs", "env"):
            if case.get(key):
                out[key] = case[key]
        flags = []
        if case.get("reference_crash"):
            flags.append("reference_crash")
        if isinstance(document, dict):
            flags.append("keel_json")
        if flags:
            out["flags"] = flags
        place = target / case["area"] / case["id"]
        place.mkdir(parents=True)
        (place / "case.json").write_text(json.dumps(out, indent=1, sort_keys=True) + "\n")
        count += 1
    print(f"{count} cases, {len(list((target / 'blobs').iterdir()))} files")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
