//! `sys/mounts/…/tune`: the settings of a mount.

use std::{collections::BTreeMap, sync::Arc};

use sealgate_keyring::{error::Error as KeyringError, keyring::MountEntry, mount::MountPath};
use serde::Serialize;

use super::{
    mount_facts::{MountConfig, MountFacts, SYSTEM_LEASE_TTL, options},
    mounts::{SYSTEM, with_slash},
};
use crate::{
    app::App,
    error::Error,
    http::{Answer, Call, Fields},
};

/// The settings, with the system's lease times where the mount has none, and the description.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    config: MountConfig,
    description: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    options: BTreeMap<String, String>,
}

pub async fn read(app: &App, call: &Call) -> Result<Answer, Error> {
    let path = with_slash(call.parameter());
    let (mut config, description, options) = if path == SYSTEM {
        (MountConfig::default(), String::new(), None)
    } else {
        let (_, entry) = mount(app, &path)
            .map_err(|_| Error::bad_request(format!("cannot fetch sysview for path {path:?}")))?;
        let facts = MountFacts::of(&entry.mount());
        (facts.config, facts.description, facts.options)
    };
    for ttl in [&mut config.default_lease_ttl, &mut config.max_lease_ttl] {
        *ttl = if *ttl == 0 { SYSTEM_LEASE_TTL } else { *ttl };
    }
    Ok(Answer::data_twice(&Shown {
        config,
        description,
        options: options.unwrap_or_default(),
    }))
}

pub async fn write(app: &App, call: &Call) -> Result<Answer, Error> {
    let fields = Fields::parse(&call.body)?;
    let given = with_slash(call.parameter());
    if given == SYSTEM {
        return Err(Error::bad_request(format!("cannot tune {SYSTEM:?}")));
    }
    let missing = || {
        Error::bad_request(format!(
            "tune of path {given:?} failed: no mount entry found"
        ))
    };
    let (path, entry) = mount(app, &given).map_err(|_| missing())?;
    let before = MountFacts::of(&entry.mount());
    let change = Change::read(&fields, &before)?;
    let changed = app
        .keyring
        .change_mount(path, move |mount| {
            let facts = change.apply(MountFacts::of(mount));
            mount.attributes = facts.into_attributes();
        })
        .await;
    match changed {
        Err(KeyringError::MountNotFound) => Err(missing()),
        other => Ok(other.map(|()| Answer::empty())?),
    }
}

/// What a request changes. It was read before the mount is changed, and nothing in it can fail.
struct Change {
    config: MountConfig,
    description: Option<String>,
    options: BTreeMap<String, String>,
}

impl Change {
    fn read(fields: &Fields<'_>, before: &MountFacts) -> Result<Self, Error> {
        let mut config = before.config.clone();
        config.update(fields, |_, text| format!("time: invalid duration {text:?}"))?;
        let (default, max) = (config.default_lease_ttl, config.max_lease_ttl);
        if max != 0 && default > max {
            return Err(Error::bad_request(format!(
                "backend max lease TTL of {max} would be less than backend default lease TTL of \
                 {default}"
            )));
        }
        let options = fields.raw("options").map(options).transpose()?.flatten();
        Ok(Self {
            config,
            description: fields.string("description")?.map(Into::into),
            options: options.unwrap_or_default(),
        })
    }

    fn apply(self, before: MountFacts) -> MountFacts {
        // An option with an empty value is taken away.
        let mut options = before.options;
        for (name, value) in self.options {
            let all = options.get_or_insert_default();
            if value.is_empty() {
                all.remove(&name);
            } else {
                all.insert(name, value);
            }
        }
        let description = self.description.unwrap_or(before.description);
        MountFacts {
            config: self.config,
            description,
            options,
            ..before
        }
    }
}

fn mount(app: &App, path: &str) -> Result<(MountPath, Arc<MountEntry>), KeyringError> {
    let path = MountPath::new(path).ok_or(KeyringError::MountNotFound)?;
    let entry = app
        .keyring
        .unsealed()?
        .mount(&path)
        .ok_or(KeyringError::MountNotFound)?;
    Ok((path, entry))
}
