//! JUnit XML: one suite for each report and one for the gate; every claim, step and failing finding is a test case.
//!
//! A claim that fails the run is a failure, an input that cannot be read an error; what was not established and not
//! demanded, what did not run, and what a policy accepts is skipped with the reason. There is always a case for the
//! outcome itself, so a run that established nothing is never an empty suite. No time is written.

use std::io::{self, Write};

use super::document::{Document, Exception, gate_line, word};
use super::{escape, headline};
use crate::finding::{Severity, Verdict};
use crate::report::{Gate, Outcome, Report, RuleState, TOOL};

enum Verdicted {
    Passed,
    Failed(&'static str, String),
    Broken(&'static str, String),
    Skipped(String),
}

struct Case {
    class: String,
    name: String,
    result: Verdicted,
}

struct Suite {
    name: String,
    properties: Vec<(&'static str, String)>,
    cases: Vec<Case>,
}

/// Writes the document.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(document: &Document<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut suites: Vec<Suite> = document
        .reports
        .iter()
        .enumerate()
        .map(|(position, report)| suite(document, position, report))
        .collect();
    suites.extend(document.gate.map(gate_suite));
    if document.reports.is_empty() {
        suites.push(Suite {
            name: "input".to_owned(),
            properties: Vec::new(),
            cases: vec![case(
                "input",
                "outcome",
                Verdicted::Failed("NOT ESTABLISHED", "nothing was verified".to_owned()),
            )],
        });
    }
    let all = || suites.iter().flat_map(|suite| &suite.cases);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"{TOOL}\" {}>", counts(all()))?;
    for suite in &suites {
        write_suite(suite, out)?;
    }
    writeln!(out, "</testsuites>")
}

fn case(class: &str, name: &str, result: Verdicted) -> Case {
    Case { class: class.to_owned(), name: name.to_owned(), result }
}

fn suite(document: &Document<'_>, position: usize, report: &Report) -> Suite {
    let subject = headline::subject(report);
    let kind = if report.artifact.kind.is_empty() { "input" } else { report.artifact.kind.as_str() };
    let exceptions = document.exceptions(position);
    let mut cases = vec![outcome_case(document, report, kind, &exceptions)];
    for claim in &report.claims {
        let own: Vec<&Exception<'_>> =
            exceptions.iter().filter(|one| one.claim == Some(claim.name)).collect();
        let why = || own.iter().map(|one| line(one)).collect::<Vec<_>>().join("\n");
        let fails = headline::fails(claim);
        let accepted = fails && own.iter().all(|one| !one.counts());
        let result = match claim.verdict {
            Verdict::Supported => Verdicted::Passed,
            _ if accepted => Verdicted::Skipped(format!("accepted by the policy\n{}", why())),
            verdict if fails => Verdicted::Failed(verdict.as_str(), why()),
            verdict => {
                Verdicted::Skipped(format!("{}, not required\n{}", verdict.as_str().replace('_', " "), why()))
            }
        };
        cases.push(case(&format!("{kind}.claims"), claim.name, result));
    }
    let failing = exceptions.iter().filter(|one| one.claim.is_none() && one.severity == Severity::Error);
    for exception in failing {
        let text = line(exception);
        let result = match (exception.accepted, exception.effect) {
            (Some(_), _) => Verdicted::Skipped(text),
            (None, "unreadable") => Verdicted::Broken(exception.effect, text),
            (None, effect) => Verdicted::Failed(effect, text),
        };
        let name = [exception.code.id.to_owned(), exception.place()].join(" ");
        cases.push(case(&format!("{kind}.findings"), name.trim(), result));
    }
    for step in &report.coverage {
        let result = match &step.skipped {
            None => Verdicted::Passed,
            Some(why) => Verdicted::Skipped(format!("not run: {}", escape(why))),
        };
        cases.push(case(&format!("{kind}.steps"), step.title, result));
    }
    let mut properties =
        vec![("as_of", report.as_of.clone()), ("version", env!("CARGO_PKG_VERSION").to_owned())];
    for file in &report.artifact.files {
        let digest = file.sha256.as_deref().unwrap_or("digest unknown");
        properties.push((file.role, format!("{} {digest}", file.path)));
    }
    properties.extend(report.not_proven.iter().map(|text| ("not_proven", text.clone())));
    Suite { name: subject, properties, cases }
}

/// Under a policy the gate decides, and the report's own outcome is only said.
fn outcome_case(document: &Document<'_>, report: &Report, kind: &str, exceptions: &[Exception<'_>]) -> Case {
    let headline = headline::of(report);
    let text = format!("{}: {}", headline.word, headline.text);
    let result = match report.outcome {
        Outcome::Verified => Verdicted::Passed,
        _ if document.gate.is_some() && exceptions.iter().all(|one| !one.counts()) => {
            Verdicted::Skipped(text)
        }
        Outcome::Unreadable => Verdicted::Broken(word(Outcome::Unreadable), text),
        other => Verdicted::Failed(word(other), text),
    };
    case(kind, "outcome", result)
}

