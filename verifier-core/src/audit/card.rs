//! Checkpoint cards: a few lines of text that two auditors exchange to find out whether they were shown one history.
//!
//! ```text
//! keel card v1
//! key sha256:b383fa37d76c08c0624eb55d9ce1c95e
//! chain project:1a7c3b22-6e4b-4d2f-9c53-ab463a7a1a72
//! records 1 384
//! period 2026-08-03T08:27:22.101729Z 2026-08-07T16:45:50.710904Z
//! head 2d9fd3375a457963d4c3eb6dfbf3dce5453ba25e46594296dbd0b667df79b7ed
//! checksum 8f0c…
//! ```
//!
//! `key` names the fingerprint of each key that signed the evidence (SHA-256 of the raw key, first 32 digits), in
//! ascending order. Then each chain in ascending order of its name: its first and last number, the stated times of
//! those records, and the record hash of the last one. Where only a checkpoint is known, the first number and the period
//! are `-`. Bytes of a name outside `A-Z a-z 0-9 _ . : / -` are written `%XX`. `checksum` is the SHA-256 of all lines
//! before it, line ends included. Lines end with `\n`; nothing else is allowed. Because the hash of a record covers all
//! records before it, equal heads mean equal histories.
//! What record hashes do not cover (payloads, permit objects, usage) a card says nothing about.
//!
//! A card is not signed. It detects that two people were shown different histories; which is true it does not say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use super::record::{SetRecord, Standing};
use super::union::{Piece, Union};
use crate::bytes::hex;
use crate::crypto::{PublicKey, sha256};
use crate::finding::Finding;
use crate::finding::catalog::audit as code;
use crate::report::{ChainHead, Outcome};
use crate::time::Timestamp;

const TITLE: &str = "keel card v1\n";
/// Largest card that is read.
pub const MAX_BYTES: u64 = 1 << 20;

/// One chain of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardChain {
    /// First number and the stated times of first and last record, where records are known.
    pub held: Option<Held>,
    /// Last number.
    pub last: i64,
    /// Record hash of the last record.
    pub head: [u8; 32],
}

/// Records behind a chain of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// First number.
    pub first: i64,
    /// Stated time of the first record.
    pub from: Timestamp,
    /// Stated time of the last record.
    pub to: Timestamp,
}

/// A card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Fingerprints of the keys that signed.
    pub keys: BTreeSet<String>,
    /// The chains by name.
    pub chains: BTreeMap<String, CardChain>,
}

/// Why a text is no card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for CardError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for CardError {}

/// How a chain of a card compares with the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same last record.
    Same,
    /// The evidence holds the card's last record and goes on.
    EvidenceExtends,
    /// The evidence holds another record under the number.
    SplitView,
    /// The evidence ends before the card.
    CardReachesFurther,
    /// The evidence does not hold the number for another reason.
    NotHeld,
}

impl Relation {
    /// The name in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::EvidenceExtends => "evidence_extends_card",
            Self::SplitView => "split_view",
            Self::CardReachesFurther => "card_reaches_further",
            Self::NotHeld => "not_held",
        }
    }
}

/// A card against evidence.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Each chain of the card.
    pub chains: Vec<(String, Relation)>,
    /// Chains of the evidence that are not on the card.
    pub not_on_card: Vec<String>,
    /// What it comes to.
    pub outcome: Outcome,
    /// Why.
    pub findings: Vec<Finding>,
}

impl Card {
    /// The card of sets that verified.
    ///
    /// # Errors
    /// Why there is none: a set did not verify, archives contradict each other, or there is no chain.
    pub fn of(sets: &[SetRecord]) -> Result<Self, String> {
        if let Some(set) = sets.iter().find(|set| set.outcome != Outcome::Verified) {
            return Err(format!("{} did not verify, so no card is made of it", set.label));
        }
        let mut card = Self { keys: keys(sets), ..Self::default() };
        for scope in scopes(sets) {
            if let Some(chain) = chain_of(&scope, sets)? {
                card.chains.insert(scope, chain);
            }
        }
        if card.chains.is_empty() {
            return Err("the evidence holds no chain entries and no checkpoint".to_owned());
        }
        Ok(card)
    }

