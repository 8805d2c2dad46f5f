//! RFC 3161 receipts beside a digest: what they are of, and whether an accepted authority made them (spec 11).
//!
//! Two claims are kept apart, as the formats do: that a receipt is of this digest, which whoever wrote the file could
//! have arranged, and that it is genuine. Only the second one makes a time. A receipt that is wrong fails the run; one
//! whose authority is not known leaves its claim open, and fails the run where timestamps are required.

use std::collections::BTreeMap;

use serde_json::json;

use crate::bytes::{base64, hex};
use crate::claim::name;
use crate::crypto::{prefixed, sha256};
use crate::finding::catalog::timestamp as code;
use crate::finding::{Code, Effect, Finding, Location, Verdict, catalog};
use crate::json::Value;
use crate::report::{ReportBuilder, Requested, Subject};
use crate::time::{Timestamp, UnixNanos};
use crate::timestamp::{
    Checks, NotValidated, Outcome, Problem, Remark, Token, TrustScope, TrustSet, TrustSetError, verify,
};
use crate::trust::{TimestampTrust, TrustPolicy};
use crate::x509::Crl;

/// Receipts of one digest that are judged; that there are more is said.
const RECEIPTS: usize = 64;
/// Reason of a genuine timestamp that is later than the date that verdicts are stated for.
const AFTER_AS_OF: &str = "tsa_time_after_as_of";
/// A receipt may claim to be this much older than what it is of, for clocks that differ.
const DAY_NANOS: u64 = 86_400 * 1_000_000_000;

/// A receipt as found.
pub(crate) struct Receipt<'a> {
    /// For messages: provider, URL or number.
    pub(crate) label: String,
    /// The object, for its place; `None` for an item that is none.
    pub(crate) value: Option<Value<'a>>,
    /// Base64 of the receipt.
    encoded: Option<String>,
    /// Why there is nothing to read.
    missing: &'static str,
}

impl<'a> Receipt<'a> {
    /// A receipt object whose bytes stand in one of `members`.
    pub(crate) fn read(value: Value<'a>, number: usize, members: &[&str]) -> Self {
        let text =
            |name: &str| value.member(name).and_then(Value::non_empty_text).map(|text| text.into_owned());
        let label = ["provider", "url", "tsa"].iter().find_map(|name| text(name));
        if !value.is_object() {
            let label = format!("tsa_receipts[{number}]");
            return Self { label, value: None, encoded: None, missing: "is not an object" };
        }
        Self {
            label: label.unwrap_or_else(|| format!("receipt {number}")),
            value: Some(value),
            encoded: members.iter().find_map(|name| value.member_text(name)).map(|text| text.into_owned()),
            missing: "receipt_b64 missing",
        }
    }
}

/// The receipts of a checkpoint (spec 11.2).
pub(crate) fn of_checkpoint(checkpoint: Value<'_>) -> Vec<Receipt<'_>> {
    const MEMBERS: [&str; 1] = ["receipt_b64"];
    let list = checkpoint.member("tsa_receipts").and_then(Value::as_array);
    let listed: Vec<_> = list
        .into_iter()
        .flat_map(Value::items)
        .zip(1..)
        .map(|(item, number)| Receipt::read(item, number, &MEMBERS))
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let single = checkpoint.member("tsa").and_then(Value::as_object);
    let single = single.filter(|tsa| tsa.member("receipt_b64").and_then(Value::text).is_some());
    single.map(|tsa| Receipt::read(tsa, 1, &MEMBERS)).into_iter().collect()
}

/// The names and codes of the two claims for one kind of evidence.
pub(crate) struct Wording {
    /// The claim that receipts are of the digest; `None` where it is part of another claim.
    pub(crate) imprint: Option<&'static str>,
    /// The claim that takes a wrong imprint.
    pub(crate) imprint_fails: (&'static str, &'static Code),
    /// The claim that receipts are genuine.
    pub(crate) chain: &'static str,
    /// Its codes: validated, invalid, open.
    pub(crate) codes: [&'static Code; 3],
    /// Labels of the places looked at.
    pub(crate) evidence: &'static [&'static str],
}

/// What the receipts come to.
#[derive(Default)]
pub(crate) struct Stamped {
    /// The latest instant that the earliest genuine receipt allows: the digest existed by then.
    pub(crate) not_later_than: Option<UnixNanos>,
    /// A receipt is of something else; the reference stops there.
    pub(crate) imprint_failed: bool,
}

/// The set of accepted authorities.
enum Accepted<'t> {
    Known(&'t TrustSet),
    Own(Box<TrustSet>),
}

impl Accepted<'_> {
    fn set(&self) -> &TrustSet {
        match self {
            Self::Known(set) => set,
            Self::Own(set) => set,
        }
    }
}

