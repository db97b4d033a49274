//! `sys/leader`: there is none, all replicas are equal.

use serde::Serialize;

use crate::{error::Error, http::Answer};

#[derive(Serialize)]
struct Leader {
    ha_enabled: bool,
}

pub async fn read() -> Result<Answer, Error> {
    Ok(Answer::bare(&Leader { ha_enabled: false }))
}
