"""The hash chain: what the record hash does not cover, and what a walk does not look at."""
import copy

from . import artifacts as a
from .registry import DISPROVED, WALK, Pack, accepted, chain, export, pair

AREA = "walk"


def rows_with(index, **members):
    def change(rows):
        rows[index].update(members)

    return change


def numbered(sequences, **members):
    rows = a.link(a.events(len(sequences)), sequences=sequences, **members)
    return chain(WALK, rows=rows)


pair(
    AREA,
    "sequence-gap",
    "numbers are missing, and the entries around them link",
    numbered([1, 2, 6, 7, 11]),
    numbered([1, 2, 3, 4, 5]),
    "CHAIN_SEQUENCE_GAP",
)
pair(
    AREA,
    "sequence-negative",
    "the chain counts from minus two",
    numbered([-2, -1, 0, 1, 2]),
    numbered([1, 2, 3, 4, 5]),
    "CHAIN_SEQUENCE_INVALID",
)
pair(
    AREA,
    "sequence-zero",
    "the chain counts from zero",
    numbered([0, 1, 2]),
    numbered([1, 2, 3]),
    "CHAIN_SEQUENCE_INVALID",
)
pair(
    AREA,
    "sequence-beyond-integer",
    "a sequence number of thirty digits",
    numbered([10**30, 10**30 + 1]),
    numbered([10**15, 10**15 + 1]),
    [],
)
pair(
    AREA,
    "sequence-duplicate",
    "two entries carry one number",
    numbered([1, 2, 2, 3, 4]),
    numbered([1, 2, 3, 4, 5]),
    "WALK_SEQUENCE_INVERSION",
    exit=DISPROVED,
)
pair(
    AREA,
    "sequence-descending",
    "the entries stand in falling order",
    (lambda rows: chain(WALK, rows=list(reversed(rows))))(a.link(a.events())),
    chain(WALK),
    "WALK_SEQUENCE_INVERSION",
    exit=DISPROVED,
)
pair(
    AREA,
    "sequence-boolean",
    "the sequence number is true",
    (lambda rows: chain(WALK, rows=[dict(rows[0], sequence_number=True)] + rows[1:]))(a.link(a.events())),
    chain(WALK),
    "WALK_SEQUENCE_INVERSION",
)
pair(
    AREA,
    "sequence-missing",
    "the first entry has no sequence number",
    chain(WALK, text=lambda payload: payload.replace(b'"sequence_number": 1,', b'"sequence": 1,', 1)),
    chain(WALK),
    [],
    notes="the reference ends with a traceback",
)
pair(
    AREA,
    "removed-entry",
    "an entry was cut out",
    (lambda rows: chain(WALK, rows=rows[:2] + rows[3:]))(a.link(a.events())),
    chain(WALK),
    "WALK_PREV_HASH_DISCONTINUITY",
    exit=DISPROVED,
)
pair(
    AREA,
    "removed-entry-default",
    "an entry was cut out, and nobody asked for the walk",
    (lambda rows: chain(rows=rows[:2] + rows[3:]))(a.link(a.events())),
    chain(),
    "WALK_PREV_HASH_DISCONTINUITY",
    exit=DISPROVED,
    notes="what the evidence carries is checked without being asked",
)
pair(
    AREA,
    "altered-field-default",
    "the outcome of an event was altered, and nobody asked for the walk",
    (lambda rows: chain(rows=[dict(rows[0], outcome="failure")] + rows[1:]))(a.link(a.events())),
    chain(),
    "WALK_RECORD_HASH_MISMATCH",
    exit=DISPROVED,
)
pair(
    AREA,
    "separator-shift",
    "a '|' moves text from one hashed field into the next without changing the hash",
    chain(WALK, change=rows_with(1, resource_type="permit|" + a.PERMIT, resource_id="success", outcome="info", severity="info")),
    chain(WALK),
    "CHAIN_FIELD_SEPARATOR",
)
pair(
    AREA,
    "separator-in-event-id",
    "an event id contains the separator of the record hash",
    chain(WALK, change=rows_with(2, event_id="evt_003|permit.revoked")),
    chain(WALK),
    "CHAIN_FIELD_SEPARATOR",
)
pair(
    AREA,
    "control-characters-event-id",
    "an event id holds a terminal escape sequence",
    chain(WALK, change=rows_with(2, event_id="evt_003\x1b[2J\x1b[1;32mVERIFIED\x1b[0m")),
    chain(WALK),
    "CHAIN_FIELD_CONTROL_CHARACTER",
)
pair(
    AREA,
    "forged-line-event-id",
    "an event id holds a line break and a line that looks like a verdict",
    chain(WALK, change=rows_with(2, event_id="evt_003\nWALK-EVENTS: VERIFIED\n  entries_walked: 5")),
    chain(WALK),
    "CHAIN_FIELD_CONTROL_CHARACTER",
)
pair(
    AREA,
    "control-characters-human",
    "an event id holds a terminal escape sequence; human output",
    (lambda pack: Pack(pack.files, pack.args[:-1]))(chain(WALK, change=rows_with(2, event_id="evt_003\x1b[2J\x1b[1;32mVERIFIED\x1b[0m"))),
    (lambda pack: Pack(pack.files, pack.args[:-1]))(chain(WALK)),
    "CHAIN_FIELD_CONTROL_CHARACTER",
    notes="no byte of the evidence reaches the terminal unescaped; the test looks at the whole output",
)
accepted(
    AREA,
    "control-characters-scope",
    "the chain scope, which is not hashed, holds a terminal escape sequence, in human output",
    (lambda pack: Pack(pack.files, pack.args[:-1]))(
        chain(WALK, change=lambda rows: [row.update(chain_scope="project:\x1b]0;owned\x07") for row in rows], project_id=None)
    ),
    notes="nothing is wrong with the chain; the scope must not be printed raw, which the test sees in the output of every case",
)
pair(
    AREA,
    "control-characters-hidden-failure",
    "a broken chain whose event id tries to overwrite the verdict line; raw output",
    (lambda pack: Pack(pack.files, pack.args[:-1] + ["--raw"]))(
        (lambda rows: chain(WALK, rows=rows[:2] + rows[3:]))(a.link((lambda r: (r[3].update(event_id="evt\rFAILED: 0\x1b[1A\x1b[2KVERIFIED"), r)[1])(a.events())))
    ),
    (lambda pack: Pack(pack.files, pack.args[:-1] + ["--raw"]))(chain(WALK)),
    "WALK_PREV_HASH_DISCONTINUITY",
)
# Every hashed text field, the ways in which one can lie.
for field in ("event_type", "resource_type", "resource_id", "outcome", "severity"):
    pair(
        AREA,
        f"separator-in-{field.replace('_', '-')}",
        f"{field} contains the separator of the record hash",
        chain(WALK, change=rows_with(2, **{field: "left|right"})),
        chain(WALK, change=rows_with(2, **{field: "left-right"})),
        "CHAIN_FIELD_SEPARATOR",
    )
    pair(
        AREA,
        f"control-in-{field.replace('_', '-')}",
        f"{field} contains a line break",
        chain(WALK, change=rows_with(2, **{field: "left\nright"})),
        chain(WALK, change=rows_with(2, **{field: "left right"})),
        "CHAIN_FIELD_CONTROL_CHARACTER",
    )