/// Why there is no set of accepted authorities.
enum NoSet {
    /// The material is damaged.
    Damaged(TrustSetError),
    /// The named file cannot be read.
    Unreadable(String),
}

fn accepted(trust: &TimestampTrust) -> Result<Accepted<'_>, NoSet> {
    let kit = trust.kit.as_ref().and_then(|kit| kit.authorities());
    if let Some(set) = kit.filter(|_| trust.kit_authorities) {
        let lists = lists(trust)?;
        if lists.is_empty() {
            return Ok(Accepted::Known(set));
        }
        return set.with_lists(&lists).map(|set| Accepted::Own(Box::new(set))).map_err(NoSet::Damaged);
    }
    let named = named(trust)?;
    match kit.filter(|kit| kit.has_lists()) {
        None => Ok(named),
        Some(kit) => {
            let set = named.set().with_lists_of(kit).map_err(NoSet::Damaged)?;
            Ok(Accepted::Own(Box::new(set)))
        }
    }
}

fn text(file: &crate::trust::NamedBlob) -> Result<String, NoSet> {
    match &file.content {
        Ok(blob) => blob
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| NoSet::Unreadable(format!("{} is no text", file.name))),
        Err(why) => Err(NoSet::Unreadable(why.clone())),
    }
}

fn lists(trust: &TimestampTrust) -> Result<Vec<String>, NoSet> {
    trust.lists.iter().map(text).collect()
}

/// The set that is named otherwise than by a kit, else the one that is built in.
fn named(trust: &TimestampTrust) -> Result<Accepted<'_>, NoSet> {
    let lists = lists(trust)?;
    if let Some(file) = &trust.anchors {
        let set = TrustSet::user(&text(file)?, &lists).map_err(NoSet::Damaged)?;
        return Ok(Accepted::Own(Box::new(set)));
    }
    if let Some(directory) = &trust.directory {
        let files = directory.as_ref().map_err(|why| NoSet::Unreadable(why.clone()))?;
        let read = |path: &str| files.get(path).map(|blob| blob.as_slice().to_vec());
        let manifest = files.iter().find(|(path, _)| path.ends_with(".json"));
        let manifest = manifest.ok_or_else(|| NoSet::Unreadable("the folder has no manifest".to_owned()))?;
        let set =
            TrustSet::read(manifest.1.as_slice(), &read, TrustScope::Directory).map_err(NoSet::Damaged)?;
        let set = if lists.is_empty() { set } else { set.with_lists(&lists).map_err(NoSet::Damaged)? };
        return Ok(Accepted::Own(Box::new(set)));
    }
    let release = TrustSet::release().map_err(NoSet::Damaged)?;
    if lists.is_empty() {
        return Ok(Accepted::Known(release));
    }
    release.with_lists(&lists).map(|set| Accepted::Own(Box::new(set))).map_err(NoSet::Damaged)
}

