//! How many messages one version may encrypt, and when the key should rotate because of it.
//!
//! Two messages under one random 96-bit nonce betray each other, so a version of AES-GCM or
//! ChaCha20-Poly1305 ends after 2^32 messages (NIST SP 800-38D, section 8.3). Convergent keys are
//! exempt: their nonces follow from the messages, equal messages use up nothing, and how many
//! different ones there were is not known.

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use super::policy::{Derivation, KeyPolicy, PolicyError};
use crate::{algorithm::Algorithm, version::Version};

/// Encryptions that a replica reserves at once, at most.
pub const LARGEST_BLOCK: u64 = 1 << 20;

/// Encryptions that a replica reserves at once, at least, unless fewer are left.
const SMALLEST_BLOCK: u64 = 16;

/// A budget is reserved in this many blocks or more.
const BLOCKS: u64 = 64;

/// From this block size on, the next block is reserved before the one in use is empty.
const EARLY_FROM_BLOCK: u64 = 1024;

/// What the owner of a key says about its budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetSettings {
    /// Encryptions a version may make; `None`: as many as the algorithm allows.
    pub max_encryptions: Option<NonZeroU64>,
    /// Encryptions after which the key rotates by itself; `None`: half of what is allowed.
    pub auto_rotate_after: Option<NonZeroU64>,
}

/// How much of its budget a version has used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The version.
    pub version: Version,
    /// An upper bound of the encryptions it has made; blocks that a crash or another replica
    /// holds count as used.
    pub encryptions: u64,
    /// Encryptions it may make in all.
    pub limit: u64,
}

impl Budget {
    /// Encryptions that it may still make.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.encryptions)
    }

    /// The share that is used, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.encryptions as f64 / self.limit as f64
    }

    /// Whether more than nine tenths are used.
    pub fn is_nearly_used_up(&self) -> bool {
        u128::from(self.encryptions) * 10 > u128::from(self.limit) * 9
    }
}

impl KeyPolicy {
    /// Encryptions that one version may make; `None`: without end, or none at all.
    pub fn encryption_limit(&self) -> Option<u64> {
        let Algorithm::Aead(aead) = self.key_type.algorithm() else {
            return None;
        };
        if self.derivation == Derivation::Convergent {
            return None;
        }
        let asked = self.budget.max_encryptions.map(NonZeroU64::get);
        match (aead.message_limit(), asked) {
            (Some(limit), Some(asked)) => Some(limit.min(asked)),
            (limit, asked) => limit.or(asked),
        }
    }

    /// Encryptions after which the key rotates by itself, if it may.
    pub fn rotates_after(&self) -> Option<u64> {
        let limit = self.encryption_limit()?;
        let asked = self.budget.auto_rotate_after.map(NonZeroU64::get);
        Some(asked.unwrap_or(limit.div_ceil(2)).min(limit))
    }

    /// Encryptions to reserve beyond the `reserved` ones, for a caller who wants `wanted` at
    /// once; 0: the budget is used up.
    ///
    /// No block reaches over the point at which the key rotates, so that it rotates there.
    pub fn next_block(&self, reserved: u64, wanted: u64) -> u64 {
        let Some(limit) = self.encryption_limit() else {
            return 0;
        };
        let end = match self.rotates_after() {
            Some(after) if self.can_rotate() && reserved < after => after,
            _ => limit,
        };
        block_of(limit)
            .max(wanted)
            .min(end.saturating_sub(reserved))
    }

    /// How many encryptions a replica keeps reserved at most.
    pub fn usual_block(&self) -> u64 {
        self.encryption_limit().map_or(0, block_of)
    }

    /// When fewer than this many encryptions are left in a block, the next one is reserved.
    pub fn low_mark(&self) -> u64 {
        let block = self.usual_block();
        if block < EARLY_FROM_BLOCK {
            0
        } else {
            block / 8
        }
    }

    /// Whether a rotation would be allowed.
    pub fn can_rotate(&self) -> bool {
        !self.soft_deleted
            && self.imported.is_none_or(|imported| imported.allow_rotation)
            && self.latest_version.next().is_some()
    }

