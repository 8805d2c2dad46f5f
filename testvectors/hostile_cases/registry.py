"""The list of cases, and how one is put together."""
import copy
from dataclasses import dataclass, field

from . import artifacts as a

DISPROVED, NOT_ESTABLISHED, REFUSED = 1, 3, [1, 3, 4]


@dataclass
class Pack:
    """Files and a command line. A file is bytes, or a list of recipe pieces."""

    files: dict
    args: list
    as_of: str = None
    env: dict = None
    recorded: bool = True  # the reference knows this command line


@dataclass
class Entry:
    area: str
    name: str
    title: str
    pack: Pack
    exit: object
    codes: list = field(default_factory=list)
    claims: dict = field(default_factory=dict)
    twin: str = None
    notes: str = ""
    flags: list = field(default_factory=list)

    @property
    def id(self):
        return f"{self.area}-{self.name}"


CASES = []


def pair(area, name, title, attack, twin, codes, exit=REFUSED, notes="", claims=None, flags=()):
    """An attack, and what it would be if it were honest."""
    if isinstance(codes, str):
        codes = [codes]
    CASES.append(Entry(area, name, title, attack, exit, codes, claims or {}, f"{area}-{name}-honest", notes, list(flags)))
    CASES.append(Entry(area, name + "-honest", "honest twin: " + title, twin, 0, notes="differs only in what is attacked"))


def accepted(area, name, title, pack, codes=(), notes="", flags=()):
    """Evidence that must be accepted, with a remark that must be shown."""
    CASES.append(Entry(area, name, title, pack, 0, list(codes), notes=notes, flags=list(flags)))


# ---------------------------------------------------------------- putting packs together

WALK, CLOSE = "--walk-events", "--verify-closure"


def export(payload, *options, manifest=None, keys=None, name="export.json", kind="governance_events", count=None, files=None, trust=None):
    """An export beside its manifest. `payload` is a document or bytes; `manifest` changes manifest members."""
    if isinstance(payload, dict):
        if count is None and isinstance(payload.get("records"), list):
            count = len(payload["records"])
        if payload.get("bundle_type"):
            kind = "full_audit"
        payload = a.dump(payload)
    body = a.manifest(payload, kind, count)
    body.update(manifest or {})
    out = {
        f"files/{name}": payload,
        "files/manifest.json": a.dump(body),
        "files/keys.json": keys if isinstance(keys, bytes) else a.dump(keys or a.key_manifest()),
    }
    out.update({f"files/{k}": v for k, v in (files or {}).items()})
    trust = ["--key-manifest", "files/keys.json"] if trust is None else list(trust)
    if "--key-manifest" not in trust:
        del out["files/keys.json"]
    return Pack(out, ["export", f"files/{name}", "files/manifest.json", *trust, *options, "--json"])


def edit(value, path, new):
    """A copy of `value` with the member at `path` (a tuple) replaced; `new` may be a function."""
    value = copy.deepcopy(value)
    place = value
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = new(place[path[-1]]) if callable(new) else new
    return value


def chain(*options, rows=None, change=None, keys=None, manifest=None, text=None, **members):
    """A governance export of five linked events. `change` edits the rows before they are linked, `text` edits
    the finished bytes."""
    rows = rows if rows is not None else a.events()
    if change:
        change(rows)
    payload = a.dump(a.governance(a.link(rows), **members))
    if text:
        payload = text(payload)
    return export(payload, *options, count=len(rows), keys=keys, manifest=manifest)


def pinned_decision(decision, claims=(("export.integrity.v1", True), ("permit.decision.v1", True)), *options, keys=None, **members):
    """An export with a permit decision that its manifest pins, so that the reference judges it too."""
    document = a.governance(a.link(a.events(2)), permit_decision=decision, **members)
    return export(document, *options, manifest=a.pins(claims, [a.PIN_EXPORT, a.PIN_DECISION]), keys=keys)