/// One receipt, judged.
struct Judged {
    /// `Err` when it is not of the digest, with the reason.
    imprint: Result<(), String>,
    state: State,
    /// The reference's reason code.
    reason: &'static str,
    message: String,
    /// A further code that says more.
    detail: Option<&'static str>,
    checks: Checks,
    gen_time: Option<String>,
    remarks: Vec<Remark>,
    facts: Vec<(&'static str, String)>,
    not_later_than: Option<UnixNanos>,
    stated: Option<UnixNanos>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Validated,
    NotValidated,
    Invalid,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Validated => "validated",
            Self::NotValidated => "not_validated",
            Self::Invalid => "invalid",
        }
    }
}

impl Judged {
    fn new(imprint: Result<(), String>, state: State, reason: &'static str, message: String) -> Self {
        Self {
            imprint,
            state,
            reason,
            message,
            detail: None,
            checks: Checks::default(),
            gen_time: None,
            remarks: Vec::new(),
            facts: Vec::new(),
            not_later_than: None,
            stated: None,
        }
    }
}

fn judge(
    receipt: &Receipt<'_>,
    digest: Option<&[u8; 32]>,
    set: &Result<Accepted<'_>, NoSet>,
    policy: &TrustPolicy,
) -> Judged {
    let policies = &policy.timestamps.policies;
    let unreadable = |why: String, detail: &'static str| {
        let mut judged = Judged::new(Err(why.clone()), State::Invalid, "tsa_imprint_mismatch", why);
        judged.detail = Some(detail);
        judged
    };
    if let Err(NoSet::Damaged(error)) = set {
        let imprint = Err("the accepted authorities cannot be read".to_owned());
        return Judged::new(imprint, State::Invalid, "tsa_trust_bundle_invalid", error.to_string());
    }
    let Some(digest) = digest else {
        let why = "the composite hash is not known".to_owned();
        return Judged::new(Err(why.clone()), State::Invalid, "tsa_composite_hash_unavailable", why);
    };
    let Some(encoded) = &receipt.encoded else {
        let why = receipt.missing.to_owned();
        return Judged::new(Err(why.clone()), State::Invalid, "tsa_receipt_missing", why);
    };
    let Some(bytes) = base64::decode(encoded) else {
        return unreadable("the receipt is not canonical base64".to_owned(), "TSA_TOKEN_MALFORMED");
    };
    let stated_hash = receipt.value.and_then(|value| value.member_text("receipt_hash"));
    if let Some(stated) = stated_hash
        && *stated != *prefixed(&sha256(&bytes))
    {
        return unreadable("receipt_hash differs from the receipt".to_owned(), "TSA_RECEIPT_HASH_MISMATCH");
    }
    let token = match Token::read(&bytes) {
        Ok(token) => token,
        Err(problem) => return unreadable(problem.to_string(), problem.code()),
    };
    if token.info.imprint != digest {
        return unreadable(
            "TSA message imprint does not match composite_hash".to_owned(),
            "TSA_IMPRINT_MISMATCH",
        );
    }
    let mut judged = match set {
        Err(NoSet::Unreadable(why)) => Judged::new(
            Ok(()),
            State::NotValidated,
            NotValidated::UnknownAuthority.reason(),
            format!("the accepted authorities cannot be read: {why}"),
        ),
        Err(NoSet::Damaged(error)) => {
            Judged::new(Ok(()), State::Invalid, "tsa_trust_bundle_invalid", error.to_string())
        }
        Ok(accepted) => against(&token, digest, accepted.set()),
    };
    if judged.state == State::Validated && !policies.is_empty() && !policies.contains(&token.info.policy) {
        judged.state = State::Invalid;
        judged.reason = "tsa_chain_validation_failed";
        judged.message =
            format!("the token is under the policy {}, which is not accepted", token.info.policy);
        judged.detail = Some("TSA_POLICY_NOT_ACCEPTED");
        judged.not_later_than = None;
    }
    if judged.state == State::Validated && token.info.gen_time > UnixNanos::of(&policy.as_of) {
        judged.state = State::NotValidated;
        judged.reason = AFTER_AS_OF;
        judged.message = format!(
            "the timestamp states {}, which was not yet known as of {}",
            token.info.gen_time, policy.as_of
        );
        judged.not_later_than = None;
    }
    judged.gen_time = Some(token.info.gen_time.to_string());
    judged.stated = Some(token.info.gen_time);
    judged.facts.extend([
        ("stated time", token.info.gen_time_text.to_owned()),
        ("policy", token.info.policy.clone()),
        ("serial number", hex::encode(token.info.serial)),
        ("earliest instant", token.info.interval().0.to_string()),
        ("latest instant", token.info.interval().1.to_string()),
    ]);
    judged
}

