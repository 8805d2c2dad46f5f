//! Tokens of `openssl ts`, and OpenSSL's verdict on damaged ones.
//!
//! The comparison runs the `openssl` program where there is one; with `KEEL_REQUIRE_OPENSSL` set, its absence is a
//! failure. Damage follows from fixed numbers, so every run tries the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use verifier_core::bytes::{base64, hex};
use verifier_core::timestamp::{Form, Outcome, Remark, Token, TrustSet, verify};
use verifier_core::x509::{Basis, read_pem};

use crate::der::element;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/timestamp/openssl")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

fn token(name: &str) -> Vec<u8> {
    base64::decode(text(&format!("{name}.b64")).trim()).unwrap()
}

fn digest() -> [u8; 32] {
    hex::decode(text("digest.txt").trim().as_bytes()).unwrap()
}

fn trust() -> TrustSet {
    TrustSet::user(&text("root.pem"), &[text("lists.pem")]).unwrap()
}

fn judge(bytes: &[u8], trust: &TrustSet) -> &'static str {
    match Token::read(bytes) {
        Err(problem) => problem.code(),
        Ok(token) => match verify(&token, &digest(), trust).0 {
            Outcome::Validated(_) => "validated",
            Outcome::NotValidated(reason) => reason.reason(),
            Outcome::Invalid(problem) => problem.code(),
        },
    }
}

#[test]
fn tokens_of_openssl() {
    let trust = trust();
    for (name, expected) in [
        ("rsa_sha256", "validated"),
        ("rsa_sha512", "validated"),
        ("ec_sha256", "validated"),
        ("ec_sha384", "validated"),
        ("no_nonce", "validated"),
        ("response", "validated"),
        ("ess_v1", "validated"),
        ("imprint_sha512", "TSA_IMPRINT_ALGORITHM"),
        // OpenSSL calls these two good.
        ("cms_sha1", "TSA_WEAK_ALGORITHM"),
        ("short_key", "TSA_WEAK_ALGORITHM"),
    ] {
        assert_eq!(judge(&token(name), &trust), expected, "{name}");
    }
    let bytes = token("response");
    let read = Token::read(&bytes).unwrap();
    assert_eq!(
        (read.form, read.info.ordering, read.info.policy.as_str()),
        (Form::Response, true, "1.3.6.1.4.1.99999.1")
    );
    assert_eq!(read.info.accuracy.unwrap().nanos, 1_500_000_000);
    assert!(read.info.nonce.is_some());
    let bytes = token("no_nonce");
    assert!(Token::read(&bytes).unwrap().info.nonce.is_none());
    let bytes = token("ess_v1");
    let (outcome, checks) = verify(&Token::read(&bytes).unwrap(), &digest(), &trust);
    assert_eq!(checks.remarks, [Remark::NamedBySha1Only]);
    // The lists were made after the tokens.
    assert!(matches!(outcome, Outcome::Validated(verified) if verified.revocation_basis == Basis::Later));
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// DER as a tree, to be put together again after a change.
#[derive(Clone)]
struct Node {
    tag: u8,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Bytes(Vec<u8>),
    Nodes(Vec<Node>),
}

fn read_nodes(mut bytes: &[u8]) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while let [tag, first, rest @ ..] = bytes {
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
            0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), rest.get(2..)?),
            _ => return None,
        };
        let (value, after) = rest.split_at_checked(length)?;
        // An octet string around DER, as around TSTInfo, is a place to change things in as well.
        let inside = if tag & 0x20 != 0 || *tag == 4 { read_nodes(value) } else { None };
        let content = match inside {
            Some(nodes) if !nodes.is_empty() => Content::Nodes(nodes),
            _ => Content::Bytes(value.to_vec()),
        };
        nodes.push(Node { tag: *tag, content });
        bytes = after;
    }
    bytes.is_empty().then_some(nodes)
}

fn write_nodes(nodes: &[Node]) -> Vec<u8> {
    nodes.iter().flat_map(|node| element(node.tag, &content(node))).collect()
}

fn content(node: &Node) -> Vec<u8> {
    match &node.content {
        Content::Bytes(bytes) => bytes.clone(),
        Content::Nodes(nodes) => write_nodes(nodes),
    }
}

fn count(nodes: &[Node]) -> usize {
    let inside = |node: &Node| match &node.content {
        Content::Bytes(_) => 0,
        Content::Nodes(nodes) => count(nodes),
    };
    nodes.iter().map(|node| 1 + inside(node)).sum()
}

/// Changes the element with this number, counted from the outside in.
fn change(nodes: &mut Vec<Node>, number: &mut usize, numbers: &mut Numbers) -> bool {
    for position in 0..nodes.len() {
        if *number == 0 {
            match numbers.below(6) {
                0 => drop(nodes.remove(position)),
                1 => nodes.insert(position, nodes[position].clone()),
                2 => {
                    let other = numbers.below(nodes.len());
                    nodes.swap(position, other);
                }
                3 => nodes[position].tag ^= 1 << numbers.below(8),
                4 => nodes[position].content = Content::Bytes(Vec::new()),
                _ => {
                    let mut bytes = content(&nodes[position]);
                    match bytes.len() {
                        0 => bytes.push(0),
                        length => bytes[numbers.below(length)] ^= 1 << numbers.below(8),
                    }
                    nodes[position].content = Content::Bytes(bytes);
                }
            }
            return true;
        }
        *number -= 1;
        if let Content::Nodes(inside) = &mut nodes[position].content
            && change(inside, number, numbers)
        {
            return true;
        }
    }
    false
}

