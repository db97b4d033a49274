//! `config/keys` and `cache-config`: what holds for a whole mount.

use serde::Serialize;

use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

/// The smallest cache size that peers accept, beside 0.
const SMALLEST_CACHE: i64 = 10;

#[derive(Serialize)]
struct KeysConfig {
    disable_upsert: bool,
}

#[derive(Serialize)]
struct CacheConfig {
    size: u32,
}

pub async fn read_keys_config(_: &App, call: &Call) -> Result<Answer, Error> {
    let disable_upsert = call.mount()?.mount().settings.disable_upsert;
    Ok(Answer::data(&KeysConfig { disable_upsert }))
}

pub async fn write_keys_config(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let disable_upsert = fields.boolean("disable_upsert")?.unwrap_or(false);
    let mount = call.mount()?.mount();
    if mount.settings.disable_upsert != disable_upsert {
        app.keyring
            .change_mount(mount.path.clone(), move |mount| {
                mount.settings.disable_upsert = disable_upsert;
            })
            .await?;
    }
    Ok(Answer::data(&KeysConfig { disable_upsert }).warn(call.unrecognized(&fields)))
}

pub async fn read_cache_config(_: &App, call: &Call) -> Result<Answer, Error> {
    Ok(Answer::data(&CacheConfig {
        size: call.mount()?.mount().settings.cache_size,
    }))
}

pub async fn write_cache_config(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = call.fields()?;
    let size = fields.integer("size")?.unwrap_or(0);
    if size != 0 && size < SMALLEST_CACHE {
        return Err(Error::bad_request(format!(
            "size must be 0 or a value greater or equal to {SMALLEST_CACHE}"
        )));
    }
    let size = u32::try_from(size)
        .map_err(|_| Error::bad_request(format!("size must be at most {}", u32::MAX)))?;
    let mount = call.mount()?.mount();
    if mount.settings.cache_size != size {
        let path = mount.path.clone();
        app.keyring
            .change_mount(path, move |mount| mount.settings.cache_size = size)
            .await?;
    }
    Ok(Answer::data(&CacheConfig { size }).warn(call.unrecognized(&fields)))
}
