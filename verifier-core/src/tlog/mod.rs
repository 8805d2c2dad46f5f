//! Formats of transparency logs (C2SP): signed notes and the checkpoints in them.

pub mod checkpoint;
pub mod note;
