//! Who is calling, and what they may do.

mod caller;
mod token;

pub use caller::Caller;
pub use token::Tokens;
