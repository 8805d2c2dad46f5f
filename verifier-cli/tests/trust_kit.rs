//! The trust kit from packing to verdict, at dates around every boundary of its material.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A checkpoint stated at 2026-06-15T12:00:00Z with a timestamp of 12:00:05Z.
const CHECKPOINT: &str = "checkpoint-stamped.json";
const KEY: &str = "ed25519:oypXGB473aEsfWp9LLWWPkBB95bpmo3HZm/Z5lgs6BU=";
const KEY_ID: &str = "sha256:57216d6ca1e8f4b78b90ee6dcf1cf7e3";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/fixtures")
}

/// Status and everything printed.
fn run(folder: &Path, words: &[&str]) -> (i32, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_keel-verify")).args(words).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), text)
}

/// A folder with the fixtures' trust material and the checkpoint.
fn workplace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in [CHECKPOINT, "checkpoint-keys.json", "tsa-root.pem", "tsa-crl.pem", "log.vkey", "log-policy"]
    {
        fs::copy(fixtures().join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn pack(folder: &Path, out: &str, paths: &[&str]) -> String {
    let (status, text) = run(folder, &[&["trust", "pack", "--out", out], paths].concat());
    assert_eq!(status, 0, "{text}");
    text
}

fn manifest(entries: &[String]) -> String {
    format!("{{\"keys\": [{}]}}", entries.join(", "))
}

fn entry(members: &str) -> String {
    format!(
        "{{\"key_id\": \"{KEY_ID}\", \"public_key\": \"{KEY}\", \"purpose\": \"integrity_checkpoint\"{members}}}"
    )
}

#[test]
fn the_same_files_make_the_same_kit_wherever_they_lie() {
    let folder = workplace();
    let at = folder.path();
    let files = ["log-policy", "log.vkey", "tsa-crl.pem", "tsa-root.pem", "checkpoint-keys.json"];
    pack(at, "one.json", &files);
    fs::create_dir(at.join("deeper")).unwrap();
    for file in files {
        fs::copy(at.join(file), at.join("deeper").join(file)).unwrap();
    }
    fs::write(at.join("deeper/README"), "what this is\n").unwrap();
    let text = pack(at, "other.json", &["deeper", "tsa-root.pem"]);
    assert!(text.contains("left out") && text.contains("deeper/README"), "{text}");
    let read = |path: PathBuf| fs::read(path).unwrap();
    assert_eq!(read(at.join("one.json")), read(at.join("other.json")));
    // As an earlier run of this program wrote it.
    assert_eq!(read(at.join("one.json")), read(fixtures().join("kit-checkpoint.json")));
}

#[test]
fn damaged_material_ends_the_packing() {
    let folder = workplace();
    let at = folder.path();
    let pem = fs::read_to_string(at.join("tsa-crl.pem")).unwrap();
    fs::create_dir(at.join("set")).unwrap();
    for (damage, why) in [
        (pem.replace("X509 CRL", "PRIVATE KEY"), "unexpected PEM block"),
        (pem.replacen('M', "!", 1), "is not base64"),
        (pem.replace("-----END X509 CRL-----", ""), "PEM block"),
        ("{\"keys\": [{}], \"keys\": []}".to_owned(), "repeated member"),
        ("{\"keys\": 1".to_owned(), "not JSON"),
    ] {
        fs::write(at.join("set/file"), damage).unwrap();
        let (status, text) = run(at, &["trust", "pack", "--out", "kit.json", "set"]);
        assert_eq!(status, 4, "{text}");
        assert!(text.contains("TRUST_MATERIAL_NOT_RECOGNISED") && text.contains(why), "{text}");
        assert!(!at.join("kit.json").exists());
    }
}

/// Verdict and codes of the checkpoint under a kit.
fn checkpoint(at: &Path, kit: &str, date: &str, more: &[&str]) -> (i32, String) {
    run(at, &[&["checkpoint", CHECKPOINT, "--trust-kit", kit, "--as-of", date], more].concat())
}

#[test]
fn a_key_counts_for_what_was_signed_within_its_window() {
    let folder = workplace();
    let at = folder.path();
    let cases: [(&str, i32, &str); 14] = [
        // (members of the entry, status as of 2026-06-20, code)
        ("", 0, ""),
        (", \"valid_from\": \"2026-06-15T12:00:00Z\"", 0, ""),
        (", \"valid_from\": \"2026-06-15T12:00:00.000001Z\"", 3, "SIGNING_KEY_NOT_ACTIVE_AT_SIGNING_TIME"),
        (", \"valid_from\": \"2026-06-15T11:59:59.999999Z\"", 0, ""),
        (", \"valid_to\": \"2026-06-15T12:00:00Z\"", 0, "TRUST_KIT_ITEM_STALE"),
        (", \"valid_to\": \"2026-06-15T12:00:00.000001Z\"", 0, "TRUST_KIT_ITEM_STALE"),
        (", \"valid_to\": \"2026-06-15T11:59:59.999999Z\"", 3, "TRUST_KIT_ITEM_STALE"),
        (", \"valid_to\": \"2026-06-15T11:59:59Z\"", 3, "TRUST_KIT_ITEM_STALE"),
        (", \"status\": \"revoked\", \"revoked_at\": \"2026-06-15T12:00:00Z\"", 3, "TRUST_KIT_ITEM_REVOKED"),
        (", \"status\": \"revoked\", \"revoked_at\": \"2026-06-15T12:00:01Z\"", 0, "TRUST_KIT_ITEM_REVOKED"),
        (
            ", \"status\": \"revoked\", \"revoked_at\": \"2026-06-15T12:00:00.000001Z\"",
            0,
            "TRUST_KIT_ITEM_REVOKED",
        ),
        (", \"status\": \"revoked\"", 3, "TRUST_KIT_ITEM_REVOKED"),
        (", \"compromised_at\": \"2026-07-01T00:00:00Z\"", 3, "TRUST_KIT_ITEM_REVOKED"),
        (", \"valid_from\": \"soon\"", 3, "TRUST_KIT_ITEM_UNREADABLE"),
    ];
    for (number, (members, expected, code)) in cases.into_iter().enumerate() {
        let (keys, kit) = (format!("keys-{number}.json"), format!("kit-{number}.json"));
        fs::write(at.join(&keys), manifest(&[entry(members)])).unwrap();
        pack(at, &kit, &[&keys]);
        let (status, text) = checkpoint(at, &kit, "2026-06-20", &[]);
        assert_eq!(status == 0, expected == 0, "{members}: {text}");
        assert!(text.contains(code), "{members}: {text}");
        assert_eq!(code.is_empty(), !text.contains("TRUST_KIT_ITEM") && status == 0, "{members}: {text}");
    }
}

#[test]
fn nothing_counts_before_it_was_known() {
    let folder = workplace();
    let at = folder.path();
    fs::write(at.join("keys.json"), manifest(&[entry(", \"valid_from\": \"2026-06-15T12:00:00Z\"")]))
        .unwrap();
    pack(at, "kit.json", &["keys.json", "tsa-root.pem", "tsa-crl.pem"]);
    let chain = ["--require", "checkpoint.tsa_chain.v1"];
    for (date, signature, timestamp) in [
        ("2026-06-15T11:59:59Z", false, false),
        ("2026-06-15T11:59:59.999999Z", false, false),
        ("2026-06-15T12:00:00Z", true, false),
        ("2026-06-15T12:00:04.999999Z", true, false),
        ("2026-06-15T12:00:05Z", true, true),
        ("2026-06-15T12:00:05.000001Z", true, true),
        ("2026-06-15T14:00:05+02:00", true, true),
        ("2036-06-13", true, true),
    ] {
        let (status, text) = checkpoint(at, "kit.json", date, &chain);
        assert_eq!(status == 0, signature && timestamp, "{date}: {text}");
        let says = |text: &str, claim: &str| text.contains(&format!("{claim}: supported"));
        assert_eq!(says(&text, "checkpoint.signature.v1"), signature, "{date}: {text}");
        assert_eq!(says(&text, "checkpoint.tsa_chain.v1"), timestamp, "{date}: {text}");
        assert_eq!(text.contains("TSA_TIME_AFTER_AS_OF"), !timestamp, "{date}: {text}");
        assert_eq!(text.contains("TRUST_KIT_ITEM_NOT_YET_VALID"), !signature, "{date}: {text}");
        // The same without a kit: a kit is another way to name the same material.
        let named =
            ["--tsa-ca-bundle", "tsa-root.pem", "--tsa-crl", "tsa-crl.pem", "--key-manifest", "keys.json"];
        let words = [&["checkpoint", CHECKPOINT, "--as-of", date][..], &named, &chain].concat();
        assert_eq!(run(at, &words).0, status, "{date}");
    }
}

#[test]
fn a_rotated_key_is_taken_from_the_manifest_of_the_date() {
    let folder = workplace();
    let at = folder.path();
    let write = |file: &str, made: &str, members: &str| {
        let text = format!("{{\"generated_at\": \"{made}\", \"keys\": [{}]}}", entry(members));
        fs::write(at.join(file), text).unwrap();
    };
    write("june.json", "2026-06-01T00:00:00Z", "");
    write("july.json", "2026-07-01T00:00:00Z", ", \"status\": \"compromised\"");
    pack(at, "kit.json", &["july.json", "june.json"]);
    for (date, expected) in [
        ("2026-05-31T23:59:59.999999Z", 3),
        ("2026-06-20", 0),
        ("2026-06-30T23:59:59.999999Z", 0),
        ("2026-07-01T00:00:00Z", 3),
        ("2026-08-01", 3),
    ] {
        let (status, text) = checkpoint(at, "kit.json", date, &[]);
        assert_eq!(status == 0, expected == 0, "{date}: {text}");
        // That a later manifest of the kit says otherwise is never passed over.
        if expected == 0 {
            assert!(text.contains("july.json") && text.contains("TRUST_KIT_ITEM_NOT_YET_VALID"), "{text}");
            assert!(text.contains("TRUST_KIT_ITEM_REVOKED"), "{text}");
        }
    }
    // Two that cannot be told apart by date do not make a kit.
    fs::copy(at.join("checkpoint-keys.json"), at.join("undated.json")).unwrap();
    let (status, text) = run(at, &["trust", "pack", "--out", "two.json", "june.json", "undated.json"]);
    assert!(status == 4 && text.contains("which key_manifest is the newest"), "{text}");
}

#[test]
fn no_byte_of_a_kit_can_be_changed_unseen() {
    let folder = workplace();
    let at = folder.path();
    pack(at, "kit.json", &["log.vkey"]);
    let bytes = fs::read(at.join("kit.json")).unwrap();
    for position in 0..bytes.len() {
        let mut changed = bytes.clone();
        if let Some(byte) = changed.get_mut(position) {
            *byte ^= 1;
        }
        fs::write(at.join("changed.json"), &changed).unwrap();
        let (status, text) = run(at, &["trust", "show", "changed.json"]);
        // The name of the origin is for people; another one makes another kit, with another digest.
        let name = bytes.windows(8).position(|window| window == b"log.vkey").unwrap();
        if !(name..name + 8).contains(&position) {
            assert!(status == 4 && text.contains("TRUST_KIT_INVALID"), "{position}: {text}");
        }
    }
}

#[test]
fn a_sigstore_bundle_is_judged_under_the_root_of_the_kit() {
    const SIGNER: &str = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = manifest.join("../verifier-core/data/sigstore_trusted_root.json");
    let root = fs::read_to_string(root).unwrap();
    let cases = manifest.join("../testvectors/sigstore/conformance");
    let (bundle, artifact) = (cases.join("happy-path-v0.3.json"), cases.join("shared/a0cfc71271d6"));
    let judge = |kit: &str, more: &[&str]| {
        let words = [
            "sigstore",
            bundle.to_str().unwrap(),
            "--artifact",
            artifact.to_str().unwrap(),
            "--certificate-identity",
            SIGNER,
            "--certificate-oidc-issuer",
            "https://token.actions.githubusercontent.com",
            "--as-of",
            "2026-11-26",
            "--trust-kit",
            kit,
        ];
        run(at, &[&words[..], more].concat())
    };
    fs::write(at.join("root.json"), &root).unwrap();
    // The log's key ends before the bundle was made.
    let start = "\"start\": \"2021-01-12T11:53:27Z\"";
    let ended = root.replacen(start, &format!("{start}, \"end\": \"2024-03-19T17:26:25Z\""), 1);
    fs::write(at.join("ended.json"), ended).unwrap();
    pack(at, "kit.json", &["root.json"]);
    pack(at, "ended-kit.json", &["ended.json"]);
    let (status, text) = judge("kit.json", &[]);
    assert!(status == 0 && text.contains("kit.json: root.json"), "{text}");
    let (status, text) = judge("ended-kit.json", &[]);
    assert!(
        status == 3 && text.contains("REKOR_LOG_UNKNOWN") && text.contains("TRUST_KIT_ITEM_STALE"),
        "{text}"
    );
    let (status, text) = judge("ended-kit.json", &["--trusted-root", "root.json"]);
    assert!(status == 0 && text.contains("sigstore_trusted_root: another option"), "{text}");
}
