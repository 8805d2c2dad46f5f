//! What a working paper says.

use std::collections::BTreeMap;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::options;
use super::project::ProjectionRecord;
use crate::crypto::prefixed;
use crate::ledger::Ledger;
use crate::report::{Report, TOOL};
use crate::sample::{Method, Population, Sample, Stratum};
use crate::trust::{KeySource, NamedBlob, TrustPolicy};

/// The signed part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// What it is called, in the reviewer's words.
    pub title: String,
    /// The program that gave the verdicts.
    pub tool: ToolRecord,
    /// The date that the verdicts are stated for, RFC 3339.
    pub as_of: String,
    /// Options of the verification that change verdicts, as on a command line.
    pub options: Vec<String>,
    /// Every file of the evidence, and the trust kit, by role.
    pub files: Vec<FileRecord>,
    /// The other files with trust material, by role.
    pub trust: Vec<FileRecord>,
    /// What the evidence came to, one for each set.
    pub verdicts: Vec<Verdicts>,
    /// The samples.
    pub samples: Vec<SampleRecord>,
    /// What was looked at, by kind and id, each subject once.
    pub marks: Vec<Mark>,
    /// What the marks on a sample say about the population; always that of the marks above.
    pub projections: Vec<ProjectionRecord>,
}

/// A program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolRecord {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `sha256:` of the executable, where known.
    pub sha256: Option<String>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// What it was used as.
    pub role: String,
    /// Its name without folders, which differ between machines.
    pub name: String,
    /// `sha256:` of its bytes.
    pub sha256: Option<String>,
    /// Its length.
    pub bytes: Option<u64>,
}

/// What a set of evidence came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdicts {
    /// The kind of evidence.
    pub kind: String,
    /// `verified`, `disproved`, `not_established`, `unreadable`.
    pub outcome: String,
    /// The claims.
    pub claims: Vec<ClaimRecord>,
    /// Findings by code, how many of each.
    pub findings: Vec<(String, u64)>,
}

/// A claim's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRecord {
    /// Registered name.
    pub name: String,
    /// The verdict.
    pub verdict: String,
    /// The deciding code.
    pub code: Option<String>,
}

/// A sample: how it was drawn, and what came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleRecord {
    /// Name of the method.
    pub method: String,
    /// Items that were asked for; zero where an interval was, and the sum where each stratum has a size.
    pub size: u32,
    /// Items from one to the next, of a systematic sample that was asked for by its interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// Items of each stratum, of a stratified sample with stated sizes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub allocation: BTreeMap<String, u32>,
    /// What the strata are.
    pub stratum: String,
    /// The auditor's text.
    pub engagement: String,
    /// Digest of the population.
    pub population: String,
    /// Items of the population.
    pub items: u64,
    /// Those with an amount of zero or less, or none.
    pub items_without_amount: u64,
    /// Sum of the amounts above zero, in micro-USD, as decimal digits.
    pub total_usd_micros: String,
    /// The seed.
    pub seed: String,
    /// Micro-USD between two drawn ones, of a monetary-unit sample; it was asked for where the size is zero.
    pub interval_usd_micros: Option<u64>,
    /// The strata, by name; a single one without a name where there are none.
    pub strata: Vec<StratumRecord>,
    /// The items, in the order of the population.
    pub drawn: Vec<DrawnRecord>,
}

/// A stratum of the population.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StratumRecord {
    /// Its name.
    pub name: String,
    /// Items of the population in it.
    pub items: u64,
    /// Sum of all their stated amounts, negative ones included, in micro-USD, as decimal digits.
    pub book_usd_micros: String,
}

/// A drawn item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawnRecord {
    /// The permit.
    pub permit: String,
    /// Its project.
    pub project: String,
    /// Lowest sequence number of its chain entries.
    pub sequence: Option<i64>,
    /// Its cost in micro-USD.
    pub amount_usd_micros: Option<i64>,
    /// `chance` or `certain`.
    pub basis: String,
    /// Its stratum.
    pub stratum: String,
}

/// A reviewer's mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// What is marked.
    pub kind: MarkKind,
    /// Id of the permit, or code and place of the finding.
    pub id: String,
    /// The mark.
    pub status: MarkStatus,
    /// The note; may be empty.
    pub note: String,
    /// Who marked it.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// What the permit should have cost, in micro-USD, where the reviewer found another amount.
    pub correct_usd_micros: Option<i64>,
}