fn against(token: &Token<'_>, digest: &[u8; 32], set: &TrustSet) -> Judged {
    let (outcome, checks) = verify(token, digest, set);
    let mut judged = match outcome {
        Outcome::Validated(verified) => {
            let mut judged = Judged::new(
                Ok(()),
                State::Validated,
                "tsa_chain_validated",
                "an accepted authority signed the timestamp".to_owned(),
            );
            judged.not_later_than = Some(verified.not_later_than);
            judged.facts.push(("path", verified.path.join(" ")));
            judged
        }
        Outcome::NotValidated(missing) => {
            Judged::new(Ok(()), State::NotValidated, missing.reason(), missing.to_string())
        }
        Outcome::Invalid(problem) => {
            let reason = match &problem {
                // The token states the digest, so only its signature part can be malformed.
                Problem::Malformed(_) => "tsa_token_chain_parse_failed",
                other => other.reference_reason(),
            };
            let mut judged = Judged::new(Ok(()), State::Invalid, reason, problem.to_string());
            judged.detail = Some(problem.code());
            judged
        }
    };
    judged.facts.extend(checks.signer.clone().map(|signer| ("signer", signer)));
    judged.remarks.clone_from(&checks.remarks);
    judged.checks = checks;
    judged
}

/// Judges all receipts of a digest; `computed_at` is what the evidence says about its own age.
pub(crate) fn check(
    receipts: &[Receipt<'_>],
    digest: Option<&[u8; 32]>,
    computed_at: Option<&Timestamp>,
    wording: &Wording,
    file: &str,
    policy: &TrustPolicy,
    out: &mut ReportBuilder,
) -> Stamped {
    let mut stamped = Stamped::default();
    if receipts.is_empty() {
        return stamped;
    }
    if policy.timestamps.skip {
        out.skipped("timestamps", "RFC 3161 receipts", "left out on request");
        out.not_proven.push("what the timestamp receipts say: they were left out on request".to_owned());
        return stamped;
    }
    let (receipts, left) = receipts.split_at(receipts.len().min(RECEIPTS));
    if !left.is_empty() {
        let message =
            format!("{} timestamp receipts beyond the first {RECEIPTS} were not judged", left.len());
        let finding = Finding::lacks(&catalog::input::INPUT_LIMIT_EXCEEDED, message.clone());
        out.finding(finding.at(Location::file(file)));
        out.not_proven.push(message);
    }
    let set = accepted(&policy.timestamps);
    let judged: Vec<Judged> = receipts.iter().map(|receipt| judge(receipt, digest, &set, policy)).collect();
    let place = |receipt: &Receipt<'_>| match receipt.value {
        Some(value) => Location::value(file, value),
        None => Location::file(file).pointing("/tsa_receipts"),
    };
    let subject =
        |receipt: &Receipt<'_>| Subject::new("tsa_receipt", &receipt.label).evidence(wording.evidence);
    if digest.is_some() {
        if let Some(claim) = wording.imprint {
            out.claim(claim, Requested::Evidence);
        }
        for (receipt, judged) in receipts.iter().zip(&judged) {
            match (&judged.imprint, wording.imprint) {
                (Ok(()), Some(claim)) => out.supported(
                    claim,
                    subject(receipt),
                    &code::CHECKPOINT_TSA_IMPRINT_SUPPORTED,
                    "TSA message imprint matches composite_hash",
                ),
                (Ok(()), None) => {}
                (Err(reason), _) => {
                    let (claim, code) = wording.imprint_fails;
                    let message = format!("TSA: {}: {reason}", receipt.label);
                    out.unsupported(
                        claim,
                        subject(receipt),
                        Finding::disproves(code, message).at(place(receipt)),
                    );
                    stamped.imprint_failed = true;
                    break;
                }
            }
        }
    }
    out.claim_in_place_of(name::CHECKPOINT_TSA_CHAIN, wording.chain, Requested::Optional);
    for (receipt, judged) in receipts.iter().zip(&judged) {
        report(receipt, judged, subject(receipt), &place(receipt), wording, out);
        if let (Some(stated), Some(computed)) = (judged.stated, computed_at)
            && stated.plus(DAY_NANOS) < UnixNanos::of(computed)
        {
            let message = "the timestamp states a time more than a day before the evidence was computed";
            out.finding(Finding::notes(&code::TSA_TIME_BEFORE_CHECKPOINT, message).at(place(receipt)));
        }
        if let Some(stated) = judged.stated.filter(|stated| *stated > UnixNanos::of(&policy.as_of))
            && judged.reason != AFTER_AS_OF
        {
            let message = format!(
                "{}: the stated time {stated} was not yet known as of {}",
                receipt.label, policy.as_of
            );
            out.finding(Finding::notes(&code::TSA_TIME_AFTER_AS_OF, message).at(place(receipt)));
        }
        stamped.not_later_than = match (stamped.not_later_than, judged.not_later_than) {
            (Some(earlier), Some(this)) => Some(earlier.min(this)),
            (earlier, this) => earlier.or(this),
        };
    }
    let aggregate = aggregate(&judged);
    note_later_lists(&judged, &set, policy, file, out);
    out.epistemic(wording.chain, "tsa_chain_validation", aggregate.word());
    let [validated, invalid, open] = wording.codes;
    match aggregate {
        State::Validated => {
            out.finding(Finding::notes(validated, "all timestamps validated").on(wording.chain))
        }
        State::Invalid => {
            let message = "one or more timestamps are not genuine";
            out.finding(Finding::disproves(invalid, message).on(wording.chain));
        }
        State::NotValidated => {
            let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
            out.finding(
                Finding::new(open, effect, "one or more TSA chains were not validated").on(wording.chain),
            );
        }
    }
    out.ran(
        "timestamps",
        "RFC 3161 receipts",
        &[("receipts", u64::try_from(receipts.len()).unwrap_or(u64::MAX))],
    );
    write_wire(receipts, &judged, aggregate, &set, policy, out);
    stamped
}

