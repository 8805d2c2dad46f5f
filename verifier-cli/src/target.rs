//! Files that a command line names for output, against everything else that it names.
//!
//! A report never takes the place of what it is about, of the policy, of trust material or of a key, and no two outputs
//! have one place. That is refused before anything is looked at. What is compared are canonical paths, so that another
//! spelling or a link makes no difference; a file that exists within a folder named as input counts as input.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use crate::input;
use crate::render::escape;

/// Options of single commands that name a file to write. Where there is `--also`, `--out` and `--also` are such too.
const OUTPUTS: [(&str, &[&str]); 3] =
    [("reconcile", &["csv", "json", "xlsx", "focus"]), ("sample", &["out", "csv"]), ("excerpt", &["out"])];

/// Files that evidence is made of, looked for beside a file that is named.
const BESIDE: [&str; 2] = ["manifest.json", "key-manifest.json"];

/// Refuses a command line on which an output would destroy something.
///
/// # Errors
/// What is wrong, as a sentence without the final stop.
pub(crate) fn check(definition: &Command, matches: &ArgMatches) -> Result<(), String> {
    let (mut command, mut matches) = (definition, matches);
    while let Some((name, sub)) = matches.subcommand() {
        let Some(next) = command.find_subcommand(name) else { return Ok(()) };
        (command, matches) = (next, sub);
    }
    let has_also = command.get_arguments().any(|argument| argument.get_id() == "also");
    let own = OUTPUTS.iter().find(|(name, _)| *name == command.get_name()).map_or(&[][..], |(_, ids)| *ids);
    let is_output = |id: &str| own.contains(&id) || (has_also && ["out", "also"].contains(&id));
    let (mut outputs, mut inputs) = (Vec::new(), Vec::new());
    for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
        let id = argument.get_id().as_str();
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let Ok(Some(values)) = matches.try_get_raw(id) else { continue };
        for value in values {
            match (is_output(id), id) {
                (true, "also") => outputs.extend(file_of_also(value)),
                (true, _) => outputs.push(value.to_owned()),
                (false, _) => inputs.extend(input_path(value)),
            }
        }
    }
    outputs.retain(|output| !output.is_empty());
    let mut taken: Vec<PathBuf> = Vec::new();
    for output in &outputs {
        let path = Path::new(output);
        let refuse = |why: &str| Err(format!("{} {why}", escape::text(&output.to_string_lossy())));
        if let Some(why) = special(path) {
            return refuse(why);
        }
        let place = place(path);
        if taken.contains(&place) {
            return refuse("is named for two outputs");
        }
        if path.exists() && inputs.iter().any(|input| is_of(&place, input)) {
            return refuse("is one of the inputs; it would be overwritten");
        }
        taken.push(place);
    }
    Ok(())
}

/// Why nothing can be put in the place of what stands there; `None` for a regular file, a folder, which is refused when it
/// is written, and nothing.
pub(crate) fn special(path: &Path) -> Option<&'static str> {
    let kind = fs::symlink_metadata(path).ok()?.file_type();
    if kind.is_symlink() {
        return Some("is a symbolic link; name the file itself");
    }
    (!kind.is_file() && !kind.is_dir()).then_some("is no regular file")
}

/// Whether an output would take the place of a file with this label in a report.
pub(crate) fn is_same_file(output: &Path, label: &str) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    canonical(output).is_some_and(|output| canonical(Path::new(label)) == Some(output))
}

/// The file after `FORM=`.
fn file_of_also(value: &OsStr) -> Option<OsString> {
    value.to_string_lossy().split_once('=').map(|(_, file)| file.into())
}

/// A value that names something that exists, by path or `file:` URL.
fn input_path(value: &OsStr) -> Option<PathBuf> {
    let url = value.to_str().and_then(input::file_of_url);
    url.unwrap_or_else(|| value.into()).canonicalize().ok()
}

