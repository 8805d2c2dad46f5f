use std::ffi::OsString;

use super::*;
use crate::args::definition;

fn words(line: &[&str]) -> Vec<OsString> {
    line.iter().map(OsString::from).collect()
}

fn arranged(line: &[&str]) -> Front {
    arrange(&definition(), words(line)).unwrap()
}

fn run(line: &[&str]) -> Vec<String> {
    match arranged(line) {
        Front::Run { arguments, .. } => {
            arguments.into_iter().skip(1).map(|word| word.into_string().unwrap()).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn refused(line: &[&str]) -> String {
    arrange(&definition(), words(line)).unwrap_err().message
}

fn help(path: &[&str]) -> Front {
    Front::Help(path.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn a_first_word_that_is_no_command_is_a_path() {
    assert_eq!(run(&["a.json"]), ["verify", "--", "a.json"]);
    assert_eq!(run(&["expor"]), ["verify", "--", "expor"]);
    assert_eq!(run(&["--json", "a.json"]), ["verify", "--json", "--", "a.json"]);
    assert_eq!(run(&["a", "--json", "b"]), ["verify", "--json", "--", "a", "b"]);
}

#[test]
fn options_are_completed_among_the_references_first() {
    let line = ["export", "E", "M", "--man", "x", "--w", "--a", "--o", "--s"];
    let expected = [
        "export",
        "--manifest=x",
        "--walk-events",
        "--allow-unsigned",
        "--offline",
        "--self-attested",
        "--",
        "E",
        "M",
    ];
    assert_eq!(run(&line), expected);
    assert_eq!(run(&["export", "E", "--work", "2"]), ["export", "--workers=2", "--", "E"]);
    assert!(refused(&["export", "E", "M", "--key", "k"]).contains("--key-manifest, --key-manifest-url"));
    assert!(refused(&["export", "--exp", "E"]).contains("--expected-public-key"));
    assert!(refused(&["export", "E", "M", "--r"]).contains("--raw"));
}

#[test]
fn paths_of_a_command_stand_together() {
    assert!(refused(&["export", "E", "--json", "M", "--self-attested"]).contains(" M"));
    assert_eq!(run(&["export", "--json", "--", "E", "M"]), ["export", "--json", "--", "E", "M"]);
    assert_eq!(run(&["export", "E", "--manifest", "M"]), ["export", "--manifest=M", "--", "E"]);
    assert!(refused(&["export", "E", "M", "X"]).contains(" X"));
    assert!(refused(&["export", "E", "--", "M", "--json"]).contains(" --json"));
    assert_eq!(run(&["export", "E", "--", "M"]), ["export", "--", "E", "M"]);
}

#[test]
fn values() {
    assert_eq!(run(&["export", "E", "--public-key", ""]), ["export", "--public-key=", "--", "E"]);
    assert_eq!(run(&["export", "E", "--manifest="]), ["export", "--manifest=", "--", "E"]);
    assert_eq!(run(&["monitor", "--interval", "-1"]), ["monitor", "--interval=-1"]);
    assert_eq!(run(&["export", "-5", "-"]), ["export", "--", "-5", "-"]);
    assert_eq!(run(&["export", "--json --x"]), ["export", "--", "--json --x"]);
    assert_eq!(run(&["self-check", "--published-wheel"]), ["self-check", "--published-wheel"]);
    assert_eq!(run(&["self-check", "--published-wheel", "1"]), ["self-check", "--published-wheel=1"]);
    assert!(refused(&["export", "E", "--manifest"]).contains("needs a value"));
    assert!(refused(&["export", "E", "--manifest", "-x"]).contains("needs a value"));
    assert!(refused(&["export", "E", "--json=1"]).contains("takes no value"));
}

#[test]
fn help_is_answered_before_unknown_options_are_refused() {
    assert_eq!(arranged(&[]), help(&[]));
    assert_eq!(arranged(&["--help", "x"]), help(&[]));
    assert_eq!(arranged(&["export", "--no-such", "--help"]), help(&["export"]));
    assert_eq!(arranged(&["claim", "--no-such", "--help"]), help(&["claim"]));
    assert_eq!(arranged(&["claim", "operator_approval", "-h"]), help(&["claim", "operator_approval"]));
    assert_eq!(arranged(&["nofile", "--help"]), help(&["verify"]));
    assert_eq!(arranged(&["a.json", "--version"]), Front::Version);
    assert!(refused(&["export", "--key", "x", "--help"]).contains("short for several"));
    assert!(refused(&["export", "--version"]).contains("--version"));
    assert!(refused(&["doctor", "--no-such"]).contains("--no-such"));
    assert!(refused(&["claim", "bogus"]).contains("none of"));
    assert!(refused(&["-x", "a.json"]).contains("-x"));
}

#[test]
fn what_follows_a_separator_is_a_path() {
    assert_eq!(run(&["verify", "--", "--json", "--"]), ["verify", "--", "--json", "--"]);
}

#[test]
fn another_name_of_an_option_is_an_option() {
    assert_eq!(
        run(&["work-chain", "P", "--key-manifest", "k"]),
        ["work-chain", "--key-manifest=k", "--", "P"]
    );
}
