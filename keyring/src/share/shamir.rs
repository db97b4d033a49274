//! Splitting the seal key into shares, and joining it.
//!
//! Shamir, "How to share a secret", CACM 22 (1979), byte by byte in GF(2^8).
//!
//! The field arithmetic of the library looks products up in tables, at places that depend on the
//! factors, which the cache may betray. So it is never given the secret values themselves: they
//! are masked with random bytes first. The polynomial of `secret ⊕ mask` differs from that of
//! `secret` in its constant term only, so adding the mask to every y coordinate undoes it.

use std::convert::Infallible;

use aes_gcm::aead::rand_core::{TryCryptoRng, TryRng};
use ring::rand::{SecureRandom, SystemRandom};
use sharks::Sharks;
use zeroize::Zeroizing;

use super::{SealParameters, Share, ShareError, ShareLabel, ShareSetId};
use crate::{record::StoreId, secret::Secret256};

/// Splits `seal_key` into as many shares as `parameters` say, labelled for `store` and `set`.
pub fn split(
    seal_key: &Secret256,
    parameters: SealParameters,
    store: StoreId,
    set: ShareSetId,
) -> Result<Vec<Share>, ShareError> {
    let label = ShareLabel::new(store, set, parameters.threshold());
    let mask = random_mask()?;
    let masked = Zeroizing::new(masked(seal_key, &mask));
    let mut random = System(SystemRandom::new());
    let shares = Sharks(parameters.threshold())
        .dealer_rng(&*masked, &mut random)
        .take(parameters.shares().into())
        .map(|dealt| {
            let y = filled(|at| dealt.y[at].0 ^ mask.expose()[at]);
            Share::new(label, dealt.x.0, y)
        })
        .collect();
    Ok(shares)
}

/// Joins shares of one set, at least as many as their threshold. Whether the result is the seal
/// key shows only when it opens something: any right-looking shares give some key.
pub fn join(shares: &[Share]) -> Result<Secret256, ShareError> {
    let label = *shares
        .first()
        .ok_or(ShareError::TooFew { have: 0, need: 1 })?
        .label();
    for (at, share) in shares.iter().enumerate() {
        if *share.label() != label {
            return Err(ShareError::Mixed);
        }
        let number = share.number();
        if shares[..at]
            .iter()
            .any(|earlier| earlier.number() == number)
        {
            return Err(ShareError::Duplicate { number });
        }
    }
    let too_few = ShareError::TooFew {
        have: shares.len(),
        need: label.threshold().into(),
    };
    if shares.len() < label.threshold().into() {
        return Err(too_few);
    }
    let mask = random_mask()?;
    let points: Vec<sharks::Share> = shares.iter().map(|share| point(share, &mask)).collect();
    let joined = Sharks(label.threshold())
        .recover(&points)
        .map_err(|_| too_few)?;
    let joined = Zeroizing::new(joined);
    Ok(filled(|at| joined[at] ^ mask.expose()[at]))
}

fn point(share: &Share, mask: &Secret256) -> sharks::Share {
    let mut bytes = Zeroizing::new([0; 33]);
    bytes[0] = share.number();
    bytes[1..].copy_from_slice(&*Zeroizing::new(masked(share.y(), mask)));
    sharks::Share::try_from(bytes.as_slice()).expect("33 bytes are a share")
}

fn random_mask() -> Result<Secret256, ShareError> {
    Secret256::fill_with(|bytes| SystemRandom::new().fill(bytes)).map_err(|_| ShareError::NoRandom)
}

fn masked(secret: &Secret256, mask: &Secret256) -> [u8; 32] {
    std::array::from_fn(|at| secret.expose()[at] ^ mask.expose()[at])
}

fn filled(byte: impl Fn(usize) -> u8) -> Secret256 {
    let filled = Secret256::fill_with(|bytes| {
        for (at, own) in bytes.iter_mut().enumerate() {
            *own = byte(at);
        }
        Ok::<_, Infallible>(())
    });
    match filled {
        Ok(secret) => secret,
    }
}

/// The operating system's random source, in the form that the library takes.
struct System(SystemRandom);

impl TryRng for System {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0
            .fill(bytes)
            .expect("the source that gave the mask does not dry up");
        Ok(())
    }
}

