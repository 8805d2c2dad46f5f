//! `keel-policy.toml`.
//!
//! ```toml
//! version = 1
//!
//! [require]
//! claims = ["integrity", "walk"]        # registered or short names
//! witnesses = "2of3"
//!
//! [keys]
//! pinned = ["ed25519:…"]                # every signer must be one of these
//! trust_root = "sha256:…"               # digest of the trust root in use
//!
//! [checkpoint]
//! max_age = "36h"                       # m, h or d
//! allow_stated_time = false
//!
//! [findings]
//! fail_at = "warning"                   # note, warning or error
//!
//! [money]
//! max_spend_usd = "250.00"
//! no_overdraft = true
//! rules = ["F1", "B1"]
//!
//! [[accept]]
//! code = "MANIFEST_FIELD_UNSIGNED"
//! reason = "the members are not relied on"
//! expires = "2026-12-31"                # the last day on which it counts, UTC
//! file = "manifest.json"                # these three are optional
//! pointer = "/signed_at"
//! evidence = "sha256:…"
//! ```
//!
//! An unknown key, a value of another type, a repeated entry and a date that is none are faults with their line; a policy
//! with one fault is no policy.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Exception, Policy};
use crate::bytes::hex;
use crate::claim::ledger::RULES;
use crate::crypto::PublicKey;
use crate::finding::{Severity, catalog};
use crate::ledger::Decimal;
use crate::registry;
use crate::render::explain::distance;
use crate::time::Timestamp;

/// The largest policy that is read.
pub const MAX_BYTES: usize = 1 << 20;
/// Faults that are listed.
const MAX_FAULTS: usize = 20;
/// Exceptions, claims, keys or rules in one list.
const MAX_ITEMS: usize = 1_000;

/// Something that a policy must not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.message)
    }
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// Every fault found, in the order of the lines, at most 20.
    pub fn parse(bytes: &[u8]) -> Result<Self, Vec<Fault>> {
        let one = |line, message: String| vec![Fault { line, message }];
        if bytes.len() > MAX_BYTES {
            return Err(one(1, format!("the policy is larger than {MAX_BYTES} bytes")));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            one(line_of(before, before.len()), "the policy is not UTF-8".to_owned())
        })?;
        let document = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            one(line_of(bytes, at), error.message().to_owned())
        })?;
        let mut reader = Reader { text, faults: Vec::new() };
        let policy = reader.policy(document.get_ref());
        let mut faults = reader.faults;
        if faults.is_empty() {
            return Ok(policy);
        }
        faults.sort_by_key(|fault| fault.line);
        faults.truncate(MAX_FAULTS);
        Err(faults)
    }
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or(bytes);
    before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
}

type Item<'a> = Spanned<DeValue<'a>>;

