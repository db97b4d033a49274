//! The patterns of the route table, and how a path is matched with one.
//!
//! ```text
//! keys/{name}/config            {name} stands for one segment that can name a key
//! sys/mounts/{path}/tune        {path} stands for anything that is not empty
//! sign/{name}[/{urlalgorithm}]  what stands in brackets may be missing; a parameter at the end of
//!                               brackets takes the rest of the path, as the peers have it
//! ```

use sealgate_keyring::name::KeyName;

/// How many parameters a pattern may have.
const MAX_PARAMETERS: usize = 3;

/// What stands at a pattern's parameters, in their order; "" where there is none.
pub type Captured<'p> = [&'p str; MAX_PARAMETERS];

/// What stands at the pattern's parameters, if `path` fits the pattern.
pub fn captured<'p>(pattern: &str, path: &'p str) -> Option<Captured<'p>> {
    let mut captured = [""; MAX_PARAMETERS];
    matches(pattern, path, &mut captured).then_some(captured)
}

/// The names of a pattern's parameters, in their order.
pub fn parameters(pattern: &str) -> impl Iterator<Item = &str> {
    let opened = pattern.split('{').skip(1);
    opened.filter_map(|part| Some(part.split_once('}')?.0))
}

/// The patterns without brackets that this one stands for: with nothing of what is in brackets,
/// and with ever more of it.
pub fn without_brackets(pattern: &str) -> Vec<String> {
    let plain = pattern.trim_end_matches(']');
    let ends = plain.match_indices('[').map(|(end, _)| end);
    ends.chain([plain.len()])
        .map(|end| plain[..end].replace('[', ""))
        .collect()
}

fn matches<'p>(pattern: &str, path: &'p str, captured: &mut [&'p str]) -> bool {
    if let Some(inner) = pattern.strip_prefix('[') {
        return path.is_empty() || matches(inner, path, captured);
    }
    let Some(open) = pattern.find(['{', '[']) else {
        // A listing has a slash behind its path; without it the path is known all the same.
        let pattern = pattern.trim_end_matches(']');
        return pattern == path || pattern.strip_suffix('/') == Some(path);
    };
    let Some(path) = path.strip_prefix(&pattern[..open]) else {
        return false;
    };
    let pattern = &pattern[open..];
    if pattern.starts_with('[') {
        return matches(pattern, path, captured);
    }
    let (Some((name, after)), Some((here, further))) =
        (pattern[1..].split_once('}'), captured.split_first_mut())
    else {
        return false;
    };
    if name == "path" || after.starts_with(']') {
        let taken = path.strip_suffix(after.trim_end_matches(']'));
        *here = taken.unwrap_or_default();
        return !here.is_empty();
    }
    let end = path.find('/').unwrap_or(path.len());
    *here = &path[..end];
    let fits = match name {
        "name" => KeyName::is_valid(here),
        _ => !here.is_empty(),
    };
    fits && matches_end(after, &path[end..], further)
}

/// As [`matches`], where nothing at all is a pattern's end and not a listing.
fn matches_end<'p>(pattern: &str, path: &'p str, captured: &mut [&'p str]) -> bool {
    if pattern.is_empty() {
        path.is_empty()
    } else {
        matches(pattern, path, captured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
        captured(pattern, path).map(|[first, ..]| first)
    }

    #[test]
    fn names_and_paths() {
        assert_eq!(first("keys/", "keys"), Some(""));
        assert_eq!(first("keys/", "keys/"), Some(""));
        assert_eq!(first("keys/{name}", "keys/a.b"), Some("a.b"));
        assert_eq!(first("keys/{name}", "keys/a/b"), None);
        assert_eq!(first("keys/{name}", "keys/a/"), None);
        assert_eq!(first("keys/{name}", "keys/"), None);
        assert_eq!(first("keys/{name}/config", "keys/a/config"), Some("a"));
        assert_eq!(first("keys/{name}/config", "keys/a/config/b"), None);
        let tune = "sys/mounts/{path}/tune";
        assert_eq!(first(tune, "sys/mounts/a/b/tune"), Some("a/b"));
        assert_eq!(first("sys/mounts/{path}", "sys/mounts/"), None);
    }

    #[test]
    fn brackets() {
        let sign = "sign/{name}[/{urlalgorithm}]";
        assert_eq!(captured(sign, "sign/a"), Some(["a", "", ""]));
        assert_eq!(captured(sign, "sign/a/b/c"), Some(["a", "b/c", ""]));
        assert_eq!(captured(sign, "sign/a/"), None);
        assert_eq!(captured(sign, "sign"), None);
        let random = "random[/{origin}[/{urlbytes}]]";
        assert_eq!(captured(random, "random"), Some(["", "", ""]));
        assert_eq!(captured(random, "random/5"), Some(["5", "", ""]));
        assert_eq!(captured(random, "random/all/5"), Some(["all", "5", ""]));
        let version = "keys/{name}/versions/{version}/disable";
        let disabled = captured(version, "keys/a/versions/3/disable");
        assert_eq!(disabled, Some(["a", "3", ""]));
        assert_eq!(captured(version, "keys/a/versions//disable"), None);
        assert_eq!(
            parameters(sign).collect::<Vec<_>>(),
            ["name", "urlalgorithm"]
        );
        assert_eq!(
            without_brackets(random),
            ["random", "random/{origin}", "random/{origin}/{urlbytes}"]
        );
        assert_eq!(without_brackets("keys/{name}"), ["keys/{name}"]);
    }
}
