//! Paths of the API, built from names so that no name can point elsewhere.

use reqwest::Url;

use crate::Error;

/// Segments below `/v1`.
#[derive(Clone, Debug)]
pub(crate) struct ApiPath(Vec<String>);

impl ApiPath {
    /// A path of the API itself, such as `sys/seal-status`.
    pub fn fixed(path: &'static str) -> Self {
        Self(path.split('/').map(str::to_owned).collect())
    }

    /// A path that the caller chose, such as that of a mount. Slashes separate; one at either
    /// end is ignored.
    pub fn parse(path: &str) -> Result<Self, Error> {
        let trimmed = path.strip_prefix('/').unwrap_or(path);
        let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
        if !trimmed.split('/').all(is_segment) {
            return Err(Error::Name(path.to_owned()));
        }
        Ok(Self(trimmed.split('/').map(str::to_owned).collect()))
    }

    /// Continues with a path of the API itself.
    pub fn then(&self, path: &'static str) -> Self {
        let more = path.split('/').map(str::to_owned);
        Self(self.0.iter().cloned().chain(more).collect())
    }

    /// Continues with one name that the caller chose.
    pub fn name(mut self, name: &str) -> Result<Self, Error> {
        if name.contains('/') || !is_segment(name) {
            return Err(Error::Name(name.to_owned()));
        }
        self.0.push(name.to_owned());
        Ok(self)
    }

    /// Continues with all of `other`.
    pub fn join(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// The URL below `base`. Characters that mean something in a URL are escaped.
    pub fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        url.path_segments_mut()
            .expect("http and https URLs have a path")
            .pop_if_empty()
            .push("v1")
            .extend(&self.0);
        url
    }
}

/// `.` and `..` would be resolved away on the way, and then name something else.
fn is_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..") && !segment.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str, path: ApiPath) -> String {
        path.url(&Url::parse(base).unwrap()).to_string()
    }

    #[test]
    fn segments_go_below_the_address() {
        let path = ApiPath::parse("team/transit/")
            .unwrap()
            .then("keys")
            .name("orders")
            .unwrap();
        assert_eq!(
            url("http://h:1", path.clone()),
            "http://h:1/v1/team/transit/keys/orders"
        );
        assert_eq!(
            url("http://h/vault/", path),
            "http://h/vault/v1/team/transit/keys/orders"
        );
    }

    #[test]
    fn a_name_stays_one_segment() {
        let path = ApiPath::fixed("transit/keys").name("a?b#c%2f d").unwrap();
        assert_eq!(
            url("http://h", path),
            "http://h/v1/transit/keys/a%3Fb%23c%252f%20d"
        );
    }

    #[test]
    fn names_that_point_elsewhere_are_refused() {
        for name in ["", ".", "..", "a/b", "a\nb", "/"] {
            assert!(
                ApiPath::fixed("transit/keys").name(name).is_err(),
                "{name:?}"
            );
        }
        for path in ["", "/", "a//b", "a/../b", "//"] {
            assert!(ApiPath::parse(path).is_err(), "{path:?}");
        }
    }
}