for name, character in (("nul", "\0"), ("delete", "\x7f"), ("c1-csi", "\x9b31m"), ("c1-next-line", "\x85")):
    pair(
        AREA,
        f"event-id-{name}",
        "an event id contains a control character",
        chain(WALK, change=rows_with(2, event_id=f"evt_003{character}x")),
        chain(WALK, change=rows_with(2, event_id="evt_003x")),
        "CHAIN_FIELD_CONTROL_CHARACTER",
    )
pair(
    AREA,
    "separator-in-first-prev-hash",
    "the first prev_hash, which no link checks, contains the separator",
    chain(WALK, rows=a.link(a.events(), first_prev="ab|cd", first_sequence=41)),
    chain(WALK, rows=a.link(a.events(), first_prev="ab" * 32, first_sequence=41)),
    "CHAIN_FIELD_SEPARATOR",
)
pair(
    AREA,
    "time-offset-negative",
    "an event's time has a negative offset that the record hash drops",
    chain(WALK, change=rows_with(1, occurred_at="2026-05-07T12:00:02-08:00")),
    chain(WALK, change=rows_with(1, occurred_at="2026-05-07T12:00:02+00:00")),
    "CHAIN_TIMESTAMP_OFFSET_DROPPED",
)
pair(
    AREA,
    "sequence-gap-default",
    "numbers are missing, and nobody asked for the walk",
    (lambda rows: chain(rows=rows))(a.link(a.events(4), sequences=[1, 2, 9, 10])),
    (lambda rows: chain(rows=rows))(a.link(a.events(4))),
    "CHAIN_SEQUENCE_GAP",
)
pair(
    AREA,
    "sequence-gap-bundle",
    "numbers are missing in the chain of an audit export bundle",
    export((lambda record: a.audit_bundle([(a.link(record["chain_entries"], sequences=[1, 2, 5]), record)[1]]))(a.closed_permit()), WALK),
    export(a.audit_bundle([a.closed_permit()]), WALK),
    "CHAIN_SEQUENCE_GAP",
)
pair(
    AREA,
    "time-offset",
    "an event's time has an offset that the record hash drops",
    chain(WALK, change=rows_with(1, occurred_at="2026-05-07T12:00:02+05:30")),
    chain(WALK, change=rows_with(1, occurred_at="2026-05-07T12:00:02+00:00")),
    "CHAIN_TIMESTAMP_OFFSET_DROPPED",
    notes="the same record hash fits every offset, so the moment of the event is not proven",
)
pair(
    AREA,
    "payload-altered-digest",
    "a payload was altered; an integrity digest event of the same export states what it was",
    chain(WALK, rows=(lambda rows: (rows[0]["payload_json"].update(cost_usd_micros=1), rows)[1])(
        a.link((lambda base: copy.deepcopy(base) + [a.integrity_digest(6, base)])(a.events())))),
    chain(WALK, rows=a.link((lambda base: base + [a.integrity_digest(6, base)])(a.events()))),
    "PAYLOAD_DIGEST_MISMATCH",
)