/// A list that was made later knows more, and counts; that it was not known at the date of the verdict is said.
fn note_later_lists(
    judged: &[Judged],
    set: &Result<Accepted<'_>, NoSet>,
    policy: &TrustPolicy,
    file: &str,
    out: &mut ReportBuilder,
) {
    let Ok(set) = set else { return };
    if !judged.iter().any(|one| one.state == State::Validated) {
        return;
    }
    let later = |list: &&Crl| UnixNanos::from_seconds(list.this_update()) > UnixNanos::of(&policy.as_of);
    let issuers: Vec<&str> = set.set().lists().iter().filter(later).map(Crl::issuer_text).collect();
    if !issuers.is_empty() {
        let message = format!(
            "revocation is judged with lists that were made after {}: {}",
            policy.as_of,
            issuers.join("; ")
        );
        out.finding(Finding::notes(&code::TSA_LIST_AFTER_AS_OF, message).at(Location::file(file)));
    }
}

fn aggregate(judged: &[Judged]) -> State {
    let any = |state| judged.iter().any(|one| one.state == state);
    match (any(State::Invalid), any(State::NotValidated)) {
        (true, _) => State::Invalid,
        (false, true) => State::NotValidated,
        (false, false) => State::Validated,
    }
}

fn report(
    receipt: &Receipt<'_>,
    judged: &Judged,
    subject: Subject,
    place: &Location,
    wording: &Wording,
    out: &mut ReportBuilder,
) {
    let claim = wording.chain;
    let with_facts = |finding: Finding| {
        judged
            .facts
            .iter()
            .fold(finding.at(place.clone()), |finding, (name, value)| finding.fact(name, value.clone()))
    };
    let message = format!("{}: {}", receipt.label, judged.message);
    let named = |id: &str| catalog::find(id).unwrap_or(&code::TSA_CHAIN_VALIDATION_FAILED);
    let by_reason = named(&judged.reason.to_ascii_uppercase());
    match judged.state {
        State::Validated => {
            let [validated, ..] = wording.codes;
            out.supported(claim, subject, validated, message);
        }
        State::NotValidated => {
            let effect = Effect::Limits { verdict: Verdict::InsufficientEvidence };
            out.unsupported(claim, subject, with_facts(Finding::new(by_reason, effect, message)));
        }
        State::Invalid => {
            out.unsupported(claim, subject, with_facts(Finding::disproves(by_reason, message.clone())));
            if let Some(detail) = judged.detail.filter(|detail| *detail != by_reason.id) {
                out.finding(Finding::disproves(named(detail), message).at(place.clone()).on(claim));
            }
        }
    }
    for remark in &judged.remarks {
        let message = format!("{}: {}", receipt.label, named(remark.code()).title);
        out.finding(Finding::notes(named(remark.code()), message).at(place.clone()));
    }
}

