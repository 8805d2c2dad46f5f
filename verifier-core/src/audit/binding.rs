//! Everything besides the evidence that decides a verdict, as one digest.

use sha2::{Digest, Sha256};

use crate::bytes::Blob;
use crate::report::TOOL;
use crate::trust::{KeySource, LogTrust, NamedBlob, TimestampTrust, TrustPolicy};

/// The digest of tool version, trust material, requirements, limits and date. Records of an earlier run are taken over
/// only under the same one. The number of threads is no part of it.
#[must_use]
pub fn binding(policy: &TrustPolicy) -> [u8; 32] {
    // Taken apart without `..`, so that a new member of a policy cannot be forgotten here.
    let TrustPolicy {
        keys,
        trust_root,
        allow_unsigned,
        walk,
        closures,
        timestamps,
        logs,
        sigstore_root,
        kit,
        checkpoint,
        require,
        as_of,
        limits,
        workers: _,
        keep_chains: _,
    } = policy;
    let TimestampTrust { anchors, directory, kit: timestamp_kit, kit_authorities, lists, policies, skip } =
        timestamps;
    let LogTrust { keys: log_keys, policy: log_policy, witnesses } = logs;
    let mut text = Text(Sha256::new());
    text.item("tool", format!("{TOOL} {}", env!("CARGO_PKG_VERSION")).as_bytes());
    match keys {
        KeySource::TrustRoot => text.item("keys", b"trust root"),
        KeySource::Manifest(file) => text.file("keys manifest", Some(file)),
        KeySource::Expected(key) => text.item("keys expected", key.as_bytes()),
        KeySource::SelfAttested => text.item("keys", b"self-attested"),
    }
    text.file("trust root", trust_root.as_ref());
    text.item(
        "switches",
        format!("{allow_unsigned} {walk:?} {closures:?} {skip} {kit_authorities}").as_bytes(),
    );
    text.file("anchors", anchors.as_ref());
    match directory {
        None => text.item("directory", b"none"),
        Some(Err(why)) => text.item("directory unreadable", why.as_bytes()),
        Some(Ok(files)) => {
            for (name, blob) in files {
                text.item("directory file", name.as_bytes());
                text.blob(blob);
            }
        }
    }
    // The kit itself is bound below by its bytes.
    text.item("timestamp kit", format!("{}", timestamp_kit.is_some()).as_bytes());
    lists.iter().for_each(|list| text.file("revocation list", Some(list)));
    policies.iter().for_each(|policy| text.item("timestamp policy", policy.as_bytes()));
    log_keys.iter().for_each(|key| text.item("log key", key.as_bytes()));
    text.file("log policy", log_policy.as_ref());
    text.item("witnesses", format!("{witnesses:?}").as_bytes());
    text.file("sigstore root", sigstore_root.as_ref());
    match kit {
        None => text.item("kit", b"none"),
        Some(kit) => {
            match &kit.content {
                Ok(blob) => text.blob(blob),
                Err(why) => text.item("kit unreadable", why.as_bytes()),
            }
            text.item("kit use", format!("{:?}", kit.replaced).as_bytes());
        }
    }
    text.file("checkpoint", checkpoint.as_ref());
    require.iter().for_each(|claim| text.item("require", claim.as_bytes()));
    text.item("as of", as_of.to_rfc3339().as_bytes());
    text.item("limits", format!("{limits:?}").as_bytes());
    text.0.finalize().into()
}

/// Items with their lengths, so that no two lists give one text.
struct Text(Sha256);

impl Text {
    fn item(&mut self, name: &str, value: &[u8]) {
        for part in [name.as_bytes(), value] {
            self.0.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            self.0.update(part);
        }
    }

    fn blob(&mut self, blob: &Blob) {
        self.item("sha256", &blob.sha256());
    }

    /// The name counts too, because findings state it.
    fn file(&mut self, name: &str, file: Option<&NamedBlob>) {
        match file {
            None => self.item(name, b"none"),
            Some(file) => {
                self.item(name, file.name.as_bytes());
                match &file.content {
                    Ok(blob) => self.blob(blob),
                    Err(why) => self.item("unreadable", why.as_bytes()),
                }
            }
        }
    }
}
