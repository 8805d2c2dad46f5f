#!/usr/bin/env python3
"""Runs the reference verifier over all cases and compares with what is recorded.

    python3 testvectors/cross_check.py KEEL_VERIFY [PART OF AN ID]

For recorded runs (reference/) exit status and failure codes must be the recorded ones; for our own cases the
exit status in `reference`. A generated case without a record must be accepted when we accept it.
Python's standard library only.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent


def content(base, source):
    if isinstance(source, str):
        return (base / source).read_bytes()
    parts = []
    for piece in source:
        if "hex" in piece:
            data = bytes.fromhex(piece["hex"])
        elif "text" in piece:
            data = piece["text"].encode()
        else:
            data = (base / piece["path"]).read_bytes()
        parts.append(data * piece.get("times", 1))
    return b"".join(parts)


def run(program, origin, path, case):
    files = case["files"]
    with tempfile.TemporaryDirectory(prefix="kvx-") as place:
        work = Path(place)
        for name in files:
            if isinstance(files, list):
                data = (path.parent / name).read_bytes()
            else:
                data = content(HERE / origin, files[name])
            target = work / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        for name in case.get("empty_dirs", []):
            (work / name).mkdir(parents=True, exist_ok=True)
        home = work / "files" / "home"
        if not home.is_dir():
            home = work / "home"
            home.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "COLUMNS": "80", "NO_COLOR": "1"}
        for name, value in (case.get("env") or {}).items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = value.replace("<CASE>", place)
        done = subprocess.run(
            [program, *[arg.replace("<CASE>", place) for arg in case["args"]]],
            cwd=work, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
        )
    return done.returncode, done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")


def expected(origin, case):
    """(exit status, codes) that the reference must show, or None."""
    if origin == "reference":
        return case["expect"]["exit"], case["expect"].get("codes", [])
    if "reference" in case:
        return case["reference"]["exit"], case["reference"].get("codes", [])
    if origin == "generated" and case["expect"]["exit"] == 0:
        return 0, []
    return None


def main():
    program, part = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    jobs = []
    for origin in ("reference", "generated", "hostile"):
        for path in sorted((HERE / origin).glob("*/*/case.json")):
            case = json.loads(path.read_text())
            wanted = expected(origin, case)
            if wanted is not None and part in case["id"]:
                jobs.append((origin, path, case, wanted))
    differing = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for (origin, _, case, (status, codes)), (got, text) in zip(jobs, pool.map(lambda job: run(program, *job[:3]), jobs)):
            missing = [code for code in codes if not re.search(rf"\b{re.escape(code)}\b", text)]
            if got != status or missing:
                differing += 1
                print(f"  {origin} {case['id']}: exit {got}, recorded {status}; missing {missing}")
    print(f"{len(jobs)} runs of the reference, {differing} not as recorded")
    return 1 if differing or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
