//! What an attack came to, as text and JSON. Pure functions; text of the evidence is escaped.

use std::io;

use serde_json::{Value, json};
use verifier_core::redteam::{Attack, Counts, Survivor, TargetError};
use verifier_core::report::{Outcome, TOOL};

use super::escape;
use super::style::{Page, Tone};

/// Attacks on one or more sets of evidence.
pub(crate) struct Shown<'a> {
    pub(crate) attacks: &'a [(String, Result<Attack, TargetError>)],
    pub(crate) seed: &'a str,
    pub(crate) outcome: Outcome,
}

/// Survivors that the text lists; JSON has more.
const LISTED: usize = 40;

/// Writes the text.
pub(crate) fn human(shown: &Shown<'_>, page: &mut Page<'_>) -> io::Result<()> {
    for (label, attack) in shown.attacks {
        let label = escape::text(label);
        let attack = match attack {
            Ok(attack) => attack,
            Err(error) => {
                let word = page.paint(Tone::from(Outcome::NotEstablished), "NOT ATTACKED");
                page.line(&format!("{word}: {label}: {}", escape::text(&error.to_string())))?;
                continue;
            }
        };
        let total = attack.total();
        let word = match attack.outcome() {
            Outcome::Verified => "HELD",
            Outcome::NotEstablished => "STOPPED",
            _ => "SURVIVORS",
        };
        let word = page.paint(Tone::from(attack.outcome()), word);
        page.line(&format!("{word}: {label}: {}", counts_text(&total)))?;
        page.paragraph(2, &format!("seed {}", escape::text(shown.seed)))?;
        page.heading("By kind of change")?;
        for (class, counts) in &attack.classes {
            page.labelled(2, &format!("{:<16}", class.as_str()), &counts_text(counts))?;
        }
        page.heading("Noticed by")?;
        let mut codes: Vec<_> = attack.codes.iter().collect();
        codes.sort_by(|left, right| right.1.cmp(left.1).then(left.0.cmp(right.0)));
        for (code, count) in codes {
            page.labelled(2, &format!("{count:>8} "), code)?;
        }
        for file in &attack.dispensable {
            page.paragraph(
                0,
                &format!(
                    "The verdict does not rest on {}: the evidence verifies without it.",
                    escape::text(file)
                ),
            )?;
        }
        survivors(attack, page)?;
    }
    Ok(())
}

fn survivors(attack: &Attack, page: &mut Page<'_>) -> io::Result<()> {
    for (title, listed) in [
        ("Not noticed, at places that the report calls covered", false),
        ("Not noticed, at places that the report lists as uncovered", true),
    ] {
        let own: Vec<&Survivor> = attack.survivors.iter().filter(|one| one.is_listed == listed).collect();
        if own.is_empty() {
            continue;
        }
        page.heading(title)?;
        for one in own.iter().take(LISTED) {
            let Survivor { number, class, file, pointer, what, .. } = one;
            let place = format!("{} {}", escape::text(file), escape::text(pointer));
            page.paragraph(2, &format!("{number} {}: {}: {what}", class.as_str(), place.trim_end()))?;
        }
        if let Some(more) = own.len().checked_sub(LISTED).filter(|more| *more > 0) {
            page.paragraph(2, &format!("and {more} more; --format json lists them"))?;
        }
    }
    Ok(())
}

fn counts_text(counts: &Counts) -> String {
    let Counts { made, caught, same, listed, survived } = counts;
    format!(
        "{made} changes, {caught} noticed, {same} without a change of meaning, {listed} at uncovered places, {survived} missed"
    )
}

/// The JSON document, `keel-verify.redteam/v1`.
pub(crate) fn document(shown: &Shown<'_>) -> Value {
    let counts = |counts: &Counts| {
        json!({"made": counts.made, "caught": counts.caught, "same_meaning": counts.same,
            "listed_as_uncovered": counts.listed, "survived": counts.survived})
    };
    let attacks: Vec<Value> = shown
        .attacks
        .iter()
        .map(|(label, attack)| match attack {
            Err(error) => json!({"evidence": label, "error": error.to_string()}),
            Ok(attack) => json!({
                "evidence": label,
                "total": counts(&attack.total()),
                "classes": attack.classes.iter()
                    .map(|(class, own)| (class.as_str().to_owned(), counts(own)))
                    .collect::<serde_json::Map<_, _>>(),
                "noticed_by": attack.codes,
                "stopped": attack.is_cut,
                "not_relied_upon": attack.dispensable,
                "survivors": attack.survivors.iter().map(|one| json!({
                    "number": one.number, "class": one.class.as_str(), "file": one.file,
                    "pointer": one.pointer, "change": one.what, "listed_as_uncovered": one.is_listed,
                })).collect::<Vec<_>>(),
            }),
        })
        .collect();
    json!({
        "schema": "keel-verify.redteam/v1",
        "tool": { "name": TOOL, "version": env!("CARGO_PKG_VERSION") },
        "seed": shown.seed,
        "outcome": shown.outcome,
        "exit_status": shown.outcome.exit_status(),
        "attacks": attacks,
    })
}
