//! Which keys count, what is required and as of when: the one place that makes a [`TrustPolicy`].

use std::ffi::OsString;
use std::num::NonZeroUsize;

use clap::Args;
use verifier_core::json::{Document, ParserLimits};
use verifier_core::registry;
use verifier_core::time::Timestamp;
use verifier_core::trust::kit::Category;
use verifier_core::trust::{Check, KeySource, NamedBlob, TrustPolicy};

use super::front::ADDED;
use super::limits::LimitArgs;
use crate::environment::Environment;
use crate::input;

/// Where trusted keys come from.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TrustArgs {
    /// Trust root that replaces the compiled-in one; also vouches for signed key manifests
    #[arg(long, value_name = "FILE")]
    pub(crate) trust_root: Option<OsString>,
    /// Key manifest to take keys from
    #[arg(long, value_name = "FILE")]
    pub(crate) key_manifest: Option<OsString>,
    /// Accepted for old scripts; only file: URLs can be read, since no connection is ever opened
    #[arg(long, value_name = "URL")]
    pub(crate) key_manifest_url: Option<String>,
    /// The public key that must have signed (ed25519:BASE64)
    #[arg(long, value_name = "KEY")]
    pub(crate) expected_public_key: Option<String>,
    /// Same as --expected-public-key
    #[arg(long, value_name = "KEY")]
    pub(crate) public_key: Option<String>,
    /// Use the key inside the evidence: shows consistency, not origin
    #[arg(long)]
    pub(crate) self_attested: bool,
    /// Accepted for old scripts; this program is always offline
    #[arg(long)]
    pub(crate) offline: bool,
}

impl TrustArgs {
    /// The exclusions of spec 03 section 6; an empty value does not count as given.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        if given(&self.expected_public_key) && given(&self.public_key) {
            return Err("--public-key and --expected-public-key mean the same; give one of them");
        }
        let sources = [
            given(&self.expected_public_key) || given(&self.public_key),
            self.key_manifest.as_ref().is_some_and(|file| !file.is_empty()),
            given(&self.key_manifest_url),
            self.self_attested,
        ];
        if sources.into_iter().filter(|given| *given).count() > 1 {
            return Err(
                "give only one of --expected-public-key (or --public-key), --key-manifest, --key-manifest-url and --self-attested",
            );
        }
        Ok(())
    }

    /// Reads the named files. A file that cannot be read is reported by the check that needs its keys.
    pub(crate) fn key_source(&self, limits: &LimitArgs) -> KeySource {
        let bytes = limits.document_bytes();
        if let Some(key) = self.expected_public_key.as_ref().or(self.public_key.as_ref()) {
            KeySource::Expected(key.clone())
        } else if let Some(file) = self.key_manifest.as_ref().filter(|file| !file.is_empty()) {
            KeySource::Manifest(input::named_file(file, bytes))
        } else if let Some(url) = self.key_manifest_url.as_ref().filter(|url| !url.is_empty()) {
            KeySource::Manifest(input::named_url(url, bytes))
        } else if self.self_attested {
            KeySource::SelfAttested
        } else {
            KeySource::TrustRoot
        }
    }

    pub(crate) fn trust_root(&self, limits: &LimitArgs) -> Option<NamedBlob> {
        self.trust_root
            .as_ref()
            .filter(|file| !file.is_empty())
            .map(|file| input::named_file(file, limits.document_bytes()))
    }
}

/// The key in the JSON object behind a `file:` URL. Where there is none, the check that needs the key says why.
pub(crate) fn key_of_url(url: &str, limits: &LimitArgs) -> KeySource {
    let file = input::named_url(url, limits.document_bytes());
    let key = file.content.and_then(|blob| {
        let document = Document::parse(blob, ParserLimits::from(&limits.limits()))
            .map_err(|error| format!("{url} is not JSON: {error}"))?;
        let key = document.root().member_text("public_key").map(std::borrow::Cow::into_owned);
        key.ok_or_else(|| format!("{url} has no text public_key"))
    });
    match key {
        Ok(key) => KeySource::Expected(key),
        Err(why) => KeySource::Manifest(NamedBlob { name: file.name, content: Err(why) }),
    }
}

/// What is required, as of when, and with how many threads.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RequireArgs {
    /// State verdicts as of this date or time instead of now (a date alone is its first moment, UTC)
    #[arg(long, value_name = "DATE", value_parser = parse_date, help_heading = ADDED)]
    pub(crate) as_of: Option<Timestamp>,
    /// Fail unless these claims are supported; may be repeated. Short names: walk, closures, integrity,
    /// scope, scope-identity, timestamp, inclusion, witness:KofN
    #[arg(long, value_name = "CLAIM,…", value_parser = parse_claim, value_delimiter = ',', help_heading = ADDED)]
    pub(crate) require: Vec<String>,
    /// Trust kit (`keel-verify trust pack`) to take all trust material from. Other options take the place of what the
    /// kit has: --trust-root of its trust root and key manifests; the other key options of its key manifests;
    /// --tsa-ca-bundle and --tsa-trust of its certificates; --log-key and --witness-policy of its logs and witnesses;
    /// --trusted-root of its Sigstore root. --tsa-crl adds to its revocation lists
    #[arg(long, value_name = "FILE", help_heading = ADDED)]
    pub(crate) trust_kit: Option<OsString>,
    /// Threads; the report does not depend on it
    #[arg(long, value_name = "N", help_heading = ADDED)]
    pub(crate) workers: Option<NonZeroUsize>,
}

/// Parts of a policy that only some commands offer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Switches {
    pub(crate) allow_unsigned: bool,
    pub(crate) walk: bool,
    pub(crate) closures: bool,
}