/// What a mark is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A permit.
    Permit,
    /// A finding.
    Finding,
}

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkStatus {
    /// Looked at, and in order.
    Checked,
    /// Looked at, and not in order.
    Exception,
    /// Not in order at first sight, and explained.
    Explained,
}

impl MarkStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Checked, Self::Exception, Self::Explained];

    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Exception => "exception",
            Self::Explained => "explained",
        }
    }
}

impl Content {
    /// What reports come to; without samples and marks.
    #[must_use]
    pub fn of(title: &str, options: Vec<String>, reports: &[Report], tool_sha256: Option<String>) -> Self {
        let mut files: Vec<FileRecord> = reports
            .iter()
            .flat_map(|report| &report.artifact.files)
            .map(|file| FileRecord {
                role: file.role.to_owned(),
                name: file_name(&file.path).to_owned(),
                sha256: file.sha256.clone(),
                bytes: file.bytes,
            })
            .collect();
        files.sort();
        files.dedup();
        Self {
            title: title.to_owned(),
            tool: ToolRecord {
                name: TOOL.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                sha256: tool_sha256,
            },
            as_of: reports.first().map(|report| report.as_of.clone()).unwrap_or_default(),
            options,
            files,
            trust: Vec::new(),
            verdicts: reports.iter().map(verdicts).collect(),
            samples: Vec::new(),
            marks: Vec::new(),
            projections: Vec::new(),
        }
    }

    /// What reports come to under a policy: with its options, and with the digests of its trust material.
    #[must_use]
    pub fn under(title: &str, policy: &TrustPolicy, reports: &[Report], tool_sha256: Option<String>) -> Self {
        let mut content = Self::of(title, options::of(policy), reports, tool_sha256);
        content.trust = trust_files(policy);
        content.trust.sort();
        content.trust.dedup();
        content
    }

    /// Whether it rests on the same evidence, by digest.
    #[must_use]
    pub fn is_of_the_files_of(&self, other: &Self) -> bool {
        let digests = |content: &Self| -> BTreeSet<String> {
            content.files.iter().filter_map(|file| file.sha256.clone()).collect()
        };
        digests(self) == digests(other)
    }

    /// The same samples, marks and projections over what another run came to: its tool, date, options, files and
    /// verdicts. Who works on with an earlier paper must not sign verdicts that this run did not give.
    #[must_use]
    pub fn over(self, run: &Self) -> Self {
        let Self { title, samples, marks, projections, .. } = self;
        Self { title, samples, marks, projections, ..run.clone() }
    }

    /// Sets the mark of a subject; the earlier one of the same subject ends. Projections follow the marks.
    pub fn mark(&mut self, mark: Mark) {
        self.marks.retain(|other| other.kind != mark.kind || other.id != mark.id);
        self.marks.push(mark);
        self.marks.sort_by(|left, right| (left.kind, &left.id).cmp(&(right.kind, &right.id)));
        self.project_again();
    }

    /// Takes the mark of a subject away. Projections that need it end.
    pub fn unmark(&mut self, kind: MarkKind, id: &str) {
        self.marks.retain(|mark| mark.kind != kind || mark.id != id);
        self.project_again();
    }

    /// The mark of a subject.
    #[must_use]
    pub fn marked(&self, kind: MarkKind, id: &str) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.kind == kind && mark.id == id)
    }
}

fn verdicts(report: &Report) -> Verdicts {
    let outcome = serde_json::to_value(report.outcome).unwrap_or_default();
    Verdicts {
        kind: report.artifact.kind.clone(),
        outcome: outcome.as_str().unwrap_or_default().to_owned(),
        claims: report
            .claims
            .iter()
            .map(|claim| ClaimRecord {
                name: claim.name.to_owned(),
                verdict: claim.verdict.as_str().to_owned(),
                code: claim.deciding_subject().map(|subject| subject.code.id.to_owned()),
            })
            .collect(),
        findings: report.counts.iter().map(|count| (count.code.to_owned(), count.count)).collect(),
    }
}

