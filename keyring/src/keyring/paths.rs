//! Where each record lies in the store.
//!
//! ```text
//! seal/configuration                     how the root key is wrapped; not sealed
//! barrier/terms                          the barrier's keys, under the root key
//! mounts                                 the mount table
//! mounts/<mount id>/wrapping-key         the RSA key that imported keys are wrapped with
//! keys/<mount id>/<name>/policy          a key's policy
//! keys/<mount id>/<name>/versions/<N>    one version of a key
//! keys/<mount id>/<name>/budget/<N>      how many encryptions of a version are reserved
//! keys/<mount id>/<name>/usage           how often and when each version was used
//! gateway/…                              what the gateway keeps: token keys and the like
//! ```

use uuid::Uuid;

use crate::{name::KeyName, store::Path, version::Version};

pub(super) fn seal_configuration() -> Path {
    fixed("seal/configuration")
}

pub(super) fn barrier_terms() -> Path {
    fixed("barrier/terms")
}

pub(super) fn mounts() -> Path {
    fixed("mounts")
}

pub(super) fn wrapping_key(mount: Uuid) -> Path {
    Path::new(format!("mounts/{mount}/wrapping-key")).expect("a mount id makes a path")
}

pub(super) fn key_policy(mount: Uuid, name: &KeyName) -> Path {
    Path::new(format!("keys/{mount}/{name}/policy")).expect("a key name makes a path")
}

pub(super) fn key_version(mount: Uuid, name: &KeyName, version: Version) -> Path {
    Path::new(format!("keys/{mount}/{name}/versions/{version}")).expect("a key name makes a path")
}

pub(super) fn key_budget(mount: Uuid, name: &KeyName, version: Version) -> Path {
    Path::new(format!("keys/{mount}/{name}/budget/{version}")).expect("a key name makes a path")
}

pub(super) fn key_usage(mount: Uuid, name: &KeyName) -> Path {
    Path::new(format!("keys/{mount}/{name}/usage")).expect("a key name makes a path")
}

fn fixed(path: &'static str) -> Path {
    Path::new(path).expect("a fixed path is well formed")
}

/// A path below `keys/`, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyRecord {
    pub mount: Uuid,
    pub name: KeyName,
    pub part: Part,
}

/// What a record holds of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Policy,
    Version(Version),
    Budget(Version),
    Usage,
}

impl KeyRecord {
    /// `None` if `path` lies elsewhere.
    pub(super) fn parse(path: &Path) -> Option<Self> {
        let mut segments = path.as_str().strip_prefix("keys/")?.split('/');
        let mount = segments.next()?.parse().ok()?;
        let name = KeyName::new(segments.next()?)?;
        let version = |number: &str| Version::new(number.parse().ok()?);
        let part = match (segments.next()?, segments.next(), segments.next()) {
            ("policy", None, None) => Part::Policy,
            ("versions", Some(number), None) => Part::Version(version(number)?),
            ("budget", Some(number), None) => Part::Budget(version(number)?),
            ("usage", None, None) => Part::Usage,
            _ => return None,
        };
        Some(Self { mount, name, part })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_apart_what_it_put_together() {
        let (mount, name) = (Uuid::new_v4(), KeyName::new("orders-2").unwrap());
        let version = Version::new(12).unwrap();
        for (path, part) in [
            (key_policy(mount, &name), Part::Policy),
            (key_version(mount, &name, version), Part::Version(version)),
            (key_budget(mount, &name, version), Part::Budget(version)),
            (key_usage(mount, &name), Part::Usage),
        ] {
            let expected = KeyRecord {
                mount,
                name: name.clone(),
                part,
            };
            assert_eq!(KeyRecord::parse(&path), Some(expected));
        }
        assert_eq!(KeyRecord::parse(&mounts()), None);
    }
}