def pad_batch(rows):
    rows[-1]["payload_json"]["batch_hash"] = "0" * 64
    rows[-1]["resource_id"] = "0" * 32
    return rows


pair(
    AREA,
    "payload-digest-batch",
    "the batch hash of an integrity digest event does not cover its list",
    chain(WALK, rows=a.link(pad_batch((lambda base: base + [a.integrity_digest(6, base)])(a.events())))),
    chain(WALK, rows=a.link((lambda base: base + [a.integrity_digest(6, base)])(a.events()))),
    "PAYLOAD_DIGEST_MISMATCH",
)
accepted(
    AREA,
    "payload-not-covered",
    "payloads without an integrity digest event: the walk does not cover them, and the report says so",
    chain(WALK),
    ["PAYLOAD_NOT_COVERED"],
)
pair(
    AREA,
    "scope-not-a-string",
    "the chain scope is a number",
    chain(WALK, change=lambda rows: [row.update(chain_scope=7) for row in rows]),
    chain(WALK),
    "CHAIN_SCOPE_INVALID",
)
pair(
    AREA,
    "scope-array",
    "the chain scope of one entry is an array",
    chain(WALK, change=rows_with(2, chain_scope=["project"])),
    chain(WALK),
    [],
    notes="the reference ends with a traceback",
)
pair(
    AREA,
    "format-version-object",
    "the chain format version is an object",
    chain(WALK, change=rows_with(2, chain_format_version={"v": 1})),
    chain(WALK),
    [],
)
pair(
    AREA,
    "format-version-unknown",
    "the chain format is one that nobody published",
    chain(WALK, change=rows_with(2, chain_format_version="v9")),
    chain(WALK),
    "WALK_UNKNOWN_CHAIN_FORMAT",
)
pair(
    AREA,
    "event-id-repeated",
    "two entries carry one event id",
    chain(WALK, change=rows_with(3, event_id="evt_002")),
    chain(WALK),
    "CHAIN_EVENT_ID_REPEATED",
)