struct Reader<'t> {
    text: &'t str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn policy(&mut self, root: &DeTable<'_>) -> Policy {
        let mut policy = Policy::default();
        self.known(
            root,
            "the policy",
            &["version", "require", "keys", "checkpoint", "findings", "money", "accept"],
        );
        match root.get("version") {
            Some(version) if integer(version) == Some("1") => {}
            Some(version) => self.fault(version.span().start, "version must be 1"),
            None => self.fault(0, "version = 1 is missing"),
        }
        if let Some(table) = self.table(root, "require", &["claims", "witnesses"]) {
            policy.claims = self.list(table, "claims", |text| {
                registry::claim_name(text).map(str::to_owned).ok_or_else(|| claim_hint(text))
            });
            policy.witnesses = self.read(table, "witnesses", |text| {
                quorum(text).ok_or_else(|| "must be like \"2of3\", K of N witnesses".to_owned())
            });
        }
        if let Some(table) = self.table(root, "keys", &["pinned", "trust_root"]) {
            policy.pinned_keys = self.list(table, "pinned", |text| match PublicKey::from_text(text) {
                Ok(key) => Ok(key.to_text()),
                Err(_) => Err("is no key; it must be ed25519: and the 32 bytes in base64".to_owned()),
            });
            policy.trust_root = self.read(table, "trust_root", digest);
        }
        if let Some(table) = self.table(root, "checkpoint", &["max_age", "allow_stated_time"]) {
            policy.max_checkpoint_age = self.read(table, "max_age", |text| {
                age(text).ok_or_else(|| {
                    "must be a whole number of minutes, hours or days, such as \"90m\", \"36h\" or \"7d\""
                        .to_owned()
                })
            });
            policy.allow_stated_time = self.flag(table, "allow_stated_time");
            if policy.max_checkpoint_age.is_none() && !table.contains_key("max_age") {
                self.fault_at(root, "checkpoint", "max_age is missing");
            }
        }
        if let Some(table) = self.table(root, "findings", &["fail_at"]) {
            policy.fail_at = self.read(table, "fail_at", |text| {
                let known = [Severity::Note, Severity::Warning, Severity::Error];
                known
                    .into_iter()
                    .find(|own| own.as_str() == text)
                    .ok_or_else(|| "must be \"note\", \"warning\" or \"error\"".to_owned())
            });
        }
        if let Some(table) = self.table(root, "money", &["max_spend_usd", "no_overdraft", "rules"]) {
            policy.max_spend = self.read(table, "max_spend_usd", |text| amount(text).ok_or_else(|| "must be an amount of US dollars as text, such as \"250.00\", with at most 6 decimal places".to_owned()));
            policy.no_overdraft = self.flag(table, "no_overdraft");
            policy.money_rules =
                self.list(table, "rules", |text| match RULES.iter().any(|rule| rule.id == text) {
                    true => Ok(text.to_owned()),
                    false => Err("is no money rule; they are F1 to F20 and B1 to B7".to_owned()),
                });
        }
        policy.exceptions = self.exceptions(root);
        policy
    }

    fn exceptions(&mut self, root: &DeTable<'_>) -> Vec<Exception> {
        let Some(item) = root.get("accept") else { return Vec::new() };
        let Some(items) = item.get_ref().as_array() else {
            self.fault(item.span().start, "accept must be written as [[accept]]");
            return Vec::new();
        };
        if items.len() > MAX_ITEMS {
            self.fault(item.span().start, &format!("more than {MAX_ITEMS} exceptions"));
            return Vec::new();
        }
        let mut seen = BTreeSet::new();
        let mut exceptions = Vec::new();
        for item in items.iter() {
            let start = item.span().start;
            let Some(table) = item.get_ref().as_table() else {
                self.fault(start, "accept must be written as [[accept]]");
                continue;
            };
            self.known(table, "[[accept]]", &["code", "reason", "expires", "file", "pointer", "evidence"]);
            for name in ["code", "reason", "expires"] {
                if !table.contains_key(name) {
                    self.fault(start, &format!("[[accept]] has no {name}"));
                }
            }
            let text = |text: &str| match text.trim() {
                "" => Err("must not be empty".to_owned()),
                _ => Ok(text.to_owned()),
            };
            let code = self.read(table, "code", |text| match catalog::find(text) {
                Some(code) => Ok(code.id.to_owned()),
                None => Err(code_hint(text)),
            });
            let reason = self.read(table, "reason", text);
            let expires = self.date(table, "expires");
            let file = self.read(table, "file", text);
            let pointer = self.read(table, "pointer", |text| match text.starts_with('/') {
                true => Ok(text.to_owned()),
                false => Err("must be a JSON pointer, which begins with /".to_owned()),
            });
            let evidence = self.read(table, "evidence", digest);
            let (Some(code), Some(reason), Some(expires)) = (code, reason, expires) else { continue };
            if !seen.insert((code.clone(), file.clone(), pointer.clone(), evidence.clone())) {
                self.fault(start, &format!("{code} is accepted twice for the same place"));
            }
            let line = line_of(self.text.as_bytes(), start);
            exceptions.push(Exception { code, file, pointer, evidence, reason, expires, line });
        }
        exceptions
    }

    /// A table of the policy, with its keys checked.
    fn table<'d>(&mut self, root: &'d DeTable<'_>, name: &str, keys: &[&str]) -> Option<&'d DeTable<'d>> {
        let item = root.get(name)?;
        let table = item.get_ref().as_table();
        match table {
            Some(table) => self.known(table, &format!("[{name}]"), keys),
            None => self.fault_at(root, name, &format!("must be a table, [{name}], and is {}", kind(item))),
        }
        table
    }

    fn known(&mut self, table: &DeTable<'_>, place: &str, keys: &[&str]) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if keys.contains(&name) {
                continue;
            }
            let near = keys.iter().map(|own| (distance(&letters(name), &letters(own)), *own)).min();
            let hint = match near {
                Some((differing, own)) if differing <= own.len() / 2 => format!("did you mean {own}?"),
                _ => format!("it has {}", keys.join(", ")),
            };
            self.fault(key.span().start, &format!("{place} has no key {name:?}; {hint}"));
        }
    }

    fn read<T>(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let item = table.get(name)?;
        let Some(text) = item.get_ref().as_str() else {
            self.fault(
                item.span().start,
                &format!("{name} must be text in quotation marks, and is {}", kind(item)),
            );
            return None;
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.fault(item.span().start, &format!("{name} = {} {why}", shown(text)));
                None
            }
        }
    }

    fn flag(&mut self, table: &DeTable<'_>, name: &str) -> bool {
        let Some(item) = table.get(name) else { return false };
        let value = item.get_ref().as_bool();
        if value.is_none() {
            self.fault(item.span().start, &format!("{name} must be true or false, and is {}", kind(item)));
        }
        value.unwrap_or_default()
    }

    fn list(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        parse: impl Fn(&str) -> Result<String, String>,
    ) -> Vec<String> {
        let Some(item) = table.get(name) else { return Vec::new() };
        let Some(items) = item.get_ref().as_array() else {
            self.fault(item.span().start, &format!("{name} must be a list of texts, and is {}", kind(item)));
            return Vec::new();
        };
        if items.is_empty() || items.len() > MAX_ITEMS {
            self.fault(item.span().start, &format!("{name} must have 1 to {MAX_ITEMS} entries"));
            return Vec::new();
        }
        let mut values: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        for entry in items.iter() {
            let start = entry.span().start;
            let Some(text) = entry.get_ref().as_str() else {
                self.fault(
                    start,
                    &format!("an entry of {name} must be text in quotation marks, and is {}", kind(entry)),
                );
                continue;
            };
            match parse(text) {
                Err(why) => self.fault(start, &format!("{name}: {} {why}", shown(text))),
                Ok(value) if !seen.insert(value.clone()) => {
                    self.fault(start, &format!("{name} has {} twice", shown(text)));
                }
                Ok(value) => values.push(value),
            }
        }
        values
    }

    /// A day, as text or as a date of TOML.
    fn date(&mut self, table: &DeTable<'_>, name: &str) -> Option<String> {
        let item = table.get(name)?;
        let text = match item.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => String::new(),
        };
        let is_day = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
        if is_day && Timestamp::parse(&text).is_some() {
            return Some(text);
        }
        self.fault(item.span().start, &format!("{name} must be a day that exists, such as \"2026-12-31\""));
        None
    }

    fn fault_at(&mut self, table: &DeTable<'_>, name: &str, message: &str) {
        let at = table.iter().find(|(key, _)| key.get_ref() == name).map_or(0, |(key, _)| key.span().start);
        self.fault(at, &format!("{name}: {message}"));
    }

    fn fault(&mut self, at: usize, message: &str) {
        if self.faults.len() < MAX_FAULTS.saturating_mul(10) {
            self.faults.push(Fault { line: line_of(self.text.as_bytes(), at), message: message.to_owned() });
        }
    }
}

