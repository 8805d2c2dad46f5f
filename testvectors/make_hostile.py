#!/usr/bin/env python3
"""Writes hostile/: attacks and their honest twins, deterministic.

    python3 testvectors/make_hostile.py [--reference KEEL_VERIFY] [--check]

Needs the `cryptography` package (Ed25519 signatures of fixed seeds are deterministic). With --reference every
case is also run through the given reference verifier (a program of `pip install keel-verifier==3.28.1`), and
what it did is recorded; without it the recorded results are kept. --check writes nothing and fails when a
file would change. Afterwards: UPDATE=1 cargo test -p testvectors
"""
import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hostile_cases import cases
from hostile_cases.registry import REFUSED

HERE = Path(__file__).resolve().parent
TARGET = HERE / "hostile"


def content_of(source):
    """The bytes of a file given as bytes or as recipe pieces."""
    if isinstance(source, bytes):
        return source
    return b"".join(
        (bytes.fromhex(p["hex"]) if "hex" in p else p["text"].encode()) * p.get("times", 1) for p in source
    )


def merge_twins(entries):
    """Twins that are the same run are kept once."""
    seen, kept, renamed = {}, [], {}
    for entry in entries:
        if entry.id.endswith("-honest"):
            key = (json.dumps(entry.pack.args), tuple((n, hashlib.sha256(content_of(s)).digest()) for n, s in sorted(entry.pack.files.items())))
            if key in seen:
                renamed[entry.id] = seen[key]
                continue
            seen[key] = entry.id
        kept.append(entry)
    for entry in kept:
        entry.twin = renamed.get(entry.twin, entry.twin)
    return kept


def run_reference(program, entry):
    """(exit status, failure codes, traceback) of the reference verifier."""
    base = Path(tempfile.mkdtemp(prefix="kvh-"))
    try:
        for name, source in entry.pack.files.items():
            path = base / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content_of(source))
        home = base / "files" / "home"
        if not home.is_dir():
            home = base / "home"
            home.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1"}
        done = subprocess.run(
            [program, *[arg.replace("<CASE>", str(base)) for arg in entry.pack.args]],
            cwd=base, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
        )
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        codes = set(re.findall(r"FAILED:\s+([A-Z][A-Z0-9_]+):", err))
        try:
            failing(json.loads(out), codes)
        except ValueError:
            codes |= set(re.findall(r"FAILED:\s+([A-Z][A-Z0-9_]+):", out))
        return done.returncode, sorted(codes), "Traceback (most recent call last)" in err
    finally:
        shutil.rmtree(base, ignore_errors=True)


def failing(value, codes):
    if isinstance(value, dict):
        code = value.get("reason_code")
        if isinstance(code, str) and value.get("verdict", value.get("status")) not in ("supported", True):
            codes.add(code)
        for item in value.values():
            failing(item, codes)
    elif isinstance(value, list):
        for item in value:
            failing(item, codes)


def place_files(entries):
    """path below hostile/ -> bytes, and for every case its `files` table. A file of several cases is stored once."""
    uses = {}
    for entry in entries:
        for name, source in entry.pack.files.items():
            if isinstance(source, bytes):
                uses.setdefault(source, []).append((entry.id, name))
    stored, tables = {}, {}
    for entry in entries:
        table = {}
        for name, source in entry.pack.files.items():
            if not isinstance(source, bytes):
                table[name] = source
                continue
            leaf = Path(name).name
            if len(uses[source]) > 1:
                digest = hashlib.sha256(source).hexdigest()[:12]
                stem, dot, ending = leaf.partition(".")
                path = f"shared/{stem}-{digest}{dot}{ending}"
            else:
                # A hostile name stays in case.json; on disk the file has a harmless one.
                safe = re.sub(r"[^A-Za-z0-9._-]", "_", name.removeprefix("files/").replace("/", "__")).lstrip(".")
                path = f"{entry.area}/{entry.name}/{safe}"
            stored[path] = source
            table[name] = path
        tables[entry.id] = table
    return stored, tables


def old_records():
    """What the reference did, from the files on disk."""
    kept = {}
    for path in TARGET.glob("*/*/case.json"):
        case = json.loads(path.read_text())
        if "reference" in case:
            kept[case["id"]] = case["reference"]
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", help="record only cases whose id contains this")
    options = parser.parse_args()
    entries = merge_twins(cases())
    ids = [entry.id for entry in entries]
    assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
    records = old_records()
    if options.reference:
        chosen = [e for e in entries if e.pack.recorded and (not options.only or options.only in e.id)]
        with ThreadPoolExecutor(2) as pool:
            for entry, (status, codes, crash) in zip(chosen, pool.map(lambda e: run_reference(options.reference, e), chosen)):
                records[entry.id] = {"exit": status, "codes": codes, **({"crash": True} if crash else {})}
    stored, tables = place_files(entries)
    for entry in entries:
        expect = {"exit": entry.exit}
        if entry.codes:
            expect["codes"] = entry.codes
        if entry.claims:
            expect["claims"] = {name: {"verdict": verdict} for name, verdict in entry.claims.items()}
        case = {"id": entry.id, "title": entry.title, "files": tables[entry.id], "args": entry.pack.args, "expect": expect}
        for name, value in (
            ("as_of", entry.pack.as_of), ("env", entry.pack.env), ("twin", entry.twin), ("notes", entry.notes),
            ("flags", entry.flags), ("reference", records.get(entry.id)),
        ):
            if value:
                case[name] = value
        stored[f"{entry.area}/{entry.name}/case.json"] = (json.dumps(case, indent=1, sort_keys=True) + "\n").encode()
    if options.check:
        now = {p.relative_to(TARGET).as_posix(): p.read_bytes() for p in TARGET.rglob("*") if p.is_file()}
        differing = sorted(n for n in {*now, *stored} if now.get(n) != stored.get(n))
        print("\n".join(differing) or f"{len(entries)} cases unchanged")
        return 1 if differing else 0
    if TARGET.exists():
        shutil.rmtree(TARGET)
    for name, data in stored.items():
        path = TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    report(entries, records)
    return 0


def report(entries, records):
    attacks = [e for e in entries if e.exit != 0]
    print(f"{len(entries)} cases: {len(attacks)} attacks, {len(entries) - len(attacks)} accepted; {sum(map(bool, (e.twin for e in entries)))} with a twin")
    for entry in entries:
        record = records.get(entry.id)
        if record is None and entry.pack.recorded:
            print(f"  {entry.id}: not recorded")
        elif record is None:
            print(f"  {entry.id}: ours {entry.exit} {','.join(entry.codes)}; unknown to the reference")
        elif entry.exit == 0 and record["exit"] != 0 and "laxer" not in entry.notes:
            print(f"  {entry.id}: accepted by us, refused by the reference {record}")
        elif entry.exit != 0:
            print(f"  {entry.id}: ours {'refused' if entry.exit == REFUSED else entry.exit} {','.join(entry.codes)}; reference {record}")


if __name__ == "__main__":
    sys.exit(main())