    /// The settings after what an owner asks of the budget; 0 takes a setting back.
    pub(super) fn budget_with(
        &self,
        max_encryptions: Option<i64>,
        auto_rotate_after: Option<i64>,
    ) -> Result<BudgetSettings, PolicyError> {
        let mut budget = self.budget;
        for (asked, setting, name) in [
            (
                max_encryptions,
                &mut budget.max_encryptions,
                "max_encryptions",
            ),
            (
                auto_rotate_after,
                &mut budget.auto_rotate_after,
                "auto_rotate_after",
            ),
        ] {
            if let Some(asked) = asked {
                let number =
                    u64::try_from(asked).map_err(|_| PolicyError::NegativeBudget { name })?;
                *setting = NonZeroU64::new(number);
            }
        }
        if budget == self.budget {
            return Ok(budget);
        }
        let Algorithm::Aead(aead) = self.key_type.algorithm() else {
            return Err(PolicyError::NoBudget(self.key_type));
        };
        if self.derivation == Derivation::Convergent {
            return Err(PolicyError::NoBudgetForConvergent);
        }
        let most = [
            aead.message_limit(),
            budget.max_encryptions.map(NonZeroU64::get),
        ];
        if let (Some(limit), Some(asked)) = (most[0], most[1])
            && asked > limit
        {
            return Err(PolicyError::BudgetAboveLimit { limit });
        }
        if let Some(after) = budget.auto_rotate_after {
            let limit = most.into_iter().flatten().min();
            let limit = limit.ok_or(PolicyError::RotationWithoutBudget)?;
            if after.get() > limit {
                return Err(PolicyError::RotationAfterBudget { limit });
            }
        }
        Ok(budget)
    }
}

/// The usual block of a budget of this size.
fn block_of(limit: u64) -> u64 {
    (limit / BLOCKS).clamp(SMALLEST_BLOCK, LARGEST_BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{algorithm::KeyType, key::NewKey};
    use proptest::prelude::*;

    fn policy(max_encryptions: u64, auto_rotate_after: u64) -> KeyPolicy {
        let mut policy = KeyPolicy::create(NewKey::of_type(KeyType::Aes256Gcm96)).unwrap();
        policy.budget = BudgetSettings {
            max_encryptions: NonZeroU64::new(max_encryptions),
            auto_rotate_after: NonZeroU64::new(auto_rotate_after),
        };
        policy
    }

    #[test]
    fn the_usual_budget_has_blocks_of_a_million() {
        let policy = policy(0, 0);
        assert_eq!(policy.encryption_limit(), Some(1 << 32));
        assert_eq!(policy.rotates_after(), Some(1 << 31));
        assert_eq!(policy.next_block(0, 1), LARGEST_BLOCK);
        assert_eq!(policy.next_block((1 << 31) - 5, 1), 5);
        assert_eq!(policy.next_block((1 << 32) - 7, 100), 7);
        assert_eq!(policy.next_block(1 << 32, 1), 0);
    }

    #[test]
    fn keys_without_random_short_nonces_have_no_budget_of_their_own() {
        let new = NewKey::of_type(KeyType::Xchacha20Poly1305);
        assert_eq!(KeyPolicy::create(new).unwrap().encryption_limit(), None);
        let convergent = NewKey {
            derivation: Derivation::Convergent,
            ..NewKey::of_type(KeyType::Aes256Gcm96)
        };
        let policy = KeyPolicy::create(convergent).unwrap();
        assert_eq!(policy.encryption_limit(), None);
        assert_eq!(
            policy.budget_with(Some(5), None),
            Err(PolicyError::NoBudgetForConvergent)
        );
    }

    proptest! {
        #[test]
        fn blocks_fill_the_budget_and_stop_where_the_key_rotates(
            max in 1u64..5000, after in 0u64..5000, wanted in 1u64..3000,
        ) {
            let policy = policy(max, after.min(max));
            let (mut reserved, mut stops) = (0, Vec::new());
            loop {
                let block = policy.next_block(reserved, wanted);
                if block == 0 {
                    break;
                }
                reserved += block;
                stops.push(reserved);
            }
            prop_assert_eq!(reserved, max);
            prop_assert!(stops.contains(&policy.rotates_after().unwrap()));
        }
    }
}