fn letters(text: &str) -> Vec<char> {
    text.chars().take(80).collect()
}

/// Text of the policy in a message: short, in quotation marks, with control characters spelled out.
fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    format!("{short:?}")
}

fn kind(item: &Item<'_>) -> &'static str {
    match item.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a decimal point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn integer<'a>(item: &'a Item<'_>) -> Option<&'a str> {
    item.get_ref().as_integer().map(toml::de::DeInteger::as_str)
}

fn claim_hint(text: &str) -> String {
    let wanted = letters(text);
    let names = registry::claims().iter().map(|claim| claim.name).chain(registry::short_names());
    let near = names.map(|name| (distance(&wanted, &letters(name)), name)).min();
    match near {
        Some((differing, name)) if differing <= wanted.len() / 2 => {
            format!("is no registered claim; did you mean {name:?}?")
        }
        _ => "is no registered claim; `keel-verify claim list` shows them".to_owned(),
    }
}

fn code_hint(text: &str) -> String {
    match crate::render::explain::nearest(text).first() {
        Some(code) => format!("is no code; did you mean {:?}?", code.id),
        None => "is no code".to_owned(),
    }
}

/// K of N, 1 ≤ K ≤ N.
fn quorum(text: &str) -> Option<(usize, usize)> {
    let (needed, of) = text.split_once("of")?;
    let (needed, of) = (needed.parse().ok()?, of.parse().ok()?);
    (1..=of).contains(&needed).then_some((needed, of))
}

/// Microseconds; at most 100 years.
fn age(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let minutes: i64 = match unit {
        "m" => 1,
        "h" => 60,
        "d" => 1_440,
        _ => return None,
    };
    let minutes = number.parse::<i64>().ok()?.checked_mul(minutes)?;
    (1..=52_560_000).contains(&minutes).then(|| minutes.saturating_mul(60_000_000))
}

/// Micro-USD; not below zero.
fn amount(text: &str) -> Option<i64> {
    let rounded = Decimal::parse(text).ok().filter(|amount| !amount.is_negative())?.to_micros().ok()?;
    rounded.is_exact.then_some(rounded.micros)
}

fn digest(text: &str) -> Result<String, String> {
    let bytes: Option<[u8; 32]> =
        text.strip_prefix("sha256:").and_then(|digits| hex::decode(digits.as_bytes()));
    match bytes {
        Some(bytes) => Ok(format!("sha256:{}", hex::encode(&bytes))),
        None => Err("must be sha256: and 64 hexadecimal digits".to_owned()),
    }
}
