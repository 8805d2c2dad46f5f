//! Loads the committed test vectors.
