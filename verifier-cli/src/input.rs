//! Files that the operator names beside the evidence, read whole under a limit.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use verifier_core::bytes::Blob;
use verifier_core::trust::NamedBlob;

/// Reads a file; why it cannot be read is kept for whoever needs it.
pub(crate) fn named_file(name: &OsStr, limit: u64) -> NamedBlob {
    let name_text = name.to_string_lossy().into_owned();
    let content = read(Path::new(name), limit).map_err(|why| format!("{name_text} cannot be read: {why}"));
    NamedBlob { name: name_text, content }
}

/// Reads what a `file:` URL names; refuses all others, because no connection is ever opened.
pub(crate) fn named_url(url: &str, limit: u64) -> NamedBlob {
    let content = match file_of_url(url) {
        Some(path) => read(&path, limit),
        None => Err("keel-verify opens no connection; fetch the file and name it as a file".to_owned()),
    };
    let content = content.map_err(|why| format!("{url} cannot be read: {why}"));
    NamedBlob { name: url.to_owned(), content }
}

/// Reads a file whole.
///
/// # Errors
/// Why it cannot be read, as a sentence without the final stop.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Blob, String> {
    let mut bytes = Vec::new();
    let count = File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| reason(&error))?;
    if u64::try_from(count).is_ok_and(|count| count > limit) {
        return Err(format!("it is larger than {limit} bytes"));
    }
    Ok(Blob::new(bytes))
}

/// Files of a folder and of the folders directly in it, by path with `/`; small ones, and few.
///
/// # Errors
/// Why it cannot be read, or that it holds more than a set of certificates does.
pub(crate) fn folder(root: &Path) -> Result<BTreeMap<String, Blob>, String> {
    const FILES: usize = 256;
    const FILE_BYTES: u64 = 4 << 20;
    let mut files = BTreeMap::new();
    let mut pending = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = pending.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| reason(&error))?;
        for entry in entries {
            let entry = entry.map_err(|error| reason(&error))?;
            let kind = entry.file_type().map_err(|error| reason(&error))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if kind.is_dir() && prefix.is_empty() {
                pending.push((entry.path(), format!("{name}/")));
            } else if kind.is_file() {
                if files.len() >= FILES {
                    return Err(format!("it holds more than {FILES} files"));
                }
                files.insert(name, read(&entry.path(), FILE_BYTES)?);
            }
        }
    }
    Ok(files)
}

/// The files directly in a folder, by name, each read up to `limit` bytes; one that cannot be read keeps the reason.
///
/// # Errors
/// Why the folder cannot be read, or that it holds too many files.
pub(crate) fn files_of(folder: &Path, limit: u64) -> Result<Vec<NamedBlob>, String> {
    const FILES: usize = 100_000;
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| reason(&error))? {
        let entry = entry.map_err(|error| reason(&error))?;
        if entry.file_type().map_err(|error| reason(&error))?.is_file() {
            if paths.len() >= FILES {
                return Err(format!("it holds more than {FILES} files"));
            }
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths.iter().map(|path| named_file(path.as_os_str(), limit)).collect())
}

/// Reads standard input.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn read_stdin(limit: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let count = std::io::stdin()
        .lock()
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    if u64::try_from(count).is_ok_and(|count| count > limit) {
        return Err(format!("it is larger than {limit} bytes"));
    }
    Ok(bytes)
}

/// An operating-system error in words that do not differ between platforms.
pub(crate) fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// The path of `file:/path`, `file:///path` or `file://localhost/path`, percent escapes resolved.
pub(crate) fn file_of_url(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("file:")?;
    let path = match rest.strip_prefix("//") {
        Some(after) => after.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(after),
        None => rest,
    };
    if !path.starts_with('/') {
        return None;
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match escape {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..)?;
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_file_urls_name_a_file() {
        assert_eq!(file_of_url("file:///a/b.json"), Some("/a/b.json".into()));
        assert_eq!(file_of_url("file:/a%20b"), Some("/a b".into()));
        assert_eq!(file_of_url("file://localhost/a"), Some("/a".into()));
        for url in ["https://host/a", "file://host/a", "file:a", "http://127.0.0.1/", "", "FILE"] {
            assert_eq!(file_of_url(url), None, "{url}");
        }
        assert!(named_url("https://host/keys", 9).content.is_err_and(|why| why.contains("no connection")));
    }

    #[test]
    fn limits_and_missing_files_are_named() {
        let this = Path::new(file!()).file_name().unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(this);
        assert!(read(&path, 10).is_err_and(|why| why.contains("larger than 10 bytes")));
        assert!(read(&path, 1 << 20).is_ok());
        assert_eq!(read(Path::new("/no/such/file"), 10).unwrap_err(), "no such file");
    }
}
