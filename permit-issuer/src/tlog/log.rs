//! A log over the chain entries of one state.
//!
//! The database says which entries the log has and in what order; everything else follows from that. An append first gives the
//! new entries their numbers, in a transaction, and then writes what is missing on the disk. A kill in between
//! costs nothing: the next append writes the rest. What a signed head once said can never be unsaid, so every append and every
//! new head is compared with the newest signed one first: a state that was restored from an old copy is refused.
//!
//! ```text
//! log/                          what may be published, see `tiles`
//! log.vkey                      key text; its name is the origin
//! log.lock, log.new             one append at a time; the file that is being written
//! keys/transparency_log.seed    the key; mode 0600. It is not in the key manifest: nothing that it signs is Keel's
//! ```

use std::fs::File;
use std::path::{Path, PathBuf};

use super::note::{Head, NoteKey, Role, SignedHead, VerifierKey};
use super::tiles::{Tiles, WIDTH, beside, replace};
use super::tree::{self, Hash};
use super::witness::{Answer, request};
use crate::error::{Error, Result};
use crate::keys::Seed;
use crate::store::{Rows, Store};

/// Name of the published folder in a state directory.
const FOLDER: &str = "log";

/// A log: its key and its files.
#[derive(Debug)]
pub struct Log {
    key: NoteKey,
    directory: PathBuf,
    tiles: Tiles,
}

/// What an append did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Entries of the log.
    pub size: usize,
    /// Entries that it did not have before.
    pub new: usize,
    /// Bundles that were left out because an entry is longer than 65 535 bytes.
    pub omitted_bundles: usize,
}

impl Log {
    /// A log in `directory`.
    #[must_use]
    pub fn new(directory: &Path, key: NoteKey) -> Self {
        Self { key, directory: directory.to_owned(), tiles: Tiles::new(directory.to_owned()) }
    }

    /// Makes the log of a state directory: a key for `origin`, and the key text for whoever has to trust it.
    ///
    /// # Errors
    /// When there is a log, the origin is not a key name, or a file cannot be written.
    pub fn init(state: &Path, origin: &str, seed: Seed) -> Result<Self> {
        let key = NoteKey::new(origin, Role::Log, seed)?;
        key.create_file(&seed_path(state))?;
        let log = Self::new(&state.join(FOLDER), key);
        replace(&state.join("log.vkey"), &state.join("log.new"), (log.public().to_text() + "\n").as_bytes())?;
        Ok(log)
    }

    /// Opens the log of a state directory.
    ///
    /// # Errors
    /// When there is none, or a file is damaged.
    pub fn open(state: &Path) -> Result<Self> {
        let path = state.join("log.vkey");
        let text = std::fs::read_to_string(&path).map_err(|_| {
            Error::refused("log.missing", format!("{} is not there; run log init", path.display()))
        })?;
        let public = VerifierKey::parse(&text)?;
        let key = NoteKey::new(&public.name, Role::Log, Seed::read_file(&seed_path(state))?)?;
        if *key.public() != public {
            return Err(Error::Damaged("the log's key file holds another key than log.vkey".to_owned()));
        }
        Ok(Self::new(&state.join(FOLDER), key))
    }

    /// The public key; its name is the origin.
    #[must_use]
    pub fn public(&self) -> &VerifierKey {
        self.key.public()
    }

    /// The newest signed head.
    ///
    /// # Errors
    /// When the file is not a head that this log signed.
    pub fn head(&self) -> Result<Option<SignedHead>> {
        let Some(text) = self.tiles.checkpoint()? else { return Ok(None) };
        let head = SignedHead::parse(&text)?;
        if head.head.origin != self.public().name || !head.is_signed_by(self.public()) {
            return Err(Error::Damaged("the log's checkpoint is not signed by the log's key".to_owned()));
        }
        Ok(Some(head))
    }

    /// Appends every chain entry that the log does not have.
    ///
    /// # Errors
    /// [`Error::Refused`] when the state does not continue what the log signed; otherwise when a file cannot be written.
    pub fn append(&self, store: &mut Store) -> Result<Appended> {
        let _lock = self.lock()?;
        self.grow(store).map(|(appended, _)| appended)
    }

    /// Appends and signs the head, unless the newest signed head says the same.
    ///
    /// # Errors
    /// As [`Self::append`], and when there is nothing to sign.
    pub fn checkpoint(&self, store: &mut Store) -> Result<SignedHead> {
        let _lock = self.lock()?;
        let (appended, leaves) = self.grow(store)?;
        if appended.size == 0 {
            return Err(Error::refused("log.empty", "no chain has an entry yet"));
        }
        let head = Head {
            origin: self.public().name.clone(),
            size: wide(appended.size)?,
            root: tree::root(&leaves),
        };
        match self.head()? {
            Some(signed) if signed.head == head => Ok(signed),
            _ => {
                let signed = SignedHead::sign(head, &self.key);
                self.tiles.set_checkpoint(&signed.to_text())?;
                Ok(signed)
            }
        }
    }

