//! `explain CODE`: the catalogue row of a code.

use verifier_core::finding::{Code, catalog};

use super::{Console, Ended};
use crate::args::keys::ExplainArgs;
use crate::args::output::ColorChoice;
use crate::exit::Exit;
use crate::render::style::Page;

pub(super) fn run(args: &ExplainArgs, console: &mut Console<'_>) -> Ended {
    let Some(id) = &args.code else {
        return console.print(Exit::VERIFIED, |out| {
            catalog::all().try_for_each(|code| writeln!(out, "{:<44} {}", code.id, code.title))
        });
    };
    match catalog::find(id).or_else(|| catalog::find(&id.to_uppercase())) {
        Some(code) => {
            let environment = console.environment;
            console
                .print(Exit::VERIFIED, |out| write(code, &mut Page::new(out, ColorChoice::Auto, environment)))
        }
        None => {
            let near: Vec<&str> = nearest(id).iter().map(|code| code.id).collect();
            let hint =
                if near.is_empty() { String::new() } else { format!("; similar: {}", near.join(", ")) };
            console.misused("explain", &format!("{id:?} is not a code of this release{hint}"))
        }
    }
}

fn write(code: &Code, page: &mut Page<'_>) -> std::io::Result<()> {
    page.line(&format!("{}: {}", code.id, code.title))?;
    page.heading("What was compared")?;
    page.paragraph(2, code.explanation)?;
    page.heading("What to do next")?;
    page.paragraph(2, code.remedy)?;
    page.line(&format!("\nSince release {}", code.since))
}

/// Codes that share most words with the one asked for.
fn nearest(id: &str) -> Vec<&'static Code> {
    let upper = id.to_uppercase();
    let words: Vec<&str> = upper.split(['_', '.', '-']).filter(|word| word.len() > 2).collect();
    let mut ranked: Vec<(usize, &'static Code)> = catalog::all()
        .map(|code| (code.id.split('_').filter(|word| words.contains(word)).count(), code))
        .filter(|(shared, _)| *shared > 0)
        .collect();
    ranked.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    ranked.into_iter().take(4).map(|(_, code)| code).collect()
}
