//! The trust kit: all trust material of an auditor in one file, for a machine without a network.
//!
//! ```text
//! { "format": "keel-verify.trust-kit/v1",
//!   "items": [ { "kind":     what the content is used as (the table below)
//!                "file":     name of the file that it came from, for people
//!                "sha256":   "sha256:" + hex SHA-256 of the content
//!                "made":     key manifests: when the content says that it was made
//!                "validity": [ { "name", "from", "until", "revoked" } … ], derived from the content
//!                "content":  base64 of the content } … ] }
//! ```
//!
//! | kind | content | windows, one for each |
//! | --- | --- | --- |
//! | `trust_root`, `key_manifest` | the file | key: validity, revocation or compromise |
//! | `tsa_anchor`, `tsa_intermediate` | DER of one certificate | the certificate: notBefore to notAfter |
//! | `tsa_crl` | DER of one revocation list | the list: thisUpdate until before nextUpdate |
//! | `log_key` | one note key | none |
//! | `witness_policy` | the file | none |
//! | `sigstore_trusted_root` | the file | log and authority: validFor |
//!
//! There is one kit for given material: members in this order, items by kind and digest, two blanks of indentation, one
//! newline at the end. A text that is not the one its own contents give is refused, so that a repeated member, an
//! unknown one, or a window that the content does not have cannot be read past.
//!
//! A kit is chosen by the auditor and carries no signature; two auditors compare its SHA-256. It does not prove that its
//! material is genuine, nor that nothing was revoked since it was packed.
//!
//! Limits: 256 items, 128 of them certificates and revocation lists.

mod adopt;
mod item;
mod standing;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

pub use adopt::{Category, KitInUse};
pub use item::{Item, Kind, Limit, NotMaterial, Part};
pub use standing::{Standing, State};

use crate::bytes::{Blob, base64};
use crate::crypto::prefixed;
use crate::json::{Document, ParserLimits, Value};
use crate::timestamp::{TrustScope, TrustSet};

/// The format that is read and written.
pub const FORMAT: &str = "keel-verify.trust-kit/v1";

/// Whether a file says that it is a trust kit, of this version or another, so that it is not taken for something else.
#[must_use]
pub fn is_named(file: &Blob, limits: ParserLimits) -> bool {
    let document = Document::parse(file.clone(), limits).ok();
    let format = document.as_ref().and_then(|document| document.root().member_text("format"));
    format.is_some_and(|format| format.starts_with("keel-verify.trust-kit/"))
}

const ITEMS: usize = 256;
const CERTIFICATES: usize = 128;

/// Why something is no trust kit, or cannot become part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KitError {
    /// The text is not JSON, or a member is missing or of another type.
    Form(String),
    /// Another format, or a version that this release does not know.
    Format(String),
    /// The named item: its kind is not known.
    Kind(usize, String),
    /// The named item: the content is not canonical base64.
    Base64(usize),
    /// The named item: the content has another digest than stated.
    Digest(usize, String),
    /// The named item, or file: what is wrong with its content.
    Content(String, String),
    /// More items than are read.
    TooMany,
    /// Items that do not go together.
    Together(String),
    /// The text is not the one that its contents give; the first byte that differs.
    NotCanonical(usize),
}

impl fmt::Display for KitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(what) => formatter.write_str(what),
            Self::Format(found) => write!(formatter, "the format is {found:?} and not {FORMAT:?}"),
            Self::Kind(item, kind) => write!(formatter, "item {item}: unknown kind {kind:?}"),
            Self::Base64(item) => write!(formatter, "item {item}: the content is not canonical base64"),
            Self::Digest(item, computed) => {
                write!(formatter, "item {item}: the content has the digest {computed} and not the stated one")
            }
            Self::Content(name, what) => write!(formatter, "{name}: {what}"),
            Self::TooMany => {
                write!(formatter, "more than {ITEMS} items, or {CERTIFICATES} certificates and lists")
            }
            Self::Together(what) => formatter.write_str(what),
            Self::NotCanonical(at) => {
                write!(formatter, "the text is not the one that its contents give, from byte {at} on")
            }
        }
    }
}

impl std::error::Error for KitError {}

/// Trust material that goes together.
#[derive(Clone, Debug)]
pub struct TrustKit {
    items: Vec<Item>,
    /// Anchors, intermediate certificates and revocation lists; `None` where there are none.
    authorities: Option<Arc<TrustSet>>,
}

impl TrustKit {
    /// Puts items together. The order does not matter; of equal contents of one kind one is kept.
    ///
    /// # Errors
    /// [`KitError`] when there is nothing, too much, a second trusted root or witness policy, key manifests that cannot
    /// be told apart by date, or a revocation list that its issuer in the kit did not sign.
    pub fn of(mut items: Vec<Item>) -> Result<Self, KitError> {
        items.sort_by(|one, other| one.order().cmp(&other.order()));
        items.dedup_by(|next, kept| (next.kind, &next.sha256) == (kept.kind, &kept.sha256));
        let count = |wanted: &[Kind]| items.iter().filter(|item| wanted.contains(&item.kind)).count();
        if items.is_empty() {
            return Err(KitError::Together("there is no trust material".to_owned()));
        }
        let pki = [Kind::TsaAnchor, Kind::TsaIntermediate, Kind::TsaCrl];
        if items.len() > ITEMS || count(&pki) > CERTIFICATES {
            return Err(KitError::TooMany);
        }
        for kind in [Kind::WitnessPolicy, Kind::SigstoreTrustedRoot] {
            if count(&[kind]) > 1 {
                return Err(KitError::Together(format!("there is more than one {kind}")));
            }
        }
        for kind in [Kind::TrustRoot, Kind::KeyManifest] {
            let mut dates: Vec<_> =
                items.iter().filter(|item| item.kind == kind).map(|item| item.made.as_ref()).collect();
            dates.sort();
            let told_apart = dates.windows(2).all(|pair| match pair {
                [one, other] => one.is_some() && one != other,
                _ => true,
            });
            if !told_apart {
                let what =
                    format!("it cannot be told which {kind} is the newest: two state no date, or the same");
                return Err(KitError::Together(what));
            }
        }
        let authorities = authorities(&items)?;
        Ok(Self { items, authorities })
    }

