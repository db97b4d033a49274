//! Samples made by one server that another must understand.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use sealgate_sdk::wire::transit::{Key, KeyVersion};
use sealgate_sdk::{Decrypt, Encrypt, Error, ItemError, Sign, Transit};
use subtle::ConstantTimeEq;

use super::report::span;

/// As many in one request. OpenBao counts the strings of a request, here five a sample, and refuses
/// more than a thousand.
const BATCH: usize = 150;
/// Derived keys need one; which, does not matter.
const CONTEXT: &[u8] = b"sealgate migrate";

/// In the words of every server that has only a version's public half.
const NO_PRIVATE_HALF: &str = "does not contain a private part";

/// What a key does, and therefore how two of them are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Encrypt,
    Sign,
    Hmac,
    Cmac,
}

/// What the source made with one version, or, if it can make nothing, its public key.
enum Sample {
    Made(String),
    Public(String),
}

/// One message, and what the source made of it with each version.
pub(super) struct Samples {
    kind: Use,
    derived: bool,
    message: [u8; 32],
    made: Vec<(u32, Sample)>,
}

/// Versions whose samples the target did not understand, and the words about the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    versions: Vec<u32>,
    words: String,
    tried: usize,
}

impl Samples {
    /// Lets the source make one sample with each version that it still uses.
    pub async fn take(from: &Transit, key: &Key) -> Result<Self, Error> {
        let mut message = [0; 32];
        SystemRandom::new()
            .fill(&mut message)
            .map_err(|_| Error::Answer("the operating system gives no random bytes".to_owned()))?;
        let mut samples = Self {
            kind: Use::of(key),
            derived: key.derived,
            message,
            made: Vec::new(),
        };
        let versions = sampled(key);
        match samples.kind {
            Use::Encrypt => {
                for versions in versions.chunks(BATCH) {
                    let items = versions.iter().map(|&version| samples.to_encrypt(version));
                    let results = from.encrypt_batch(&key.name, items).await?;
                    for (&version, result) in versions.iter().zip(results) {
                        let sealed = result.map_err(|words| refused(version, &words))?;
                        samples
                            .made
                            .push((version, Sample::Made(sealed.ciphertext)));
                    }
                }
            }
            Use::Sign | Use::Hmac | Use::Cmac => {
                for version in versions {
                    let sample = samples.make(from, key, version).await?;
                    samples.made.push((version, sample));
                }
            }
        }
        Ok(samples)
    }

    /// One signature or MAC.
    async fn make(&self, from: &Transit, key: &Key, version: u32) -> Result<Sample, Error> {
        let (name, message) = (&key.name, self.to_sign().version(version));
        let made = match self.kind {
            Use::Encrypt | Use::Sign => from.sign(name, message).await,
            Use::Hmac => from.hmac(name, message).await,
            Use::Cmac => from.cmac(name, message).await,
        };
        match (made, public_key(key, version)) {
            (Err(Error::Refused { errors, .. }), Some(public))
                if errors.iter().any(|error| error.contains(NO_PRIVATE_HALF)) =>
            {
                Ok(Sample::Public(public.to_owned()))
            }
            (made, _) => made.map(Sample::Made),
        }
    }

    /// Lets the target's key of this name try all samples. `None`: it understood every one.
    pub async fn prove(&self, to: &Transit, name: &str) -> Result<Option<Mismatch>, Error> {
        let mut failed = Vec::new();
        match self.kind {
            Use::Encrypt => {
                for samples in self.made.chunks(BATCH) {
                    self.decrypt(to, name, samples, &mut failed).await?;
                }
            }
            Use::Sign | Use::Hmac | Use::Cmac => {
                for (version, sample) in &self.made {
                    if let Some(words) = self.verify(to, name, *version, sample).await? {
                        failed.push((*version, words));
                    }
                }
            }
        }
        Ok(Mismatch::of(failed, self.made.len()))
    }

