//! What the marks on a sample say about the population.
//!
//! Every drawn item must carry a mark. A mark `exception` counts as an exception; `checked` and `explained` do not. The
//! audited amount of an item is the correct amount of its mark, or the amount of the evidence where the mark states none;
//! an item without an amount counts as zero. Methods and roundings are those of [`crate::projection`].
//!
//! | sample | exceptions | amounts |
//! | --- | --- | --- |
//! | random, systematic, stratified | binomial bound | mean per unit, ratio, difference |
//! | monetary unit | not offered: large items are drawn more often | Poisson factors |
//!
//! One random start decides a whole systematic sample, so nothing in it shows how far such samples scatter. It is treated as
//! a random one, which holds where the order of the population has nothing to do with what is looked for; each projection
//! of one states that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::content::{Content, Mark, MarkKind, MarkStatus, SampleRecord};
use crate::finding::Verdict;
use crate::projection::{
    AmountStratum, AttributeStratum, Confidence, Judged, MonetaryUnitSample, ProjectionError, attribute,
    estimate, monetary_unit,
};

/// A projection: what was asked for, and what came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectionRecord {
    /// Position of the sample, from 0.
    pub sample: u32,
    /// What is projected.
    pub of: ProjectionKind,
    /// Confidence of the upper limit, in percent.
    pub confidence_percent: u8,
    /// Tolerable exceptions, or tolerable overstatement in micro-USD, as decimal digits.
    pub tolerable: Option<String>,
    /// Results by name, as decimal digits: counts, millionths where the name says so, or micro-USD.
    pub figures: BTreeMap<String, String>,
    /// `supported`, `disproved` or `insufficient_evidence`, where something tolerable was stated.
    pub verdict: Option<String>,
    /// What the figures rest on beside the marks: [`AS_RANDOM`]. Absent where nothing is assumed, and in papers that were
    /// made before projections stated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumption: Option<String>,
}

/// The assumption of a projection from a systematic sample.
pub const AS_RANDOM: &str = "the systematic sample is treated as a random one: the order of the population has nothing to do with what is projected";

/// What is projected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectionKind {
    /// How many items have an exception.
    Exceptions,
    /// How much the total is misstated.
    Amounts,
}