    /// Reads a card. Only the exact text that [`Card`] writes is accepted.
    ///
    /// # Errors
    /// [`CardError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        let mut reader = Reader { rest: text, line: 0 };
        let fail = |line: usize, why| CardError { line, why };
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_BYTES {
            return Err(fail(1, "the card is too large"));
        }
        if !reader.title() {
            return Err(fail(1, "the first line is not that of a card"));
        }
        let mut card = Self::default();
        let mut last_key: Option<&str> = None;
        while let Some(key) = reader.word("key ") {
            let digits = key.strip_prefix("sha256:").unwrap_or("");
            if !hex::is_lower_hex(digits, 32) || last_key.is_some_and(|last| last >= key) {
                return Err(fail(reader.line, "keys are fingerprints in ascending order"));
            }
            last_key = Some(key);
            card.keys.insert(key.to_owned());
        }
        let mut last_name: Option<String> = None;
        while let Some(name) = reader.word("chain ") {
            let name = unescape(name)
                .filter(|own| !own.is_empty() && last_name.as_ref().is_none_or(|last| last < own));
            let Some(name) = name else {
                return Err(fail(reader.line, "chains stand in ascending order of their names"));
            };
            let chain = reader.chain()?;
            card.chains.insert(name.clone(), chain);
            last_name = Some(name);
        }
        let body = text.len().saturating_sub(reader.rest.len());
        let body = text.get(..body).unwrap_or_default();
        let Some(stated) = reader.word("checksum ") else {
            return Err(fail(reader.line + 1, "neither a chain nor the checksum"));
        };
        if stated != hex::encode(&sha256(body.as_bytes())) {
            return Err(fail(reader.line, "the checksum is another one"));
        }
        if !reader.rest.is_empty() {
            return Err(fail(reader.line + 1, "text after the checksum"));
        }
        if card.chains.is_empty() {
            return Err(fail(reader.line, "the card names no chain"));
        }
        Ok(card)
    }

    /// Compares with evidence.
    #[must_use]
    pub fn compare(&self, sets: &[SetRecord]) -> Comparison {
        let mut findings = Vec::new();
        let mut outcome = Outcome::Verified;
        for set in sets.iter().filter(|set| set.outcome != Outcome::Verified) {
            outcome = outcome.worst(set.outcome);
            let reason = set
                .failures
                .first()
                .map_or_else(String::new, |failure| format!(": {}: {}", failure.code.id, failure.message));
            let message = format!("{} did not verify{reason}", set.label);
            findings.push(Finding::lacks(&code::AUDIT_SET_NOT_VERIFIED, message));
        }
        let mut chains = Vec::new();
        for (scope, chain) in &self.chains {
            let (relation, finding) = compare(scope, chain, sets);
            outcome = outcome.worst(match relation {
                Relation::Same | Relation::EvidenceExtends => Outcome::Verified,
                Relation::SplitView => Outcome::Disproved,
                Relation::CardReachesFurther | Relation::NotHeld => Outcome::NotEstablished,
            });
            findings.push(finding);
            chains.push((scope.clone(), relation));
        }
        let not_on_card: Vec<String> =
            scopes(sets).into_iter().filter(|scope| !self.chains.contains_key(scope)).collect();
        for scope in &not_on_card {
            outcome = outcome.worst(Outcome::NotEstablished);
            let message = format!("{scope}: the evidence holds this chain, and the card does not name it");
            findings.push(Finding::lacks(&code::CARD_CHAIN_NOT_NAMED, message));
        }
        if keys(sets) != self.keys {
            let message = "the evidence is signed by other keys than the card names";
            findings.push(Finding::notes(&code::CARD_KEYS_DIFFER, message));
        }
        Comparison { chains, not_on_card, outcome, findings }
    }
}

/// The text of the card.
impl fmt::Display for Card {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = TITLE.to_owned();
        for key in &self.keys {
            writeln!(text, "key {key}")?;
        }
        for (scope, chain) in &self.chains {
            writeln!(text, "chain {}", escape(scope))?;
            match &chain.held {
                Some(Held { first, from, to }) => {
                    writeln!(text, "records {first} {}", chain.last)?;
                    writeln!(text, "period {} {}", from.to_rfc3339(), to.to_rfc3339())?;
                }
                None => writeln!(text, "records - {}\nperiod - -", chain.last)?,
            }
            writeln!(text, "head {}", hex::encode(&chain.head))?;
        }
        writeln!(formatter, "{text}checksum {}", hex::encode(&sha256(text.as_bytes())))
    }
}

