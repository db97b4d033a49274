//! `sys/mounts`: the keyrings beside each other.

use std::{borrow::Cow, collections::BTreeMap};

use sealgate_keyring::mount::{Mount, MountPath};
use uuid::Uuid;

use super::mount_facts::{MountConfig, MountFacts, SYSTEM_LEASE_TTL, Shown, options};
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, Fields},
};

/// The path under which the system shows itself.
pub const SYSTEM: &str = "sys/";

/// Paths that mean something else to the peers' clients, each with all that lies below it.
const RESERVED: [&str; 5] = ["audit/", "auth/", "cubbyhole/", "identity/", SYSTEM];

/// Every mount by its path.
pub async fn list(app: &App) -> Result<Answer, Error> {
    let store = store_id(app).await?;
    let mounts = app.keyring.unsealed()?.mounts();
    let mut shown: BTreeMap<String, Shown> = mounts
        .iter()
        .map(|mount| (mount.path.to_string(), MountFacts::show(mount, None)))
        .collect();
    shown.insert(SYSTEM.to_owned(), Shown::system(store));
    Ok(Answer::data_twice(&shown))
}

pub async fn read(app: &App, call: &Call) -> Result<Answer, Error> {
    let path = with_slash(call.parameter());
    if path == SYSTEM {
        return Ok(Answer::data_twice(&Shown::system(store_id(app).await?)));
    }
    let unsealed = app.keyring.unsealed()?;
    let entry = MountPath::new(&path).and_then(|path| unsealed.mount(&path));
    let entry =
        entry.ok_or_else(|| Error::bad_request(format!("No secret engine mount at {path}")))?;
    Ok(Answer::data_twice(&MountFacts::show(&entry.mount(), None)))
}

pub async fn create(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = Fields::parse(&call.body)?;
    let path = with_slash(call.parameter());
    match fields.string("type")?.as_deref() {
        Some("transit") => {}
        None | Some("") => {
            return Err(Error::bad_request(
                "backend type must be specified as a string",
            ));
        }
        Some(other) => {
            return Err(Error::bad_request(format!(
                "mounts of type {other:?} do not exist here: the type must be \"transit\""
            )));
        }
    }
    if is_reserved(&path) {
        return Err(Error::bad_request(format!("cannot mount {path:?}")));
    }
    let facts = facts(&fields)?;
    let path = MountPath::new(&path).ok_or_else(|| {
        Error::bad_request(format!(
            "cannot mount {path:?}: segments consist of letters, digits and the characters \
             -_.~@+, and all together are shorter than {} bytes",
            MountPath::MAX_BYTES
        ))
    })?;
    app.keyring
        .create_mount(Mount::new(path, facts.into_attributes()))
        .await?;
    Ok(Answer::empty())
}

/// Removes a mount; one that does not exist is removed already.
pub async fn delete(app: &App, call: &Call) -> Result<Answer, Error> {
    let path = with_slash(call.parameter());
    if is_reserved(&path) {
        return Err(Error::bad_request(format!("cannot unmount {path:?}")));
    }
    if let Some(path) = MountPath::new(&path) {
        app.keyring.delete_mount(path).await?;
    }
    Ok(Answer::empty())
}

/// A path from a URL, with the slash that mounts end with.
pub fn with_slash(path: &str) -> Cow<'_, str> {
    if path.ends_with('/') {
        path.into()
    } else {
        format!("{path}/").into()
    }
}

/// The installation's id.
pub async fn store_id(app: &App) -> Result<Uuid, Error> {
    let status = app.keyring.seal_status().await;
    Ok(status
        .store_id
        .ok_or(sealgate_keyring::error::Error::NotInitialized)?)
}

fn is_reserved(path: &str) -> bool {
    RESERVED.iter().any(|reserved| path.starts_with(reserved))
}

fn facts(fields: &Fields<'_>) -> Result<MountFacts, Error> {
    let mut config = MountConfig::default();
    if let Some(raw) = fields.raw("config") {
        let inner = Fields::parse(raw.get().as_bytes()).map_err(|_| {
            Error::bad_request(
                "Field validation failed: error converting input for field \"config\": expected \
                 an object",
            )
        })?;
        config.update(&inner, |kind, text| {
            format!("unable to parse {kind} TTL of {text}: time: invalid duration {text:?}")
        })?;
    }
    let (default, max) = (config.default_lease_ttl, config.max_lease_ttl);
    if max != 0 && default > max {
        return Err(Error::bad_request(
            "given default lease TTL greater than given max lease TTL",
        ));
    }
    if max == 0 && default > SYSTEM_LEASE_TTL {
        return Err(Error::bad_request(format!(
            "given default lease TTL greater than system max lease TTL of {SYSTEM_LEASE_TTL}"
        )));
    }
    let flag = |name| fields.boolean(name).map(|flag| flag.unwrap_or(false));
    Ok(MountFacts {
        config,
        description: fields
            .string("description")?
            .unwrap_or_default()
            .into_owned(),
        external_entropy_access: flag("external_entropy_access")?,
        local: flag("local")?,
        options: fields
            .raw("options")
            .map_or(Ok(Some(BTreeMap::new())), options)?,
        seal_wrap: flag("seal_wrap")?,
    })
}
