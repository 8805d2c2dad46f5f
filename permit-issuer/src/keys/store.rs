//! Key files in a state directory.
//!
//! ```text
//! keys/<purpose>.<key id>.seed   64 hexadecimal digits, mode 0600, created and never overwritten
//! key-manifest.json              all keys, past ones included; signed
//! trust-root.json                the same document, for whoever has to trust it: hand it over by a safe way
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use verifier_core::crypto::sha256;

use super::manifest::retire;
use super::{KeyEntry, KeySet, Purpose, Seed, Signer, signed_manifest};
use crate::document;
use crate::error::{Error, Result};

/// Where new seeds come from.
#[derive(Clone, Copy, Debug)]
pub enum SeedSource<'a> {
    /// Random numbers.
    Random,
    /// Public fixtures; never for real evidence.
    Fixture(&'a str),
}

impl SeedSource<'_> {
    /// A seed for `purpose`.
    ///
    /// # Errors
    /// [`Error::Refused`] when there are no random numbers.
    pub fn seed(self, purpose: Purpose) -> Result<Seed> {
        match self {
            Self::Random => Seed::random(),
            Self::Fixture(label) => Seed::public_fixture(&format!("{label} {}", purpose.name())),
        }
    }

    /// A complete set of fresh keys that exists in memory only.
    ///
    /// # Errors
    /// [`Error::Refused`] when there are no random numbers.
    pub fn key_set(self, valid_from: i64) -> Result<KeySet> {
        let mut signers: Vec<(Purpose, Box<dyn Signer>)> = Vec::new();
        let mut entries = Vec::new();
        for purpose in Purpose::ALL {
            let seed = self.seed(purpose)?;
            entries.push(KeyEntry::active(purpose, &seed.public_key(), valid_from));
            signers.push((purpose, Box::new(seed)));
        }
        Ok(KeySet::new(signers, entries))
    }
}

/// The key files of one state directory.
#[derive(Debug)]
pub struct KeyStore {
    directory: PathBuf,
}

impl KeyStore {
    /// The key files under `state`.
    #[must_use]
    pub fn new(state: &Path) -> Self {
        Self { directory: state.to_owned() }
    }

    /// Makes one key for each purpose.
    ///
    /// # Errors
    /// When a key exists already or a file cannot be written.
    pub fn init(&self, source: SeedSource<'_>, now: i64) -> Result<()> {
        let keys = self.directory.join("keys");
        fs::create_dir_all(&keys).map_err(|error| Error::file(&keys, error))?;
        #[cfg(unix)]
        fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .map_err(|error| Error::file(&keys, error))?;
        let mut entries = Vec::new();
        for purpose in Purpose::ALL {
            entries.push(self.create(source, purpose, now)?);
        }
        self.write_manifest(&entries, now)
    }

    /// Retires the active key of `purpose` after `now` and makes a new one that signs from the next microsecond on.
    ///
    /// # Errors
    /// When there is no active key or a file cannot be written.
    pub fn rotate(&self, source: SeedSource<'_>, purpose: Purpose, now: i64) -> Result<String> {
        let mut entries = self.entries()?;
        let from = retire(&mut entries, purpose, now)
            .ok_or_else(|| Error::Damaged(format!("no active key for {}", purpose.name())))?;
        let fresh = self.create(source, purpose, from)?;
        let id = fresh.key_id.clone();
        entries.push(fresh);
        self.write_manifest(&entries, from)?;
        Ok(id)
    }

    /// Loads the active key of each purpose.
    ///
    /// # Errors
    /// When a file is missing, damaged, readable by others, or does not hold the key that the manifest names.
    pub fn load(&self) -> Result<KeySet> {
        let entries = self.entries()?;
        let mut signers: Vec<(Purpose, Box<dyn Signer>)> = Vec::new();
        for entry in entries.iter().filter(|entry| entry.valid_to.is_none()) {
            let purpose = Purpose::parse(&entry.purpose)
                .ok_or_else(|| Error::Damaged(format!("unknown key purpose {:?}", entry.purpose)))?;
            let seed = self.read(purpose, &entry.key_id)?;
            if seed.public_key().to_text() != entry.public_key {
                return Err(Error::Damaged(format!("the key file of {} holds another key", entry.key_id)));
            }
            signers.push((purpose, Box::new(seed)));
        }
        Ok(KeySet::new(signers, entries))
    }

    /// A digest of the key manifest, which changes with every rotation.
    ///
    /// # Errors
    /// When the manifest cannot be read.
    pub fn state(&self) -> Result<[u8; 32]> {
        let path = self.directory.join("key-manifest.json");
        fs::read(&path).map(|bytes| sha256(&bytes)).map_err(|error| Error::file(&path, error))
    }

