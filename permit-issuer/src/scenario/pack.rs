//! An export in memory that can be changed at one place and made consistent again everywhere else: the material for
//! single faults. The keys are public fixtures.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use verifier_core::crypto::prefixed;

use crate::chain;
use crate::closure;
use crate::document;
use crate::error::{Error, Result};
use crate::export::File;
use crate::issuer::Issuer;
use crate::keys::{KeySet, Purpose, SeedSource, Signer, signed_manifest};

/// Export, manifest, key manifest and trust root.
pub struct Pack {
    /// `export.json`.
    pub export: Value,
    /// `manifest.json`.
    pub manifest: Value,
    /// `key-manifest.json`.
    pub key_manifest: Value,
    /// `trust-root.json`.
    pub trust_root: Value,
    /// `ledger.json`.
    pub ledger: Value,
    /// The checkpoint that the ledger is anchored in.
    pub checkpoint: Value,
    /// The keys behind them.
    pub keys: KeySet,
    /// Bytes to write in place of `export`.
    pub raw_export: Option<Vec<u8>>,
    at: i64,
}

impl Pack {
    /// The export of the only project of `issuer`, made with fixture keys `label` that are valid from `valid_from` on.
    ///
    /// # Errors
    /// When the state holds nothing to export.
    pub fn of(issuer: &mut Issuer, label: &str, valid_from: i64) -> Result<Self> {
        let at = issuer.now();
        let files: BTreeMap<&str, Vec<u8>> = issuer.export_files(None)?.into_iter().collect();
        let checkpoint = issuer.checkpoint()?;
        let read = |name: &str| {
            let bytes = files.get(name).ok_or_else(|| Error::Damaged(format!("no {name}")))?;
            document::read(bytes)
        };
        let keys = SeedSource::Fixture(label).key_set(valid_from)?;
        let key_manifest = read("key-manifest.json")?;
        Ok(Self {
            export: read("export.json")?,
            manifest: read("manifest.json")?,
            ledger: read("ledger.json")?,
            checkpoint,
            trust_root: key_manifest.clone(),
            key_manifest,
            keys,
            raw_export: files.get("export.json").cloned(),
            at,
        })
    }

    /// The records.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there are none.
    pub fn records(&mut self) -> Result<&mut Vec<Value>> {
        self.raw_export = None;
        list(&mut self.export, "records")
    }

    /// The record whose permit has this idempotency key.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there is none.
    pub fn record(&mut self, key: &str) -> Result<&mut Value> {
        self.records()?
            .iter_mut()
            .find(|record| record.pointer("/permit/idempotency_key") == Some(&json!(key)))
            .ok_or_else(|| Error::Damaged(format!("no record {key}")))
    }

    /// The first entry of this type in the record with this idempotency key.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there is none.
    pub fn entry(&mut self, key: &str, event_type: &str) -> Result<&mut Value> {
        entries(self.record(key)?)?
            .iter_mut()
            .find(|entry| entry.get("event_type") == Some(&json!(event_type)))
            .ok_or_else(|| Error::Damaged(format!("no {event_type} in {key}")))
    }

    /// The payload of [`Self::entry`].
    ///
    /// # Errors
    /// [`Error::Damaged`] when there is none.
    pub fn payload(&mut self, key: &str, event_type: &str) -> Result<&mut Map<String, Value>> {
        self.entry(key, event_type)?
            .get_mut("payload_json")
            .and_then(Value::as_object_mut)
            .ok_or_else(|| Error::Damaged(format!("no payload of {event_type} in {key}")))
    }

    /// Changes one member of a closure and signs it again with `signer`.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there is no such closure.
    pub fn change_closure(&mut self, key: &str, name: &str, value: Value, signer: &dyn Signer) -> Result<()> {
        let payload = self.payload(key, "permit.closed")?;
        payload.insert(name.to_owned(), value);
        let mut signed = Value::Object(std::mem::take(payload));
        closure::sign(&mut signed, signer)?;
        if let Value::Object(members) = signed {
            *self.payload(key, "permit.closed")? = members;
        }
        Ok(())
    }

    /// The decision binding in the first entry of a record.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there is none.
    pub fn decision(&mut self, key: &str) -> Result<&mut Value> {
        self.payload(key, "permit.evaluated")?
            .get_mut("permit_decision")
            .ok_or_else(|| Error::Damaged(format!("no decision in {key}")))
    }

    /// Makes integrity digests, record hashes and links fit the entries as they are, in the order of sequence numbers.
    ///
    /// # Errors
    /// When a payload has no canonical form.
    pub fn rechain(&mut self) -> Result<()> {
        let mut places: Vec<(i64, usize, usize)> = Vec::new();
        for (record, value) in self.records()?.iter_mut().enumerate() {
            for (entry, value) in entries(value)?.iter().enumerate() {
                let sequence = value.get("sequence_number").and_then(Value::as_i64).unwrap_or(0);
                places.push((sequence, record, entry));
            }
        }
        places.sort_unstable();
        let mut links = Links::default();
        for (_, record, position) in places {
            let Some(value) = self.records()?.get_mut(record) else { continue };
            let Some(entry) = entries(value)?.get_mut(position) else { continue };
            links.add(entry)?;
        }
        Ok(())
    }

