//! `case.json`: what is run, and what must come out.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::files::{Content, FileTable};
use crate::{invalid, root};

/// Where a case comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Facts of published standards.
    Standards,
    /// Recorded runs of the reference verifier.
    Reference,
    /// Written by `permit-issuer` with a fixed clock and fixed seeds.
    Generated,
    /// Attacks, each with an honest twin.
    Hostile,
}

impl Origin {
    /// All origins.
    pub const ALL: [Self; 4] = [Self::Standards, Self::Reference, Self::Generated, Self::Hostile];

    /// The folder under `testvectors/`.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Standards => "standards",
            Self::Reference => "reference",
            Self::Generated => "generated",
            Self::Hostile => "hostile",
        }
    }
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Where it comes from.
    pub origin: Origin,
    /// The folder of the case.
    pub folder: PathBuf,
    /// The kind of artifact, which is the name of the folder above.
    pub artifact: String,
    /// Unique over all origins.
    pub id: String,
    /// One line for people.
    pub title: String,
    /// File name in the working folder, and where its bytes come from.
    pub files: BTreeMap<String, Content>,
    /// Folders that exist although no file is in them.
    pub empty_dirs: Vec<String>,
    /// Changes to the environment; `None` removes a variable.
    pub env: BTreeMap<String, Option<String>>,
    /// The command line without the program; `<CASE>` stands for the working folder.
    pub args: Vec<String>,
    /// Requirements of a library run that the command line cannot express.
    pub policy: Option<Value>,
    /// The date that the verdict is stated for.
    pub as_of: Option<String>,
    /// What we must say.
    pub expect: Expect,
    /// What the reference verifier did with the same files and arguments, where it was asked.
    pub reference: Option<Recorded>,
    /// The accepted case that differs only in what is attacked.
    pub twin: Option<String>,
    /// `keel_json`: the run prints the reference's report shape; `reference_crash`: the reference ended with a
    /// traceback, so only the exit class counts.
    pub flags: Vec<String>,
    /// Why the expectation is what it is.
    pub notes: String,
}

/// What must come out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Outcome word of our own report.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Exit status; several where the class is all that matters.
    #[serde(deserialize_with = "one_or_many")]
    pub exit: Vec<i32>,
    /// Claims by name.
    #[serde(default)]
    pub claims: BTreeMap<String, ClaimExpectation>,
    /// Members of the report besides the claims (`ok`, `status`, `verdict`), as text.
    #[serde(default)]
    pub members: BTreeMap<String, String>,
    /// Codes that must occur.
    #[serde(default)]
    pub codes: Vec<String>,
}

/// One claim.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimExpectation {
    /// The verdict.
    pub verdict: String,
    /// A code that stands in the output, where it matters.
    #[serde(default)]
    pub code: Option<String>,
}

/// A run of the reference verifier.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Its exit status.
    pub exit: i32,
    /// Its failure codes.
    #[serde(default)]
    pub codes: Vec<String>,
    /// It ended with an uncaught exception.
    #[serde(default)]
    pub crash: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    id: String,
    title: String,
    files: FileTable,
    #[serde(default)]
    empty_dirs: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, Option<String>>,
    args: Vec<String>,
    #[serde(default)]
    policy: Option<Value>,
    #[serde(default)]
    as_of: Option<String>,
    expect: Expect,
    #[serde(default)]
    reference: Option<Recorded>,
    #[serde(default)]
    twin: Option<String>,
    #[serde(default)]
    flags: Vec<String>,
    #[serde(default)]
    notes: String,
}

impl Case {
    /// Every case of every origin, by origin, artifact and folder name.
    ///
    /// # Errors
    /// When a folder cannot be read or a `case.json` has another form than documented.
    pub fn all() -> io::Result<Vec<Self>> {
        let mut cases = Vec::new();
        for origin in Origin::ALL {
            cases.extend(Self::of(origin)?);
        }
        Ok(cases)
    }

    /// The cases of one origin. An origin without a folder has none.
    ///
    /// # Errors
    /// As [`Case::all`].
    pub fn of(origin: Origin) -> io::Result<Vec<Self>> {
        let base = root().join(origin.folder());
        let mut cases = Vec::new();
        if !base.is_dir() {
            return Ok(cases);
        }
        for artifact in sorted_folders(&base)? {
            for folder in sorted_folders(&artifact)? {
                if folder.join("case.json").is_file() {
                    cases.push(Self::load(origin, &artifact, folder)?);
                }
            }
        }
        Ok(cases)
    }

    fn load(origin: Origin, artifact: &std::path::Path, folder: PathBuf) -> io::Result<Self> {
        let path = folder.join("case.json");
        let text = fs::read(&path).map_err(|error| invalid(&path, error))?;
        let file: CaseFile = serde_json::from_slice(&text).map_err(|error| invalid(&path, error))?;
        let base = root().join(origin.folder());
        let files = file.files.resolve(&folder, &base).map_err(|why| invalid(&path, why))?;
        let artifact =
            artifact.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self {
            origin,
            folder,
            artifact,
            id: file.id,
            title: file.title,
            files,
            empty_dirs: file.empty_dirs,
            env: file.env,
            args: file.args,
            policy: file.policy,
            as_of: file.as_of,
            expect: file.expect,
            reference: file.reference,
            twin: file.twin,
            flags: file.flags,
            notes: file.notes,
        })
    }

    /// Whether the case carries this flag.
    #[must_use]
    pub fn has_flag(&self, flag: &str) -> bool {
        self.flags.iter().any(|each| each == flag)
    }
}

fn sorted_folders(folder: &std::path::Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<i32>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Exit {
        One(i32),
        Many(Vec<i32>),
    }
    Ok(match Exit::deserialize(deserializer)? {
        Exit::One(one) => vec![one],
        Exit::Many(many) => many,
    })
}
