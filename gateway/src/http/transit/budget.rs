//! Warnings about versions that have nearly used up their budget of encryptions.

use sealgate_keyring::{
    key::{Budget, Key},
    version::Version,
};

/// One warning for each of these versions that has made nine tenths of its encryptions.
pub fn warnings(key: &Key, versions: impl Iterator<Item = Version>) -> Vec<String> {
    let mut distinct: Vec<Version> = Vec::new();
    for version in versions {
        // Nearly always there is one.
        if !distinct.contains(&version) {
            distinct.push(version);
        }
    }
    let budgets = distinct
        .into_iter()
        .filter_map(|version| key.budget(version));
    budgets
        .filter(Budget::is_nearly_used_up)
        .map(|budget| {
            let Budget {
                version,
                encryptions,
                limit,
            } = budget;
            format!(
                "key version {version} has made {encryptions} of its {limit} encryptions; rotate the key"
            )
        })
        .collect()
}