/// Damaged forms of DER: single bits, cut and doubled bytes, and elements moved or changed with all lengths right.
fn damaged(bytes: &[u8], each: usize, numbers: &mut Numbers) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for _ in 0..each {
        let mut copy = bytes.to_vec();
        copy[numbers.below(bytes.len())] ^= 1 << numbers.below(8);
        out.push(copy);
    }
    for round in 0..each / 4 {
        let mut copy = bytes.to_vec();
        let position = numbers.below(bytes.len());
        match round % 3 {
            0 => drop(copy.remove(position)),
            1 => copy.insert(position, bytes[position]),
            _ => copy.truncate(position),
        }
        out.push(copy);
    }
    let tree = read_nodes(bytes).unwrap();
    assert_eq!(write_nodes(&tree), bytes);
    for _ in 0..2 * each {
        let mut copy = tree.clone();
        let mut number = numbers.below(count(&tree));
        assert!(change(&mut copy, &mut number, numbers));
        out.push(write_nodes(&copy));
    }
    out.retain(|damaged| damaged != bytes);
    out
}

struct OpenSsl {
    folder: tempfile::TempDir,
}

impl OpenSsl {
    /// The program, if there is one of version 3.
    fn find() -> Option<Self> {
        let version = Command::new("openssl").arg("version").output().ok();
        let found = version.is_some_and(|output| output.stdout.starts_with(b"OpenSSL 3"));
        assert!(found || std::env::var_os("KEEL_REQUIRE_OPENSSL").is_none(), "there is no openssl 3");
        found.then(|| Self { folder: tempfile::tempdir().unwrap() })
    }

    /// Whether it can read a certificate at all.
    fn reads(&self, certificate: &str) -> bool {
        let path = self.folder.path().join("certificate.pem");
        std::fs::write(&path, certificate).unwrap();
        let output = Command::new("openssl").args(["x509", "-noout", "-in"]).arg(path).output().unwrap();
        output.status.success()
    }

    /// Its verdict, asked as the reference verifier asks (spec 11.4.1), except that an anchor need not be its own
    /// issuer (RFC 5280 section 6.1.1 d).
    fn accepts(&self, token: &[u8], root: &str, at: i64) -> bool {
        let file = |name: &str, bytes: &[u8]| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (token, root) = (file("token.der", token), file("root.pem", root.as_bytes()));
        let output = Command::new("openssl")
            .args(["ts", "-verify", "-token_in", "-sha256", "-purpose", "timestampsign", "-partial_chain"])
            .arg("-digest")
            .arg(hex::encode(&digest()))
            .arg("-attime")
            .arg(at.to_string())
            .arg("-in")
            .arg(token)
            .arg("-CAfile")
            .arg(root)
            .output()
            .unwrap();
        output.status.success()
    }
}

/// Whatever is accepted here is accepted by OpenSSL too. OpenSSL accepts more where nothing signs the difference: other
/// versions and algorithm identifiers, BER, names in another case.
#[test]
fn damaged_tokens_and_chains_have_the_verdict_of_openssl() {
    let Some(openssl) = OpenSsl::find() else { return };
    let (trust, root) = (trust(), text("root.pem"));
    let mut numbers = Numbers(1);
    let mut stricter: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut tried, mut both) = (0, 0);
    let mut compare = |token: &[u8], trust: &TrustSet, root: &str, at: i64| {
        let (ours, theirs) = (judge(token, trust), openssl.accepts(token, root, at));
        assert!(theirs || ours != "validated", "accepted here only: {} {root}", base64::encode(token));
        tried += 1;
        match (theirs, ours) {
            (true, "validated") => both += 1,
            (true, code) => *stricter.entry(code).or_default() += 1,
            _ => {}
        }
    };
    for name in ["ec_sha256", "rsa_sha256"] {
        let honest = token(name);
        let at = Token::read(&honest).unwrap().info.gen_time.seconds();
        compare(&honest, &trust, &root, at);
        for token in damaged(&honest, 90, &mut numbers) {
            compare(&token, &trust, &root, at);
        }
        // The anchor itself: what it says counts, its own signature does not.
        let anchor = read_pem(&root, &["CERTIFICATE"]).unwrap().remove(0).1;
        for anchor in damaged(&anchor, 12, &mut numbers) {
            let root = crate::authority::pem("CERTIFICATE", &anchor);
            let Ok(trust) = TrustSet::user(&root, &[text("lists.pem")]) else { continue };
            if !openssl.reads(&root) {
                continue;
            }
            compare(&honest, &trust, &root, at);
        }
    }
    println!("{tried} compared, {both} accepted by both, accepted by OpenSSL only: {stricter:?}");
    assert!(tried > 400 && both > 2, "{tried} {both}");
    let known = ["TSA_TOKEN_MALFORMED", "TSA_SIGNED_ATTRS", "TSA_SIGNATURE_INVALID", "TSA_CHAIN_INVALID"];
    assert!(stricter.keys().all(|code| known.contains(code)), "{stricter:?}");
    assert!(stricter.values().sum::<usize>() * 20 < tried, "{stricter:?} of {tried}");
}
