//! How many shares there are and how many open the seal.

/// A number of shares and a threshold that go together: the witness that somebody checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealParameters {
    shares: u8,
    threshold: u8,
}

impl SealParameters {
    /// Checks 1 ≤ `threshold` ≤ `shares` ≤ 255, in the order and the words of the peers.
    ///
    /// Like them, it refuses a threshold of 1 for several shares: each share would be the key.
    pub fn new(shares: i64, threshold: i64) -> Result<Self, ParametersError> {
        if shares < 1 {
            return Err(ParametersError::NoShares);
        }
        if threshold < 1 {
            return Err(ParametersError::NoThreshold);
        }
        if shares > 1 && threshold < 2 {
            return Err(ParametersError::ThresholdOfOne);
        }
        let shares = u8::try_from(shares).map_err(|_| ParametersError::TooManyShares)?;
        let threshold = u8::try_from(threshold).map_err(|_| ParametersError::HugeThreshold)?;
        if threshold > shares {
            return Err(ParametersError::ThresholdAboveShares);
        }
        Ok(Self { shares, threshold })
    }

    /// Shares that exist, 1 to 255.
    pub fn shares(self) -> u8 {
        self.shares
    }

    /// Shares that open the seal, 1 to [`SealParameters::shares`].
    pub fn threshold(self) -> u8 {
        self.threshold
    }
}

/// Why two numbers do not go together. The sentences are those that clients of the peers match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParametersError {
    /// No shares.
    #[error("shares must be at least one")]
    NoShares,
    /// No threshold.
    #[error("threshold must be at least one")]
    NoThreshold,
    /// Every share would be the key.
    #[error("threshold must be greater than one for multiple shares")]
    ThresholdOfOne,
    /// A share's number is one byte, and 0 is the secret's place.
    #[error("shares must be less than 256")]
    TooManyShares,
    /// Likewise.
    #[error("threshold must be less than 256")]
    HugeThreshold,
    /// The seal could never be opened.
    #[error("threshold cannot be larger than shares")]
    ThresholdAboveShares,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_the_peers_refuse() {
        use ParametersError::*;
        for (shares, threshold, expected) in [
            (0, 0, NoShares),
            (-1, 1, NoShares),
            (1, 0, NoThreshold),
            (5, 1, ThresholdOfOne),
            (256, 1, ThresholdOfOne),
            (256, 2, TooManyShares),
            (255, 256, HugeThreshold),
            (i64::MAX, i64::MAX, TooManyShares),
            (1, 2, ThresholdAboveShares),
            (3, 5, ThresholdAboveShares),
        ] {
            assert_eq!(SealParameters::new(shares, threshold), Err(expected));
        }
        for (shares, threshold) in [(1, 1), (2, 2), (5, 3), (255, 2), (255, 255)] {
            let parameters = SealParameters::new(shares, threshold).unwrap();
            assert_eq!(i64::from(parameters.shares()), shares);
            assert_eq!(i64::from(parameters.threshold()), threshold);
        }
    }
}
