use super::shape::has_exactly;
use crate::json::Value;

/// A predicate that asks for one type of event of one permit within a time (spec 25 section 7).
///
/// ```text
/// "equals": {"project_id": …, "permit_id": …, "event_type": …}, "ranges": {"occurred_at": {"gte": …, "lt": …}}
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermitWindow {
    /// The project.
    pub project_id: String,
    /// The permit.
    pub permit_id: String,
    /// The type of event.
    pub event_type: String,
    /// Start of the time, as spelled.
    pub from: String,
    /// End of the time, which does not belong to it, as spelled.
    pub until: String,
}

impl PermitWindow {
    /// Reads a predicate of this form; `None` for any other.
    #[must_use]
    pub fn read(predicate: Value<'_>) -> Option<Self> {
        let equals = predicate
            .member("equals")
            .filter(|equals| has_exactly(*equals, &["project_id", "permit_id", "event_type"], &[]))?;
        let ranges =
            predicate.member("ranges").filter(|ranges| has_exactly(*ranges, &["occurred_at"], &[]))?;
        let time = ranges.member("occurred_at").filter(|time| has_exactly(*time, &["gte", "lt"], &[]))?;
        let text = |of: Value<'_>, name: &str| of.member_text(name).map(std::borrow::Cow::into_owned);
        Some(Self {
            project_id: text(equals, "project_id")?,
            permit_id: text(equals, "permit_id")?,
            event_type: text(equals, "event_type")?,
            from: text(time, "gte")?,
            until: text(time, "lt")?,
        })
    }
}