/// The members of the reference's report (spec 11.6).
fn write_wire(
    receipts: &[Receipt<'_>],
    judged: &[Judged],
    aggregate: State,
    set: &Result<Accepted<'_>, NoSet>,
    policy: &TrustPolicy,
    out: &mut ReportBuilder,
) {
    let rows: Vec<_> = receipts
        .iter()
        .zip(judged)
        .map(|(receipt, judged)| {
            let text = |name: &str| receipt.value.and_then(|value| value.member_text(name));
            let provider = text("provider").map_or_else(|| "unknown".to_owned(), |text| text.into_owned());
            let status = match judged.state {
                State::Validated => "valid",
                other => other.word(),
            };
            json!({
                "provider": provider,
                "tsa_trust_status": status,
                "tsa_chain_validation": judged.state.word(),
                "imprint_match": judged.imprint.is_ok(),
                "cms_signature_valid": judged.checks.signature.unwrap_or(false),
                "certificate_chain_valid": judged.checks.path.unwrap_or(false),
                "eku_checked": judged.checks.purpose.is_some(),
                "eku_valid": judged.checks.purpose.unwrap_or(false),
                "revocation_checked": judged.checks.revocation.is_some(),
                "revocation_valid": judged.checks.revocation,
                "gen_time": judged.gen_time,
                "reason_code": judged.reason,
                "verification_error": (judged.state != State::Validated).then(|| judged.message.clone()),
                "detail_code": judged.detail,
                "signer": judged.checks.signer,
            })
        })
        .collect();
    let bundle = set.as_ref().ok().and_then(|accepted| accepted.set().name()).map(|name| {
        json!({
            "id": name.id,
            "hash": name.hash,
            "generated_at": name.generated_at,
            "providers": name.providers,
        })
    });
    let checked = judged.iter().any(|one| one.checks.revocation.is_some());
    let trust = json!({
        "ca_bundle": policy.timestamps.anchors.as_ref().map(|file| file.name.clone()),
        "trust_bundle": bundle,
        "revocation_checked": checked,
        "tsa_chain_validation": aggregate.word(),
        "receipts": rows,
    });
    let members = BTreeMap::from([("tsa_chain_validation", json!(aggregate.word())), ("tsa_trust", trust)]);
    out.artifact.beside.extend(members);
}
