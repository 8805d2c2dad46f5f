use super::*;
use crate::bytes::hex;
use crate::time::Timestamp;

const ROOT: &[u8] = include_bytes!("../../../data/trust_root.json");
const SIGSTORE: &[u8] = crate::sigstore::trusted_root::EMBEDDED;
const ANCHOR: &str = include_str!("../../../data/tsa_trust/globalsign/root_r6.pem");
const MIDDLE: &str = include_str!("../../../data/tsa_trust/globalsign/timestamping_root_r45.pem");
const LIST: &str = include_str!("../../../data/tsa_trust/globalsign/root_r6.crl.pem");
const LOG: &str = "keel-evidence.example/log/1+a4c08bcc+ATsdfxX9v0j6EaLWCzD9vvgjNEFjNUjeq3NlIUeQbIJC";
const WITNESS: &str = "witness.example/w1+83dd5baa+BHQ48hqB6Pn28rJceXNR3oVjMVueo/Rb/b2L5jtgUFcg";

fn limits() -> ParserLimits {
    ParserLimits::default()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn found(file: &str, bytes: &[u8]) -> Vec<Item> {
    Item::identify(file, &Blob::new(bytes.to_vec()), limits()).unwrap()
}

fn keys(made: &str, entries: &str) -> String {
    format!("{{\"generated_at\": {made}, \"keys\": [{entries}]}}")
}

fn key(members: &str) -> String {
    format!(
        "{{\"key_id\": \"k\", \"purpose\": \"export_signing\", {members} \
         \"public_key\": \"ed25519:3Q1q4PSVcceZe76dsjxcqTHOpvpP/KN/zhSH4QdtE7o=\"}}"
    )
}

/// Everything that a kit can hold.
fn everything() -> Vec<Item> {
    let root = Item::trust_root("trust-root.json", &Blob::new(ROOT.to_vec()), limits()).unwrap();
    let policy = format!("log {LOG}\nwitness w1 {WITNESS}\nquorum w1\n");
    let pem = format!("# GlobalSign\n{ANCHOR}{MIDDLE}");
    let others = [
        ("keys.json", ROOT),
        ("globalsign.pem", pem.as_bytes()),
        ("root_r6.crl.pem", LIST.as_bytes()),
        ("log.vkey", LOG.as_bytes()),
        ("policy.txt", policy.as_bytes()),
        ("trusted_root.json", SIGSTORE),
    ];
    let others = others.into_iter().flat_map(|(file, bytes)| found(file, bytes));
    std::iter::once(root).chain(others).collect()
}

fn parse(text: &str) -> Result<TrustKit, KitError> {
    TrustKit::parse(&Blob::new(text.as_bytes().to_vec()), limits())
}

#[test]
fn every_kind_is_told_by_its_content() {
    let kit = TrustKit::of(everything()).unwrap();
    let kinds: Vec<&str> = kit.items().iter().map(|item| item.kind.as_str()).collect();
    let expected = [
        "trust_root",
        "key_manifest",
        "tsa_anchor",
        "tsa_intermediate",
        "tsa_crl",
        "log_key",
        "witness_policy",
        "sigstore_trusted_root",
    ];
    assert_eq!(kinds, expected);
    // A certificate's digest is the fingerprint that its authority publishes.
    assert_eq!(
        hex::encode(&kit.items()[2].sha256),
        "2cabeafe37d06ca22aba7391c0033d25982952c453647349763a3ab5ad6ccf69"
    );
    for (bytes, why) in [
        (&b"\x00\xff"[..], "neither text"),
        (b"", "no trust material"),
        (b"hello", "no trust material"),
        (b"{}", "no known kind"),
        (b"{\"keys\": []}", "lists no key"),
        (b"{\"keys\": [], \"keys\": [{}]}", "repeated member"),
        (b"{\"keys\": [", "not JSON"),
        (b"{\"format\": \"keel-verify.trust-kit/v1\"}", "trust kit itself"),
        (b"\x30\x81\x01\x00", "no certificate and no revocation list"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "unexpected PEM block"),
        (WITNESS.as_bytes(), "key of a witness"),
    ] {
        let error = Item::identify("f", &Blob::new(bytes.to_vec()), limits()).unwrap_err().why;
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn the_same_material_is_the_same_text_whatever_its_order() {
    let forward = TrustKit::of(everything()).unwrap().write();
    let mut items = everything();
    items.reverse();
    items.extend(everything());
    let backward = TrustKit::of(items).unwrap();
    assert_eq!(backward.write(), forward);
    assert_eq!(parse(&forward).unwrap().write(), forward);
    // A kit must be read by later releases, so the text of one is held fixed.
    let small = TrustKit::of(found("log.vkey", LOG.as_bytes())).unwrap().write();
    let expected = r#"{
  "format": "keel-verify.trust-kit/v1",
  "items": [
    {
      "kind": "log_key",
      "file": "log.vkey",
      "sha256": "sha256:5adda5b064475b04b4a966ae06e3ad7d984cbe453ebcc0df70c9bfa456271a3d",
      "validity": [],
      "content": "a2VlbC1ldmlkZW5jZS5leGFtcGxlL2xvZy8xK2E0YzA4YmNjK0FUc2RmeFg5djBqNkVhTFdDekQ5dnZnak5FRmpOVWplcTNObElVZVFiSUpD"
    }
  ]
}
"#;
    assert_eq!(small, expected);
}

#[test]
fn a_text_that_its_contents_do_not_give_is_refused_by_name() {
    let text = TrustKit::of(everything()).unwrap().write();
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        parse(&text.replacen(from, to, 1)).unwrap_err()
    };
    assert!(
        matches!(changed("trust-kit/v1", "trust-kit/v2"), KitError::Format(found) if found.ends_with("v2"))
    );
    assert!(matches!(changed("\"tsa_crl\"", "\"tsa_list\""), KitError::Kind(5, kind) if kind == "tsa_list"));
    assert!(matches!(changed("\"sha256:2cab", "\"sha256:2cac"), KitError::Digest(3, _)));
    assert!(matches!(changed("\"content\": \"", "\"content\": \"!"), KitError::Base64(1)));
    assert!(matches!(changed("\"content\": \"", "\"content\": \" "), KitError::Base64(1)));
    // An intermediate certificate does not become an anchor, nor a log key a key manifest.
    assert!(matches!(changed("\"tsa_intermediate\"", "\"tsa_anchor\""), KitError::Content(..)));
    assert!(matches!(changed("\"log_key\"", "\"key_manifest\""), KitError::Content(..)));
    // Windows, names, repeated and unknown members, order, blanks.
    for (from, to) in [
        ("\"from\": \"2014-12-10T00:00:00Z\"", "\"from\": \"2013-12-10T00:00:00Z\""),
        ("\"until\": \"2034", "\"until\": \"2035"),
        ("      \"kind\": \"log_key\",\n", "      \"kind\": \"log_key\",\n      \"kind\": \"log_key\",\n"),
        ("      \"file\": \"log.vkey\",\n", "      \"file\": \"log.vkey\",\n      \"note\": 1,\n"),
        ("  \"items\"", "  \"items\": [],\n  \"items\""),
        ("\"made\": \"2026-05-08T00:05:07Z\"", "\"made\": \"2026-05-09T00:05:07Z\""),
        ("{\n", "{ \n"),
    ] {
        let error = changed(from, to);
        assert!(matches!(error, KitError::NotCanonical(_)), "{from}: {error}");
    }
    assert!(matches!(parse(&format!("{text}\n")).unwrap_err(), KitError::NotCanonical(_)));
    for (bad, why) in [
        ("", "not JSON"),
        ("[]", "no JSON object"),
        ("{}", "no text format"),
        ("{\"format\": \"keel-verify.trust-kit/v1\", \"items\": {}}", "no list"),
        ("{\"format\": \"keel-verify.trust-kit/v1\", \"items\": []}", "no trust material"),
        ("{\"format\": \"keel-verify.trust-kit/v1\", \"items\": [1]}", "item 1: no text kind"),
    ] {
        let error = parse(bad).unwrap_err().to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
    let many = vec!["1"; 257].join(",");
    let many = format!("{{\"format\": \"keel-verify.trust-kit/v1\", \"items\": [{many}]}}");
    assert_eq!(parse(&many).unwrap_err(), KitError::TooMany);
}

#[test]
fn every_truncation_is_refused() {
    let kit = TrustKit::of([found("k.json", ROOT), found("r6.pem", ANCHOR.as_bytes())].concat()).unwrap();
    let text = kit.write();
    for end in 0..text.len() {
        assert!(parse(&text[..end]).is_err(), "{end}");
    }
}

#[test]
fn items_that_do_not_go_together_are_refused() {
    let together = |items: Vec<Item>| match TrustKit::of(items) {
        Err(KitError::Together(what)) => what,
        other => panic!("{other:?}"),
    };
    let manifest =
        |made: &str| found("k.json", keys(made, &key(&format!("\"valid_from\": {made},"))).as_bytes());
    let two = |one: &str, other: &str| [manifest(one), manifest(other)].concat();
    assert!(TrustKit::of(two("\"2026-01-01\"", "\"2026-02-01\"")).is_ok());
    assert!(together(two("\"2026-01-01\"", "null")).contains("newest"));
    assert!(together(two("\"2026-01-01\"", "\"2026-01-01T00:00:00Z\"")).contains("newest"));
    let policies = ["quorum none\n", "quorum none\n\n"].map(|text| found("p", text.as_bytes())).concat();
    assert!(together(policies).contains("more than one witness_policy"));
    assert!(together(Vec::new()).contains("no trust material"));
    // A list that carries the name of the authority, and not its signature.
    let list = found("l", LIST.as_bytes()).remove(0);
    let mut der = list.content.as_slice().to_vec();
    *der.last_mut().unwrap() ^= 1;
    let forged = found("l", &der);
    let text = together([found("a", ANCHOR.as_bytes()), forged].concat());
    assert!(text.contains("is not signed by it"), "{text}");
}

/// State of the only item of a kit at each date.
fn states(item: Item, dates: &[(&str, State)]) {
    let kit = TrustKit::of(vec![item]).unwrap();
    for (date, expected) in dates {
        let standing = kit.standings(&at(date)).remove(0);
        assert_eq!(standing.state, *expected, "{date}");
        assert!(standing.parts.iter().all(|(_, state)| state == expected), "{date}");
    }
}

#[test]
fn windows_hold_to_the_microsecond() {
    use State::{NotYetValid, Revoked, Stale, Valid};
    // notBefore and notAfter are part of a certificate's time (RFC 5280 section 4.1.2.5).
    states(
        found("a.pem", ANCHOR.as_bytes()).remove(0),
        &[
            ("2014-12-09T23:59:59.999999Z", NotYetValid),
            ("2014-12-10T00:00:00Z", Valid),
            ("2014-12-10T00:00:00.000001Z", Valid),
            ("2034-12-09T23:59:59.999999Z", Valid),
            ("2034-12-10T00:00:00Z", Valid),
            ("2034-12-10T00:00:00.000001Z", Stale),
            ("2034-12-10T00:00:01Z", Stale),
        ],
    );
    // At nextUpdate a newer list exists (section 5.1.2.5).
    let list = found("l.pem", LIST.as_bytes()).remove(0);
    let moment = |limit: &Limit, micros: i64| {
        let (Limit::At(at) | Limit::Before(at)) = limit else { panic!("{limit:?}") };
        Timestamp::from_unix_micros(at.unix_micros() + micros).unwrap().to_rfc3339()
    };
    let part = list.parts[0].clone();
    states(
        list,
        &[
            (&moment(&part.from, -1), NotYetValid),
            (&moment(&part.from, 0), Valid),
            (&moment(&part.until, -1), Valid),
            (&moment(&part.until, 0), Stale),
            (&moment(&part.until, 1), Stale),
        ],
    );
    // Keys: both bounds are inside, a revocation counts from its moment on (spec 03 sections 4 and 5).
    let window = "\"valid_from\": \"2026-03-01T00:00:00Z\", \"valid_to\": \"2026-06-01T00:00:00Z\",";
    let of = |members: &str| found("k.json", keys("null", &key(members)).as_bytes()).remove(0);
    states(
        of(window),
        &[
            ("2026-02-28T23:59:59.999999Z", NotYetValid),
            ("2026-03-01T00:00:00Z", Valid),
            ("2026-06-01T00:00:00Z", Valid),
            ("2026-06-01T02:00:00+02:00", Valid),
            ("2026-06-01T00:00:00.000001Z", Stale),
        ],
    );
    states(
        of(&format!("{window} \"revoked_at\": \"2026-05-01T00:00:00Z\", \"status\": \"revoked\",")),
        &[
            ("2026-02-28T23:59:59Z", NotYetValid),
            ("2026-04-30T23:59:59.999999Z", Valid),
            ("2026-05-01T00:00:00Z", Revoked),
            ("2026-07-01T00:00:00Z", Revoked),
        ],
    );
    states(
        of(&format!("{window} \"compromised_at\": \"2026-05-01T00:00:00Z\",")),
        &[("2026-02-01", Revoked), ("2026-04-01", Revoked), ("2026-07-01", Revoked)],
    );
    states(of("\"status\": \"revoked\","), &[("2026-01-01", Revoked)]);
    states(of("\"valid_from\": \"soon\","), &[("2026-01-01", State::Unreadable)]);
    states(of("\"status\": \"fine\","), &[("2026-01-01", State::Unreadable)]);
    states(found("log.vkey", LOG.as_bytes()).remove(0), &[("0001-01-01", Valid), ("9999-12-31", Valid)]);
}

#[test]
fn parts_of_a_trusted_root_have_their_own_windows() {
    let kit = TrustKit::of(found("trusted_root.json", SIGSTORE)).unwrap();
    let state = |date: &str, name: &str| {
        let standing = kit.standings(&at(date)).remove(0);
        let (_, state) = *standing.parts.iter().find(|(part, _)| part.name.as_deref() == Some(name)).unwrap();
        (standing.state, state)
    };
    let first = "tlogs rekor.sigstore.dev";
    assert_eq!(state("2021-01-12T11:53:26.999999Z", first), (State::NotYetValid, State::NotYetValid));
    assert_eq!(state("2021-01-12T11:53:27Z", first), (State::Valid, State::Valid));
    let retired = "certificateAuthorities 0";
    assert_eq!(state("2022-12-31T23:59:59.999Z", retired), (State::Valid, State::Valid));
    assert_eq!(state("2022-12-31T23:59:59.999001Z", retired), (State::Valid, State::Stale));
}

#[test]
fn rotation_takes_the_newest_manifest_that_was_known() {
    let manifest = |file: &str, made: &str| {
        let text = keys(&format!("\"{made}\""), &key("\"valid_from\": \"2026-01-01\","));
        found(file, text.as_bytes()).remove(0)
    };
    let items = [
        manifest("january", "2026-01-15T00:00:00Z"),
        manifest("march", "2026-03-15T00:00:00Z"),
        manifest("june", "2026-06-15T00:00:00Z"),
    ];
    let kit = TrustKit::of(items.to_vec()).unwrap();
    let text = kit.write();
    for (date, newest, states) in [
        ("2026-01-14T23:59:59.999999Z", None, "nnn"),
        ("2026-01-15T00:00:00Z", Some("january"), "vnn"),
        ("2026-03-14T23:59:59.999999Z", Some("january"), "vnn"),
        ("2026-03-15T00:00:00Z", Some("march"), "svn"),
        ("2026-06-14T23:59:59.999999Z", Some("march"), "svn"),
        ("2026-06-15T00:00:00.000001Z", Some("june"), "ssv"),
        ("2027-01-01T00:00:00Z", Some("june"), "ssv"),
    ] {
        let found = kit.newest(Kind::KeyManifest, &at(date)).map(|item| item.file.as_str());
        assert_eq!(found, newest, "{date}");
        let standings = kit.standings(&at(date));
        let of = |file: &str| standings.iter().find(|one| one.item.file == file).unwrap().state;
        let letters = ["january", "march", "june"].map(|file| match of(file) {
            State::Valid => 'v',
            State::Stale => 's',
            State::NotYetValid => 'n',
            State::Revoked | State::Unreadable => '?',
        });
        assert_eq!(String::from_iter(letters), states, "{date}");
        // The policy has that one, or none at all: never the compiled-in root in its place.
        let mut policy = crate::trust::TrustPolicy::new(at(date));
        policy.adopt_kit(crate::trust::NamedBlob::new("kit.json", text.clone().into_bytes()));
        let crate::trust::KeySource::Manifest(file) = &policy.keys else { panic!("{:?}", policy.keys) };
        match newest {
            Some(name) => assert_eq!(file.name, format!("kit.json: {name}")),
            None => assert!(file.content.is_err()),
        }
        assert_eq!(crate::trust::KeyRing::load(&policy).entries().is_empty(), newest.is_none());
    }
}

#[test]
fn options_take_the_place_of_a_category() {
    use crate::trust::{KeySource, NamedBlob, TrustPolicy};
    let text = TrustKit::of(everything()).unwrap().write();
    let adopted = || {
        let mut policy = TrustPolicy::new(at("2026-08-01"));
        policy.adopt_kit(NamedBlob::new("kit.json", text.clone().into_bytes()));
        policy
    };
    let full = adopted();
    assert!(matches!(&full.keys, KeySource::Manifest(file) if file.name == "kit.json: keys.json"));
    assert!(full.trust_root.is_some() && full.sigstore_root.is_some() && full.timestamps.kit_authorities);
    assert!(full.logs.keys == [LOG] && full.logs.policy.is_some());
    let without = |category| {
        let mut policy = adopted();
        policy.set_aside(category);
        policy
    };
    assert!(without(Category::TrustRoot).trust_root.is_none());
    assert!(matches!(without(Category::KeyManifests).keys, KeySource::TrustRoot));
    let logs = without(Category::Logs).logs;
    assert!(logs.keys.is_empty() && logs.policy.is_none());
    assert!(without(Category::SigstoreRoot).sigstore_root.is_none());
    let stamps = without(Category::TimestampAuthorities);
    assert!(!stamps.timestamps.kit_authorities);
    // Its revocation lists go on counting.
    assert!(stamps.timestamps.kit.is_some() && stamps.kit.unwrap().uses(Kind::TsaCrl));
    // A kit that cannot be used leaves nothing trusted.
    let mut policy = TrustPolicy::new(at("2026-08-01"));
    policy.adopt_kit(NamedBlob::new("kit.json", b"{}".to_vec()));
    assert!(crate::trust::KeyRing::load(&policy).entries().is_empty());
    assert!(policy.timestamps.anchors.is_some_and(|file| file.content.is_err()));
}
