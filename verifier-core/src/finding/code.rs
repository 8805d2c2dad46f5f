use serde::Serializer;

/// A stable code and what it means. Codes are upper snake case, except where the published
/// specification spells them otherwise.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The code as printed.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What was compared with what.
    pub explanation: &'static str,
    /// What an auditor does next.
    pub remedy: &'static str,
    /// The first release that prints it.
    pub since: &'static str,
}

pub(super) fn serialize_id<S: Serializer>(code: &&'static Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.id)
}

/// Declares a table of codes: constants named like the code (or by an alias where the code is not an
/// identifier) and a slice `ALL` of the table.
#[macro_export]
macro_rules! codes {
    ($($name:ident $(= $id:literal)? { $title:literal, $explanation:literal, $remedy:literal })*) => {
        $(
            #[doc = $title]
            pub static $name: $crate::finding::Code = $crate::finding::Code {
                id: $crate::codes!(@id $name $($id)?),
                title: $title,
                explanation: $explanation,
                remedy: $remedy,
                since: "0.1.0",
            };
        )*
        /// Every code of this table.
        pub static ALL: &[&$crate::finding::Code] = &[$(&$name),*];
    };
    (@id $name:ident) => { stringify!($name) };
    (@id $name:ident $id:literal) => { $id };
}

pub use codes;