/// Where a file is or would be.
fn place(path: &Path) -> PathBuf {
    if let Ok(place) = path.canonicalize() {
        return place;
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (parent.canonicalize(), path.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    }
}

/// Whether a file is an input, lies in it, or is read with it.
fn is_of(place: &Path, input: &Path) -> bool {
    if place.starts_with(input) {
        return true;
    }
    let names = place.file_name().and_then(OsStr::to_str).zip(input.file_name().and_then(OsStr::to_str));
    place.parent() == input.parent()
        && !input.is_dir()
        && names.is_some_and(|(own, other)| own.starts_with(other) || BESIDE.contains(&own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str]) -> Result<(), String> {
        let definition = crate::args::definition();
        let line = std::iter::once("keel-verify").chain(words.iter().copied());
        let matches = definition.clone().try_get_matches_from(line).unwrap();
        super::check(&definition, &matches)
    }

    #[test]
    fn no_output_takes_the_place_of_an_input() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (evidence, other) = (at("evidence"), at("other"));
        fs::create_dir_all(folder.path().join("evidence/deep")).unwrap();
        fs::create_dir(&other).unwrap();
        for name in [
            "evidence/export.json",
            "evidence/deep/proof",
            "policy.toml",
            "root.json",
            "old.html",
            "other/export.json",
            "other/manifest.json",
            "other/export.json.tlog-proofs",
            "other/note.txt",
        ] {
            fs::write(at(name), name).unwrap();
        }
        let (policy, root) = (at("policy.toml"), at("root.json"));
        let ci = |more: &[&str]| {
            check(
                &[&["ci", "--policy", &policy, "--trust-root", &root][..], more, &["--", &evidence]].concat(),
            )
        };
        assert_eq!(ci(&["--out", &at("old.html")]), Ok(()));
        assert_eq!(ci(&["--out", &at("new.html"), "--also", &format!("csv={}", at("new.csv"))]), Ok(()));
        assert_eq!(ci(&["--out", &at("evidence/new.html")]), Ok(()), "nothing is there");
        let dotted = at("other/../policy.toml");
        for input in ["evidence/export.json", "evidence/deep/proof", "policy.toml", "root.json"].map(at) {
            for line in [["--out".to_owned(), input.clone()], ["--also".to_owned(), format!("json={input}")]]
            {
                let message = ci(&line.each_ref().map(String::as_str)).unwrap_err();
                assert!(message.contains("one of the inputs"), "{line:?}: {message}");
            }
        }
        assert!(ci(&["--out", &dotted]).is_err(), "another spelling");
        let url = format!("file://{root}");
        assert!(check(&["verify", "--key-manifest-url", &url, "--out", &root, "--", &evidence]).is_err());

        let export = at("other/export.json");
        let verify = |out: &str| check(&["verify", "--out", &at(out), "--", &export]);
        assert!(verify("other/export.json").is_err());
        assert!(verify("other/manifest.json").is_err() && verify("other/export.json.tlog-proofs").is_err());
        assert_eq!(verify("other/note.txt"), Ok(()));
    }

    #[test]
    fn two_outputs_have_two_places() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let line = |out: &str, also: &str| {
            let also = format!("csv={}", at(also));
            check(&["verify", "--out", &at(out), "--also", &also, "--", "no-evidence"])
        };
        assert_eq!(line("a", "b"), Ok(()));
        assert!(line("a", "a").is_err() && line("a", "./a").is_err());
        let twice = format!("csv={}", at("a"));
        assert!(check(&["verify", "--also", &twice, "--also", &twice, "--", "no-evidence"]).is_err());
        let sample = ["sample", "--out", &at("a"), "--csv", &at("a"), "--method", "random", "--size", "1"];
        let sample = [&sample[..], &["--engagement", "e", "--", "no-evidence"]].concat();
        assert!(check(&sample).unwrap_err().contains("two outputs"));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(at("file"), "").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let out = |name: &str| check(&["verify", "--out", &at(name), "--", "no-evidence"]);
        assert_eq!(out("file"), Ok(()));
        assert!(out("link").unwrap_err().contains("symbolic link"));
        assert!(out("socket").unwrap_err().contains("no regular file"));
        drop(socket);
    }

    /// An option that is added to a command has to be sorted in here.
    #[test]
    fn the_table_names_options_that_exist() {
        let definition = crate::args::definition();
        for (name, ids) in OUTPUTS {
            let command = definition.find_subcommand(name).unwrap();
            for id in ids {
                assert!(command.get_arguments().any(|argument| argument.get_id() == *id), "{name} {id}");
            }
        }
    }
}
