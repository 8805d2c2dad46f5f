//! Named single faults in evidence.