impl SampleRecord {
    /// The record of a sample that was drawn from `population`.
    #[must_use]
    pub fn of(sample: &Sample, population: &Population) -> Self {
        let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let drawn = sample.drawn.iter().filter_map(|drawn| {
            let item = population.items.get(drawn.position)?;
            Some(DrawnRecord {
                permit: item.permit.clone(),
                project: item.project.clone(),
                sequence: item.sequence,
                amount_usd_micros: item.amount,
                basis: drawn.basis.as_str().to_owned(),
                stratum: item.stratum.clone(),
            })
        });
        let mut strata: BTreeMap<&str, (u64, i128)> = BTreeMap::new();
        for item in &population.items {
            let (items, book) = strata.entry(&item.stratum).or_default();
            *items += 1;
            *book += item.amount.map_or(0, i128::from);
        }
        let strata = strata.into_iter().map(|(name, (items, book))| StratumRecord {
            name: name.to_owned(),
            items,
            book_usd_micros: book.to_string(),
        });
        Self {
            method: sample.method.name().to_owned(),
            size: sample.method.size(),
            every: match sample.method {
                Method::SystematicInterval { every } => Some(every),
                _ => None,
            },
            allocation: match &sample.method {
                Method::StratifiedFixed { sizes, .. } => sizes.clone(),
                _ => BTreeMap::new(),
            },
            stratum: sample.method.stratum().as_str().to_owned(),
            engagement: sample.engagement.clone(),
            population: sample.population.clone(),
            items: wide(population.items.len()),
            items_without_amount: wide(population.without_amount()),
            total_usd_micros: population.total().to_string(),
            seed: sample.seed.clone(),
            interval_usd_micros: sample.interval,
            strata: strata.collect(),
            drawn: drawn.collect(),
        }
    }

    /// The method that was asked for. Members that do not belong to it are missing from the sample as it is drawn again.
    fn asked(&self, by: Stratum) -> Option<Method> {
        match (self.method.as_str(), self.size, self.every, self.interval_usd_micros) {
            ("systematic", 0, Some(every), _) => Some(Method::SystematicInterval { every }),
            ("monetary_unit", 0, _, Some(interval)) => Some(Method::MonetaryUnitInterval { interval }),
            ("stratified", ..) if !self.allocation.is_empty() => {
                Some(Method::StratifiedFixed { by, sizes: self.allocation.clone() })
            }
            (name, size, ..) => Method::find(name, size, by),
        }
    }

    /// Draws the sample again.
    ///
    /// # Errors
    /// Why it cannot be drawn, as a sentence without the final stop.
    pub fn redraw(&self, ledger: &Ledger) -> Result<Self, String> {
        let stratum = Stratum::find(&self.stratum).ok_or("the strata are not known here")?;
        let method = self.asked(stratum).ok_or("the method is not known here")?;
        let population = Population::of(ledger, method.stratum());
        let sample =
            crate::sample::draw(&population, &method, &self.engagement).map_err(|error| error.to_string())?;
        Ok(Self::of(&sample, &population))
    }
}

/// The trust material that a policy names; the kit stands among the files of reports.
fn trust_files(policy: &TrustPolicy) -> Vec<FileRecord> {
    let keys = match &policy.keys {
        KeySource::Manifest(file) => Some(file),
        KeySource::TrustRoot | KeySource::Expected(_) | KeySource::SelfAttested => None,
    };
    let single = [
        ("key_manifest", keys),
        ("trust_root", policy.trust_root.as_ref()),
        ("tsa_ca_bundle", policy.timestamps.anchors.as_ref()),
        ("witness_policy", policy.logs.policy.as_ref()),
        ("sigstore_root", policy.sigstore_root.as_ref()),
        ("checkpoint", policy.checkpoint.as_ref()),
    ];
    let record = |role: &str, name: &str, content: Option<&crate::bytes::Blob>| FileRecord {
        role: role.to_owned(),
        name: file_name(name).to_owned(),
        sha256: content.map(|blob| prefixed(&blob.sha256())),
        bytes: content.and_then(|blob| u64::try_from(blob.as_slice().len()).ok()),
    };
    let named = |role: &str, file: &NamedBlob| record(role, &file.name, file.content.as_ref().ok());
    let mut files: Vec<FileRecord> =
        single.into_iter().filter_map(|(role, file)| file.map(|file| named(role, file))).collect();
    files.extend(policy.timestamps.lists.iter().map(|file| named("tsa_crl", file)));
    match &policy.timestamps.directory {
        Some(Ok(folder)) => {
            files.extend(folder.iter().map(|(name, blob)| record("tsa_trust", name, Some(blob))));
        }
        Some(Err(_)) => files.push(record("tsa_trust", "", None)),
        None => {}
    }
    files
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