    fn entries(&self) -> Result<Vec<KeyEntry>> {
        let path = self.directory.join("key-manifest.json");
        let bytes = fs::read(&path).map_err(|error| Error::file(&path, error))?;
        let mut value = document::read(&bytes)?;
        let keys = value.get_mut("keys").map(serde_json::Value::take).unwrap_or_default();
        serde_json::from_value(keys).map_err(|error| Error::Damaged(format!("key-manifest.json: {error}")))
    }

    fn write_manifest(&self, entries: &[KeyEntry], now: i64) -> Result<()> {
        let export = entries
            .iter()
            .find(|entry| entry.purpose == Purpose::ExportSigning.name() && entry.valid_to.is_none())
            .ok_or_else(|| Error::Damaged("no active export key".to_owned()))?;
        let signer = self.read(Purpose::ExportSigning, &export.key_id)?;
        let bytes = document::pretty(&signed_manifest(entries, &signer, now)?)?;
        // the key manifest last: it is what running processes watch
        for name in ["trust-root.json", "key-manifest.json"] {
            let path = self.directory.join(name);
            let fresh = self.directory.join(format!("{name}.new"));
            fs::write(&fresh, &bytes).map_err(|error| Error::file(&fresh, error))?;
            fs::rename(&fresh, &path).map_err(|error| Error::file(&path, error))?;
        }
        Ok(())
    }

    fn path(&self, purpose: Purpose, key_id: &str) -> PathBuf {
        self.directory.join("keys").join(format!("{}.{}.seed", purpose.name(), key_id.replace(':', "-")))
    }

    fn create(&self, source: SeedSource<'_>, purpose: Purpose, now: i64) -> Result<KeyEntry> {
        let seed = source.seed(purpose)?;
        let entry = KeyEntry::active(purpose, &seed.public_key(), now);
        seed.create_file(&self.path(purpose, &entry.key_id))?;
        Ok(entry)
    }

    fn read(&self, purpose: Purpose, key_id: &str) -> Result<Seed> {
        Seed::read_file(&self.path(purpose, key_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_and_rotate() {
        let directory = tempfile::tempdir().unwrap();
        let store = KeyStore::new(directory.path());
        store.init(SeedSource::Random, 1_000_000).unwrap();
        let before = store.load().unwrap().key_id(Purpose::PermitBindingSigning).unwrap();
        assert!(store.init(SeedSource::Random, 1_000_000).is_ok(), "other random keys");
        let directory = tempfile::tempdir().unwrap();
        let store = KeyStore::new(directory.path());
        store.init(SeedSource::Fixture("t"), 1_000_000).unwrap();
        assert!(store.init(SeedSource::Fixture("t"), 1_000_000).is_err(), "never overwritten");
        let old = store.load().unwrap().key_id(Purpose::PermitBindingSigning).unwrap();
        assert_ne!(before, old);
        let new = store.rotate(SeedSource::Random, Purpose::PermitBindingSigning, 9_000_000).unwrap();
        let keys = store.load().unwrap();
        assert_eq!(keys.key_id(Purpose::PermitBindingSigning).unwrap(), new);
        assert_eq!(keys.entries().len(), 5);
        let retired = keys.entries().iter().find(|entry| entry.key_id == old).unwrap();
        assert_eq!(retired.status, "retired");
        assert_eq!(retired.valid_to.as_deref(), Some("1970-01-01T00:00:09.000000Z"));
        assert_eq!(keys.first_instant(), 9_000_001);
        let again = store.rotate(SeedSource::Random, Purpose::PermitBindingSigning, 9_000_000).unwrap();
        let keys = store.load().unwrap();
        let retired = keys.entries().iter().find(|entry| entry.key_id == new).unwrap();
        assert_eq!(retired.valid_from, "1970-01-01T00:00:09.000001Z");
        assert_eq!(retired.valid_to.as_ref(), Some(&retired.valid_from), "a clock that stands still");
        let active = keys.entries().iter().find(|entry| entry.key_id == again).unwrap();
        assert_eq!(active.valid_from, "1970-01-01T00:00:09.000002Z");
    }

    #[cfg(unix)]
    #[test]
    fn key_files_are_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let store = KeyStore::new(directory.path());
        store.init(SeedSource::Fixture("t"), 0).unwrap();
        let file = fs::read_dir(directory.path().join("keys")).unwrap().next().unwrap().unwrap().path();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(store.load().err().unwrap().code(), "keys.permissions");
    }
}
