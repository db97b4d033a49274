//! `sys/internal/ui/mounts`: how clients find out what kind of mount a path lies in.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    mount_facts::{MountFacts, Shown, Visibility},
    mounts::{SYSTEM, store_id, with_slash},
};
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
};

#[derive(Serialize)]
struct Mounts<M> {
    /// Login methods.
    auth: BTreeMap<String, M>,
    secret: BTreeMap<String, M>,
}

/// What somebody without a token is shown of a mount.
#[derive(Serialize)]
struct Public {
    description: String,
    options: Option<BTreeMap<String, String>>,
    #[serde(rename = "type")]
    kind: &'static str,
}

pub async fn list(app: &App, call: &Call) -> Result<Answer, Error> {
    let mounts = app.keyring.unsealed()?.mounts();
    if call.caller.is_none() {
        let visible = mounts.iter().filter_map(|mount| {
            let MountFacts {
                config,
                description,
                options,
                ..
            } = MountFacts::of(mount);
            let public = Public {
                description,
                options,
                kind: "transit",
            };
            (config.listing_visibility == Visibility::Unauth)
                .then(|| (mount.path.to_string(), public))
        });
        return Ok(Answer::data(&Mounts {
            auth: BTreeMap::new(),
            secret: visible.collect(),
        }));
    }
    let mut secret: BTreeMap<_, _> = mounts
        .iter()
        .map(|mount| (mount.path.to_string(), MountFacts::show(mount, None)))
        .collect();
    secret.insert(SYSTEM.to_owned(), Shown::system(store_id(app).await?));
    Ok(Answer::data(&Mounts {
        auth: BTreeMap::new(),
        secret,
    }))
}

/// The mount that a path lies in.
pub async fn read(app: &App, call: &Call) -> Result<Answer, Error> {
    let path = with_slash(call.parameter());
    if path.starts_with(SYSTEM) {
        return Ok(Answer::data(
            &Shown::system(store_id(app).await?).at(SYSTEM),
        ));
    }
    let unsealed = app.keyring.unsealed()?;
    let Some((entry, _)) = unsealed.route(&path) else {
        return Err(Error::Hidden(path.into_owned()));
    };
    let mount = entry.mount();
    Ok(Answer::data(&MountFacts::show(
        &mount,
        Some(mount.path.to_string()),
    )))
}