    /// The request to a witness that has seen `old` entries of this log.
    ///
    /// # Errors
    /// [`Error::Refused`] when no head is signed, or it is smaller than that.
    pub fn request(&self, store: &mut Store, old: u64) -> Result<String> {
        let (head, leaves) = self.signed(store)?;
        let size = narrow(old)?;
        if size > leaves.len() {
            return Err(Error::refused(
                "log.witness_ahead",
                format!("the witness has seen {old} entries, the newest head has {}", leaves.len()),
            ));
        }
        Ok(request(old, &tree::consistency(&leaves, size), &head))
    }

    /// Adds the lines of witnesses to the newest head.
    ///
    /// # Errors
    /// When there is no head or a line is not a cosignature.
    pub fn add_cosignatures(&self, lines: &str) -> Result<SignedHead> {
        let _lock = self.lock()?;
        let mut head = self.head()?.ok_or_else(no_head)?;
        head.add(lines)?;
        self.tiles.set_checkpoint(&head.to_text())?;
        Ok(head)
    }

    /// Has a witness cosign the newest head; `submit` carries a request to it.
    ///
    /// # Errors
    /// [`Error::Refused`] when the witness refuses.
    pub fn submit(
        &self,
        store: &mut Store,
        mut submit: impl FnMut(&str) -> Result<Answer>,
    ) -> Result<SignedHead> {
        let mut answer = submit(&self.request(store, 0)?)?;
        if answer.status == 409
            && let Ok(seen) = answer.body.trim_end().parse()
        {
            answer = submit(&self.request(store, seen)?)?;
        }
        if answer.status != 200 {
            let Answer { status, body } = answer;
            return Err(Error::refused(
                "log.witness_refused",
                format!("a witness answers {status}: {}", body.trim_end()),
            ));
        }
        self.add_cosignatures(&answer.body)
    }

    /// The newest head, and the leaves that it signs.
    pub(super) fn signed(&self, store: &mut Store) -> Result<(SignedHead, Vec<Hash>)> {
        let head = self.head()?.ok_or_else(no_head)?;
        let mut leaves = store.read(read_leaves)?;
        continues(&leaves, Some(&head))?;
        leaves.truncate(narrow(head.head.size)?);
        Ok((head, leaves))
    }

    fn grow(&self, store: &mut Store) -> Result<(Appended, Vec<Hash>)> {
        let new = store.write(|rows| rows.number_log_entries())?;
        store.read(|rows| {
            let leaves = read_leaves(rows)?;
            let settled = continues(&leaves, self.head()?.as_ref())?;
            let omitted_bundles = self.write_entries(rows, settled)?;
            self.tiles.write_hashes(&leaves, settled)?;
            Ok((Appended { size: leaves.len(), new, omitted_bundles }, leaves))
        })
    }

    fn write_entries(&self, rows: &Rows<'_>, settled: usize) -> Result<usize> {
        let mut omitted = 0;
        let first = self.tiles.first_missing_entry(settled);
        let mut number = first / WIDTH;
        let mut bundle: Vec<Vec<u8>> = Vec::new();
        let mut write = |bundle: &mut Vec<Vec<u8>>| {
            omitted += usize::from(!self.tiles.write_entries(number, bundle)?);
            bundle.clear();
            number += 1;
            Ok(())
        };
        rows.each_log_entry(number_of(first)?, |body| {
            bundle.push(body.as_bytes().to_vec());
            if bundle.len() == WIDTH { write(&mut bundle) } else { Ok(()) }
        })?;
        if !bundle.is_empty() {
            write(&mut bundle)?;
        }
        Ok(omitted)
    }

    fn lock(&self) -> Result<File> {
        let path = beside(&self.directory, ".lock");
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
        }
        File::create(&path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|error| Error::file(&path, error))
    }
}

fn read_leaves(rows: &Rows<'_>) -> Result<Vec<Hash>> {
    let mut leaves = Vec::new();
    rows.each_log_entry(0, |body| {
        leaves.push(tree::leaf_hash(body.as_bytes()));
        Ok(())
    })?;
    Ok(leaves)
}

/// How many leaves a signed head settles, once it is clear that `leaves` begin with them.
fn continues(leaves: &[Hash], signed: Option<&SignedHead>) -> Result<usize> {
    let Some(SignedHead { head, .. }) = signed else { return Ok(0) };
    let settled = narrow(head.size)?;
    match leaves.get(..settled) {
        Some(same) if tree::root(same) == head.root => Ok(settled),
        _ => Err(Error::refused(
            "log.forked",
            format!(
                "the log signed a head of {settled} entries that this state does not hold as they were; it may be an old \
                 copy. Signing another head would prove the log a liar: restore the newest state, or begin a new log"
            ),
        )),
    }
}

fn no_head() -> Error {
    Error::refused("log.no_head", "no head is signed; run log checkpoint")
}

fn seed_path(state: &Path) -> PathBuf {
    state.join("keys").join("transparency_log.seed")
}

fn narrow(size: u64) -> Result<usize> {
    usize::try_from(size).map_err(|_| Error::Damaged(format!("a log of {size} entries")))
}

fn wide(size: usize) -> Result<u64> {
    u64::try_from(size).map_err(|_| Error::Damaged(format!("a log of {size} entries")))
}

fn number_of(size: usize) -> Result<i64> {
    i64::try_from(size).map_err(|_| Error::Damaged(format!("a log of {size} entries")))
}
