//! Placeholder.
pub struct MemoryStore;
