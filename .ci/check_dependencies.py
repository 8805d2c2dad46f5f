#!/usr/bin/env python3
"""Licence, source, ban and advisory checks over Cargo.lock, without network.

    .ci/check_dependencies.py                          check
    .ci/check_dependencies.py --advisories FOLDER      rewrite .ci/advisories.json from a copy of the RustSec database

Rules are those of deny.toml, so that `cargo deny check` gives the same answer where it is installed. The
advisory table holds facts only (crate, advisory, fixed versions) for the crates of Cargo.lock; a crate that
the table was not made for is named.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python 3.10
    from pip._vendor import tomli as tomllib

TOP = Path(__file__).resolve().parent.parent
TABLE = TOP / ".ci" / "advisories.json"
OFFLINE_MEMBERS = ("verifier-core", "verifier-cli")


def metadata():
    done = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"], cwd=TOP, check=True, capture_output=True
    )
    return json.loads(done.stdout)


# ---------------------------------------------------------------- licences


def licence_holds(expression, allowed):
    """Whether an SPDX expression can be met with the allowed licences."""
    words = re.findall(r"\(|\)|[^\s()/]+|/", expression)
    words = ["OR" if word == "/" else word for word in words]

    def either():
        value = both()
        while words[:1] == ["OR"]:
            words.pop(0)
            right = both()
            value = value or right
        return value

    def both():
        value = single()
        while words[:1] == ["AND"]:
            words.pop(0)
            right = single()
            value = value and right
        return value

    def single():
        word = words.pop(0)
        if word == "(":
            value = either()
            words.pop(0)
            return value
        if words[:1] == ["WITH"]:
            words.pop(0)
            word = f"{word} WITH {words.pop(0)}"
        return word in allowed

    return either()


# ---------------------------------------------------------------- versions


def numbers(version):
    main, _, pre = version.partition("+")[0].partition("-")
    parts = [int(part) for part in main.split(".")]
    return (parts + [0, 0])[:3], pre


def order(version):
    """Sort key; a pre-release is lower than its release."""
    parts, pre = numbers(version)
    return (*parts, 0 if pre else 1, pre)


def matches(version, requirement):
    """Whether a version meets a comma-separated list of comparators."""
    for part in requirement.split(","):
        sign, wanted = re.fullmatch(r"\s*(>=|<=|>|<|=|\^|~)?\s*([0-9][^\s]*)\s*", part).groups()
        have, want = order(version), order(wanted)
        if sign in (None, "^"):
            lead, _ = numbers(wanted)
            written = wanted.partition("-")[0].count(".") + 1
            place = next((i for i, n in enumerate(lead[:written]) if n), written - 1)
            top = lead[:place] + [lead[place] + 1]
            good = have >= want and numbers(version)[0] < (top + [0, 0, 0])[:3]
        elif sign == "~":
            lead, _ = numbers(wanted)
            good = have >= want and numbers(version)[0][:2] == lead[:2]
        else:
            good = {">=": have >= want, "<=": have <= want, ">": have > want, "<": have < want, "=": have == want}[sign]
        if not good:
            return False
    return True


# ---------------------------------------------------------------- checks


def check():
    rules = tomllib.loads((TOP / "deny.toml").read_text())
    data = metadata()
    packages = {package["id"]: package for package in data["packages"]}
    problems = []
    allowed = set(rules["licenses"]["allow"])
    registries = {"registry+" + url for url in rules["sources"]["allow-registry"]}
    for package in packages.values():
        label = f"{package['name']} {package['version']}"
        licence = package.get("license")
        if not licence or not licence_holds(licence, allowed):
            problems.append(f"licence of {label}: {licence or 'not stated'}")
        if package["source"] is not None and package["source"] not in registries:
            problems.append(f"source of {label}: {package['source']}")
    banned = {entry["name"] for entry in rules["bans"]["deny"]}
    for member in OFFLINE_MEMBERS:
        reached = normal_dependencies(data, member)
        for name in sorted(banned & reached):
            problems.append(f"{member} links {name}, which can open a socket")
        print(f"  {member}: {len(reached)} crates linked, {len(banned & reached)} of {len(banned)} network crates among them")
    table = json.loads(TABLE.read_text())
    ignored, covered, open_crates = set(rules["advisories"]["ignore"]), set(table["crates"]), []
    for package in packages.values():
        if package["source"] is None:
            continue
        if package["name"] not in covered:
            open_crates.append(package["name"])
        for row in table["advisories"]:
            if row["crate"] != package["name"] or row["id"] in ignored:
                continue
            fixed = any(matches(package["version"], requirement) for requirement in row["patched"] + row["unaffected"])
            if not fixed:
                problems.append(f"{row['id']} ({row['kind']}) applies to {package['name']} {package['version']}")
    print(f"  {len(packages)} packages; advisories as of {table['as_of']}, {len(table['advisories'])} rows for our crates")
    if open_crates:
        print(f"  not in the advisory table, run --advisories: {', '.join(sorted(set(open_crates)))}")
    for problem in problems:
        print(f"  PROBLEM: {problem}")
    return 1 if problems else 0


def normal_dependencies(data, member):
    """Names of the crates that are linked into a member, build and test dependencies not counted."""
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    names = {package["id"]: package["name"] for package in data["packages"]}
    start = next(i for i in data["workspace_members"] if names[i] == member)
    seen, queue = {start}, [start]
    while queue:
        for dependency in nodes[queue.pop()]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]) and dependency["pkg"] not in seen:
                seen.add(dependency["pkg"])
                queue.append(dependency["pkg"])
    return {names[i] for i in seen}


def rewrite(folder):
    """Facts about the crates of Cargo.lock from a checked-out RustSec advisory database."""
    lock = tomllib.loads((TOP / "Cargo.lock").read_text())
    crates = sorted({package["name"] for package in lock["package"] if "source" in package})
    rows, newest = [], ""
    for path in sorted(Path(folder).glob("crates/*/RUSTSEC-*.md")):
        advisory = tomllib.loads(path.read_text().split("```toml")[1].split("```")[0])
        head, versions = advisory["advisory"], advisory.get("versions", {})
        newest = max(newest, str(head["date"]))
        if head["package"] in crates and "withdrawn" not in head:
            rows.append(
                {
                    "crate": head["package"],
                    "id": head["id"],
                    "kind": head.get("informational", "vulnerability"),
                    "patched": versions.get("patched", []),
                    "unaffected": versions.get("unaffected", []),
                }
            )
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    TABLE.write_text(f'{{\n "as_of": "{newest}",\n "crates": {json.dumps(crates)},\n "advisories": [\n{lines}\n ]\n}}\n')
    print(f"{len(rows)} advisories for {len(crates)} crates")
    return 0


if __name__ == "__main__":
    sys.exit(rewrite(sys.argv[2]) if sys.argv[1:2] == ["--advisories"] else check())
