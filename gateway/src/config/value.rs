//! Parsers of single values. Each answers with the typed value, or with what it would accept.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use toml::Value;

use super::source::Raw;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const GIB: usize = 1 << 30;

/// Units of sizes, in bytes.
const SIZE_UNITS: &[(&str, usize)] = &[
    ("KiB", KIB),
    ("MiB", MIB),
    ("GiB", GIB),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// Units of durations, in milliseconds.
const TIME_UNITS: &[(&str, usize)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// `IP:PORT`; a host name is not accepted, because what it resolves to may change.
pub(super) fn address(raw: &Raw) -> Result<SocketAddr, String> {
    text(raw).and_then(|text| text.parse().ok()).ok_or_else(|| {
        "an IP address and a port, such as \"127.0.0.1:8200\" or \"[::1]:8200\"".to_owned()
    })
}

/// A path that is not empty.
pub(super) fn path(raw: &Raw) -> Result<PathBuf, String> {
    match text(raw) {
        Some(text) if !text.is_empty() => Ok(PathBuf::from(text)),
        _ => Err("a path".to_owned()),
    }
}

/// `true` or `false`.
pub(super) fn flag(raw: &Raw) -> Result<bool, String> {
    match raw {
        Raw::Toml(Value::Boolean(flag)) => Ok(*flag),
        Raw::Variable(text) if text == "true" => Ok(true),
        Raw::Variable(text) if text == "false" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

/// One of a closed set of names.
pub(super) fn choice<T: Copy>(names: &[(&str, T)]) -> impl FnOnce(&Raw) -> Result<T, String> {
    move |raw| {
        let found = text(raw)
            .and_then(|text| names.iter().find(|(name, _)| *name == text))
            .map(|(_, value)| *value);
        found.ok_or_else(|| {
            let names: Vec<_> = names
                .iter()
                .map(|(name, _)| format!("\"{name}\""))
                .collect();
            names.join(" or ")
        })
    }
}

/// A number of things.
pub(super) fn count(min: usize, max: usize) -> impl FnOnce(&Raw) -> Result<usize, String> {
    move |raw| {
        let number = match raw {
            Raw::Toml(Value::Integer(number)) => usize::try_from(*number).ok(),
            Raw::Toml(_) => None,
            Raw::Variable(text) => text.parse().ok(),
        };
        number
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| format!("a number from {min} to {max}"))
    }
}

/// A number of bytes, as an integer or with a unit.
pub(super) fn size(min: usize, max: usize) -> impl FnOnce(&Raw) -> Result<usize, String> {
    move |raw| {
        let bytes = match raw {
            Raw::Toml(Value::Integer(number)) => usize::try_from(*number).ok(),
            _ => {
                text(raw).and_then(|text| text.parse().ok().or_else(|| with_unit(text, SIZE_UNITS)))
            }
        };
        bytes
            .filter(|bytes| (min..=max).contains(bytes))
            .ok_or_else(|| {
                format!(
                    "a size such as \"32MiB\" or a number of bytes, from {} to {}",
                    in_units(min),
                    in_units(max)
                )
            })
    }
}

/// A duration with a unit: `"250ms"`, `"30s"`, `"5m"`, `"1h"`.
pub(super) fn duration(
    min: Duration,
    max: Duration,
) -> impl FnOnce(&Raw) -> Result<Duration, String> {
    move |raw| {
        text(raw)
            .and_then(|text| with_unit(text, TIME_UNITS))
            .map(|millis| Duration::from_millis(millis as u64))
            .filter(|duration| (min..=max).contains(duration))
            .ok_or_else(|| format!("a duration such as \"30s\" or \"5m\", from {min:?} to {max:?}"))
    }
}

/// Digits directly followed by a unit.
fn with_unit(text: &str, units: &[(&str, usize)]) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<usize>().ok()?.checked_mul(*factor)
}

/// Bytes with the largest unit that divides them, as `limits.*` sizes are written and read.
pub(crate) fn in_units(bytes: usize) -> String {
    match bytes {
        0 => "0 bytes".to_owned(),
        _ if bytes.is_multiple_of(GIB) => format!("{} GiB", bytes / GIB),
        _ if bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} bytes"),
    }
}

fn text(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Toml(Value::String(text)) | Raw::Variable(text) => Some(text),
        Raw::Toml(_) => None,
    }
}
