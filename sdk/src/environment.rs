//! Settings from the environment: Sealgate's names first, then those of Vault and OpenBao.

use std::env;
use std::path::PathBuf;

use sealgate_wire::SecretText;

const PREFIXES: [&str; 3] = ["SEALGATE", "VAULT", "BAO"];

/// What the environment says. Each setting is looked up on its own; an empty variable is unset.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// `*_ADDR`
    pub address: Option<String>,
    /// `*_TOKEN`
    pub token: Option<SecretText>,
    /// `*_CACERT`
    pub ca_file: Option<PathBuf>,
}

impl Environment {
    pub fn of_process() -> Self {
        // A variable that is not UTF-8 is no address and no token either.
        Self::from_lookup(|name| env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let first = |setting: &str| {
            PREFIXES
                .iter()
                .filter_map(|prefix| lookup(&format!("{prefix}_{setting}")))
                .find(|value| !value.is_empty())
        };
        Self {
            address: first("ADDR"),
            token: first("TOKEN").map(SecretText::new),
            ca_file: first("CACERT").map(PathBuf::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn from(variables: &[(&str, &str)]) -> Environment {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        Environment::from_lookup(|name| variables.get(name).map(ToString::to_string))
    }

    #[test]
    fn sealgate_comes_before_vault_before_openbao() {
        let all = [
            ("BAO_ADDR", "b"),
            ("VAULT_ADDR", "v"),
            ("SEALGATE_ADDR", "s"),
        ];
        assert_eq!(from(&all).address.unwrap(), "s");
        assert_eq!(from(&all[..2]).address.unwrap(), "v");
        assert_eq!(from(&all[..1]).address.unwrap(), "b");
        assert!(from(&[]).address.is_none());
    }

    #[test]
    fn each_setting_falls_back_on_its_own() {
        let mixed = from(&[
            ("SEALGATE_ADDR", "s"),
            ("VAULT_TOKEN", "t"),
            ("BAO_CACERT", "c"),
        ]);
        assert_eq!(mixed.address.unwrap(), "s");
        assert_eq!(mixed.token.unwrap().expose(), "t");
        assert_eq!(mixed.ca_file.unwrap(), PathBuf::from("c"));
    }

    #[test]
    fn empty_is_unset() {
        assert_eq!(
            from(&[("SEALGATE_ADDR", ""), ("BAO_ADDR", "b")])
                .address
                .unwrap(),
            "b"
        );
    }
}
