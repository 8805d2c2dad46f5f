"""Transparency logs: heads, proofs, tiles and policies. Trees, notes and tiles are made here, from the public formats, with
nothing of the issuer's or the verifier's code."""
import base64
import hashlib
import struct

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from .registry import DISPROVED, NOT_ESTABLISHED, Pack, accepted, pair

AREA = "tlog"
ORIGIN = "hostile.invalid/log"
SEEN = 1_790_000_000  # 2026-09-21T14:13:20Z
AS_OF = "2026-10-01T00:00:00Z"


def sha(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


# ---------------------------------------------------------------- trees


def leaf(entry):
    return sha(b"\0" + entry)


def node(left, right):
    return sha(b"\1" + left + right)


def split(count):
    return 1 << ((count - 1).bit_length() - 1)


def root(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def inclusion(index, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return inclusion(index, leaves[:k]) + [root(leaves[k:])]
    return inclusion(index - k, leaves[k:]) + [root(leaves[:k])]


def consistency(old, leaves, whole=True):
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return consistency(old, leaves[:k], whole) + [root(leaves[k:])]
    return consistency(old - k, leaves[k:], False) + [root(leaves[:k])]


def entries(count, change=None):
    """Entries of a log; `change` puts another one in the place of one."""
    made = [b"entry %d" % number for number in range(count)]
    for place, other in (change or {}).items():
        made[place] = other
    return made


def hashes(made):
    return [leaf(entry) for entry in made]


# ---------------------------------------------------------------- keys and notes


class Key:
    def __init__(self, name, kind, label=None):
        self.name, self.kind = name, kind
        self.key = Ed25519PrivateKey.from_private_bytes(sha(b"keel-evidence hostile tlog: " + (label or name).encode()))
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.public = bytes([kind]) + self.key.public_key().public_bytes(*raw)

    @property
    def id(self):
        return sha(self.name.encode() + b"\n" + self.public)[:4]

    @property
    def text(self):
        return f"{self.name}+{self.id.hex()}+{b64(self.public)}"

    def line(self, text, time=SEEN):
        if self.kind == 4:
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
            return note_line(self.name, self.id + struct.pack(">Q", time) + self.key.sign(message))
        return note_line(self.name, self.id + self.key.sign(text.encode()))


def note_line(name, data):
    return f"\u2014 {name} {b64(data)}\n"


LOG = Key(ORIGIN, 1)
WITNESSES = [Key(f"witness-{n}.invalid", 4) for n in (1, 2, 3)]


def body(size, top, origin=ORIGIN, more=""):
    return f"{origin}\n{size}\n{b64(top)}\n{more}"


def note(text, *signers, lines=()):
    return text + "\n" + "".join(signer.line(text) for signer in signers) + "".join(lines)


def head(leaves, *witnesses):
    return note(body(len(leaves), root(leaves)), LOG, *witnesses)


def policy(*lines, witnesses=WITNESSES):
    named = [f"witness w{n} {key.text}" for n, key in enumerate(witnesses, 1)]
    return "\n".join([f"log {LOG.text}", *named, *lines]) + "\n"


QUORUM = policy("group g 2 w1 w2 w3", "quorum g")


def proof(index, leaves, top=None, hashes=None):
    path = inclusion(index, leaves) if hashes is None else hashes
    return "".join(["c2sp.org/tlog-proof@v1\n", f"index {index}\n", *(b64(h) + "\n" for h in path), "\n", top or head(leaves)])


def split_view(one, other, path):
    heads = "".join(f"head {len(text.encode())}\n{text}" for text in (one, other))
    return "keel-evidence/tlog-split-view@v1\n" + "".join(b64(h) + "\n" for h in path) + "\n" + heads


# ---------------------------------------------------------------- logs as files


def number(n):
    text = f"{n % 1000:03}"
    while n >= 1000:
        n //= 1000
        text = f"x{n % 1000:03}/{text}"
    return text


def tiles(made, top=None):
    """The folder of a log."""
    leaves = hashes(made)
    files = {"checkpoint": (top or head(leaves)).encode()}

    def put(kind, parts, join):
        for n in range(0, len(parts), 256):
            part = parts[n : n + 256]
            partial = "" if len(part) == 256 else f".p/{len(part)}"
            files[f"tile/{kind}/{number(n // 256)}{partial}"] = join(part)

    put("entries", made, lambda part: b"".join(struct.pack(">H", len(e)) + e for e in part))
    level, nodes = 0, leaves
    while nodes:
        put(level, nodes, b"".join)
        nodes = [root(nodes[n : n + 256]) for n in range(0, len(nodes) - 255, 256)]
        level += 1
    return files


def run(command, files, *options, trust=None):
    """A command line on files; `files` are text or bytes."""
    trust = {"log.vkey": LOG.text + "\n"} if trust is None else trust
    named = {"log.vkey": "--log-key", "policy": "--witness-policy"}
    args = [*command, *(word for name in trust for word in (named[name], f"files/{name}")), *options, "--json"]
    every = {**files, **trust}
    stored = {f"files/{name}": data.encode() if isinstance(data, str) else data for name, data in every.items()}
    return Pack(stored, args, as_of=AS_OF, recorded=False)


def folder(files, *options, more=None, trust=None):
    every = {f"log/{name}": data for name, data in files.items()}
    return run(["log", "files/log"], {**every, **(more or {})}, *options, trust=trust)


def one(text, *options, trust=None, more=None):
    return run(["log", "files/head"], {"head": text, **(more or {})}, *options, trust=trust)


def compare(first, second, *options, more=None, trust=None):
    return run(["compare-heads", "files/a", "files/b"], {"a": first, "b": second, **(more or {})}, *options, trust=trust)


def with_file(files, name, data):
    changed = dict(files)
    if data is None:
        del changed[name]
    else:
        changed[name] = data
    return changed


def cut(name, change):
    """The log with one of its files changed."""
    return folder(with_file(SMALL, name, change(SMALL[name])))


COUNT = 300
LEAVES = hashes(entries(COUNT))
SMALL = tiles(entries(COUNT))
HONEST_LOG = folder(SMALL)
HEAD = head(LEAVES)
HONEST_HEAD = one(HEAD)
EVIL = {7: b"another entry 7"}
FORKED = hashes(entries(COUNT, EVIL))

# ---------------------------------------------------------------- notes and heads

MANY = note_line("nobody.invalid", bytes(76))
flood = one(HEAD)
flood.files["files/head"] = [{"text": HEAD}, {"text": MANY, "times": 10_000}]
pair(AREA, "note-10000-signatures", "a head with ten thousand signature lines of nobody", flood, HONEST_HEAD, "TLOG_NOTE_MALFORMED", DISPROVED)
pair(AREA, "note-65-signatures", "one signature line more than a note may have", one(HEAD + MANY * 64), one(HEAD + MANY * 63), "TLOG_NOTE_MALFORMED", DISPROVED)
pair(AREA, "note-carriage-return", "lines of a head end like in DOS", one(HEAD.replace("\n", "\r\n")), HONEST_HEAD, "TLOG_NOTE_MALFORMED", DISPROVED)
pair(AREA, "note-signature-bit", "a bit of the log's signature is changed", one(HEAD.replace(LOG.line(body(COUNT, root(LEAVES))), note_line(ORIGIN, LOG.id + bytes(64)))), HONEST_HEAD, "TLOG_NOTE_SIGNATURE_INVALID", DISPROVED)
pair(AREA, "head-unsigned", "origin, size and root without a signature", one(body(COUNT, root(LEAVES))), HONEST_HEAD, "TLOG_HEAD_UNSIGNED", NOT_ESTABLISHED)
pair(AREA, "head-of-a-stranger", "signed by another key that calls itself by the log's name", one(note(body(COUNT, root(LEAVES)), Key(ORIGIN, 1, "stranger"))), HONEST_HEAD, "TLOG_NOTE_KEY_UNKNOWN", NOT_ESTABLISHED)
pair(AREA, "head-of-another-origin", "the log signs a head in the name of another log", one(note(body(COUNT, root(LEAVES), "other.invalid/log"), LOG)), HONEST_HEAD, "TLOG_ORIGIN_MISMATCH", DISPROVED)
pair(AREA, "head-size-spelling", "the size has a leading zero", one(note(body(f"0{COUNT}", root(LEAVES)), LOG)), HONEST_HEAD, "TLOG_CHECKPOINT_MALFORMED", DISPROVED)
pair(AREA, "head-empty-tree", "no entries, and not the root of no entries", one(note(body(0, root(LEAVES)), LOG)), one(note(body(0, root([])), LOG)), "TLOG_CHECKPOINT_MALFORMED", DISPROVED)

# ---------------------------------------------------------------- witnesses

TRUST = {"policy": QUORUM}
WITNESSED = one(head(LEAVES, *WITNESSES[:2]), trust=TRUST)
TEXT = body(COUNT, root(LEAVES))
pair(AREA, "witness-counted-twice", "one witness cosigns twice", one(head(LEAVES, WITNESSES[0], WITNESSES[0]), trust=TRUST), WITNESSED, "TLOG_QUORUM_NOT_MET", NOT_ESTABLISHED)
pair(AREA, "witness-of-another-head", "a cosignature of another head", one(note(TEXT, LOG, WITNESSES[0], lines=[WITNESSES[1].line(body(COUNT, root(FORKED)))]), trust=TRUST), WITNESSED, "TLOG_COSIGNATURE_INVALID", DISPROVED)
pair(AREA, "witness-in-the-future", "two witnesses, one of them ten minutes after the date of the verdict", one(note(TEXT, LOG, WITNESSES[0], lines=[WITNESSES[1].line(TEXT, 1_790_813_400)]), trust=TRUST), WITNESSED, ["TLOG_COSIGNATURE_FUTURE", "TLOG_QUORUM_NOT_MET"], NOT_ESTABLISHED)
pair(AREA, "witness-signs-as-log", "the witness's key signs the text itself and no cosignature", one(note(TEXT, LOG, WITNESSES[0], lines=[note_line(WITNESSES[1].name, WITNESSES[1].id + WITNESSES[1].key.sign(TEXT.encode()))]), trust=TRUST), WITNESSED, "TLOG_COSIGNATURE_INVALID", DISPROVED)


class MlDsa:
    name, public = "witness-4.invalid", bytes([6]) + bytes(1312)
    id = sha(name.encode() + b"\n" + public)[:4]
    text = f"{name}+{id.hex()}+{b64(public)}"

    def line(self, text):
        return note_line(self.name, self.id + struct.pack(">Q", SEEN) + bytes(2420))


MIXED = {"policy": policy("group g 2 w1 w2", "quorum g", witnesses=[WITNESSES[0], MlDsa])}
pair(AREA, "witness-of-unknown-type", "the second witness that the policy wants signs with ML-DSA", one(head(LEAVES, WITNESSES[0], MlDsa()), trust=MIXED), WITNESSED, ["TLOG_COSIGNATURE_UNSUPPORTED", "TLOG_QUORUM_NOT_MET"], NOT_ESTABLISHED)
TWO_NAMES = Key("witness-5.invalid", 4, WITNESSES[0].name)
pair(AREA, "policy-one-key-two-names", "a policy that counts one key as two witnesses", one(head(LEAVES, WITNESSES[0], TWO_NAMES), trust={"policy": policy("group g 2 w1 w2", "quorum g", witnesses=[WITNESSES[0], TWO_NAMES])}), WITNESSED, "TLOG_POLICY_INVALID", NOT_ESTABLISHED)
pair(AREA, "policy-member-of-itself", "a group that is its own member", one(head(LEAVES, *WITNESSES), trust={"policy": policy("group g any g", "quorum g")}), WITNESSED, "TLOG_POLICY_INVALID", NOT_ESTABLISHED)
NESTED = [f"group g{n} all {'w1' if n == 0 else f'g{n - 1}'}" for n in range(900)]
pair(AREA, "policy-deep", "nine hundred groups inside each other, and nobody in the innermost", one(HEAD, trust={"policy": policy(*NESTED, "quorum g899")}), one(head(LEAVES, WITNESSES[0]), trust={"policy": policy(*NESTED, "quorum g899")}), "TLOG_QUORUM_NOT_MET", NOT_ESTABLISHED)

# ---------------------------------------------------------------- inclusion proofs

INDEX = 41
ENTRY = {"entry": entries(COUNT)[INDEX]}
GOOD = inclusion(INDEX, LEAVES)


def proved(text, more=None):
    return one(text, "--entry", "files/entry", more=more or ENTRY)


HONEST_PROOF = proved(proof(INDEX, LEAVES))
pair(AREA, "proof-too-long", "a proof with a hash too many", proved(proof(INDEX, LEAVES, hashes=GOOD + GOOD[-1:])), HONEST_PROOF, "TLOG_PROOF_LENGTH", DISPROVED)
pair(AREA, "proof-too-short", "a proof without its last hash", proved(proof(INDEX, LEAVES, hashes=GOOD[:-1])), HONEST_PROOF, "TLOG_PROOF_LENGTH", DISPROVED)
pair(AREA, "proof-far-too-long", "a proof of a thousand hashes", proved(proof(INDEX, LEAVES, hashes=GOOD * 112)), HONEST_PROOF, "TLOG_PROOF_MALFORMED", DISPROVED)
pair(AREA, "proof-index-outside", "a proof for an index that the tree does not have", proved(proof(INDEX, LEAVES).replace(f"index {INDEX}", f"index {COUNT}")), HONEST_PROOF, "TLOG_INDEX_OUT_OF_RANGE", DISPROVED)
pair(AREA, "proof-other-index", "the path of one entry under the index of its neighbour", proved(proof(INDEX, LEAVES).replace(f"index {INDEX}", f"index {INDEX - 1}")), HONEST_PROOF, "TLOG_INCLUSION_INVALID", DISPROVED)
pair(AREA, "proof-of-a-node", "an inner node passed off as an entry", proved(proof(INDEX, LEAVES).replace(b64(GOOD[0]) + "\n", ""), {"entry": LEAVES[INDEX - 1] + LEAVES[INDEX]}), HONEST_PROOF, "TLOG_PROOF_LENGTH", DISPROVED)
pair(AREA, "proof-other-entry", "the proof is of another entry", proved(proof(INDEX, LEAVES), {"entry": b"entry 41 "}), HONEST_PROOF, "TLOG_INCLUSION_INVALID", DISPROVED)
pair(AREA, "proof-without-entry", "a proof without the entry that it is of", one(proof(INDEX, LEAVES)), HONEST_PROOF, "TLOG_INCLUSION_MISSING", NOT_ESTABLISHED)

# ---------------------------------------------------------------- whole logs

LAST, FULL = "tile/0/001.p/44", "tile/0/000"
pair(AREA, "tile-too-long", "a full tile of 257 hashes", cut(FULL, lambda data: data + bytes(32)), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "tile-huge", "a tile of megabytes", cut(FULL, lambda data: data * 200), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "tile-width-lies", "a tile with fewer hashes than its name says", cut(LAST, lambda data: data[:-32]), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "tile-half-hash", "a tile that ends within a hash", cut(LAST, lambda data: data[:-1]), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "tile-empty", "a tile of no bytes", cut(FULL, lambda data: b""), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "tile-hash", "one hash of the second level is changed", cut("tile/1/000.p/1", lambda data: data[:-1] + bytes([data[-1] ^ 1])), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "tile-missing", "a tile of hashes is not there", cut(FULL, lambda data: None), HONEST_LOG, "TLOG_TILE_MISSING", NOT_ESTABLISHED)
pair(AREA, "log-without-tiles", "a head with nothing beside it", folder({"checkpoint": SMALL["checkpoint"]}), HONEST_LOG, "TLOG_TILE_MISSING", NOT_ESTABLISHED)
pair(AREA, "entries-missing", "one bundle of entries is not there", cut("tile/entries/000", lambda data: None), HONEST_LOG, "TLOG_ENTRIES_MISSING", NOT_ESTABLISHED)
pair(AREA, "entries-changed", "an entry is another, and the tiles are as they were", folder({**SMALL, "tile/entries/000": tiles(entries(COUNT, EVIL))["tile/entries/000"]}), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "entries-length-lies", "the length before an entry is above what is left", cut("tile/entries/001.p/44", lambda data: data[:-11] + b"\xff\xff" + data[-9:]), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "entries-too-many", "a bundle has bytes behind its last entry", cut("tile/entries/001.p/44", lambda data: data + b"\0\0"), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "log-wrong-root", "entries and tiles are of one mind, and the head has another root", folder(tiles(entries(COUNT, EVIL), HEAD)), HONEST_LOG, "TLOG_TILE_INVALID", DISPROVED)
pair(AREA, "log-of-quintillions", "the head of a small log states 2^63 entries", folder(tiles(entries(3), note(body(1 << 63, root(LEAVES)), LOG))), folder(tiles(entries(3))), "TLOG_TILE_MISSING", NOT_ESTABLISHED)
accepted(AREA, "log-without-entries", "a log whose entries are not published", folder({n: d for n, d in SMALL.items() if "entries" not in n}), ["TLOG_ENTRIES_MISSING"])
pair(AREA, "log-rolled-back", "the log is smaller than when it was last seen", folder(SMALL, "--known-head", "files/known", more={"known": head(hashes(entries(COUNT + 1)))}), folder(SMALL, "--known-head", "files/known", more={"known": head(LEAVES[:200])}), "TLOG_ROLLBACK", DISPROVED)
pair(AREA, "log-rewritten", "the log does not extend the head that was last seen", folder(SMALL, "--known-head", "files/known", more={"known": head(FORKED[:200])}), folder(SMALL, "--known-head", "files/known", more={"known": head(LEAVES[:200])}), "TLOG_SPLIT_VIEW", DISPROVED)

# ---------------------------------------------------------------- two heads

OLD = 200
EXTENDS = compare(head(LEAVES[:OLD]), HEAD, "--log", "files/log", more={f"log/{n}": d for n, d in SMALL.items()})
pair(AREA, "split-one-size", "two roots for one size", compare(HEAD, head(FORKED)), compare(HEAD, HEAD), "TLOG_SPLIT_VIEW", DISPROVED)
pair(AREA, "split-two-sizes", "a smaller head that the log's tiles contradict", compare(HEAD, head(FORKED[:OLD]), "--log", "files/log", more={f"log/{n}": d for n, d in SMALL.items()}), EXTENDS, "TLOG_SPLIT_VIEW", DISPROVED)
pair(AREA, "split-power-of-two", "the smaller head is of a perfect tree", compare(head(FORKED[:256]), HEAD, "--log", "files/log", more={f"log/{n}": d for n, d in SMALL.items()}), EXTENDS, "TLOG_SPLIT_VIEW", DISPROVED)
pair(AREA, "witness-forked", "a witness cosigned both histories", compare(head(LEAVES, WITNESSES[0]), head(FORKED, WITNESSES[0]), trust={"policy": policy("quorum w1")}), compare(head(LEAVES, WITNESSES[0]), head(LEAVES, WITNESSES[0]), trust={"policy": policy("quorum w1")}), ["TLOG_SPLIT_VIEW", "TLOG_WITNESS_FORKED"], DISPROVED)
pair(AREA, "heads-of-two-logs", "heads of two logs", compare(HEAD, note(body(3, root(LEAVES[:3]), "second.invalid/log"), Key("second.invalid/log", 1)), trust={"policy": f"log {LOG.text}\nlog {Key('second.invalid/log', 1).text}\nquorum none\n"}), compare(HEAD, HEAD), "TLOG_ORIGIN_MISMATCH", NOT_ESTABLISHED)
pair(AREA, "heads-without-path", "two sizes, and nothing that leads from one to the other", compare(head(LEAVES[:OLD]), HEAD), EXTENDS, "TLOG_CONSISTENCY_MISSING", NOT_ESTABLISHED)


def request(old, path, top=HEAD):
    return f"old {old}\n" + "".join(b64(h) + "\n" for h in path) + "\n" + top


def with_proof(first, text):
    return compare(first, HEAD, "--proof", "files/proof", more={"proof": text})


PATH = consistency(OLD, LEAVES)
GROWN = with_proof(head(LEAVES[:OLD]), request(OLD, PATH))
pair(AREA, "consistency-too-long", "a consistency proof with a hash too many", with_proof(head(LEAVES[:OLD]), request(OLD, PATH + PATH[:1])), GROWN, "TLOG_CONSISTENCY_INVALID", DISPROVED)
pair(AREA, "consistency-too-short", "a consistency proof without its last hash", with_proof(head(LEAVES[:OLD]), request(OLD, PATH[:-1])), GROWN, "TLOG_CONSISTENCY_INVALID", DISPROVED)
pair(AREA, "consistency-of-a-fork", "a consistency proof of another history: it accuses nobody", with_proof(head(FORKED[:OLD]), request(OLD, consistency(OLD, FORKED))), GROWN, "TLOG_CONSISTENCY_INVALID", DISPROVED)
pair(AREA, "consistency-of-other-sizes", "a consistency proof from another size", with_proof(head(LEAVES[:OLD]), request(OLD - 1, consistency(OLD - 1, LEAVES))), GROWN, "TLOG_CONSISTENCY_INVALID", DISPROVED)
pair(AREA, "consistency-shows-split", "a genuine proof to the larger head that leads to another smaller root", with_proof(head(FORKED[:OLD]), request(OLD, PATH)), GROWN, "TLOG_SPLIT_VIEW", DISPROVED)

SPLIT = split_view(head(FORKED[:OLD]), HEAD, PATH)
pair(AREA, "split-view-file", "a file that proves two histories", one(SPLIT), HONEST_HEAD, "TLOG_SPLIT_VIEW", DISPROVED)
pair(AREA, "split-view-accuses", "a file that calls one history two", one(split_view(head(LEAVES[:OLD]), HEAD, PATH)), HONEST_HEAD, "TLOG_SPLIT_VIEW_UNPROVEN", NOT_ESTABLISHED, notes="the log is innocent")
pair(AREA, "split-view-other-path", "two histories, and a path of neither", one(split_view(head(FORKED[:OLD]), HEAD, consistency(OLD, hashes(entries(COUNT, {9: b""}))))), HONEST_HEAD, "TLOG_SPLIT_VIEW_UNPROVEN", NOT_ESTABLISHED)
pair(AREA, "split-view-implied-root", "a path that takes the disputed root for granted", one(split_view(head(FORKED[:256]), HEAD, consistency(256, LEAVES))), HONEST_HEAD, "TLOG_SPLIT_VIEW_UNPROVEN", NOT_ESTABLISHED)
pair(AREA, "split-view-forged-head", "the second head of the file is not signed by the log", one(split_view(head(LEAVES), note(body(COUNT, root(FORKED)), Key(ORIGIN, 1, "stranger")), [])), HONEST_HEAD, "TLOG_NOTE_KEY_UNKNOWN", NOT_ESTABLISHED)
pair(AREA, "split-view-bytes-behind", "bytes behind the second head", one(SPLIT + "\n"), HONEST_HEAD, "TLOG_PROOF_MALFORMED", DISPROVED)
