//! Output files that are whole or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::target;

/// A file that is written beside its place and moved there when it is complete. What stood there before is kept until
/// then; without [`OutputFile::commit`] nothing is left behind.
pub(crate) struct OutputFile {
    path: PathBuf,
    aside: PathBuf,
    file: Option<BufWriter<File>>,
}

impl OutputFile {
    /// Begins the file, in place of what a run that was killed left aside.
    pub(crate) fn resume(path: &Path) -> io::Result<Self> {
        match Self::create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(Self::aside(path)?)?;
                Self::create(path)
            }
            created => created,
        }
    }

    fn aside(path: &Path) -> io::Result<PathBuf> {
        let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
        let mut aside_name = name.to_owned();
        aside_name.push(".partial");
        Ok(path.with_file_name(aside_name))
    }

    /// Begins the file. Nothing but a regular file is ever replaced: a device, a pipe or a link would be gone.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let aside = Self::aside(path)?;
        if path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        if let Some(why) = target::special(path) {
            return Err(io::Error::other(format!("it {why}")));
        }
        let file = File::create_new(&aside)?;
        Ok(Self { path: path.to_owned(), aside, file: Some(BufWriter::with_capacity(1 << 18, file)) })
    }

    /// Moves the complete file to its place.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            let moved = file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|file| file.sync_all())
                .and_then(|()| fs::rename(&self.aside, &self.path));
            if moved.is_err() {
                fs::remove_file(&self.aside).ok();
            }
            return moved;
        }
        Ok(())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(bytes.len()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            drop(file);
            fs::remove_file(&self.aside).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        fs::write(&path, "old").unwrap();
        let mut file = OutputFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(OutputFile::create(&path).is_err(), "two runs write one file");
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let mut file = OutputFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(OutputFile::create(folder.path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "kept").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(OutputFile::create(&link).is_err());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
