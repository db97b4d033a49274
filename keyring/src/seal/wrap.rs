//! Wrapping the root key under a seal key, and making the shares of that.

use ring::rand::{SecureRandom, SystemRandom};

use super::{SealConfiguration, SealError};
use crate::{
    barrier::{RecordKey, RootKey},
    record::{Record, StoreId, Term},
    secret::Secret256,
    share::{SealParameters, Share, ShareSetId, split},
};

/// A new installation: nothing of it is stored yet.
pub struct Initialized {
    /// To be stored.
    pub configuration: SealConfiguration,
    /// Opens the barrier keys; to be kept while unsealed.
    pub root_key: RootKey,
    /// To be handed out, and forgotten.
    pub shares: Vec<Share>,
}

/// A new share set for an installation: nothing of it is stored yet.
pub struct Rekeyed {
    /// Replaces the stored one. From then on only the new shares open the seal.
    pub configuration: SealConfiguration,
    /// To be handed out, and forgotten.
    pub shares: Vec<Share>,
}

/// Makes the root key and the shares of a new installation.
pub fn initialize(parameters: SealParameters, store_id: StoreId) -> Result<Initialized, SealError> {
    let root_key = RootKey::random().map_err(|_| SealError::NoRandom)?;
    let Rekeyed {
        configuration,
        shares,
    } = rekey(&root_key, parameters, store_id)?;
    Ok(Initialized {
        configuration,
        root_key,
        shares,
    })
}

/// Wraps `root_key` under a new seal key and splits that into a new share set.
pub fn rekey(
    root_key: &RootKey,
    parameters: SealParameters,
    store_id: StoreId,
) -> Result<Rekeyed, SealError> {
    let seal_key = Secret256::fill_with(|bytes| SystemRandom::new().fill(bytes))
        .map_err(|_| SealError::NoRandom)?;
    let share_set = ShareSetId::random()?;
    let shares = split(&seal_key, parameters, store_id, share_set)?;
    let mut configuration = SealConfiguration {
        store_id,
        share_set,
        parameters,
        wrapped_root_key: Vec::new(),
    };
    configuration.wrapped_root_key = RecordKey::new(&seal_key)
        .seal(
            &configuration.place(Term::FIRST),
            Term::FIRST,
            root_key.secret().expose(),
        )
        .map_err(|_| SealError::NoRandom)?;
    Ok(Rekeyed {
        configuration,
        shares,
    })
}

/// Unwraps the root key; `None` if `seal_key` or the configuration is not the right one.
pub(super) fn unwrap(configuration: &SealConfiguration, seal_key: &Secret256) -> Option<RootKey> {
    let record = Record::parse(&configuration.wrapped_root_key).ok()?;
    let opened = RecordKey::new(seal_key).open(&configuration.place(record.term), &record)?;
    RootKey::from_opened(&opened)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::share::join;

    fn parameters(shares: i64, threshold: i64) -> SealParameters {
        SealParameters::new(shares, threshold).unwrap()
    }

    fn store(number: u128) -> StoreId {
        StoreId::new(Uuid::from_u128(number))
    }

    #[test]
    fn a_rekey_keeps_the_root_key_and_changes_the_shares() {
        let first = initialize(parameters(5, 3), store(1)).unwrap();
        let second = rekey(&first.root_key, parameters(3, 2), store(1)).unwrap();
        let old_key = join(&first.shares[..3]).unwrap();
        let new_key = join(&second.shares[1..]).unwrap();
        let unwrapped = unwrap(&second.configuration, &new_key).unwrap();
        assert!(unwrapped.secret().matches(first.root_key.secret().expose()));
        assert!(unwrap(&second.configuration, &old_key).is_none());
        assert!(unwrap(&first.configuration, &new_key).is_none());
        assert_ne!(
            first.configuration.share_set,
            second.configuration.share_set
        );
    }

    #[test]
    fn no_field_of_the_configuration_can_be_changed() {
        let made = initialize(parameters(5, 3), store(1)).unwrap();
        let key = join(&made.shares).unwrap();
        let with = |change: &dyn Fn(&mut SealConfiguration)| {
            let mut configuration = made.configuration.clone();
            change(&mut configuration);
            unwrap(&configuration, &key).is_some()
        };
        assert!(with(&|_| {}));
        assert!(!with(&|c| c.store_id = store(2)));
        assert!(!with(&|c| c.share_set = ShareSetId::random().unwrap()));
        assert!(!with(&|c| c.parameters = parameters(5, 2)));
        assert!(!with(&|c| c.parameters = parameters(4, 3)));
        for at in 0..made.configuration.wrapped_root_key.len() {
            assert!(!with(&|c| c.wrapped_root_key[at] ^= 1), "byte {at}");
        }
    }
}
