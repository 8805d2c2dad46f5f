//! Runs of the program as data: every `tests/cmd/**/*.run` file holds a command line, its exit status, and
//! what it prints.
//!
//! ```text
//! $ keel-verify render 'a file.json' --format tree
//! status 0
//! --- stdout
//! Verifier output …
//! --- stderr
//! ```
//!
//! The program runs in `tests/cmd` without a terminal, 100 columns wide. A stream without a section is not compared.
//! `[..]` stands for any text within a line, a line `[...]` for any further lines. `--- contains` lists texts that
//! must occur somewhere in either stream, `--- lacks` texts that must not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[test]
fn command_lines_behave_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    assert!(files.len() > 10, "runs were not found under {}", folder.display());
    let failures: Vec<String> = files.iter().filter_map(|file| check(file, &folder).err()).collect();
    assert!(
        failures.is_empty(),
        "{} of {} runs differ\n\n{}",
        failures.len(),
        files.len(),
        failures.join("\n\n")
    );
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "run") {
            files.push(path);
        }
    }
}

#[derive(Default)]
struct Run {
    words: Vec<String>,
    status: i32,
    stdin: String,
    stdout: Option<String>,
    stderr: Option<String>,
    contains: Vec<String>,
    lacks: Vec<String>,
}

fn parse(text: &str) -> Run {
    let mut run = Run::default();
    let mut section = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("--- ") {
            section = name;
            match name {
                "stdout" => run.stdout = Some(String::new()),
                "stderr" => run.stderr = Some(String::new()),
                "stdin" | "contains" | "lacks" => {}
                other => panic!("unknown section {other:?}"),
            }
            continue;
        }
        let lined = |text: &mut String| {
            text.push_str(line);
            text.push('\n');
        };
        match section {
            "" if line.starts_with('#') || line.is_empty() => {}
            "" => match line.strip_prefix("$ keel-verify") {
                Some(words) => run.words = split(words),
                None => run.status = line.strip_prefix("status ").expect(line).parse().unwrap(),
            },
            "stdout" => lined(run.stdout.as_mut().unwrap()),
            "stderr" => lined(run.stderr.as_mut().unwrap()),
            "stdin" => lined(&mut run.stdin),
            "contains" => run.contains.push(line.to_owned()),
            _ => run.lacks.push(line.to_owned()),
        }
    }
    run
}

/// Words at blanks; `'…'` keeps blanks and may be empty.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

fn check(file: &Path, folder: &Path) -> Result<(), String> {
    let run = parse(&fs::read_to_string(file).unwrap());
    let mut child = Command::new(env!("CARGO_BIN_EXE_keel-verify"))
        .args(&run.words)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), run.stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let mut problems = Vec::new();
    if output.status.code() != Some(run.status) {
        problems.push(format!("status {:?} instead of {}", output.status.code(), run.status));
    }
    for (name, expected, found) in [("stdout", &run.stdout, &stdout), ("stderr", &run.stderr, &stderr)] {
        if expected.as_ref().is_some_and(|expected| !text_matches(expected, found)) {
            problems.push(format!("{name} differs"));
        }
    }
    let both = format!("{stdout}\n{stderr}");
    problems.extend(
        run.contains.iter().filter(|text| !both.contains(*text)).map(|text| format!("lacks {text:?}")),
    );
    problems.extend(
        run.lacks.iter().filter(|text| both.contains(*text)).map(|text| format!("contains {text:?}")),
    );
    let acts = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if both.contains(acts) {
        problems.push("an active character reached the output".to_owned());
    }
    if problems.is_empty() {
        return Ok(());
    }
    let name = file.strip_prefix(folder).unwrap_or(file).display();
    let shown: Vec<&str> = stdout.lines().take(60).collect();
    Err(format!("{name}: {}\n--- stdout\n{}\n--- stderr\n{stderr}", problems.join("; "), shown.join("\n")))
}

fn text_matches(expected: &str, found: &str) -> bool {
    let expected: Vec<&str> = expected.lines().collect();
    let found: Vec<&str> = found.lines().collect();
    lines_match(&expected, &found)
}

fn lines_match(expected: &[&str], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((&"[...]", rest)), _) => (0..=found.len()).any(|skip| lines_match(rest, &found[skip..])),
        (Some((line, rest)), Some((other, others))) => line_matches(line, other) && lines_match(rest, others),
        _ => false,
    }
}

fn line_matches(expected: &str, found: &str) -> bool {
    let mut parts = expected.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}
