//! `sys/metrics`: how keys are used, and how much of their budgets is.

use std::fmt::Display;

use jiff::Timestamp;
use sealgate_keyring::key::Budget;

use crate::{
    app::App,
    error::Error,
    http::{Answer, Call},
    metrics::{Kind, Page},
};

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub async fn read(app: &App, call: &Call) -> Result<Answer, Error> {
    if call.query.value("format") != Some("prometheus") {
        return Err(Error::bad_request(
            "metrics are shown in one format: ask for ?format=prometheus",
        ));
    }
    let unsealed = app.keyring.unsealed()?;
    let now = Timestamp::now();
    let mut keys = Vec::new();
    for mount in unsealed.mounts() {
        let Some(entry) = unsealed.mount(&mount.path) else {
            continue;
        };
        for name in entry.key_names() {
            if let Some(key) = entry.key(name.as_str()) {
                keys.push((mount.path.clone(), key, entry.usage(name.as_str(), now)));
            }
        }
    }
    let mut page = Page::default();

    let mut family = page.family("sealgate_keys", Kind::Gauge, "Keys of a mount.");
    for mount in unsealed.mounts() {
        let count = keys.iter().filter(|(path, ..)| *path == mount.path).count();
        family.add(&[("mount", &mount.path)], count);
    }

    type Number = fn(&Budget) -> u64;
    let families: [(_, _, Number); 2] = [
        (
            "sealgate_key_encryptions",
            "Encryptions that a version has made under random nonces: an upper bound.",
            |budget| budget.encryptions,
        ),
        (
            "sealgate_key_encryptions_left",
            "Encryptions that a version may still make.",
            Budget::left,
        ),
    ];
    for (name, help, number) in families {
        let mut family = page.family(name, Kind::Gauge, help);
        for (mount, key, _) in &keys {
            for version in key.versions() {
                let Some(budget) = key.budget(version.number()) else {
                    continue;
                };
                let labels: [(&str, &dyn Display); 3] = [
                    ("mount", mount),
                    ("key", key.name()),
                    ("version", &version.number()),
                ];
                family.add(&labels, number(&budget));
            }
        }
    }

    let mut family = page.family(
        "sealgate_key_uses_total",
        Kind::Counter,
        "Uses of a version, over all replicas as far as stored, and of this one.",
    );
    for (mount, key, usage) in &keys {
        let Some(usage) = usage else { continue };
        for version in key.versions() {
            for (use_, used) in usage.of(version.number()) {
                family.add(
                    &[
                        ("mount", mount),
                        ("key", key.name()),
                        ("version", &version.number()),
                        ("use", &use_.name()),
                    ],
                    used.count,
                );
            }
        }
    }

    let counts = app.keyring.life_counts();
    for (name, help, value) in [
        (
            "sealgate_budget_reservations_total",
            "Blocks of encryptions reserved after a version's first.",
            counts.reservations,
        ),
        (
            "sealgate_budget_rotations_total",
            "Rotations because a version had made its share of encryptions.",
            counts.budget_rotations,
        ),
        (
            "sealgate_destroyed_versions_total",
            "Versions whose bytes were deleted after their wait.",
            counts.destroyed_versions,
        ),
    ] {
        page.family(name, Kind::Counter, help).add(&[], value);
    }
    Ok(Answer::text(CONTENT_TYPE, page.into_text()))
}