    /// All entries in the order of their chain.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there are no records.
    pub fn chain(&self) -> Result<Vec<Value>> {
        let mut records = self.export.clone();
        let mut found = Vec::new();
        for record in list(&mut records, "records")? {
            found.append(entries(record)?);
        }
        found.sort_by_key(|entry| entry.get("sequence_number").and_then(Value::as_i64));
        Ok(found)
    }

    /// Signs the export as it is.
    ///
    /// # Errors
    /// When the export has no canonical form.
    pub fn sign(&mut self) -> Result<()> {
        let bytes = self.export_bytes()?;
        let content_hash = prefixed(&verifier_core::crypto::sha256(&bytes));
        let signature = self.keys.signer(Purpose::ExportSigning)?.sign_text(&content_hash);
        set(&mut self.manifest, "content_hash", json!(content_hash));
        set(&mut self.manifest, "signature", json!(signature));
        Ok(())
    }

    /// Signs the key manifest over `keys` as it is and makes the trust root the same document.
    ///
    /// # Errors
    /// When the keys have no canonical form.
    pub fn sign_keys(&mut self) -> Result<()> {
        let keys = self.key_manifest.get("keys").cloned().unwrap_or_default();
        let entries: Vec<crate::keys::KeyEntry> =
            serde_json::from_value(keys.clone()).map_err(|error| Error::Damaged(error.to_string()))?;
        let signer = self.keys.signer(Purpose::ExportSigning)?;
        self.key_manifest = signed_manifest(&entries, signer, self.at)?;
        self.trust_root = self.key_manifest.clone();
        Ok(())
    }

    /// The entry of the key manifest for a purpose.
    ///
    /// # Errors
    /// [`Error::Damaged`] when there is none.
    pub fn key_entry(&mut self, purpose: Purpose) -> Result<&mut Value> {
        self.key_manifest
            .get_mut("keys")
            .and_then(Value::as_array_mut)
            .and_then(|keys| keys.iter_mut().find(|key| key.get("purpose") == Some(&json!(purpose.name()))))
            .ok_or_else(|| Error::Damaged(format!("no key for {}", purpose.name())))
    }

    /// The files as they are.
    ///
    /// # Errors
    /// When a document has no canonical form.
    pub fn files(&self) -> Result<Vec<File>> {
        Ok(vec![
            ("export.json", self.export_bytes()?),
            ("key-manifest.json", document::pretty(&self.key_manifest)?),
            ("manifest.json", document::pretty(&self.manifest)?),
            ("trust-root.json", document::pretty(&self.trust_root)?),
        ])
    }

    fn export_bytes(&self) -> Result<Vec<u8>> {
        self.raw_export.clone().map_or_else(|| document::line(&self.export), Ok)
    }
}

/// The entries of a record.
pub(super) fn entries(record: &mut Value) -> Result<&mut Vec<Value>> {
    list(record, "chain_entries")
}

fn list<'v>(object: &'v mut Value, name: &str) -> Result<&'v mut Vec<Value>> {
    object
        .get_mut(name)
        .and_then(Value::as_array_mut)
        .ok_or_else(|| Error::Damaged(format!("there is no list {name}")))
}

/// Sets a member of an object.
pub(super) fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// Makes one event after the other fit those before it.
#[derive(Default)]
pub(crate) struct Links {
    previous: Option<String>,
    seen: BTreeMap<String, Value>,
}

impl Links {
    /// Recomputes the digest that the event holds, if it holds one, its link and its record hash.
    pub(crate) fn add(&mut self, event: &mut Value) -> Result<()> {
        if event.get("event_type") == Some(&json!("audit.integrity_digest")) {
            self.redigest(event)?;
        }
        set(event, "prev_hash", json!(self.previous.as_deref().unwrap_or(chain::GENESIS)));
        let hash = chain::record_hash(event);
        set(event, "record_hash", json!(hash));
        self.previous = Some(hash);
        let id = event.get("event_id").and_then(Value::as_str).unwrap_or_default();
        self.seen.insert(id.to_owned(), event.clone());
        Ok(())
    }

    fn redigest(&self, event: &mut Value) -> Result<()> {
        let name = if event.get("payload").is_some() { "payload" } else { "payload_json" };
        let covered: Vec<&Value> = event
            .get(name)
            .and_then(|payload| payload.get("covered_events"))
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|item| item.get("event_id").and_then(Value::as_str))
            .filter_map(|id| self.seen.get(id))
            .collect();
        let (covered, batch_hash) = chain::integrity_digest(&covered)?;
        set(event, "resource_id", json!(batch_hash.get(..32)));
        let payload = json!({
            "covered_event_count": covered.len(),
            "covered_events": covered,
            "batch_hash": batch_hash,
        });
        set(event, name, payload);
        Ok(())
    }
}
