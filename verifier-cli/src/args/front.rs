//! The outermost reading of the command line: the conventions of the reference verifier's parser.
//!
//! Existing scripts call `keel-verify` with habits that differ from clap's: a first word that is no command is a
//! path, a long option may be shortened to a unique prefix, all paths of a command stand together, an
//! option given twice counts as given last, an unknown option does not keep `--help` from being answered (spec
//! 08 section 1, spec 02 section 1.1). This module turns such a line into one with full option names,
//! `--name=value`, and paths behind `--`, which clap then reads without having to guess.
//!
//! Prefixes are looked up among the reference's options first, so that an option of our own never makes an
//! old script ambiguous.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

/// Heading of the options that the reference does not have.
pub(crate) const ADDED: &str = "Further options";

/// What to do with the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// Show the help of the command with this path.
    Help(Vec<String>),
    /// Show the version.
    Version,
    /// Parse and run.
    Run {
        /// The command, for messages.
        path: Vec<String>,
        /// Program name and arranged arguments.
        arguments: Vec<OsString>,
    },
}

/// A command line that cannot be understood: exit status 2.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The command it was meant for.
    pub(crate) path: Vec<String>,
    /// What is wrong, as a sentence without the final stop.
    pub(crate) message: String,
}

impl Usage {
    pub(crate) fn new(path: &[String], message: impl Into<String>) -> Self {
        Self { path: path.to_vec(), message: message.into() }
    }

    /// What clap objects to, without its prefix, usage and hints.
    pub(crate) fn from_clap(path: &[String], error: &clap::Error) -> Self {
        let text = error.to_string();
        let body = text.split("\n\nUsage:").next().unwrap_or(&text);
        let body = body.split("\n\nFor more information").next().unwrap_or(body);
        Self::new(path, body.trim_start_matches("error: ").trim_end())
    }
}

/// Arranges the words after the program's name.
pub(crate) fn arrange(root: &Command, words: Vec<OsString>) -> Result<Front, Usage> {
    let Some(first) = words.first() else {
        return Ok(Front::Help(Vec::new()));
    };
    let named = first.to_str().and_then(|word| subcommand(root, word));
    match (named, first.to_str()) {
        (Some(command), _) => arrange_command(command, vec![command.get_name().to_owned()], words, 1),
        (None, Some("-h" | "--help")) => Ok(Front::Help(Vec::new())),
        (None, Some("--version")) => Ok(Front::Version),
        (None, _) => match subcommand(root, "verify") {
            Some(command) => arrange_command(command, vec!["verify".to_owned()], words, 0),
            None => Err(Usage::new(&[], "no such command")),
        },
    }
}

fn subcommand<'a>(command: &'a Command, name: &str) -> Option<&'a Command> {
    command.get_subcommands().find(|sub| sub.get_name() == name)
}

fn arrange_command(
    command: &Command,
    path: Vec<String>,
    words: Vec<OsString>,
    skip: usize,
) -> Result<Front, Usage> {
    let mut tokens = Vec::new();
    let mut literal = false;
    for word in words.into_iter().skip(skip) {
        let token = if literal { Token::Path(word) } else { classify(command, &path, word)? };
        literal |= matches!(token, Token::Separator);
        tokens.push(token);
    }
    let mut line = Line::new(command, path);
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::Separator => {}
            Token::Path(word) => {
                if command.has_subcommands() {
                    let rest = tokens.map(Token::into_word).collect();
                    return line.descend(word, rest);
                }
                line.path_word(word);
            }
            Token::Unknown(word) => line.unknown(word),
            Token::Option { name, value } => {
                line.paths_end();
                let Some(option) = option(command, &name) else {
                    return match (name.as_str(), value) {
                        ("help", None) => Ok(Front::Help(line.path)),
                        ("version", None) => Ok(Front::Version),
                        (_, _) => Err(Usage::new(&line.path, format!("--{name} takes no value"))),
                    };
                };
                let value = match (value, arity(option)) {
                    (Some(_), Arity::None) => {
                        return Err(Usage::new(&line.path, format!("--{name} takes no value")));
                    }
                    (value @ Some(_), _) => value,
                    (None, Arity::None) => None,
                    (None, _) => match tokens.next_if(|next| matches!(next, Token::Path(_))) {
                        Some(next) => Some(next.into_word()),
                        None if arity(option) == Arity::Optional => None,
                        None => return Err(Usage::new(&line.path, format!("--{name} needs a value"))),
                    },
                };
                line.option(&name, value);
            }
        }
    }
    line.finish()
}

/// The arranged line while it is being made.
struct Line<'a> {
    command: &'a Command,
    path: Vec<String>,
    options: Vec<OsString>,
    paths: Vec<OsString>,
    /// How many paths the command takes.
    most_paths: usize,
    /// Whether further paths would stand apart from the first ones.
    paths_ended: bool,
    unknown: Vec<OsString>,
}

impl<'a> Line<'a> {
    fn new(command: &'a Command, path: Vec<String>) -> Self {
        let most_paths = command
            .get_positionals()
            .map(|positional| if many(positional) { usize::MAX } else { 1 })
            .fold(0usize, usize::saturating_add);
        Self {
            command,
            path,
            options: Vec::new(),
            paths: Vec::new(),
            most_paths,
            paths_ended: false,
            unknown: Vec::new(),
        }
    }

    fn path_word(&mut self, word: OsString) {
        if self.paths.len() < self.most_paths && !self.paths_ended {
            self.paths.push(word);
        } else {
            self.unknown.push(word);
        }
    }

    fn unknown(&mut self, word: OsString) {
        self.paths_end();
        self.unknown.push(word);
    }

