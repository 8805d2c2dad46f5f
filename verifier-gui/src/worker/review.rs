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
    /// Read one; its samples must be those that the rows give.
    Load(PathBuf, Option<Arc<Books>>),
    /// Sign one with the key in a file.
    Sign(Box<Workpaper>, PathBuf, Role),
    /// Draw a sample.
    Draw(Arc<Books>, Method, String),
}

/// What was done.
#[derive(Clone, Debug)]
pub enum Reviewed {
    /// The paper is in its file, with what to say.
    Saved(Box<Workpaper>, String),
    /// A paper was read.
    Loaded(Box<Workpaper>),
    /// The paper with one signature more.
    Signed(Box<Workpaper>),
    /// A sample.
    Drawn(Box<SampleRecord>),
}

pub(super) fn run(work: ReviewWork) -> Result<Reviewed, String> {
    match work {
        ReviewWork::Save(paper, path) => files::save(&paper, &path).map(|said| Reviewed::Saved(paper, said)),
        ReviewWork::Load(path, books) => {
            let paper = files::load(&path)?;
            for (number, sample) in (1..).zip(&paper.content.samples) {
                let books = books.as_ref().ok_or("the review has samples, and this evidence has no rows")?;
                if sample.redraw(&books.ledger).as_ref() != Ok(sample) {
                    return Err(format!(
                        "sample {number} of the review is not the one that its engagement draws from this evidence. Nothing of it was taken"
                    ));
                }
            }
            Ok(Reviewed::Loaded(Box::new(paper)))
        }
        ReviewWork::Sign(paper, key, role) => {
            files::sign(*paper, &key, role, now().text()).map(|paper| Reviewed::Signed(Box::new(paper)))
        }
        ReviewWork::Draw(books, method, engagement) => {
            let population = Population::of(&books.ledger, method.stratum());
            let sample =
                sample::draw(&population, &method, &engagement).map_err(|error| error.to_string())?;
            Ok(Reviewed::Drawn(Box::new(SampleRecord::of(&sample, &population))))
        }
    }
}
