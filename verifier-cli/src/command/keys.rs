//! `keys FILE|default`: what a key manifest lists, and who vouches for the list.
//!
//! A manifest without signature is shown, but not verified: exit status 3.

use std::io;

use serde_json::json;
use verifier_core::crypto::sha256;
use verifier_core::finding::catalog::input::INPUT_UNREADABLE;
use verifier_core::finding::catalog::trust::{KEY_MANIFEST_UNSIGNED, TRUST_ROOT_UNRESOLVABLE};
use verifier_core::render::ascii;
use verifier_core::time::Timestamp;
use verifier_core::trust::{
    BUNDLED_TRUST_ROOT, Bound, KeyEntry, KeyManifest, KeyRing, KeySource, NamedBlob, TrustPolicy,
};

use super::{Console, Ended};
use crate::args::keys::KeysArgs;
use crate::exit::Exit;
use crate::input;
use crate::render::escape;
use crate::render::style::{Page, Tone};

pub(super) fn run(args: &KeysArgs, console: &mut Console<'_>) -> Ended {
    let Some(as_of) = args.as_of.clone().or_else(|| console.environment.now.clone()) else {
        return console.misused("keys", "the clock shows no usable date; state one with --as-of");
    };
    let bytes = args.limits.document_bytes();
    let file = if args.file == "default" {
        NamedBlob::new("the compiled-in trust root", BUNDLED_TRUST_ROOT.to_vec())
    } else {
        input::named_file(&args.file, bytes)
    };
    let digest = match &file.content {
        Ok(blob) => verifier_core::crypto::prefixed(&sha256(blob.as_slice())),
        Err(why) => {
            return console.failed(Exit::UNREADABLE, &INPUT_UNREADABLE, why);
        }
    };
    let mut policy = TrustPolicy::new(as_of.clone());
    policy.limits = args.limits.limits();
    policy.trust_root = args.trust_root.as_ref().map(|root| input::named_file(root, bytes));
    if args.file == "default" && args.trust_root.is_none() {
        policy.keys = KeySource::TrustRoot;
    } else {
        policy.keys = KeySource::Manifest(file.clone());
    }
    match KeyRing::load(&policy).manifest() {
        Some(Ok(manifest)) => {
            let listing = Listing { name: &file.name, digest: &digest, manifest, as_of: &as_of };
            let exit = if manifest.signed { Exit::VERIFIED } else { Exit::NOT_ESTABLISHED };
            let environment = console.environment;
            console.print(exit, |out| match args.json {
                true => ascii::write(&listing.json(), out),
                false => listing.write(&mut Page::new(out, args.color, environment)),
            })
        }
        Some(Err(error)) => {
            let message = format!("{} cannot be used: {error}", file.name);
            console.failed(Exit::NOT_ESTABLISHED, &TRUST_ROOT_UNRESOLVABLE, &message)
        }
        None => console.failed(Exit::NOT_ESTABLISHED, &TRUST_ROOT_UNRESOLVABLE, "there is no manifest"),
    }
}

struct Listing<'a> {
    name: &'a str,
    digest: &'a str,
    manifest: &'a KeyManifest,
    as_of: &'a Timestamp,
}

impl Listing<'_> {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let name = escape::text(self.name);
        let count = self.manifest.entries.len();
        match &self.manifest.signer {
            Some(signer) => {
                let word = page.paint(Tone::Good, "SIGNED");
                page.line(&format!(
                    "{word}: {name}: {count} keys; the signature verifies under key {}",
                    escape::text(signer)
                ))?;
            }
            None => {
                let word = page.paint(Tone::Open, "UNSIGNED");
                page.line(&format!(
                    "{word}: {name}: {count} keys; {}: nobody vouches for this list",
                    KEY_MANIFEST_UNSIGNED.id
                ))?;
            }
        }
        page.line(&format!("  digest     {}", self.digest))?;
        if let Some(at) = &self.manifest.generated_at {
            page.line(&format!("  generated  {} (not covered by a signature)", escape::text(at.text())))?;
        }
        page.line(&format!("  judged as of {}", self.as_of))?;
        for entry in &self.manifest.entries {
            page.line("")?;
            let (tone, state) = state(entry, self.as_of);
            let state = page.paint(tone, state);
            let purpose = entry.purpose.as_deref().map_or("no purpose".to_owned(), escape::text);
            page.line(&format!("  {purpose}: {state}"))?;
            page.line(&format!("    key id  {}", optional(entry.key_id.as_deref())))?;
            page.line(&format!("    key     {}", optional(entry.public_key.as_deref())))?;
            page.line(&format!("    status  {}", optional(entry.status.as_deref())))?;
            page.line(&format!("    valid   {} to {}", bound(&entry.valid_from), bound(&entry.valid_to)))?;
            if entry.revoked_at != Bound::Open {
                page.line(&format!("    revoked {}", bound(&entry.revoked_at)))?;
            }
            if entry.compromised_at != Bound::Open {
                page.line(&format!("    compromised {}", bound(&entry.compromised_at)))?;
            }
        }
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        let keys: Vec<_> = self
            .manifest
            .entries
            .iter()
            .map(|entry| {
                json!({
                    "key_id": entry.key_id,
                    "purpose": entry.purpose,
                    "public_key": entry.public_key,
                    "status": entry.status,
                    "valid_from": time(&entry.valid_from),
                    "valid_to": time(&entry.valid_to),
                    "revoked_at": time(&entry.revoked_at),
                    "compromised_at": time(&entry.compromised_at),
                    "state": state(entry, self.as_of).1,
                })
            })
            .collect();
        json!({
            "schema": "keel-verify.keys/v1",
            "name": self.name,
            "sha256": self.digest,
            "signed": self.manifest.signed,
            "signer": self.manifest.signer,
            "generated_at": self.manifest.generated_at.as_ref().map(Timestamp::to_rfc3339),
            "as_of": self.as_of.to_rfc3339(),
            "keys": keys,
        })
    }
}

/// What the entry is good for as of a date.
fn state(entry: &KeyEntry, as_of: &Timestamp) -> (Tone, &'static str) {
    let known =
        matches!(entry.status.as_deref(), None | Some("active" | "retired" | "revoked" | "compromised"));
    if !matches!(entry.key, Some(Ok(_))) {
        (Tone::Bad, "unusable key text")
    } else if entry.is_terminal() {
        (Tone::Bad, "revoked or compromised")
    } else if !known || entry.status_malformed {
        (Tone::Bad, "unknown status")
    } else if entry.window_contains(as_of) {
        (Tone::Good, "usable")
    } else {
        (Tone::Open, "outside its validity, usable for signatures made within it")
    }
}

fn optional(text: Option<&str>) -> String {
    text.map_or("(not stated)".to_owned(), escape::text)
}

fn bound(bound: &Bound) -> String {
    match bound {
        Bound::Open => "open".to_owned(),
        Bound::At(at) => escape::text(at.text()),
        Bound::Unreadable => "unreadable".to_owned(),
    }
}

fn time(bound: &Bound) -> serde_json::Value {
    match bound {
        Bound::Open => serde_json::Value::Null,
        Bound::At(at) => at.to_rfc3339().into(),
        Bound::Unreadable => "unreadable".into(),
    }
}
