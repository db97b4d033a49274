//! Who is calling, and what they may do.

mod caller;
mod token;
mod token_key;

pub use caller::{Accessor, Caller, TokenId};
pub use token::{RootToken, Tokens};
pub use token_key::NoRandomness;
