//! Reading, writing, signing and drawing for the review.

use std::path::PathBuf;
use std::sync::Arc;

use verifier_core::sample::{self, Method, Population};
use verifier_core::workpaper::{Role, SampleRecord, Workpaper};

use super::verify::now;
use crate::money::Books;
use crate::review::files;

/// What to do.
#[derive(Debug)]
pub enum ReviewWork {
    /// Write a paper.
    Save(Box<Workpaper>, PathBuf),
    /// Read one.
    Load(PathBuf),
    /// Sign one with the key in a file.
    Sign(Box<Workpaper>, PathBuf, Role),
    /// Draw a sample.
    Draw(Arc<Books>, Method, String),
}

/// What was done.
#[derive(Clone, Debug)]
pub enum Reviewed {
    /// The paper is in its file.
    Saved(String),
    /// A paper was read.
    Loaded(Box<Workpaper>),
    /// The paper with one signature more.
    Signed(Box<Workpaper>),
    /// A sample.
    Drawn(Box<SampleRecord>),
}

pub(super) fn run(work: ReviewWork) -> Result<Reviewed, String> {
    match work {
        ReviewWork::Save(paper, path) => files::save(&paper, &path).map(Reviewed::Saved),
        ReviewWork::Load(path) => files::load(&path).map(|paper| Reviewed::Loaded(Box::new(paper))),
        ReviewWork::Sign(paper, key, role) => {
            files::sign(*paper, &key, role, now().text()).map(|paper| Reviewed::Signed(Box::new(paper)))
        }
        ReviewWork::Draw(books, method, engagement) => {
            let population = Population::of(&books.ledger, method.stratum());
            let sample = sample::draw(&population, method, &engagement).map_err(|error| error.to_string())?;
            Ok(Reviewed::Drawn(Box::new(SampleRecord::of(&sample, &population))))
        }
    }
}
