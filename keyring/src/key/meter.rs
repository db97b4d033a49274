//! What one version has done and may still do: counters that every snapshot of it shares.
//!
//! An operation adds to them without a lock and without an order: nothing else follows from them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use serde::{Deserialize, Serialize};

/// What a version is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names of the operations")]
pub enum Use {
    Encrypt,
    Decrypt,
    Sign,
    Verify,
    Hmac,
}

impl Use {
    /// Every use, in the order of their counters.
    pub const ALL: [Self; 5] = [
        Self::Encrypt,
        Self::Decrypt,
        Self::Sign,
        Self::Verify,
        Self::Hmac,
    ];

    /// The name in the API and in stored records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
            Self::Sign => "sign",
            Self::Verify => "verify",
            Self::Hmac => "hmac",
        }
    }
}

/// Counts of uses, one a kind.
pub type Counts = [u64; Use::ALL.len()];

/// The counters of one version.
#[derive(Debug, Default)]
pub struct Meter {
    /// Encryptions that were reserved and not made. Shortly below its value, or 0, while somebody
    /// finds that it is not enough.
    left: AtomicI64,
    /// Encryptions that all replicas have reserved, as far as known here.
    reserved: AtomicU64,
    /// Uses since they were last stored.
    uses: [AtomicU64; Use::ALL.len()],
}

impl Meter {
    /// Takes one reserved encryption; `false`: none is left.
    pub fn take(&self) -> bool {
        // Whoever finds too few puts back what it took: nothing is ever taken twice.
        if self.left.fetch_sub(1, Relaxed) > 0 {
            return true;
        }
        self.left.fetch_add(1, Relaxed);
        false
    }

    /// Encryptions that were reserved and not made.
    pub fn left(&self) -> u64 {
        u64::try_from(self.left.load(Relaxed)).unwrap_or(0)
    }

    /// An upper bound of the encryptions that all replicas have made.
    pub fn encryptions(&self) -> u64 {
        self.reserved.load(Relaxed).saturating_sub(self.left())
    }

    /// Encryptions that all replicas have reserved, as far as known here.
    pub fn reserved(&self) -> u64 {
        self.reserved.load(Relaxed)
    }

    /// Learns how many encryptions all replicas have reserved.
    pub fn learn(&self, reserved: u64) {
        self.reserved.store(reserved, Relaxed);
    }

    /// Adds a block that was reserved, which made `reserved` in all. Only after the reservation
    /// was committed.
    pub fn credit(&self, block: u64, reserved: u64) {
        self.learn(reserved);
        self.left
            .fetch_add(i64::try_from(block).unwrap_or(i64::MAX), Relaxed);
    }

    /// Takes back up to `most` encryptions that were not made; answers how many.
    pub fn retract(&self, most: u64) -> u64 {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let taken = |left: i64| left.min(most).max(0);
        let before = self
            .left
            .fetch_update(Relaxed, Relaxed, |left| Some(left - taken(left)))
            .unwrap_or_default();
        u64::try_from(taken(before)).unwrap_or_default()
    }

    /// Counts a use that succeeded.
    pub fn count(&self, use_: Use) {
        self.uses[use_ as usize].fetch_add(1, Relaxed);
    }

    /// Uses since they were last stored.
    pub fn counts(&self) -> Counts {
        std::array::from_fn(|use_| self.uses[use_].load(Relaxed))
    }

    /// Forgets uses that were stored.
    pub fn stored(&self, counts: Counts) {
        for (counter, stored) in self.uses.iter().zip(counts) {
            counter.fetch_sub(stored, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    #[test]
    fn gives_out_what_it_was_credited_and_no_more() {
        let meter = Arc::new(Meter::default());
        assert!(!meter.take());
        let workers = (0..4).map(|_| {
            let meter = meter.clone();
            thread::spawn(move || (0..20_000).filter(|_| meter.take()).count())
        });
        let workers: Vec<_> = workers.collect();
        for block in 1..=10 {
            meter.credit(1000, block * 1000);
            thread::yield_now();
        }
        let mut taken: usize = workers.into_iter().map(|w| w.join().unwrap()).sum();
        taken += (0..20_000).filter(|_| meter.take()).count();
        assert_eq!(taken, 10_000);
        assert_eq!((meter.left(), meter.encryptions()), (0, 10_000));
    }

    #[test]
    fn takes_back_what_is_left() {
        let meter = Meter::default();
        meter.credit(10, 30);
        assert_eq!(meter.retract(3), 3);
        assert_eq!(meter.retract(100), 7);
        assert_eq!(meter.retract(1), 0);
        assert!(!meter.take());
    }

    #[test]
    fn counters_are_in_the_order_of_the_uses() {
        for (index, use_) in Use::ALL.into_iter().enumerate() {
            assert_eq!(use_ as usize, index);
            assert_eq!(
                serde_json::to_value(use_).unwrap().as_str(),
                Some(use_.name())
            );
        }
    }
}
