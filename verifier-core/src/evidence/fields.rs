use crate::json::Value;

/// The members of a top-level object, whether it was parsed whole or streamed.
pub trait Fields: Sync {
    /// The member called `name`; the last one where the name is repeated. A member that was streamed is
    /// `None`.
    fn member(&self, name: &str) -> Option<Value<'_>>;

    /// The member called `name`, when it is a non-empty string.
    fn text(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        self.member(name)?.non_empty_text()
    }
}

impl Fields for Value<'_> {
    fn member(&self, name: &str) -> Option<Value<'_>> {
        Value::member(*self, name)
    }
}