/// Makes the policy.
///
/// # Errors
/// The clock gives no usable date and none was stated.
pub(crate) fn policy(
    trust: &TrustArgs,
    require: &RequireArgs,
    limits: &LimitArgs,
    switches: Switches,
    environment: &Environment,
) -> Result<TrustPolicy, &'static str> {
    let as_of = require
        .as_of
        .clone()
        .or_else(|| environment.now.clone())
        .ok_or("the clock shows no usable date; state one with --as-of")?;
    let mut policy = TrustPolicy::new(as_of);
    policy.allow_unsigned = switches.allow_unsigned;
    policy.limits = limits.limits();
    adopt_kit(require.trust_kit.as_ref(), &mut policy);
    if let Some(root) = trust.trust_root(limits) {
        policy.set_aside(Category::TrustRoot);
        policy.set_aside(Category::KeyManifests);
        policy.trust_root = Some(root);
    }
    match trust.key_source(limits) {
        KeySource::TrustRoot => {}
        keys => set_keys(keys, &mut policy),
    }
    policy.workers = require.workers.unwrap_or(environment.processors);
    if switches.walk {
        policy.walk = Check::Required;
    }
    if switches.closures {
        policy.closures = Check::Required;
    }
    require.require.iter().for_each(|name| self::require(&mut policy, name));
    Ok(policy)
}

/// Takes the material of a trust kit, if one is named.
pub(crate) fn adopt_kit(kit: Option<&OsString>, policy: &mut TrustPolicy) {
    if let Some(file) = kit {
        policy.adopt_kit(input::named_file(file, policy.limits.document_bytes));
    }
}

/// Sets where keys come from, in place of a kit's key manifests.
pub(crate) fn set_keys(keys: KeySource, policy: &mut TrustPolicy) {
    policy.set_aside(Category::KeyManifests);
    policy.keys = keys;
}

/// Adds a requirement by its registered name.
pub(crate) fn require(policy: &mut TrustPolicy, name: &str) {
    match name {
        WALK => policy.walk = Check::Required,
        CLOSURES => policy.closures = Check::Required,
        quorum if quorum.starts_with(QUORUM) => {
            policy.logs.witnesses = parse_quorum(quorum);
            policy.require.insert(WITNESS.to_owned());
        }
        other => drop(policy.require.insert(other.to_owned())),
    }
}

/// Reads a claim's registered or short name. A name that nobody registered would never be established, so it is
/// a mistake of the command line.
fn parse_claim(text: &str) -> Result<String, String> {
    if text.starts_with(QUORUM) {
        let known = parse_quorum(text).map(|_| text.to_owned());
        return known.ok_or_else(|| "not of the form witness:KofN, such as witness:2of3".to_owned());
    }
    match registry::claim_name(text) {
        Some(name) => Ok(name.to_owned()),
        None => Err("not a registered claim; `keel-verify claim list` shows them".to_owned()),
    }
}

const WALK: &str = "governance_chain.local_continuity.v1";
const CLOSURES: &str = "closure.signature.v1";
const WITNESS: &str = "transparency_log.witness.v1";
const QUORUM: &str = "witness:";

/// K of N witnesses, 1 ≤ K ≤ N.
fn parse_quorum(text: &str) -> Option<(usize, usize)> {
    let (needed, of) = text.strip_prefix(QUORUM)?.split_once("of")?;
    let (needed, of) = (needed.parse().ok()?, of.parse().ok()?);
    (1..=of).contains(&needed).then_some((needed, of))
}

/// Reads a date option.
pub(crate) fn parse_date(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .ok_or_else(|| "not a date or time, such as 2026-05-07 or 2026-05-07T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn sources_exclude_each_other_unless_empty() {
        let both = TrustArgs { public_key: key("a"), expected_public_key: key("a"), ..Default::default() };
        assert!(both.check().is_err());
        let pair = TrustArgs { public_key: key("a"), self_attested: true, ..Default::default() };
        assert!(pair.check().is_err());
        let pair = TrustArgs {
            key_manifest: Some("k".into()),
            key_manifest_url: key("file:k"),
            ..Default::default()
        };
        assert!(pair.check().is_err());
        let empty = TrustArgs { public_key: key(""), self_attested: true, ..Default::default() };
        assert!(empty.check().is_ok());
        let root = TrustArgs { trust_root: Some("r".into()), self_attested: true, ..Default::default() };
        assert!(root.check().is_ok());
    }

    #[test]
    fn an_empty_key_is_a_key_that_fits_nothing() {
        let empty = TrustArgs { public_key: key(""), ..Default::default() };
        assert!(
            matches!(empty.key_source(&LimitArgs::default()), KeySource::Expected(text) if text.is_empty())
        );
    }

    #[test]
    fn requirements_reach_the_policy() {
        let environment = Environment::fixed(Timestamp::parse("2026-05-07").unwrap());
        let require = RequireArgs {
            require: ["walk", "closures", "scope"].map(|name| parse_claim(name).unwrap()).to_vec(),
            ..Default::default()
        };
        let policy =
            policy(&TrustArgs::default(), &require, &LimitArgs::default(), Switches::default(), &environment)
                .unwrap();
        assert_eq!((policy.walk, policy.closures), (Check::Required, Check::Required));
        assert_eq!(
            policy.require.iter().map(String::as_str).collect::<Vec<_>>(),
            ["export.scope_faithfulness.v1"]
        );
        assert!(parse_claim("export.integrity.v1").is_ok() && parse_claim("export.integrity").is_err());
        assert_eq!(policy.as_of.to_rfc3339(), "2026-05-07T00:00:00Z");
    }
}