/// Why there is no projection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectError {
    /// The paper has no sample at this position.
    NoSample,
    /// Drawn items without a mark: how many, and the first.
    Open(u64, String),
    /// Several drawn items have this id, so a mark does not say which is meant.
    Ambiguous(String),
    /// What was asked for is not offered for this sample.
    Unfit(&'static str),
    /// A figure of the paper is no number.
    Figure(&'static str),
    /// The figures give none.
    Projection(ProjectionError),
}

impl fmt::Display for ProjectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSample => formatter.write_str("the paper has no sample of this number"),
            Self::Open(count, first) => {
                write!(formatter, "{count} drawn items have no mark yet, the first is {first}")
            }
            Self::Ambiguous(permit) => write!(formatter, "several drawn items have the id {permit}"),
            Self::Unfit(why) | Self::Figure(why) => formatter.write_str(why),
            Self::Projection(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for ProjectError {}

impl From<ProjectionError> for ProjectError {
    fn from(error: ProjectionError) -> Self {
        Self::Projection(error)
    }
}

impl Content {
    /// Projects, and keeps the result in place of an earlier one of the same kind on the same sample.
    ///
    /// # Errors
    /// [`ProjectError`] says why there is nothing to keep; nothing is changed then.
    pub fn project(
        &mut self,
        sample: u32,
        of: ProjectionKind,
        confidence: Confidence,
        tolerable: Option<i128>,
    ) -> Result<(), ProjectError> {
        let tolerable = tolerable.map(|amount| amount.to_string());
        let asked = ProjectionRecord {
            sample,
            of,
            confidence_percent: confidence.percent(),
            tolerable,
            figures: BTreeMap::new(),
            verdict: None,
            assumption: (self.method_of(sample) == Some("systematic")).then(|| AS_RANDOM.to_owned()),
        };
        let record = asked.again(self)?;
        self.projections.retain(|other| (other.sample, other.of) != (sample, of));
        self.projections.push(record);
        self.projections.sort_by_key(|record| (record.sample, record.of));
        Ok(())
    }

    fn method_of(&self, sample: u32) -> Option<&str> {
        let position = usize::try_from(sample).ok()?;
        self.samples.get(position).map(|sample| sample.method.as_str())
    }

    /// Makes every projection again from the marks; those that the marks no longer give end.
    pub(super) fn project_again(&mut self) {
        let kept = self.projections.iter().filter_map(|record| record.again(self).ok()).collect();
        self.projections = kept;
    }

    /// Drawn items of a sample that carry no mark.
    pub fn open<'a>(&'a self, sample: &'a SampleRecord) -> impl Iterator<Item = &'a str> {
        let marked: BTreeSet<&str> = self.marks_of_permits().map(|mark| mark.id.as_str()).collect();
        let ids = sample.drawn.iter().map(|drawn| drawn.permit.as_str());
        ids.filter(move |id| !marked.contains(id))
    }

    fn marks_of_permits(&self) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(|mark| mark.kind == MarkKind::Permit)
    }
}

impl ProjectionRecord {
    /// The same projection from the samples and marks of `content`.
    ///
    /// # Errors
    /// [`ProjectError`].
    pub fn again(&self, content: &Content) -> Result<Self, ProjectError> {
        let position = usize::try_from(self.sample).map_err(|_| ProjectError::NoSample)?;
        let sample = content.samples.get(position).ok_or(ProjectError::NoSample)?;
        let mut open = content.open(sample);
        if let Some(first) = open.next() {
            let count = u64::try_from(open.count()).unwrap_or(u64::MAX).saturating_add(1);
            return Err(ProjectError::Open(count, first.to_owned()));
        }
        let confidence = Confidence::of_percent(self.confidence_percent.into());
        let confidence =
            confidence.ok_or(ProjectError::Unfit("the confidence is none of 80, 85, 90, 95, 98, 99"))?;
        let tolerable = self.tolerable.as_deref().map(|text| digits(text, "what is tolerable is no number"));
        let tolerable = tolerable.transpose()?;
        let items = judged(content, sample)?;
        let (figures, verdict) = match (self.of, sample.method.as_str()) {
            (ProjectionKind::Exceptions, "monetary_unit") => {
                return Err(ProjectError::Unfit(
                    "exceptions of a monetary-unit sample are not projected, because large items are drawn more often",
                ));
            }
            (ProjectionKind::Exceptions, _) => exceptions(sample, &items, confidence, tolerable)?,
            (ProjectionKind::Amounts, "monetary_unit") => monetary(sample, &items, confidence, tolerable)?,
            (ProjectionKind::Amounts, _) if tolerable.is_some() => {
                return Err(ProjectError::Unfit(
                    "estimates from this sample have no limit to compare with what is tolerable; draw a monetary-unit sample",
                ));
            }
            (ProjectionKind::Amounts, _) => (estimates(sample, &items)?, None),
        };
        let figures = figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        // Nobody takes the assumption away or adds another one; only old papers lack it.
        let assumption =
            self.assumption.as_ref().and((sample.method == "systematic").then(|| AS_RANDOM.to_owned()));
        Ok(Self { figures, verdict, assumption, ..self.clone() })
    }
}

type Figures = Vec<(&'static str, String)>;
type Result_ = Result<(Figures, Option<String>), ProjectError>;

/// A drawn item with what its mark says.
struct Item<'a> {
    stratum: &'a str,
    is_exception: bool,
    has_amount: bool,
    amounts: Judged,
}

fn judged<'a>(content: &'a Content, sample: &'a SampleRecord) -> Result<Vec<Item<'a>>, ProjectError> {
    let marks: BTreeMap<&str, &Mark> =
        content.marks_of_permits().map(|mark| (mark.id.as_str(), mark)).collect();
    let mut seen = BTreeSet::new();
    let mut items = Vec::with_capacity(sample.drawn.len());
    for drawn in &sample.drawn {
        if !seen.insert(drawn.permit.as_str()) {
            return Err(ProjectError::Ambiguous(drawn.permit.clone()));
        }
        let mark = marks.get(drawn.permit.as_str());
        let mark = mark.ok_or_else(|| ProjectError::Open(1, drawn.permit.clone()))?;
        let book = drawn.amount_usd_micros.unwrap_or(0);
        items.push(Item {
            stratum: &drawn.stratum,
            is_exception: mark.status == MarkStatus::Exception,
            has_amount: mark.correct_usd_micros.is_some(),
            amounts: Judged { book, audited: mark.correct_usd_micros.unwrap_or(book) },
        });
    }
    Ok(items)
}

fn exceptions(
    sample: &SampleRecord,
    items: &[Item<'_>],
    confidence: Confidence,
    tolerable: Option<i128>,
) -> Result_ {
    let tolerable = tolerable.map(u64::try_from).transpose();
    let tolerable =
        tolerable.map_err(|_| ProjectError::Figure("tolerable exceptions are a number of items"))?;
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for item in items {
        let (drawn, exceptions) = counts.entry(item.stratum).or_default();
        *drawn += 1;
        *exceptions += u64::from(item.is_exception);
    }
    let strata: Vec<AttributeStratum> = sample
        .strata
        .iter()
        .map(|stratum| {
            let (sample, exceptions) = counts.get(stratum.name.as_str()).copied().unwrap_or_default();
            AttributeStratum { population: stratum.items, sample, exceptions }
        })
        .collect();
    let result = attribute(&strata, confidence, tolerable)?;
    let mut figures = vec![
        ("drawn", items.len().to_string()),
        ("exceptions", result.exceptions.to_string()),
        ("projected_exceptions", result.projected.to_string()),
        ("upper_limit_exceptions", result.upper.to_string()),
    ];
    if let [only] = result.strata.as_slice() {
        figures.push(("upper_rate_millionths", only.upper_rate_millionths.to_string()));
    }
    Ok((figures, result.verdict.map(|verdict| verdict.as_str().to_owned())))
}

fn monetary(
    sample: &SampleRecord,
    items: &[Item<'_>],
    confidence: Confidence,
    tolerable: Option<i128>,
) -> Result_ {
    let interval = sample.interval_usd_micros.and_then(|interval| i64::try_from(interval).ok());
    let interval = interval.ok_or(ProjectError::Figure("the sample has no usable interval"))?;
    let total = digits(&sample.total_usd_micros, "the total of the population is no number")?;
    let amounts: Vec<Judged> = items.iter().map(|item| item.amounts).collect();
    // Every certain item is drawn, so what is left of the total was left to chance.
    let certain: i128 =
        amounts.iter().filter(|item| item.book >= interval).map(|item| i128::from(item.book)).sum();
    let left_to_chance = total.saturating_sub(certain);
    let drawn = MonetaryUnitSample { interval, left_to_chance, items: &amounts };
    let result = monetary_unit(&drawn, confidence, tolerable)?;
    let without = items.iter().filter(|item| item.is_exception && !item.has_amount).count();
    let mut figures = vec![
        ("drawn", items.len().to_string()),
        ("drawn_certain", result.certain.to_string()),
        ("exceptions_without_correct_amount", without.to_string()),
        ("known_overstatement", result.known_overstatement.to_string()),
        ("known_understatement", result.known_understatement.to_string()),
        ("found_overstatement", result.found_overstatement.to_string()),
        ("projected_overstatement", result.projected_overstatement.to_string()),
        ("projected_understatement", result.projected_understatement.to_string()),
        ("basic_precision", result.basic_precision.to_string()),
        ("incremental_allowance", result.incremental_allowance.to_string()),
    ];
    if without > 0 {
        // How much an exception without a correct amount is misstated nobody has said, so there is no limit.
        let verdict = tolerable.map(|_| Verdict::InsufficientEvidence.as_str().to_owned());
        return Ok((figures, verdict));
    }
    figures.extend(result.upper_overstatement.map(|upper| ("upper_limit_overstatement", upper.to_string())));
    Ok((figures, result.verdict.map(|verdict| verdict.as_str().to_owned())))
}

fn estimates(sample: &SampleRecord, items: &[Item<'_>]) -> Result<Figures, ProjectError> {
    let mut of_strata: BTreeMap<&str, Vec<Judged>> = BTreeMap::new();
    for item in items {
        of_strata.entry(item.stratum).or_default().push(item.amounts);
    }
    let strata = sample
        .strata
        .iter()
        .map(|stratum| {
            let items = of_strata.get(stratum.name.as_str()).map_or(&[][..], Vec::as_slice);
            let book = digits(&stratum.book_usd_micros, "the amount of a stratum is no number")?;
            Ok(AmountStratum { population: stratum.items, book, items })
        })
        .collect::<Result<Vec<_>, ProjectError>>()?;
    let result = estimate(&strata)?;
    let without = items.iter().filter(|item| item.is_exception && !item.has_amount).count();
    let mut figures = vec![
        ("drawn", items.len().to_string()),
        ("exceptions_without_correct_amount", without.to_string()),
        ("book", result.book.to_string()),
        ("found_difference", result.found_difference.to_string()),
        ("total_by_mean_per_unit", result.mean_per_unit.to_string()),
        ("total_by_difference", result.difference.to_string()),
    ];
    figures.extend(result.ratio.map(|ratio| ("total_by_ratio", ratio.to_string())));
    figures.extend(result.standard_error.map(|error| ("standard_error_of_difference", error.to_string())));
    Ok(figures)
}

fn digits(text: &str, why: &'static str) -> Result<i128, ProjectError> {
    text.parse().map_err(|_| ProjectError::Figure(why))
}