fn gate_suite(gate: &Gate) -> Suite {
    let mut cases: Vec<Case> = gate
        .rules
        .iter()
        .map(|rule| {
            let result = match rule.state {
                RuleState::Met => Verdicted::Passed,
                state => Verdicted::Failed(state.as_str(), escape(&rule.message).into_owned()),
            };
            case("policy", rule.id, result)
        })
        .collect();
    let result = match gate.outcome {
        Outcome::Verified => Verdicted::Passed,
        other => Verdicted::Failed(word(other), gate_line(gate)),
    };
    cases.push(case("policy", "outcome", result));
    let properties =
        vec![("policy", format!("{} {}", gate.policy, gate.sha256)), ("as_of", gate.as_of.clone())];
    Suite { name: "policy gate".to_owned(), properties, cases }
}

fn line(exception: &Exception<'_>) -> String {
    format!("{}: {}", exception.code.id, exception.text())
}

fn counts<'a>(cases: impl Iterator<Item = &'a Case>) -> String {
    let (mut tests, mut failures, mut errors, mut skipped) = (0_usize, 0_usize, 0_usize, 0_usize);
    for case in cases {
        tests = tests.saturating_add(1);
        let count = match case.result {
            Verdicted::Passed => continue,
            Verdicted::Failed(..) => &mut failures,
            Verdicted::Broken(..) => &mut errors,
            Verdicted::Skipped(_) => &mut skipped,
        };
        *count = count.saturating_add(1);
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

fn write_suite(suite: &Suite, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  <testsuite name=\"{}\" {}>", xml(&suite.name), counts(suite.cases.iter()))?;
    if !suite.properties.is_empty() {
        writeln!(out, "    <properties>")?;
        for (name, value) in &suite.properties {
            writeln!(out, "      <property name=\"{}\" value=\"{}\"/>", xml(name), xml(value))?;
        }
        writeln!(out, "    </properties>")?;
    }
    for case in &suite.cases {
        let head = format!("    <testcase classname=\"{}\" name=\"{}\"", xml(&case.class), xml(&case.name));
        match &case.result {
            Verdicted::Passed => writeln!(out, "{head}/>")?,
            Verdicted::Skipped(why) => {
                writeln!(out, "{head}>\n      <skipped message=\"{}\"/>\n    </testcase>", lines(why))?;
            }
            Verdicted::Failed(kind, why) => write_fault("failure", &head, kind, why, out)?,
            Verdicted::Broken(kind, why) => write_fault("error", &head, kind, why, out)?,
        }
    }
    writeln!(out, "  </testsuite>")
}

fn write_fault(element: &str, head: &str, kind: &str, why: &str, out: &mut dyn Write) -> io::Result<()> {
    let first = why.lines().next().unwrap_or_default();
    writeln!(
        out,
        "{head}>\n      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n    </testcase>",
        xml(kind),
        xml(first),
        lines(why)
    )
}

/// Our own lines of text that was escaped.
fn lines(text: &str) -> String {
    text.split('\n').map(xml).collect::<Vec<_>>().join("&#10;")
}

/// Text for content and attributes of XML 1.0 and HTML, on one line: what acts is spelled out.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in escape(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}
