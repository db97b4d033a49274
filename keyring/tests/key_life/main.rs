//! The life of keys, from creation to deletion, against a naive model; with stores that fail,
//! callers that go away, and many callers at once.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod budget;
mod concurrent;
mod due;
mod faults;
mod faulty_store;
mod gone_callers;
mod installation;
mod model;
mod sequence;
mod step;
