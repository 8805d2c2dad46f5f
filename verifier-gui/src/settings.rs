//! What the window remembers between runs: a small file of its own, which holds no evidence.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Bytes of the file that are read.
const BYTES: u64 = 64 << 10;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light rather than dark; `None` as the system has it.
    pub light: Option<bool>,
    /// Width and height of the window in points.
    pub size: Option<(f32, f32)>,
    /// Scale of everything.
    pub zoom: Option<f32>,
    /// Paths opened before, newest first.
    pub recent: Vec<PathBuf>,
    /// Names of the columns of the permit table; empty for the usual ones.
    pub columns: Vec<String>,
}

impl Settings {
    /// Where they are kept for this person, if the system says so.
    #[must_use]
    pub fn place() -> Option<PathBuf> {
        let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = folder("XDG_CONFIG_HOME")
            .or_else(|| folder("APPDATA"))
            .or_else(|| folder("HOME").map(|home| home.join(".config")))?;
        Some(base.join("keel-review").join("window.json"))
    }

    /// Reads them; a file that is missing or damaged gives the usual ones.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let length = fs::metadata(path).map_or(0, |data| data.len());
        if length == 0 || length > BYTES {
            return Self::default();
        }
        let mut settings: Self =
            fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let sane = |number: &f32, from: f32, to: f32| number.is_finite() && (from..=to).contains(number);
        settings.size = settings
            .size
            .filter(|(width, height)| sane(width, 400.0, 16_000.0) && sane(height, 300.0, 16_000.0));
        settings.zoom = settings.zoom.filter(|zoom| sane(zoom, 0.5, 4.0));
        settings.recent.truncate(8);
        settings
    }

    /// Writes them aside and moves them to their place. That they cannot be kept is no reason to disturb anybody.
    pub fn save(&self, path: &Path) {
        let Some(folder) = path.parent() else { return };
        let aside = path.with_extension("part");
        let written = fs::create_dir_all(folder).and_then(|()| File::create(&aside)).and_then(|mut file| {
            file.write_all(&serde_json::to_vec_pretty(self).unwrap_or_default())?;
            fs::rename(&aside, path)
        });
        if written.is_err() {
            fs::remove_file(&aside).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_kept_and_damaged_ones_are_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/window.json");
        assert_eq!(Settings::load(&path), Settings::default());
        let settings = Settings {
            light: Some(true),
            size: Some((1280.0, 720.0)),
            zoom: Some(1.5),
            recent: vec!["/evidence/q3".into()],
            columns: vec!["permit".to_owned(), "cost".to_owned()],
        };
        settings.save(&path);
        assert_eq!(Settings::load(&path), settings);
        for damaged in ["{", "[]", r#"{"size":[1e30,5]}"#, r#"{"zoom":0.0}"#] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(Settings::load(&path), Settings::default(), "{damaged}");
        }
    }
}
