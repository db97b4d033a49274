//! `sys/internal/specs/openapi`: this API, for programs that generate clients or tests.

use crate::{app::App, error::Error, http::Answer, openapi};

pub async fn read(app: &App) -> Result<Answer, Error> {
    let mounts = app.keyring.unsealed()?.mounts();
    let mounts = mounts
        .iter()
        .map(|mount| mount.path.as_str().trim_end_matches('/'));
    Ok(Answer::bare(&openapi::document(mounts)))
}
