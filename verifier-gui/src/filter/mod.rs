//! The filter of the permit table.
//!
//! ```text
//! filter     = or
//! or         = and { ("||" | "or") and }
//! and        = unary { ("&&" | "and") unary }
//! unary      = ["!" | "not"] ( "(" or ")" | comparison | text )
//! comparison = field ("==" | "!=" | "<" | "<=" | ">" | ">=" | "~") value
//! value      = text | number ["usd"]
//! text       = word | '"' … '"'                     \" and \\ inside quotes
//! ```
//!
//! Amounts are USD with up to six decimals, kept as integer micro-USD. `~` means "contains", without regard to case. A
//! text alone is looked for in every text field. A field without a value equals nothing and is unequal to everything.

mod complete;
mod eval;
mod parse;

pub use complete::{Completion, complete};
pub use eval::Prepared;
pub(crate) use eval::{Cell, cell, day_text};
pub use parse::parse;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// Micro-USD.
    Money,
    /// An integer.
    Number,
    /// `YYYY-MM-DD`.
    Day,
    /// `true` or `false`.
    Flag,
}

/// A column of the table, and a name in filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Lowest sequence number of the permit's entries.
    Sequence,
    /// Permit id.
    Permit,
    /// Stated time of the decision.
    Created,
    /// Its day.
    Day,
    /// allow, deny or challenge.
    Decision,
    /// Code of the reason.
    Reason,
    /// Status at the time of the export.
    Status,
    /// Provider.
    Provider,
    /// Model.
    Model,
    /// Operation.
    Operation,
    /// Subject.
    Subject,
    /// Project.
    Project,
    /// Policy.
    Policy,
    /// Estimated cost.
    Estimate,
    /// Actual cost.
    Cost,
    /// Grade of evidence for the cost.
    Grade,
    /// Total tokens.
    Tokens,
    /// How the call ended.
    Closure,
    /// Whether the request left.
    Dispatched,
}

impl Field {
    /// All fields, in the order of the columns.
    pub const ALL: [Self; 19] = [
        Self::Sequence,
        Self::Created,
        Self::Day,
        Self::Permit,
        Self::Decision,
        Self::Reason,
        Self::Status,
        Self::Provider,
        Self::Model,
        Self::Operation,
        Self::Subject,
        Self::Project,
        Self::Policy,
        Self::Estimate,
        Self::Cost,
        Self::Grade,
        Self::Tokens,
        Self::Closure,
        Self::Dispatched,
    ];

    /// The name in filters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sequence => "sequence",
            Self::Permit => "permit",
            Self::Created => "created",
            Self::Day => "day",
            Self::Decision => "decision",
            Self::Reason => "reason",
            Self::Status => "status",
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Operation => "operation",
            Self::Subject => "subject",
            Self::Project => "project",
            Self::Policy => "policy",
            Self::Estimate => "estimate",
            Self::Cost => "cost",
            Self::Grade => "grade",
            Self::Tokens => "tokens",
            Self::Closure => "closure",
            Self::Dispatched => "dispatched",
        }
    }

    /// The heading of its column.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Sequence => "No.",
            Self::Permit => "Permit",
            Self::Created => "Decided at",
            Self::Day => "Day",
            Self::Decision => "Decision",
            Self::Reason => "Reason",
            Self::Status => "Status",
            Self::Provider => "Provider",
            Self::Model => "Model",
            Self::Operation => "Operation",
            Self::Subject => "Subject",
            Self::Project => "Project",
            Self::Policy => "Policy",
            Self::Estimate => "Estimate USD",
            Self::Cost => "Cost USD",
            Self::Grade => "Cost evidence",
            Self::Tokens => "Tokens",
            Self::Closure => "Closed as",
            Self::Dispatched => "Sent",
        }
    }

    /// What it holds.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Sequence | Self::Tokens => Kind::Number,
            Self::Estimate | Self::Cost => Kind::Money,
            Self::Day => Kind::Day,
            Self::Dispatched => Kind::Flag,
            _ => Kind::Text,
        }
    }

    /// The field of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `~`
    Contains,
}

/// What a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A text; lower case for [`Operator::Contains`].
    Text(String),
    /// A number, or micro-USD.
    Number(i64),
    /// A flag.
    Flag(bool),
}

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Everything.
    All,
    /// One comparison.
    Compare(Field, Operator, Operand),
    /// A text in any field; lower case.
    Anywhere(String),
    /// Not this.
    Not(Box<Filter>),
    /// All of these.
    And(Vec<Filter>),
    /// One of these.
    Or(Vec<Filter>),
}

/// Why a filter is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Byte at which it goes wrong.
    pub at: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl std::fmt::Display for FilterError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} (character {})", self.message, self.at.saturating_add(1))
    }
}

#[cfg(test)]
mod tests;
