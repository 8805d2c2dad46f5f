//! Queries on the order of the transparency log.

use rusqlite::params;

use super::rows::Rows;
use crate::error::Result;

impl Rows<'_> {
    /// Gives the next positions of the log to all chain entries that have none: project by project, in the order of the chain.
    /// Tells how many.
    ///
    /// # Errors
    /// When the database fails.
    pub fn number_log_entries(&self) -> Result<usize> {
        let size: i64 = self.connection().query_row("SELECT COUNT(*) FROM logged", [], |row| row.get(0))?;
        Ok(self.connection().execute(
            "INSERT INTO logged (position, project, sequence)
             SELECT ?1 + ROW_NUMBER() OVER (ORDER BY project.number, entry.sequence) - 1, entry.project, entry.sequence
             FROM entry JOIN project ON project.id = entry.project
             WHERE entry.sequence >
                 (SELECT COALESCE(MAX(sequence), 0) FROM logged WHERE logged.project = entry.project)",
            [size],
        )?)
    }

    /// Calls `each` with every entry of the log from a position on, as it is exported.
    ///
    /// # Errors
    /// What the database or `each` reports.
    pub fn each_log_entry(&self, from: i64, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let mut statement = self.connection().prepare_cached(
            "SELECT body FROM logged JOIN entry USING (project, sequence) WHERE position >= ?1 ORDER BY position",
        )?;
        let mut rows = statement.query([from])?;
        while let Some(row) = rows.next()? {
            each(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        }
        Ok(())
    }

    /// Positions in the log of the first `length` entries of a chain, in their order; fewer when the log has not all of them.
    ///
    /// # Errors
    /// When the database fails.
    pub fn log_positions(&self, project: &str, length: usize) -> Result<Vec<i64>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT position FROM logged WHERE project = ?1 AND sequence <= ?2 ORDER BY sequence",
        )?;
        let rows = statement
            .query_map(params![project, i64::try_from(length).unwrap_or(i64::MAX)], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