    /// The reference's parser takes a command's paths from one place; a list of paths may be interrupted.
    fn paths_end(&mut self) {
        self.paths_ended = !self.paths.is_empty() && self.most_paths != usize::MAX;
    }

    fn option(&mut self, name: &str, value: Option<OsString>) {
        let mut word = OsString::from(format!("--{name}"));
        if let Some(value) = value {
            word.push("=");
            word.push(value);
        }
        self.options.push(word);
    }

    fn descend(mut self, word: OsString, rest: Vec<OsString>) -> Result<Front, Usage> {
        let name = word.to_string_lossy().into_owned();
        let Some(command) = subcommand(self.command, &name) else {
            let known: Vec<&str> = self.command.get_subcommands().map(Command::get_name).collect();
            return Err(Usage::new(&self.path, format!("{name:?} is none of: {}", known.join(", "))));
        };
        self.reject_unknown()?;
        self.path.push(name);
        arrange_command(command, self.path, rest, 0)
    }

    fn reject_unknown(&self) -> Result<(), Usage> {
        if self.unknown.is_empty() {
            return Ok(());
        }
        let words: Vec<String> =
            self.unknown.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        Err(Usage::new(&self.path, format!("these words have no meaning here: {}", words.join(" "))))
    }

    fn finish(self) -> Result<Front, Usage> {
        self.reject_unknown()?;
        let mut arguments = vec![OsString::from("keel-verify")];
        arguments.extend(self.path.iter().map(OsString::from));
        arguments.extend(self.options);
        if !self.paths.is_empty() {
            arguments.push("--".into());
            arguments.extend(self.paths);
        }
        Ok(Front::Run { path: self.path, arguments })
    }
}

enum Token {
    Separator,
    Path(OsString),
    Option { name: String, value: Option<OsString> },
    Unknown(OsString),
}

impl Token {
    /// The word again, full name for abbreviation.
    fn into_word(self) -> OsString {
        match self {
            Self::Separator => "--".into(),
            Self::Path(word) | Self::Unknown(word) => word,
            Self::Option { name, value } => {
                let mut word = OsString::from(format!("--{name}"));
                if let Some(value) = value {
                    word.push("=");
                    word.push(value);
                }
                word
            }
        }
    }
}

fn classify(command: &Command, path: &[String], word: OsString) -> Result<Token, Usage> {
    let Some(text) = word.to_str() else {
        return Ok(Token::Path(word));
    };
    if !text.starts_with('-') || text == "-" {
        return Ok(Token::Path(word));
    }
    if text == "--" {
        return Ok(Token::Separator);
    }
    if text == "-h" {
        return Ok(Token::Option { name: "help".to_owned(), value: None });
    }
    if let Some(long) = text.strip_prefix("--") {
        let (given, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(OsString::from(value))),
            None => (long, None),
        };
        match full_name(command, given) {
            Match::One(name) => return Ok(Token::Option { name, value }),
            Match::Several(names) => {
                return Err(Usage::new(
                    path,
                    format!("--{given} is short for several options: {}", names.join(", ")),
                ));
            }
            Match::None => {}
        }
    }
    // Negative numbers and words with blanks are values, not options.
    if is_negative_number(text) || text.contains(' ') {
        return Ok(Token::Path(word));
    }
    Ok(Token::Unknown(word))
}

enum Match {
    None,
    One(String),
    Several(Vec<String>),
}

fn full_name(command: &Command, given: &str) -> Match {
    let own = |argument: &&Arg| argument.get_help_heading() == Some(ADDED);
    let names = |added: bool| {
        command.get_arguments().filter(move |argument| own(argument) == added).flat_map(|argument| {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            argument.get_long().into_iter().chain(aliases).map(str::to_owned)
        })
    };
    let always = ["help"].into_iter().chain(takes_version(command).then_some("version")).map(str::to_owned);
    let reference: Vec<String> = names(false).chain(always).collect();
    let added: Vec<String> = names(true).collect();
    if reference.iter().chain(&added).any(|name| name == given) {
        return Match::One(given.to_owned());
    }
    for group in [reference, added] {
        let mut fitting: Vec<String> = group.into_iter().filter(|name| name.starts_with(given)).collect();
        match (fitting.len(), fitting.pop()) {
            (0, _) | (_, None) => {}
            (1, Some(name)) => return Match::One(name),
            (_, Some(last)) => {
                fitting.push(last);
                return Match::Several(fitting.into_iter().map(|name| format!("--{name}")).collect());
            }
        }
    }
    Match::None
}

/// Only the form without a command answers `--version` among its options.
fn takes_version(command: &Command) -> bool {
    command.get_name() == "verify"
}

fn option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|argument| {
        argument.get_long() == Some(name)
            || argument.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arity {
    None,
    Optional,
    One,
}

fn arity(argument: &Arg) -> Arity {
    if !argument.get_action().takes_values() {
        Arity::None
    } else if argument.get_num_args().is_some_and(|range| range.min_values() == 0) {
        Arity::Optional
    } else {
        Arity::One
    }
}

fn many(positional: &Arg) -> bool {
    matches!(positional.get_action(), ArgAction::Append)
}

/// `-5`, `-5.5` and `-.5`, as the reference's parser recognises them.
fn is_negative_number(text: &str) -> bool {
    let Some(number) = text.strip_prefix('-') else { return false };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    match number.split_once('.') {
        None => !number.is_empty() && digits(number),
        Some((whole, fraction)) => digits(whole) && !fraction.is_empty() && digits(fraction),
    }
}

#[cfg(test)]
mod tests;