impl TryCryptoRng for System {}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::subsequence};
    use uuid::Uuid;

    use super::*;

    const KEY: [u8; 32] = *b"0123456789abcdef0123456789ABCDEF";

    fn store() -> StoreId {
        StoreId::new(Uuid::from_u128(1))
    }

    fn shares(shares: u8, threshold: u8) -> Vec<Share> {
        let parameters = SealParameters::new(shares.into(), threshold.into()).unwrap();
        let key = Secret256::copy_of(&KEY).unwrap();
        split(&key, parameters, store(), ShareSetId::random().unwrap()).unwrap()
    }

    fn copy(share: &Share) -> Share {
        Share::parse(&share.expose_base64()).unwrap()
    }

    #[test]
    fn the_smallest_and_the_largest_sets_join() {
        for (count, threshold) in [(1, 1), (2, 2), (255, 2), (255, 255)] {
            let shares = shares(count, threshold);
            assert_eq!(shares.len(), usize::from(count));
            assert!(join(&shares).unwrap().matches(&KEY));
        }
    }

    /// In GF(2^8) modulo 0x11d, the line through (1, y1) and (2, y2) meets 0 at
    /// `(2·y1 ⊕ y2) / 3`; multiplied out here without tables.
    #[test]
    fn two_shares_lie_on_the_line_through_the_key() {
        let double = |byte: u8| byte << 1 ^ if byte & 0x80 == 0 { 0 } else { 0x1d };
        let triple = |byte: u8| double(byte) ^ byte;
        let shares = shares(2, 2);
        let (one, two) = (shares[0].y().expose(), shares[1].y().expose());
        for (at, key) in KEY.iter().enumerate() {
            assert_eq!(triple(*key), double(one[at]) ^ two[at]);
        }
    }

    #[test]
    fn names_shares_that_cannot_be_joined() {
        let (ours, theirs) = (shares(3, 2), shares(3, 2));
        let error = |given: &[&Share]| {
            let given: Vec<Share> = given.iter().map(|share| copy(share)).collect();
            join(&given).unwrap_err()
        };
        assert_eq!(error(&[]), ShareError::TooFew { have: 0, need: 1 });
        assert_eq!(error(&[&ours[0]]), ShareError::TooFew { have: 1, need: 2 });
        assert_eq!(
            error(&[&ours[1], &ours[1]]),
            ShareError::Duplicate { number: 2 }
        );
        assert_eq!(error(&[&ours[0], &theirs[1]]), ShareError::Mixed);
    }

    fn set_and_subset() -> impl Strategy<Value = (u8, u8, Vec<usize>)> {
        (2u8..=12)
            .prop_flat_map(|count| (Just(count), 2..=count))
            .prop_flat_map(|(count, threshold)| {
                let all: Vec<usize> = (0..count.into()).collect();
                let chosen = subsequence(all, usize::from(threshold)..=count.into());
                (Just(count), Just(threshold), chosen.prop_shuffle())
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn any_threshold_subset_joins((count, threshold, chosen) in set_and_subset()) {
            let shares = shares(count, threshold);
            let chosen: Vec<Share> = chosen.iter().map(|&at| copy(&shares[at])).collect();
            prop_assert!(join(&chosen).unwrap().matches(&KEY));
        }

        #[test]
        fn fewer_than_the_threshold_are_refused((count, threshold, chosen) in set_and_subset()) {
            let shares = shares(count, threshold);
            let fewer = usize::from(threshold) - 1;
            let chosen: Vec<Share> = chosen[..fewer].iter().map(|&at| copy(&shares[at])).collect();
            prop_assert!(matches!(join(&chosen), Err(ShareError::TooFew { .. })), "{}", fewer);
        }

        /// For every key there is a forged last share that leads to it, so threshold − 1 shares
        /// rule no key out: each forged byte gives another byte of the key, all 256 of them.
        #[test]
        fn one_share_too_few_leaves_every_key_possible(
            (count, threshold, chosen) in set_and_subset(),
        ) {
            let shares = shares(count, threshold);
            let (last, known) = chosen[..threshold.into()].split_last().unwrap();
            let mut seen = [[false; 256]; 32];
            for guess in 0..=255 {
                let mut given: Vec<Share> = known.iter().map(|&at| copy(&shares[at])).collect();
                let forged = Secret256::copy_of(&[guess; 32]).unwrap();
                given.push(Share::new(*shares[*last].label(), shares[*last].number(), forged));
                let key = join(&given).unwrap();
                for (at, byte) in key.expose().iter().enumerate() {
                    seen[at][usize::from(*byte)] = true;
                }
                if guess != shares[*last].y().expose()[0] {
                    prop_assert!(!key.matches(&KEY));
                }
            }
            prop_assert!(seen.iter().flatten().all(|seen| *seen));
        }
    }
}
