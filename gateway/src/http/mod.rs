//! The HTTP side of the door: from an HTTP request to a [`Call`], and from an [`Answer`] back.

mod answer;
pub mod auth;
mod call;
pub mod fields;
mod form;
pub mod server;
pub mod sys;
pub mod transit;

pub use answer::{Answer, Body};
pub use call::{Call, Query, verb};
pub use fields::Fields;
