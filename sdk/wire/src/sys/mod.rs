//! The messages below `sys/`.

mod health;
mod init;
mod leader;
mod mount;
mod seal;

pub use health::Health;
pub use init::{InitAnswer, InitRequest, InitStatus};
pub use leader::Leader;
pub use mount::{Mount, MountConfig, MountRequest, MountRequestConfig, Mounts};
pub use seal::{SealStatus, UnsealRequest};
