//! What only a process shows: no socket, closed pipes, full disks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may fail by panicking, and says why it was skipped"
)]

use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_keel-verify");

/// Installs a seccomp filter that kills the process on `socket`, `socketpair` and `connect`, then becomes the
/// program given. With the single argument `probe` it opens a socket itself, to show that the filter works.
const FILTER: &str = r#"
import ctypes, os, platform, socket, struct, sys
numbers = {"x86_64": (0xC000003E, (41, 42, 53)), "aarch64": (0xC00000B7, (198, 199, 203))}
arch, forbidden = numbers[platform.machine()]
KILL, ALLOW = 0x80000000, 0x7FFF0000
rows = [(0x20, 0, 0, 4), (0x15, 1, 0, arch), (0x06, 0, 0, KILL), (0x20, 0, 0, 0)]
for number in forbidden:
    rows += [(0x15, 0, 1, number), (0x06, 0, 0, KILL)]
rows.append((0x06, 0, 0, ALLOW))
code = b"".join(struct.pack("HBBI", *row) for row in rows)
buffer = ctypes.create_string_buffer(code)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
program = Program(len(rows), ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program), 0, 0):
    sys.exit(97)
if sys.argv[1] == "probe":
    socket.socket()
    sys.exit(0)
os.execv(sys.argv[1], sys.argv[1:])
"#;

/// Exit status of the filter script when the kernel does not take the filter.
const NO_FILTER: i32 = 97;

fn filtered(words: &[&str]) -> Option<Output> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    Command::new("python3").args(["-c", FILTER]).args(words).current_dir(folder).output().ok()
}

#[test]
fn no_command_opens_a_socket() {
    if !cfg!(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))) {
        eprintln!("skipped: the filter is written for Linux on x86-64 and AArch64");
        return;
    }
    let Some(probe) = filtered(&["probe"]) else {
        eprintln!("skipped: python3 is not installed");
        return;
    };
    if probe.status.code() == Some(NO_FILTER) {
        eprintln!("skipped: this kernel takes no seccomp filter");
        return;
    }
    assert!(killed(probe.status), "the filter let a socket through: {probe:?}");
    let runs: &[(&[&str], i32)] = &[
        (&["doctor", "--check-network"], 0),
        (&["keys", "default", "--as-of", "2026-11-01"], 0),
        (&["refresh-keys"], 3),
        (&["self-check"], 3),
        (&["monitor", "--consistency-url", "https://example.invalid/"], 4),
        (&["checkpoint", "fixtures/output.json", "--public-key-url", "https://example.invalid/"], 3),
        (&["absent.json"], 4),
        (&["export", "absent.json", "absent.json", "--key-manifest-url", "https://example.invalid/"], 4),
        (&["render", "fixtures/output.json", "--format", "tree"], 0),
    ];
    for (words, status) in runs {
        let words: Vec<&str> = [PROGRAM].into_iter().chain(words.iter().copied()).collect();
        let output = filtered(&words).unwrap();
        assert_eq!(output.status.code(), Some(*status), "{words:?}: {output:?}");
    }
}

#[cfg(unix)]
fn killed(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status).is_some()
}

#[cfg(not(unix))]
fn killed(_: ExitStatus) -> bool {
    false
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    // The list of codes is longer than a pipe holds only on some systems, so the reader leaves first.
    for (words, status) in [(&["explain"][..], 0), (&["absent.json"][..], 4)] {
        let mut child = Command::new(PROGRAM)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(status), "{words:?}");
        assert_eq!(said, "", "{words:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("skipped: there is no /dev/full");
        return;
    };
    let output = Command::new(PROGRAM).arg("explain").stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot be written"));
}

/// A report file is there whole, and what stood there before stays until then.
#[test]
fn a_report_file_is_moved_into_place() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testvectors/demo");
    let file = folder.path().join("report.html");
    std::fs::write(&file, "old").unwrap();
    let run = |more: &[&str]| {
        Command::new(PROGRAM)
            .arg(root.join("aurora-support.zip"))
            .arg("--trust-root")
            .arg(root.join("trust-root.json"))
            .args(["--as-of", "2026-11-26", "--format", "html", "--out"])
            .arg(&file)
            .args(more)
            .output()
            .unwrap()
    };
    let refused = run(&["--also", "sarif=no-such-folder/report.sarif"]);
    assert_eq!(refused.status.code(), Some(4));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
    let written = run(&[]);
    assert_eq!(written.status.code(), Some(0));
    assert!(std::fs::read_to_string(&file).unwrap().ends_with("</html>\n"));
    let stdout = String::from_utf8(written.stdout).unwrap();
    assert!(stdout.starts_with("VERIFIED: ") && stdout.lines().count() == 1, "{stdout}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}
