//! What a policy says beyond its files, as options of the command line, one text for each.
//!
//! Only what can change a verdict or what of it is recorded: requirements, keys given as text, what is left out or accepted,
//! and limits that are not the usual ones. The order is fixed.

use crate::bytes::Limits;
use crate::trust::{Check, KeySource, TrustPolicy};

const WALK: &str = "--walk-events";
const CLOSURES: &str = "--verify-closure";
const REQUIRE: &str = "--require ";
const WITNESS: &str = "witness:";

/// The options of a policy.
#[must_use]
pub fn of(policy: &TrustPolicy) -> Vec<String> {
    let mut options = Vec::new();
    let mut flag = |given: bool, option: &str| {
        if given {
            options.push(option.to_owned());
        }
    };
    flag(policy.walk == Check::Required, WALK);
    flag(policy.closures == Check::Required, CLOSURES);
    flag(policy.allow_unsigned, "--allow-unsigned");
    flag(policy.timestamps.skip, "--no-tsa");
    match &policy.keys {
        KeySource::SelfAttested => options.push("--self-attested".to_owned()),
        KeySource::Expected(key) => options.push(format!("--expected-public-key {key}")),
        KeySource::TrustRoot | KeySource::Manifest(_) => {}
    }
    options.extend(policy.require.iter().map(|claim| format!("{REQUIRE}{claim}")));
    if let Some((needed, of)) = policy.logs.witnesses {
        options.push(format!("{REQUIRE}{WITNESS}{needed}of{of}"));
    }
    options.extend(policy.timestamps.policies.iter().map(|policy| format!("--tsa-policy {policy}")));
    options.extend(policy.logs.keys.iter().map(|key| format!("--log-key {key}")));
    let usual = Limits::default();
    let limits = &policy.limits;
    let mut limit = |name: &str, own: u64, usual: u64| {
        if own != usual {
            options.push(format!("--max-{name} {own}"));
        }
    };
    limit("file-bytes", limits.file_bytes, usual.file_bytes);
    limit("document-bytes", limits.document_bytes, usual.document_bytes);
    limit("expanded-bytes", limits.expanded_bytes, usual.expanded_bytes);
    limit("ratio", limits.ratio.into(), usual.ratio.into());
    limit("entries", limits.entries.into(), usual.entries.into());
    limit("json-depth", limits.json_depth.into(), usual.json_depth.into());
    limit("json-nodes", limits.json_nodes.into(), usual.json_nodes.into());
    limit("findings", limits.findings_per_code.into(), usual.findings_per_code.into());
    options
}

/// Takes over those options that demand something of the evidence. All others decide who is trusted or what a run may cost:
/// a paper does not decide that for its reader, who states them again or sees the difference.
pub fn demand(options: &[String], policy: &mut TrustPolicy) {
    for option in options {
        match option.as_str() {
            WALK => policy.walk = Check::Required,
            CLOSURES => policy.closures = Check::Required,
            other => match other.strip_prefix(REQUIRE) {
                Some(claim) if claim.starts_with(WITNESS) => {
                    let quorum = claim.strip_prefix(WITNESS).and_then(|rest| rest.split_once("of"));
                    let number = |text: &str| text.parse::<usize>().ok();
                    let quorum = quorum.and_then(|(needed, of)| Some((number(needed)?, number(of)?)));
                    policy.logs.witnesses = quorum.or(policy.logs.witnesses);
                }
                Some(claim) => drop(policy.require.insert(claim.to_owned())),
                None => {}
            },
        }
    }
}
