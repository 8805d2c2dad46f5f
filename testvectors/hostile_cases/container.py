"""Archives that hold evidence, given as one file. The reference does not open them."""
import io
import tarfile

from . import artifacts as a
from .registry import WALK, Pack, accepted, chain, pair

AREA = "archive"


def parts():
    """The three files of an honest export, without the folder."""
    return {name.removeprefix("files/"): data for name, data in chain(WALK).files.items()}


def opened(name, data, extra=None):
    files = {f"files/{name}": data, "files/keys.json": parts()["keys.json"]}
    files.update(extra or {})
    return Pack(files, ["verify", f"files/{name}", "--key-manifest", "files/keys.json", "--json"], recorded=False)


def evidence():
    return [(n, d) for n, d in parts().items() if n != "keys.json"]


def zipped(members=()):
    return opened("evidence.zip", a.zipped(evidence() + list(members)))


def tarred(members=(), name="evidence.tar", mode="w"):
    """`members` are (TarInfo changes, bytes)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=tarfile.USTAR_FORMAT) as archive:
        for path, data in evidence():
            add(archive, {"name": path}, data)
        for changes, data in members:
            add(archive, changes, data)
    return opened(name, out.getvalue())


def add(archive, changes, data):
    info = tarfile.TarInfo("x")
    info.size, info.mtime, info.mode = len(data), 1778155200, 0o644
    for key, value in changes.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(data))


def padded(blanks):
    """The payload itself ends in blanks, which a valid JSON document may."""
    pack = chain(WALK, text=lambda payload: payload + b" " * blanks)
    members = [(name.removeprefix("files/"), data) for name, data in pack.files.items() if "keys" not in name]
    return opened("evidence.zip", a.zipped(members))


HONEST_ZIP, HONEST_TAR = zipped(), tarred()

pair(AREA, "zip-parent-path", "a member's name climbs out of the folder", zipped([("../manifest.json", b"{}")]), HONEST_ZIP, "INPUT_PATH_UNSAFE")
pair(AREA, "zip-absolute-path", "a member's name is an absolute path", zipped([("/tmp/manifest.json", b"{}")]), HONEST_ZIP, "INPUT_PATH_UNSAFE")
pair(AREA, "zip-backslash-path", "a member's name climbs out of the folder with backslashes", zipped([("..\\manifest.json", b"{}")]), HONEST_ZIP, "INPUT_PATH_UNSAFE")
pair(AREA, "zip-member-twice", "two members are called manifest.json", zipped([("manifest.json", b"{}")]), HONEST_ZIP, [])
pair(AREA, "zip-bomb", "a member that expands a thousandfold", padded(60 << 20), padded(24), "INPUT_LIMIT_EXCEEDED")
pair(AREA, "zip-truncated", "the archive stops early", opened("evidence.zip", a.zipped(evidence())[:-40]), HONEST_ZIP, [])
pair(AREA, "zip-payload-altered", "the export in the archive was altered", opened("evidence.zip", a.zipped([(n, d.replace(b"gpt-4o-mini", b"gpt-4o-nano")) for n, d in evidence()])), HONEST_ZIP, "CONTENT_HASH_MISMATCH")
pair(AREA, "tar-parent-path", "a member's name climbs out of the folder", tarred([({"name": "../../etc/manifest.json"}, b"{}")]), HONEST_TAR, "INPUT_PATH_UNSAFE")
pair(AREA, "tar-symbolic-link", "a member is a link to a file outside", tarred([({"name": "extra.json", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, b"")]), HONEST_TAR, [], notes="a link is never followed; what it stands for is not evidence")
pair(AREA, "tar-hard-link", "a member is a hard link to the payload under another name", tarred([({"name": "extra.json", "type": tarfile.LNKTYPE, "linkname": "../export.json"}, b"")]), HONEST_TAR, [])
pair(AREA, "tar-member-twice", "two members are called manifest.json", tarred([({"name": "manifest.json"}, b"{}")]), HONEST_TAR, [])
pair(AREA, "tar-truncated", "the archive stops inside a member", (lambda pack: opened("evidence.tar", pack.files["files/evidence.tar"][:1500]))(HONEST_TAR), HONEST_TAR, [])
accepted(AREA, "zip-leftover", "a file that is not evidence is named", zipped([("notes.txt", b"see attachment\n")]), ["INPUT_LEFTOVER"])
