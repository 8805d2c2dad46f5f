//! A folder to choose evidence from, for those who would rather not type a path.

use std::fs;
use std::path::{Path, PathBuf};

/// Names that are listed of a folder.
const LISTED: usize = 2_000;

/// A folder that is looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browse {
    /// The folder.
    pub folder: PathBuf,
    /// Folders first, then files, each by name; or why it cannot be read.
    pub entries: Result<Vec<(PathBuf, bool)>, String>,
    /// Whether there are more than are listed.
    pub is_cut: bool,
}

impl Browse {
    /// Looks into a folder.
    #[must_use]
    pub fn into(folder: &Path) -> Self {
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        let mut is_cut = false;
        let entries = fs::read_dir(&folder).map_err(|error| error.to_string()).map(|found| {
            let mut entries: Vec<(PathBuf, bool)> = found
                .filter_map(Result::ok)
                .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
                .map(|entry| (entry.path(), entry.path().is_dir()))
                .take(LISTED + 1)
                .collect();
            entries.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
            is_cut = entries.len() > LISTED;
            entries.truncate(LISTED);
            entries
        });
        Self { folder, entries, is_cut }
    }

    /// The folder of the path that is in the field, else the one that the program was started in.
    #[must_use]
    pub fn beside(path: &str) -> Self {
        let path = Path::new(path.trim());
        let folder = if path.is_dir() { Some(path) } else { path.parent().filter(|above| above.is_dir()) };
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
        Self::into(folder.unwrap_or_else(|| Path::new(".")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_lists_folders_first_and_says_what_it_cannot_read() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.json", "a.json", ".hidden"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("z")).unwrap();
        let browse = Browse::beside(&folder.path().join("b.json").to_string_lossy());
        let names: Vec<_> = browse
            .entries
            .unwrap()
            .into_iter()
            .map(|(path, is_folder)| (path.file_name().unwrap().to_owned(), is_folder))
            .collect();
        assert_eq!(names, [("z".into(), true), ("a.json".into(), false), ("b.json".into(), false)]);
        assert!(Browse::into(Path::new("/no/such/folder")).entries.is_err());
        assert!(Browse::beside("").entries.is_ok());
    }
}
