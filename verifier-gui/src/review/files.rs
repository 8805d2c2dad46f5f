//! Review files and key files on disk, read under limits and written aside.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use verifier_core::bytes::{Blob, Limits};
use verifier_core::json::ParserLimits;
use verifier_core::workpaper::{Role, SigningKey, Workpaper};

fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(io::Error::other("the file is too large"));
    }
    Ok(bytes)
}

/// Reads a review file.
///
/// # Errors
/// A sentence.
pub fn load(path: &Path) -> Result<Workpaper, String> {
    let limits = Limits::default();
    let name = path.to_string_lossy();
    let bytes =
        read(path, limits.document_bytes).map_err(|error| format!("{name} cannot be read: {error}"))?;
    Workpaper::load(&Blob::new(bytes), ParserLimits::from(&limits))
        .map_err(|error| format!("{name} is no review file: {error}"))
}

/// Writes a review file beside its place and moves it there. Only an earlier review of the same evidence is replaced: the
/// name may be that of the evidence itself, or of somebody else's review.
///
/// # Errors
/// A sentence; what stood there before is kept then.
pub fn save(paper: &Workpaper, path: &Path) -> Result<String, String> {
    if path.exists() {
        let known = load(path).map_err(|_| {
            let name = path.to_string_lossy();
            format!("{name} exists and is no review file; nothing was written. Choose another name")
        })?;
        if !known.content.is_of_the_files_of(&paper.content) {
            let name = path.to_string_lossy();
            return Err(format!(
                "{name} is the review of other evidence; nothing was written. Choose another name"
            ));
        }
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(".part");
    let aside = Path::new(&aside);
    let written = File::create_new(aside).and_then(|mut file| {
        file.write_all(&paper.to_bytes())?;
        file.sync_all()?;
        fs::rename(aside, path)
    });
    match written {
        Ok(()) => Ok(format!("the review was written to {}", path.to_string_lossy())),
        Err(error) => {
            fs::remove_file(aside).ok();
            Err(format!("{} was not written: {error}", path.to_string_lossy()))
        }
    }
}

/// Signs with the key in a file: 64 hexadecimal digits.
///
/// # Errors
/// A sentence.
pub fn sign(mut paper: Workpaper, key: &Path, role: Role, at: &str) -> Result<Workpaper, String> {
    let name = key.to_string_lossy();
    let text = read(key, 4096).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let text = String::from_utf8(text).unwrap_or_default();
    let key = SigningKey::from_text(&text)
        .ok_or_else(|| format!("{name} is no key file: it must hold 64 lower-case hexadecimal digits"))?;
    paper.sign(&key, role, at).map_err(|fault| fault.to_string())?;
    Ok(paper)
}

#[cfg(test)]
mod tests {
    use verifier_core::workpaper::{Content, FileRecord};

    use super::*;

    /// The name may be that of the evidence, or of another review: neither is lost.
    #[test]
    fn only_an_earlier_review_of_the_same_evidence_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.json");
        fs::write(&path, "{}").unwrap();
        let paper = |digest: &str| {
            let file = FileRecord {
                role: "payload".to_owned(),
                name: "export.json".to_owned(),
                sha256: Some(digest.to_owned()),
                bytes: None,
            };
            Workpaper::new(Content { files: vec![file], ..Content::default() })
        };
        assert!(save(&paper("sha256:aa"), &path).unwrap_err().contains("no review file"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}");
        let path = folder.path().join("review.json");
        save(&paper("sha256:aa"), &path).unwrap();
        save(&paper("sha256:aa"), &path).unwrap();
        assert!(save(&paper("sha256:bb"), &path).unwrap_err().contains("other evidence"));
        assert_eq!(load(&path).unwrap(), paper("sha256:aa"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
