//! Lists and maps of versions with an end: an entry takes a hundred times the memory of its `{}`.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

use super::entry::Entry;
use crate::version::Version;

/// How many entries a backup may have in its archive, and as many again among its current ones.
pub(super) const MAX_ENTRIES: usize = 100_000;

/// Reads the archive.
pub(super) fn list<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Vec<Entry>>, D::Error> {
    let capped = Option::<List>::deserialize(source)?;
    Ok(capped.map(|List(entries)| entries))
}

/// Reads the current versions.
pub(super) fn map<'de, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<BTreeMap<Version, Entry>>, D::Error> {
    let capped = Option::<Map>::deserialize(source)?;
    Ok(capped.map(|Map(entries)| entries))
}

fn too_many<E: Error>() -> E {
    E::custom(format_args!(
        "it has more than {MAX_ENTRIES} versions in one place, which is the limit"
    ))
}

struct List(Vec<Entry>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = List;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of versions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = seq.next_element()? {
                    if entries.len() == MAX_ENTRIES {
                        return Err(too_many());
                    }
                    entries.push(entry);
                }
                Ok(List(entries))
            }
        }
        deserializer.deserialize_seq(Entries)
    }
}

struct Map(BTreeMap<Version, Entry>);

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Map;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("versions by their numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Map, A::Error> {
                let mut entries = BTreeMap::new();
                while let Some((version, entry)) = map.next_entry()? {
                    entries.insert(version, entry);
                    if entries.len() > MAX_ENTRIES {
                        return Err(too_many());
                    }
                }
                Ok(Map(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