def foreign():
    records = [a.closed_permit(1), a.closed_permit(4, a.PERMIT_2)]
    records[0]["chain_entries"].append(records[1]["chain_entries"].pop(0))
    return export(a.audit_bundle(records), WALK)


pair(
    AREA,
    "entry-under-another-permit",
    "a chain entry stands in the record of another permit",
    foreign(),
    export(a.audit_bundle([a.closed_permit(1), a.closed_permit(4, a.PERMIT_2)]), WALK),
    "CHAIN_ENTRY_FOREIGN",
)


def shadowed(empty):
    """Record-level entries are broken; a top-level array makes the reference ignore them."""
    document = a.audit_bundle([a.closed_permit(1), a.closed_permit(4, a.PERMIT_2)])
    clean = [copy.deepcopy(e) for r in document["records"] for e in r["chain_entries"]]
    if not empty:
        document["records"][1]["chain_entries"][0]["outcome"] = "failure"
    document["chain_entries"] = clean
    return export(document, WALK)


pair(
    AREA,
    "entries-shadowed",
    "the entries under a record are altered, and a clean copy stands at the top level, which alone is walked",
    shadowed(False),
    shadowed(True),
    [],
    notes="a reader is shown the records",
)
pair(
    AREA,
    "edited-record-hash-case",
    "the record hash is written in capitals",
    (lambda rows: chain(WALK, rows=rows[:-1] + [dict(rows[-1], record_hash=rows[-1]["record_hash"].upper())]))(a.link(a.events())),
    chain(WALK),
    "WALK_RECORD_HASH_MISMATCH",
)
pair(
    AREA,
    "nothing-to-walk",
    "the walk is asked for, and the export carries no entry",
    export(a.governance([]), WALK),
    chain(WALK),
    "WALK_NO_EVALUABLE_SUBJECTS",
)
pair(
    AREA,
    "schema-version-array",
    "the schema version is an array",
    export(a.audit_bundle([a.closed_permit(1)], schema_version=[2]), WALK),
    export(a.audit_bundle([a.closed_permit(1)]), WALK),
    [],
    notes="the reference ends with a traceback",
)
accepted(
    AREA,
    "genesis-other",
    "entry 1 does not link to the published genesis",
    chain(WALK, rows=a.link(a.events(), first_prev="0" * 64)),
    ["CHAIN_GENESIS_NOT_ANCHORED"],
    notes="test systems start elsewhere; the report says that nothing ties the beginning to the published start",
)
accepted(
    AREA,
    "window-edge",
    "the export starts inside a chain",
    chain(WALK, rows=a.link(a.events(), first_prev="ab" * 32, first_sequence=41)),
    ["CHAIN_WINDOW_EDGE"],
)
accepted(
    AREA,
    "jsonl-one-line",
    "JSON lines with a single event",
    (lambda row: export(a.jsonl(row), WALK, name="events.jsonl", count=1, manifest={"format": "jsonl"}))(a.link(a.events(1))),
    notes="laxer: the reference takes one line for a document of another kind",
)
accepted(
    AREA,
    "jsonl-line-separator",
    "JSON lines with U+2028 inside a string",
    (lambda rows: export(a.jsonl(rows), WALK, name="events.jsonl", count=3, manifest={"format": "jsonl"}))(a.link((lambda r: (r[1]["payload_json"].update(note="first\u2028second"), r)[1])(a.events(3)))),
    notes="laxer: RFC 8259 allows U+2028 in a string; the reference cuts the line there",
)
pair(
    AREA,
    "jsonl-broken-line",
    "one line of three is cut",
    (lambda data: export(data[: data.rindex(b"{") + 40], WALK, name="events.jsonl", count=3, manifest={"format": "jsonl"}))(a.jsonl(a.link(a.events(3)))),
    export(a.jsonl(a.link(a.events(3))), WALK, name="events.jsonl", count=3, manifest={"format": "jsonl"}),
    "EXPORT_STRUCTURE_INVALID",
)
