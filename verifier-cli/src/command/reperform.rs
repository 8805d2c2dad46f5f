//! `reperform WORKPAPER PATH…`: verifies, draws and projects again, and says what differs.

use verifier_core::finding::catalog::workpaper::{WORKPAPER_COMMITMENT_DIFFERS, WORKPAPER_INVALID};
use verifier_core::finding::{Effect, Finding, Location, Verdict};
use verifier_core::sample::commitment;
use verifier_core::time::Timestamp;
use verifier_core::workpaper::{judge, outcome, reperform};

use super::workpaper::{expected, load, verify};
use super::{Console, Ended};
use crate::args::workpaper::ReperformArgs;
use crate::exit::Exit;
use crate::render::style::Page;
use crate::render::workpaper as render;

pub(super) fn run(args: &ReperformArgs, console: &mut Console<'_>) -> Ended {
    let (blob, paper) = match load(&args.paper, &args.evidence.verification.limits, console) {
        Ok(loaded) => loaded,
        Err(ended) => return ended,
    };
    let name = args.paper.to_string_lossy().into_owned();
    let Some(as_of) = Timestamp::parse(&paper.content.as_of) else {
        let message = format!("{name}: the date of the verdicts is no date");
        return console.failed(Exit::UNREADABLE, &WORKPAPER_INVALID, &message);
    };
    let done = match verify("reperform", &args.evidence, Some((as_of, &paper.content.options)), console) {
        Ok(done) => done,
        Err(ended) => return ended,
    };
    let was_unreadable = paper.content.verdicts.iter().any(|verdicts| verdicts.outcome == "unreadable");
    if !was_unreadable && let Err(ended) = done.readable(console) {
        return ended;
    }
    let ledger = match done.rows(&args.evidence, console) {
        Ok(ledger) => ledger,
        Err(ended) => return ended,
    };
    let expected = expected(&args.signers);
    let judgement = judge(&paper, &expected, &name);
    let is_asked = !expected.keys.is_empty() || expected.countersigned;
    let is_wrong =
        |finding: &Finding| finding.effect == Effect::Fails { verdict: Verdict::Disproved } || is_asked;
    let mut findings: Vec<Finding> =
        judgement.findings.iter().filter(|finding| is_wrong(finding)).cloned().collect();
    if let Some(stated) = &args.commitment {
        if paper.content.samples.is_empty() {
            let message = "the paper has no sample, so no engagement is compared with what was published";
            let finding = Finding::lacks(&WORKPAPER_COMMITMENT_DIFFERS, message);
            findings
                .push(finding.fact("stated", stated).at(Location::file(&name).pointing("/content/samples")));
        }
        for (index, sample) in paper.content.samples.iter().enumerate() {
            let own = commitment(&sample.engagement);
            if own != *stated {
                let message = "the engagement of the sample is not the published one";
                let pointer = format!("/content/samples/{index}/engagement");
                findings.push(
                    Finding::disproves(&WORKPAPER_COMMITMENT_DIFFERS, message)
                        .fact("stated", stated)
                        .fact("computed", own)
                        .at(Location::file(&name).pointing(pointer)),
                );
            }
        }
    }
    findings.extend(reperform(&paper.content, done.policy(), &done.reports, Some(&ledger), &name));
    let outcome = outcome(&findings);
    let environment = console.environment;
    console.print(Exit::from(outcome), |out| {
        let mut page = Page::new(out, args.evidence.color, environment);
        render::reperformed(&blob, &paper, &judgement, &findings, outcome, &mut page)
    })
}
