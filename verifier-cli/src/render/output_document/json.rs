//! The document with sorted members, two-space indentation and ASCII escapes; numbers as they were written.

use std::io::{self, Write};

use verifier_core::json::Value;

use super::OutputDocument;

/// Writes the document, with the table of outcomes unless it has one.
pub(crate) fn write_json(document: &OutputDocument<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut members: Vec<(String, Part<'_>)> = document
        .root
        .members()
        .map(|member| (member.name().into_owned(), Part::Value(member.value)))
        .collect();
    if document.root.member(MAPPINGS).is_none() {
        members.push((MAPPINGS.to_owned(), Part::Mappings));
    }
    members.sort_by(|left, right| left.0.cmp(&right.0));
    write_object(&members, 0, out)?;
    writeln!(out)
}

const MAPPINGS: &str = "outcome_render_mappings";

/// Something to print: out of the document, or out of the table of outcomes.
#[derive(Clone)]
enum Part<'a> {
    Value(Value<'a>),
    Mappings,
    Mapping(Mapping),
    Text(String),
    Null,
}

fn write_part(part: &Part<'_>, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    match part {
        Part::Null => out.write_all(b"null"),
        Part::Text(text) => write_text(text, out),
        Part::Mappings => {
            let mut members: Vec<(String, Part<'_>)> =
                mappings().map(|mapping| (mapping.outcome(), Part::Mapping(mapping))).collect();
            members.sort_by(|left, right| left.0.cmp(&right.0));
            write_object(&members, depth, out)
        }
        Part::Mapping(mapping) => write_object(&mapping.members(), depth, out),
        Part::Value(value) => write_value(*value, depth, out),
    }
}

fn write_value(value: Value<'_>, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    if value.is_object() {
        let mut members: Vec<(String, Part<'_>)> =
            value.members().map(|member| (member.name().into_owned(), Part::Value(member.value))).collect();
        members.sort_by(|left, right| left.0.cmp(&right.0));
        write_object(&members, depth, out)
    } else if value.is_array() {
        let items: Vec<Part<'_>> = value.items().map(Part::Value).collect();
        if items.is_empty() {
            return out.write_all(b"[]");
        }
        out.write_all(b"[")?;
        for (index, item) in items.iter().enumerate() {
            new_line(index, depth, out)?;
            write_part(item, depth.saturating_add(1), out)?;
        }
        close(depth, b"]", out)
    } else {
        match value.text() {
            Some(text) => write_text(&text, out),
            None => out.write_all(value.raw()),
        }
    }
}

fn write_object(members: &[(String, Part<'_>)], depth: usize, out: &mut dyn Write) -> io::Result<()> {
    if members.is_empty() {
        return out.write_all(b"{}");
    }
    out.write_all(b"{")?;
    for (index, (name, part)) in members.iter().enumerate() {
        new_line(index, depth, out)?;
        write_text(name, out)?;
        out.write_all(b": ")?;
        write_part(part, depth.saturating_add(1), out)?;
    }
    close(depth, b"}", out)
}

fn new_line(index: usize, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    let comma = if index == 0 { "" } else { "," };
    let indent = depth.saturating_add(1).saturating_mul(2);
    write!(out, "{comma}\n{:indent$}", "")
}

fn close(depth: usize, bracket: &[u8], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "\n{:indent$}", "", indent = depth.saturating_mul(2))?;
    out.write_all(bracket)
}

fn write_text(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            ' '..='~' => quoted.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    quoted.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    quoted.push('"');
    out.write_all(quoted.as_bytes())
}

/// One row of the table of outcomes (spec 15 section 5.2).
#[derive(Clone, Copy)]
struct Mapping {
    severity: &'static str,
    color: &'static str,
    lead: &'static str,
    subject: &'static str,
    title: &'static str,
    anchor: &'static str,
    action: Option<&'static str>,
}

impl Mapping {
    fn outcome(self) -> String {
        format!("{}{}", self.severity, self.subject)
    }

    fn members(self) -> Vec<(String, Part<'static>)> {
        let text = |text: String| Part::Text(text);
        let action = self.action.map_or(Part::Null, |action| Part::Text(action.to_owned()));
        [
            ("badge", text(format!("[{}]", self.outcome()))),
            ("color", text(self.color.to_owned())),
            ("recommended_action", action),
            ("spec_section_anchor", text(format!("pr5-20-outcome-render-mappings-{}", self.anchor))),
            ("title", text(format!("{}{}", self.lead, self.title))),
        ]
        .map(|(name, part)| (name.to_owned(), part))
        .to_vec()
    }
}

fn mappings() -> impl Iterator<Item = Mapping> {
    let plain = |subject, title, anchor, action| Mapping {
        severity: "",
        color: "green",
        lead: "",
        subject,
        title,
        anchor,
        action,
    };
    let passes = [
        plain("PASS", "Provider attestation verified", "pass", None),
        plain(
            "PASS_WITH_INFO",
            "Provider attestation verified with informational notes",
            "pass-with-info",
            Some("Read the notes; nothing speaks against the attestation."),
        ),
    ];
    let graded = SUBJECTS.iter().flat_map(|(subject, title, anchor)| {
        SEVERITIES.iter().map(move |(severity, color, lead, action)| Mapping {
            severity,
            color,
            lead,
            subject,
            title,
            anchor,
            action: Some(action),
        })
    });
    passes.into_iter().chain(graded)
}

const SEVERITIES: [(&str, &str, &str, &str); 3] = [
    ("FAIL_", "red", "Required ", "Do not rely on the execution record until this is resolved."),
    ("WARN_", "yellow", "Optional ", "Find out why before relying on the optional attestation."),
    ("INFO_", "blue", "Advisory ", "Take note; the verdict does not depend on it."),
];

const SUBJECTS: [(&str, &str, &str); 6] = [
    ("MISSING_PROVIDER_ATTESTATION", "provider attestation is missing", "missing"),
    ("PROVIDER_SIGNATURE", "provider signature failed", "signature"),
    ("PROVIDER_KEY_PROVENANCE", "provider key provenance failed", "key-provenance"),
    ("ATTESTATION_BINDING", "attestation binding failed", "binding"),
    ("RECEIPT_REPLAY", "receipt replay check failed", "replay"),
    ("OUT_OF_AUTHORITY_WINDOW", "provider event is outside the authority window", "timing"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_twenty_outcomes() {
        let outcomes: std::collections::BTreeSet<String> = mappings().map(Mapping::outcome).collect();
        assert_eq!(outcomes.len(), 20);
        assert!(outcomes.contains("PASS") && outcomes.contains("WARN_RECEIPT_REPLAY"));
    }

    #[test]
    fn text_is_ascii_with_surrogate_pairs() {
        let mut out = Vec::new();
        write_text("é\u{1f600}\n\"\u{7f}", &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#""\u00e9\ud83d\ude00\n\"\u007f""#);
    }
}