    /// Reads a kit.
    ///
    /// # Errors
    /// [`KitError`] for everything that [`TrustKit::write`] does not write.
    pub fn parse(blob: &Blob, limits: ParserLimits) -> Result<Self, KitError> {
        let form = |what: &str| KitError::Form(what.to_owned());
        let document = Document::parse(blob.clone(), limits)
            .map_err(|error| KitError::Form(format!("not JSON: {error}")))?;
        let root = document.root().as_object().ok_or_else(|| form("no JSON object"))?;
        let format = root.member_text("format").ok_or_else(|| form("no text format"))?;
        if *format != *FORMAT {
            return Err(KitError::Format(format.chars().take(64).collect()));
        }
        let list = root.member("items").and_then(Value::as_array).ok_or_else(|| form("no list of items"))?;
        if list.len() > ITEMS {
            return Err(KitError::TooMany);
        }
        let items = list
            .items()
            .zip(1..)
            .map(|(value, number)| read_item(value, number, limits))
            .collect::<Result<Vec<_>, _>>()?;
        let kit = Self::of(items)?;
        let own = kit.write();
        let given = blob.as_slice();
        if own.as_bytes() != given {
            let same = own.bytes().zip(given).take_while(|(one, other)| one == *other).count();
            return Err(KitError::NotCanonical(same));
        }
        Ok(kit)
    }

    /// The text of the kit.
    #[must_use]
    pub fn write(&self) -> String {
        let items = self.items.iter().map(|item| WrittenItem {
            kind: item.kind.as_str(),
            file: &item.file,
            sha256: prefixed(&item.sha256),
            made: item.made.as_ref().map(crate::time::Timestamp::to_rfc3339),
            validity: item.parts.iter().map(Part::written).collect(),
            content: base64::encode(item.content.as_slice()),
        });
        let kit = WrittenKit { format: FORMAT, items: items.collect() };
        // Texts, lists and structures have a JSON form; an empty text would be refused by every reader.
        serde_json::to_string_pretty(&kit).map(|text| text + "\n").unwrap_or_default()
    }

    /// The items, by kind and digest.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Anchors, intermediate certificates and revocation lists of timestamp authorities, checked against each other.
    #[must_use]
    pub fn authorities(&self) -> Option<&TrustSet> {
        self.authorities.as_deref()
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.kind == kind)
    }
}

fn read_item(value: Value<'_>, number: usize, limits: ParserLimits) -> Result<Item, KitError> {
    let text = |name: &str| {
        let text = value.member_text(name).map(std::borrow::Cow::into_owned);
        text.ok_or_else(|| KitError::Form(format!("item {number}: no text {name}")))
    };
    let kind = text("kind")?;
    let kind = Kind::parse(&kind).ok_or_else(|| KitError::Kind(number, kind.chars().take(64).collect()))?;
    let (file, stated) = (text("file")?, text("sha256")?);
    let content = base64::decode(&text("content")?).ok_or(KitError::Base64(number))?;
    let content = Blob::new(content);
    let computed = prefixed(&content.sha256());
    if computed != stated {
        return Err(KitError::Digest(number, computed));
    }
    Item::read(kind, &file, content, limits)
        .map_err(|what| KitError::Content(format!("item {number} ({kind})"), what))
}

fn authorities(items: &[Item]) -> Result<Option<Arc<TrustSet>>, KitError> {
    let certificates = |kind| {
        let own = items.iter().filter(move |item| item.kind == kind);
        own.filter_map(|item| item.certificate.clone()).collect::<Vec<_>>()
    };
    let lists: Vec<_> = items.iter().filter_map(|item| item.list.clone()).collect();
    let (anchors, intermediates) = (certificates(Kind::TsaAnchor), certificates(Kind::TsaIntermediate));
    if anchors.is_empty() && intermediates.is_empty() && lists.is_empty() {
        return Ok(None);
    }
    TrustSet::of(anchors, intermediates, lists, TrustScope::Kit)
        .map(|set| Some(Arc::new(set)))
        .map_err(|error| KitError::Together(error.to_string()))
}

#[derive(Serialize)]
struct WrittenKit<'a> {
    format: &'static str,
    items: Vec<WrittenItem<'a>>,
}

#[derive(Serialize)]
struct WrittenItem<'a> {
    kind: &'static str,
    file: &'a str,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<String>,
    validity: Vec<item::WrittenPart<'a>>,
    content: String,
}

#[cfg(test)]
mod tests;
