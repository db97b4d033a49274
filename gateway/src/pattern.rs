//! The patterns of paths: literal text, and parameters in braces.
//!
//! `keys/{name}/config`, `datakey/{plaintext}/{name}`, `hash/{urlalgorithm}`. A parameter stands
//! for one segment that could name a key. The few in [`OPEN_ENDED`] take whatever is there, slashes
//! included, as the peers have it.

use sealgate_keyring::name::KeyName;

/// The parameters that take more than one segment.
const OPEN_ENDED: [&str; 5] = [
    "path",
    "source_or_bytes",
    "urlalgorithm",
    "urlbytes",
    "version",
];

/// Most parameters in one pattern.
const MOST: usize = 3;

/// What stands at the parameters of a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Captured<'p> {
    values: [(&'static str, &'p str); MOST],
    count: usize,
}

impl<'p> Captured<'p> {
    /// The key's name, or what stands at the first parameter of a pattern without one; "" if it
    /// has no parameter.
    pub fn main(&self) -> &'p str {
        self.values[self.main_index()].1
    }

    /// The other parameters and what stands there.
    pub fn others(&self) -> impl Iterator<Item = (&'static str, &'p str)> {
        let (main, values) = (self.main_index(), self.values);
        (0..self.count)
            .filter(move |&index| index != main)
            .map(move |index| values[index])
    }

    /// The main parameter's value, and the others.
    pub fn to_owned_values(&self) -> (String, Vec<(&'static str, String)>) {
        let others = self.others();
        let others = others.map(|(name, value)| (name, value.to_owned()));
        (self.main().to_owned(), others.collect())
    }

    fn main_index(&self) -> usize {
        self.values
            .iter()
            .position(|&(name, _)| name == "name")
            .unwrap_or(0)
    }
}

/// Whether a parameter takes more than one segment.
pub fn is_open_ended(parameter: &str) -> bool {
    OPEN_ENDED.contains(&parameter)
}

/// The names of a pattern's parameters, in their order.
pub fn parameters(pattern: &'static str) -> impl Iterator<Item = &'static str> {
    let braced = pattern.split('{').skip(1);
    braced.filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

/// What stands at the parameters, if `path` fits the pattern.
pub fn match_pattern<'p>(pattern: &'static str, path: &'p str) -> Option<Captured<'p>> {
    let mut captured = Captured::default();
    let Some(open) = pattern.find('{') else {
        // A listing has a slash behind its path; without it the path is known all the same.
        let known = pattern == path || pattern.strip_suffix('/') == Some(path);
        return known.then_some(captured);
    };
    let mut rest = path.strip_prefix(&pattern[..open])?;
    let mut tail = &pattern[open + 1..];
    loop {
        let (parameter, behind) = tail.split_once('}')?;
        let (value, next) = match behind.split_once('{') {
            // What is behind the last parameter ends the path.
            None => (rest.strip_suffix(behind)?, None),
            Some((between, tail)) => {
                let (value, rest) = rest.split_once(between)?;
                (value, Some((rest, tail)))
            }
        };
        let fits = if is_open_ended(parameter) {
            !value.is_empty()
        } else {
            KeyName::is_valid(value)
        };
        if !fits {
            return None;
        }
        *captured.values.get_mut(captured.count)? = (parameter, value);
        captured.count += 1;
        let Some((behind, more)) = next else {
            return Some(captured);
        };
        (rest, tail) = (behind, more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main(pattern: &'static str, path: &'static str) -> Option<&'static str> {
        match_pattern(pattern, path).map(|captured| captured.main())
    }

    #[test]
    fn patterns_take_names_and_paths() {
        assert_eq!(main("keys/", "keys"), Some(""));
        assert_eq!(main("keys/", "keys/"), Some(""));
        assert_eq!(main("keys/{name}", "keys/a.b"), Some("a.b"));
        assert_eq!(main("keys/{name}", "keys/a/b"), None);
        assert_eq!(main("keys/{name}", "keys/"), None);
        assert_eq!(main("keys/{name}/config", "keys/a/config"), Some("a"));
        assert_eq!(main("keys/{name}/config", "keys/a/config/x"), None);
        assert_eq!(
            main("sys/mounts/{path}/tune", "sys/mounts/a/b/tune"),
            Some("a/b")
        );
        assert_eq!(main("sys/mounts/{path}", "sys/mounts/"), None);
        assert_eq!(main("hash/{urlalgorithm}", "hash/a/ b"), Some("a/ b"));
    }

    #[test]
    fn the_name_of_the_key_is_the_main_parameter() {
        let pattern = "datakey/{plaintext}/{name}";
        let captured = match_pattern(pattern, "datakey/wrapped/orders").unwrap();
        assert_eq!(captured.main(), "orders");
        assert_eq!(
            captured.others().collect::<Vec<_>>(),
            [("plaintext", "wrapped")]
        );
        assert_eq!(
            parameters(pattern).collect::<Vec<_>>(),
            ["plaintext", "name"]
        );
        for path in [
            "datakey/wrapped",
            "datakey/wrapped/",
            "datakey//a",
            "datakey/wrapped/a/b",
            "datakey/-/a",
        ] {
            assert_eq!(match_pattern(pattern, path), None, "{path}");
        }
    }

    #[test]
    fn only_the_end_is_open() {
        let pattern = "byok-export/{destination}/{source}/{version}";
        let captured = match_pattern(pattern, "byok-export/a/b/1/2").unwrap();
        assert_eq!(captured.main(), "a");
        assert_eq!(
            captured.others().collect::<Vec<_>>(),
            [("source", "b"), ("version", "1/2")]
        );
        assert_eq!(match_pattern(pattern, "byok-export/a/b"), None);
        assert_eq!(match_pattern(pattern, "byok-export/a/b/"), None);
    }
}
