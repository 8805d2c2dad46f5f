use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Item, Kind, KitError, TrustKit};
use crate::bytes::Blob;
use crate::json::ParserLimits;
use crate::time::Timestamp;
use crate::trust::{KeySource, LogTrust, NamedBlob, TrustPolicy};

/// Trust material that is replaced as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// The trust root.
    TrustRoot,
    /// Key manifests.
    KeyManifests,
    /// Certificates of timestamp authorities. Revocation lists are never replaced: a further one only adds.
    TimestampAuthorities,
    /// Log keys and the witness policy.
    Logs,
    /// Sigstore's trusted root.
    SigstoreRoot,
}

impl Category {
    /// The category of a kind; `None` for what is never replaced.
    #[must_use]
    pub fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::TrustRoot => Some(Self::TrustRoot),
            Kind::KeyManifest => Some(Self::KeyManifests),
            Kind::TsaAnchor | Kind::TsaIntermediate => Some(Self::TimestampAuthorities),
            Kind::TsaCrl => None,
            Kind::LogKey | Kind::WitnessPolicy => Some(Self::Logs),
            Kind::SigstoreTrustedRoot => Some(Self::SigstoreRoot),
        }
    }
}

/// The kit that a policy was made with.
#[derive(Clone, Debug)]
pub struct KitInUse {
    /// The file as given.
    pub name: String,
    /// The bytes, or why they cannot be read.
    pub content: Result<Blob, String>,
    /// The kit, or why it is none; not looked at where the file cannot be read.
    pub kit: Result<Arc<TrustKit>, KitError>,
    /// What other options took the place of.
    pub replaced: BTreeSet<Category>,
}

impl KitInUse {
    /// Whether material of this kind counts.
    #[must_use]
    pub fn uses(&self, kind: Kind) -> bool {
        Category::of(kind).is_none_or(|category| !self.replaced.contains(&category))
    }
}

impl TrustPolicy {
    /// Takes everything from a kit that the kit has, for the date of the policy.
    ///
    /// A file that cannot be used leaves nothing trusted, so that its place is not taken by what is compiled in; the
    /// report says why.
    pub fn adopt_kit(&mut self, file: NamedBlob) {
        let NamedBlob { name, content } = file;
        let kit = match &content {
            Ok(blob) => TrustKit::parse(blob, ParserLimits::from(&self.limits)).map(Arc::new),
            Err(why) => Err(KitError::Form(why.clone())),
        };
        match &kit {
            Ok(kit) => self.take_over(&name, kit),
            Err(error) => {
                let nothing = NamedBlob { name: name.clone(), content: Err(error.to_string()) };
                self.trust_root = Some(nothing.clone());
                self.keys = KeySource::Manifest(nothing.clone());
                self.timestamps.anchors = Some(nothing.clone());
                self.logs.policy = Some(nothing.clone());
                self.sigstore_root = Some(nothing);
            }
        }
        self.kit = Some(KitInUse { name, content, kit, replaced: BTreeSet::new() });
    }

    /// Takes a category of the kit out again, because something else takes its place.
    pub fn set_aside(&mut self, category: Category) {
        let Some(kit) = &mut self.kit else { return };
        kit.replaced.insert(category);
        match category {
            Category::TrustRoot => self.trust_root = None,
            Category::KeyManifests => self.keys = KeySource::TrustRoot,
            Category::TimestampAuthorities => {
                self.timestamps.anchors = None;
                self.timestamps.kit_authorities = false;
            }
            Category::Logs => {
                self.logs = LogTrust { witnesses: self.logs.witnesses, ..LogTrust::default() };
            }
            Category::SigstoreRoot => self.sigstore_root = None,
        }
    }

    fn take_over(&mut self, name: &str, kit: &Arc<TrustKit>) {
        if let Some(file) = keys(name, kit, Kind::TrustRoot, &self.as_of) {
            self.trust_root = Some(file);
        }
        if let Some(file) = keys(name, kit, Kind::KeyManifest, &self.as_of) {
            self.keys = KeySource::Manifest(file);
        }
        let certificates = [Kind::TsaAnchor, Kind::TsaIntermediate];
        self.timestamps.kit = Some(Arc::clone(kit));
        self.timestamps.kit_authorities = kit.items().iter().any(|item| certificates.contains(&item.kind));
        let text = |item: &Item| item.content.as_str().map(|text| text.trim_end().to_owned());
        self.logs.keys = kit.of_kind(Kind::LogKey).filter_map(text).collect();
        self.logs.policy = kit.of_kind(Kind::WitnessPolicy).map(|item| named(name, item)).next();
        self.sigstore_root = kit.of_kind(Kind::SigstoreTrustedRoot).map(|item| named(name, item)).next();
    }
}

/// The key manifest of this kind that counts at a date. A kit that has only later ones gives none, which is said.
fn keys(name: &str, kit: &TrustKit, kind: Kind, at: &Timestamp) -> Option<NamedBlob> {
    let any = kit.of_kind(kind).next()?;
    Some(match kit.newest(kind, at) {
        Some(item) => named(name, item),
        None => {
            let why = format!("every {kind} of the trust kit was made after {at}");
            NamedBlob { name: format!("{name}: {}", any.file), content: Err(why) }
        }
    })
}

fn named(name: &str, item: &Item) -> NamedBlob {
    NamedBlob { name: format!("{name}: {}", item.file), content: Ok(item.content.clone()) }
}
