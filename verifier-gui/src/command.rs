//! What a person can ask for. Views send commands; only [`crate::update`] carries them out.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::mpsc::Sender;

use verifier_core::finding::Location;

use crate::filter::Field;
use crate::review::ReviewCommand;
use crate::state::View;

/// One wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Verify these paths together.
    Open(Vec<PathBuf>),
    /// Look into a folder to choose evidence from; `None` for the one beside the path field.
    Browse(Option<PathBuf>),
    /// Choose nothing.
    CloseBrowse,
    /// Verify what the path field names.
    OpenField,
    /// The path field was edited.
    EditPath(String),
    /// The field of the key manifest was edited.
    EditKeyManifest(String),
    /// The field of the trust root was edited.
    EditTrustRoot(String),
    /// Show another set of evidence.
    Select(usize),
    /// Stop the running verification.
    Cancel,
    /// Fill the window with another view.
    Show(View),
    /// Show or hide the list of keys.
    ToggleHelp,
    /// The filter was edited.
    EditFilter(String),
    /// Order the permits by a column; once more turns the order round, a third time takes it away.
    Sort(Field),
    /// Show or hide a column.
    ToggleColumn(Field),
    /// Look at a permit, a position in the ledger.
    SelectRow(u32),
    /// Look at the permit so many rows further down.
    MoveRow(i64),
    /// Show all permits that pass a filter.
    Drill(String),
    /// Show the permits of an envelope.
    ShowEnvelope(String),
    /// The name of the file for the table was edited.
    EditSheet(String),
    /// Write the table as CSV, or as a workbook where the name ends with `.xlsx`.
    SaveSheet,
    /// Show the bytes of a place.
    ShowPlace(Location),
    /// The name of the report's file was edited.
    EditReportFile(String),
    /// Write the report.
    SaveReport,
    /// The field of the other archive was edited.
    EditOther(String),
    /// Compare with it.
    Compare,
    /// The window is to close.
    Close,
    /// Mark the members that a claim covers.
    SelectProof(Option<&'static str>),
    /// Something about the review.
    Review(ReviewCommand),
}

impl Command {
    /// The commands that a command line stands for.
    #[must_use]
    pub fn from_arguments(arguments: impl Iterator<Item = OsString>) -> Vec<Self> {
        let mut commands = Vec::new();
        let mut paths = Vec::new();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_default().to_string_lossy().into_owned();
            match argument.to_str() {
                Some("--key-manifest") => commands.push(Self::EditKeyManifest(value())),
                Some("--trust-root" | "--trust-kit") => commands.push(Self::EditTrustRoot(value())),
                _ => paths.push(PathBuf::from(argument)),
            }
        }
        if !paths.is_empty() {
            commands.push(Self::Open(paths));
        }
        commands
    }
}

/// Hands commands over.
#[derive(Clone, Debug)]
pub struct CommandSender {
    channel: Sender<Command>,
}

impl CommandSender {
    /// Sends into `channel`.
    #[must_use]
    pub fn new(channel: Sender<Command>) -> Self {
        Self { channel }
    }

    /// Sends a command. When nobody listens any more, the window is closing and the wish is moot.
    pub fn send(&self, command: Command) {
        self.channel.send(command).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_names_paths_and_keys() {
        let line =
            ["a.json", "--key-manifest", "k.json", "m.json", "--trust-root", "r.json"].map(OsString::from);
        assert_eq!(
            Command::from_arguments(line.into_iter()),
            [
                Command::EditKeyManifest("k.json".to_owned()),
                Command::EditTrustRoot("r.json".to_owned()),
                Command::Open(vec!["a.json".into(), "m.json".into()])
            ]
        );
        assert_eq!(Command::from_arguments(std::iter::empty()), []);
    }
}
