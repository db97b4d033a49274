//! The text form that everything made with a version has: `vault:v<N>:<rest>`.

use std::fmt::Write as _;

use crate::version::Version;

const PREFIX: &str = "vault:v";

/// What is wrong with the form; who reads it says it in their own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionedError {
    /// It does not start with `vault:v`.
    NoPrefix,
    /// Nothing stands behind the version.
    WrongNumberOfFields,
    /// The version is no number.
    BadVersion,
}

/// Splits the text form into the version, which may be any integer, and what stands behind it.
pub(crate) fn parse(text: &str) -> Result<(i64, &str), VersionedError> {
    let rest = text.strip_prefix(PREFIX).ok_or(VersionedError::NoPrefix)?;
    let (version, rest) = rest
        .split_once(':')
        .ok_or(VersionedError::WrongNumberOfFields)?;
    let version = version.parse().map_err(|_| VersionedError::BadVersion)?;
    Ok((version, rest))
}

/// Writes `vault:v<N>:` behind what `out` already holds.
pub(crate) fn write_prefix(version: Version, out: &mut String) {
    out.push_str(PREFIX);
    write!(out, "{version}:").expect("writing to a string cannot fail");
}