    async fn decrypt(
        &self,
        to: &Transit,
        name: &str,
        samples: &[(u32, Sample)],
        failed: &mut Vec<(u32, String)>,
    ) -> Result<(), Error> {
        let items = samples.iter().map(|(_, sample)| self.to_decrypt(sample));
        let results = match to.decrypt_batch(name, items).await {
            // The key as a whole does not work, as when it is soft-deleted.
            Err(Error::Refused {
                status: 400,
                errors,
            }) => {
                let words = ItemError(errors.join("; "));
                samples.iter().map(|_| Err(words.clone())).collect()
            }
            results => results?,
        };
        for ((version, _), result) in samples.iter().zip(results) {
            match result {
                Ok(opened) if opened.expose().ct_eq(&self.message).into() => {}
                Ok(_) => failed.push((*version, "it decrypts to something else".to_owned())),
                Err(words) => failed.push((*version, words.to_string())),
            }
        }
        Ok(())
    }

    /// What is wrong with one signature, MAC or public key.
    async fn verify(
        &self,
        to: &Transit,
        name: &str,
        version: u32,
        sample: &Sample,
    ) -> Result<Option<String>, Error> {
        let made = match sample {
            Sample::Made(made) => made,
            Sample::Public(public) => {
                let key = to.read_key(name).await?;
                let same = public_key(&key, version) == Some(public);
                return Ok((!same).then(|| "its public key is another".to_owned()));
            }
        };
        let message = self.to_sign();
        let verified = match self.kind {
            Use::Encrypt | Use::Sign => to.verify(name, message, made).await,
            Use::Hmac => to.verify_hmac(name, message, made).await,
            Use::Cmac => to.verify_cmac(name, message, made).await,
        };
        match verified {
            Ok(true) => Ok(None),
            Ok(false) => Ok(Some("it is not valid".to_owned())),
            Err(Error::Refused {
                status: 400,
                errors,
            }) => Ok(Some(errors.join("; "))),
            Err(error) => Err(error),
        }
    }

    fn to_encrypt(&self, version: u32) -> Encrypt<'_> {
        let item = Encrypt::new(&self.message).version(version);
        if self.derived {
            item.context(CONTEXT)
        } else {
            item
        }
    }

    fn to_decrypt<'a>(&self, sample: &'a Sample) -> Decrypt<'a> {
        let (Sample::Made(text) | Sample::Public(text)) = sample;
        let item = Decrypt::new(text);
        if self.derived {
            item.context(CONTEXT)
        } else {
            item
        }
    }

    fn to_sign(&self) -> Sign<'_> {
        let message = Sign::new(&self.message);
        if self.derived {
            message.context(CONTEXT)
        } else {
            message
        }
    }
}

impl Use {
    fn of(key: &Key) -> Self {
        // Of imported key pairs there may be only the public half, which encrypts to nobody.
        let perhaps_public_only = key.imported_key && key.supports_signing;
        if key.supports_encryption && key.supports_decryption && !perhaps_public_only {
            Self::Encrypt
        } else if key.supports_signing {
            Self::Sign
        } else if key.kind.ends_with("-cmac") {
            Self::Cmac
        } else {
            Self::Hmac
        }
    }
}

impl Mismatch {
    fn of(failed: Vec<(u32, String)>, tried: usize) -> Option<Self> {
        let words = failed.first()?.1.clone();
        Some(Self {
            versions: failed.into_iter().map(|(version, _)| version).collect(),
            words,
            tried,
        })
    }

    /// Whether other samples were understood.
    pub fn is_partial(&self) -> bool {
        self.versions.len() < self.tried
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            versions, words, ..
        } = self;
        match versions[..] {
            [version] => write!(f, "the sample of version {version} fails here: {words}"),
            _ => write!(
                f,
                "the samples of {} versions, first of version {}, fail here: {words}",
                versions.len(),
                versions[0]
            ),
        }
    }
}

fn public_key(key: &Key, version: u32) -> Option<&String> {
    match key.keys.get(&version)? {
        KeyVersion::Asymmetric { public_key, .. } => Some(public_key),
        KeyVersion::Symmetric(_) | KeyVersion::External(_) => None,
    }
}

/// The versions that make new messages at the source and may be read again.
pub(super) fn sampled(key: &Key) -> Vec<u32> {
    let oldest = key.min_encryption_version.max(oldest_decrypting(key));
    (oldest..=key.latest_version)
        .filter(|version| state(key, *version).is_none_or(|state| state == "enabled"))
        .collect()
}