/// Fingerprints of the keys that signed.
fn keys(sets: &[SetRecord]) -> BTreeSet<String> {
    let signatures = sets.iter().flat_map(|set| &set.signatures);
    let keys = signatures.filter_map(|signature| PublicKey::from_text(&signature.public_key).ok());
    keys.map(|key| key.fingerprint()).collect()
}

fn scopes(sets: &[SetRecord]) -> BTreeSet<String> {
    let chains = sets.iter().flat_map(|set| &set.chains).map(|chain| chain.scope.clone());
    let heads = sets.iter().flat_map(|set| &set.heads).map(|head| head.scope.clone());
    chains.chain(heads).collect()
}

fn union_of(scope: &str, sets: &[SetRecord]) -> Union {
    let pieces = sets.iter().enumerate().filter(|(_, set)| set.standing == Standing::Verified).flat_map(
        |(at, set)| {
            let own = set.chains.iter().filter(|chain| chain.scope == scope);
            own.flat_map(move |chain| {
                chain.stretches.iter().map(move |stretch| Piece { set: at, standing: set.standing, stretch })
            })
        },
    );
    Union::of(pieces.collect())
}

/// What is known of one chain: its records, and the heads that checkpoints name.
struct Known<'a> {
    union: Union,
    heads: Vec<&'a ChainHead>,
}

impl<'a> Known<'a> {
    fn of(scope: &str, sets: &'a [SetRecord]) -> Self {
        let heads = sets.iter().flat_map(|set| &set.heads);
        Self { union: union_of(scope, sets), heads: heads.filter(|head| head.scope == scope).collect() }
    }

    /// Every hash that is stated for a number: by the record, by the one behind it, and by each head.
    fn hashes(&self, number: i64) -> impl Iterator<Item = [u8; 32]> {
        let own = self.union.get(number).map(|slot| slot.kept.hash);
        let before = self
            .union
            .start()
            .and_then(|(first, prev)| prev.filter(|_| number.checked_add(1) == Some(first)));
        let heads = self.heads.iter().filter(move |head| head.sequence == number).map(|head| head.hash);
        own.into_iter().chain(before).chain(heads)
    }

    /// Why the evidence holds two histories, if it does.
    fn contradiction(&self) -> Option<String> {
        let conflict = self.union.overlaps.iter().any(|overlap| overlap.conflict.is_some());
        if conflict || !self.union.broken.is_empty() || !self.union.skips.is_empty() {
            return Some("the archives contradict each other".to_owned());
        }
        let two = |head: &&&ChainHead| self.hashes(head.sequence).any(|hash| hash != head.hash);
        let head = self.heads.iter().find(two)?;
        Some(format!("two records {} are stated, one of them by a checkpoint", head.sequence))
    }

    /// The highest number that anything states.
    fn end(&self) -> Option<i64> {
        self.union.end().into_iter().chain(self.heads.iter().map(|head| head.sequence)).max()
    }
}

fn chain_of(scope: &str, sets: &[SetRecord]) -> Result<Option<CardChain>, String> {
    let known = Known::of(scope, sets);
    if let Some(why) = known.contradiction() {
        return Err(format!("{scope} has two histories: {why}; keel-verify audit says where"));
    }
    let held = known.union.segments.last().and_then(|segment| {
        let last = segment.slots.last()?;
        let held = Held {
            first: segment.first,
            from: Timestamp::from_unix_micros(segment.slots.first()?.kept.time)?,
            to: Timestamp::from_unix_micros(last.kept.time)?,
        };
        Some(CardChain { held: Some(held), last: segment.last(), head: last.kept.hash })
    });
    // A checkpoint beyond the records is what a card must not hide.
    let top = known.heads.iter().filter(|head| head.sequence >= 1).max_by_key(|head| head.sequence);
    let beyond = top.filter(|top| held.as_ref().is_none_or(|held| held.last < top.sequence));
    Ok(match beyond {
        Some(top) => Some(CardChain { held: None, last: top.sequence, head: top.hash }),
        None => held,
    })
}

