//! Sealed → Unsealing → Unsealed, without I/O.

use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;

use super::{SealConfiguration, SealError, wrap::unwrap};
use crate::{
    barrier::RootKey,
    share::{Share, join},
};

/// The seal of one installation, as one replica sees it.
pub struct Seal {
    configuration: SealConfiguration,
    state: State,
}

enum State {
    Sealed,
    /// At least one share, and fewer than the threshold.
    Unsealing {
        nonce: Uuid,
        shares: Vec<Share>,
    },
    Unsealed,
}

/// How far an attempt to unseal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Different shares given so far.
    pub have: u8,
    /// Shares needed.
    pub need: u8,
    /// Names the attempt; `None` before its first share.
    pub nonce: Option<Uuid>,
}

/// What a share did.
#[derive(Debug)]
pub enum Step {
    /// More shares are needed. A share that had been given before changes nothing.
    Progress(Progress),
    /// The seal is open.
    Opened(RootKey),
    /// The seal was open before; the share was not looked at.
    AlreadyUnsealed,
}

impl Seal {
    /// A sealed seal.
    pub fn new(configuration: SealConfiguration) -> Self {
        Self {
            configuration,
            state: State::Sealed,
        }
    }

    /// What is publicly known about it.
    pub fn configuration(&self) -> &SealConfiguration {
        &self.configuration
    }

    /// Whether shares are needed.
    pub fn is_sealed(&self) -> bool {
        !matches!(self.state, State::Unsealed)
    }

    /// How far the current attempt has come; nothing while unsealed.
    pub fn progress(&self) -> Progress {
        let (have, nonce) = match &self.state {
            State::Sealed | State::Unsealed => (0, None),
            State::Unsealing { nonce, shares } => (shares.len(), Some(*nonce)),
        };
        Progress {
            have: u8::try_from(have).expect("an attempt holds fewer shares than the threshold"),
            need: self.configuration.parameters.threshold(),
            nonce,
        }
    }

    /// Takes one share. With the last one that is needed the seal opens, or the attempt is over
    /// and the progress is 0 again. Any other refusal keeps the progress.
    pub fn provide(&mut self, share: Share) -> Result<Step, SealError> {
        if !self.is_sealed() {
            return Ok(Step::AlreadyUnsealed);
        }
        self.check(&share)?;
        if self.knows(&share)? {
            return Ok(Step::Progress(self.progress()));
        }
        let (nonce, mut shares) = match std::mem::replace(&mut self.state, State::Sealed) {
            State::Unsealing { nonce, shares } => (nonce, shares),
            State::Sealed | State::Unsealed => (attempt()?, Vec::new()),
        };
        shares.push(share);
        let need = self.configuration.parameters.threshold();
        if shares.len() < need.into() {
            self.state = State::Unsealing { nonce, shares };
            return Ok(Step::Progress(self.progress()));
        }
        let root_key = unwrap(&self.configuration, &join(&shares)?)
            .ok_or(SealError::SharesDoNotFit { need })?;
        self.state = State::Unsealed;
        Ok(Step::Opened(root_key))
    }

    /// Forgets the shares of the current attempt. An open seal stays open.
    pub fn reset(&mut self) {
        if self.is_sealed() {
            self.state = State::Sealed;
        }
    }

    /// Closes the seal, and forgets the shares of an attempt.
    pub fn seal(&mut self) {
        self.state = State::Sealed;
    }

    /// Refuses a share that cannot belong to the current share set.
    fn check(&self, share: &Share) -> Result<(), SealError> {
        let (expected, found) = (self.configuration.label(), share.label());
        if !found.same_store(&expected) {
            return Err(SealError::ForeignShare);
        }
        if !found.same_set(&expected) {
            return Err(SealError::OtherShareSet);
        }
        let number = share.number();
        if *found != expected || number > self.configuration.parameters.shares() {
            return Err(SealError::Forged { number });
        }
        Ok(())
    }

    fn knows(&self, share: &Share) -> Result<bool, SealError> {
        let State::Unsealing { shares, .. } = &self.state else {
            return Ok(false);
        };
        let number = share.number();
        match shares.iter().find(|known| known.number() == number) {
            Some(known) if known.matches(share) => Ok(true),
            Some(_) => Err(SealError::Contradiction { number }),
            None => Ok(false),
        }
    }
}

/// Names an attempt, so that people who unseal together see that it is the same one.
fn attempt() -> Result<Uuid, SealError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| SealError::NoRandom)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

#[cfg(test)]
mod tests;