/// Says which versions are copied, but cannot be sampled.
pub(super) fn blind_spot(key: &Key) -> Option<String> {
    let sampled = sampled(key);
    let unproved: Vec<u32> = (oldest_decrypting(key)..=key.latest_version)
        .filter(|version| sampled.binary_search(version).is_err())
        .filter(|version| state(key, *version) != Some("destroyed"))
        .collect();
    let runs = unproved.chunk_by(|before, version| before + 1 == *version);
    let which: Vec<String> = runs.map(|run| span(run[0], run[run.len() - 1])).collect();
    (!which.is_empty()).then(|| {
        let which = which.join(", ");
        format!("version {which} not proved: the source makes nothing new with it")
    })
}

fn oldest_decrypting(key: &Key) -> u32 {
    let sliding = key.effective_min_decryption_version.unwrap_or_default();
    key.min_decryption_version.max(sliding).max(1)
}

fn state(key: &Key, version: u32) -> Option<&str> {
    key.versions
        .get(&version)
        .map(|version| version.state.as_str())
}

fn refused(version: u32, words: &ItemError) -> Error {
    Error::Answer(format!("no sample of version {version}: {words}"))
}

#[cfg(test)]
mod tests {
    use sealgate_sdk::wire::transit::VersionState;

    use super::super::tests::key;
    use super::*;

    #[test]
    fn every_version_that_encrypts_is_sampled() {
        let mut key = key();
        key.latest_version = 5;
        for (min_decryption, min_encryption, first) in
            [(0, 0, 1), (1, 0, 1), (3, 0, 3), (1, 5, 5), (2, 4, 4)]
        {
            key.min_decryption_version = min_decryption;
            key.min_encryption_version = min_encryption;
            assert_eq!(sampled(&key), (first..=5).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_only_decrypts_is_named() {
        let mut key = key();
        key.latest_version = 5;
        assert_eq!(blind_spot(&key), None);
        (key.min_decryption_version, key.min_encryption_version) = (2, 4);
        assert!(
            blind_spot(&key)
                .unwrap()
                .starts_with("version 2-3 not proved")
        );
        key.min_decryption_version = 4;
        assert_eq!(blind_spot(&key), None);
        key.effective_min_decryption_version = Some(5);
        assert_eq!(sampled(&key), [5]);
    }

    #[test]
    fn revoked_versions_are_not_asked() {
        let mut key = key();
        key.latest_version = 5;
        for (version, state) in [
            (1, "destroyed"),
            (2, "disabled"),
            (3, "enabled"),
            (5, "disabled"),
        ] {
            let state = state.to_owned();
            key.versions.insert(version, VersionState { state });
        }
        assert_eq!(sampled(&key), [3, 4]);
        assert!(
            blind_spot(&key)
                .unwrap()
                .starts_with("version 2, 5 not proved")
        );
    }

    #[test]
    fn mismatches_name_versions() {
        assert_eq!(Mismatch::of(Vec::new(), 3), None);
        let one = Mismatch::of(vec![(3, "no".to_owned())], 3).unwrap();
        assert_eq!(one.to_string(), "the sample of version 3 fails here: no");
        assert!(one.is_partial());
        let all = Mismatch::of(vec![(1, "no".to_owned()), (2, "nor".to_owned())], 2).unwrap();
        assert!(all.to_string().contains("2 versions, first of version 1"));
        assert!(!all.is_partial());
    }

    #[test]
    fn the_proof_fits_the_use() {
        let mut key = key();
        assert_eq!(Use::of(&key), Use::Encrypt);
        (key.supports_encryption, key.supports_decryption) = (false, false);
        assert_eq!(Use::of(&key), Use::Hmac);
        key.kind = "aes128-cmac".to_owned();
        assert_eq!(Use::of(&key), Use::Cmac);
        key.supports_signing = true;
        assert_eq!(Use::of(&key), Use::Sign);
        (key.supports_encryption, key.supports_decryption) = (true, true);
        assert_eq!(Use::of(&key), Use::Encrypt);
        key.imported_key = true;
        assert_eq!(Use::of(&key), Use::Sign);
    }
}