fn compare(scope: &str, chain: &CardChain, sets: &[SetRecord]) -> (Relation, Finding) {
    let known = Known::of(scope, sets);
    let number = chain.last;
    let lacks = |message: String| (Relation::NotHeld, Finding::lacks(&code::CARD_NOT_COMPARABLE, message));
    if let Some(other) = known.hashes(number).find(|hash| *hash != chain.head) {
        let message = format!("{scope}: the card and the evidence state different records {number}");
        let finding = Finding::disproves(&code::CARD_SPLIT_VIEW, message)
            .fact("on the card", hex::encode(&chain.head))
            .fact("in the evidence", hex::encode(&other));
        return (Relation::SplitView, finding);
    }
    if let Some(why) = known.contradiction() {
        return lacks(format!("{scope}: {why}; keel-verify audit says where"));
    }
    let end = known.end();
    let is_held = known.hashes(number).next().is_some();
    if is_held && let Some(what) = chain.held.as_ref().and_then(|held| misstated(held, number, &known.union))
    {
        let message = format!("{scope}: the card states another {what} than the records have");
        let finding = Finding::disproves(&code::CARD_CONTRADICTS_ITSELF, message);
        return (Relation::SplitView, finding);
    }
    match end {
        Some(end) if is_held && end == number => {
            let message = format!("{scope}: both end with the same record {number}");
            (Relation::Same, Finding::notes(&code::CARD_SAME, message))
        }
        Some(end) if is_held => {
            let message =
                format!("{scope}: record {number} is the same; the evidence goes on to record {end}");
            (Relation::EvidenceExtends, Finding::notes(&code::CARD_CONSISTENT, message))
        }
        Some(end) if end < number => {
            let message = format!(
                "{scope}: the card names record {number}, and the evidence ends with record {end}; give a card of this evidence to whoever made the other one"
            );
            (Relation::CardReachesFurther, Finding::lacks(&code::CARD_NOT_COMPARABLE, message))
        }
        _ => lacks(format!("{scope}: the evidence does not hold record {number}")),
    }
}

/// What the card says of records that have the same hash here and say something else. The hash covers their times.
fn misstated(held: &Held, last: i64, union: &Union) -> Option<&'static str> {
    let differs = |number: i64, stated: &Timestamp| {
        let own = union.get(number).and_then(|slot| Timestamp::from_unix_micros(slot.kept.time));
        own.is_some_and(|own| own.to_rfc3339() != stated.to_rfc3339())
    };
    if differs(last, &held.to) {
        return Some("end of the period");
    }
    differs(held.first, &held.from).then_some("beginning of the period")
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Reader<'t> {
    fn title(&mut self) -> bool {
        match self.rest.strip_prefix(TITLE) {
            Some(rest) => {
                self.rest = rest;
                self.line = 1;
                true
            }
            None => false,
        }
    }

    /// The rest of a line that begins with `name`.
    fn word(&mut self, name: &str) -> Option<&'t str> {
        let (word, rest) = self.rest.strip_prefix(name)?.split_once('\n')?;
        self.rest = rest;
        self.line += 1;
        Some(word)
    }

    fn chain(&mut self) -> Result<CardChain, CardError> {
        let line = self.line;
        let fail = |more: usize, why| CardError { line: line + more, why };
        let records = self.word("records ").and_then(|text| text.split_once(' '));
        let (first, last) = records.ok_or(fail(1, "not the first and last number of the chain"))?;
        let last = number(last).ok_or(fail(1, "the last number is no sequence number"))?;
        let period = self.word("period ").and_then(|text| text.split_once(' '));
        let period = period.ok_or(fail(2, "not the period of the chain"))?;
        let held = match (first, period) {
            ("-", ("-", "-")) => None,
            (first, (from, to)) => {
                let first = number(first).filter(|first| *first <= last);
                let first = first.ok_or(fail(1, "the first number is no sequence number up to the last"))?;
                let time = |text| time(text).ok_or(fail(2, "a time is not RFC 3339 in UTC"));
                Some(Held { first, from: time(from)?, to: time(to)? })
            }
        };
        let head = self.word("head ").filter(|text| hex::is_lower_hex(text, 64));
        let head = head.and_then(|text| hex::decode(text.as_bytes())).ok_or(fail(3, "not a record hash"))?;
        Ok(CardChain { held, last, head })
    }
}

/// A sequence number in its only spelling.
fn number(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number >= 1 && number.to_string() == text).then_some(number)
}

/// A time in its only spelling.
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).filter(|time| time.to_rfc3339() == text)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.:/-".contains(&byte)
}

fn escape(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            write!(text, "%{byte:02X}").ok();
        }
    }
    text
}

/// The name, if the text is its only spelling.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after.get(2..)?;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().filter(|name| escape(name) == text)
}
