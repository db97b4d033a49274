//! Keys that sign and agree.

use std::sync::Arc;

use aws_lc_rs::{
    encoding::AsRawBytes,
    signature::{ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair},
};
use ring::digest;
use sealgate_keyring::{
    algorithm::{Curve, MlDsaParameters},
    ecdsa::EcdsaPrivateKey,
    ed25519::{Ed25519PrivateKey, derive_ed25519},
    ml_dsa::MlDsaPrivateKey,
    secret::SecretBytes,
};

use crate::{
    cipher::CONTEXT,
    scan::Needles,
    subject::{Subject, Work},
};

pub fn subjects() -> Vec<Box<dyn Subject>> {
    let ecdsa = Curve::ALL.into_iter();
    let ml_dsa = MlDsaParameters::ALL.into_iter();
    [Box::new(Ed25519) as _, Box::new(DerivedEd25519) as _]
        .into_iter()
        .chain(ecdsa.map(|curve| Box::new(Ecdsa(curve)) as _))
        .chain(ml_dsa.map(|parameters| Box::new(MlDsa(parameters)) as _))
        .collect()
}

struct Ed25519;

impl Subject for Ed25519 {
    fn name(&self) -> String {
        "ed25519".to_owned()
    }

    fn key_bytes(&self) -> usize {
        32
    }

    fn needles(&self, key: &[u8]) -> Needles {
        let mut needles = Needles::default();
        add_ed25519(&mut needles, key);
        needles
    }

    fn work(&self, key: &SecretBytes) -> Work {
        let key = Ed25519PrivateKey::from_seed(key.expose()).unwrap();
        Arc::new(move || {
            key.sign(CONTEXT);
            let again = Ed25519PrivateKey::from_pkcs8(key.to_pkcs8().expose()).unwrap();
            assert_eq!(again.public_key(), key.public_key());
        })
    }
}

/// The seed, and the scalar and the prefix that it is expanded to.
fn add_ed25519(needles: &mut Needles, seed: &[u8]) {
    needles.add("seed", seed);
    let expanded = digest::digest(&digest::SHA512, seed);
    // The first and the last byte of the scalar are masked.
    needles.add("scalar", &expanded.as_ref()[1..31]);
    needles.add("prefix", &expanded.as_ref()[32..]);
}

struct DerivedEd25519;

impl Subject for DerivedEd25519 {
    fn name(&self) -> String {
        "derived ed25519".to_owned()
    }

    fn key_bytes(&self) -> usize {
        32
    }

    fn needles(&self, key: &[u8]) -> Needles {
        let mut needles = Needles::default();
        add_ed25519(&mut needles, key);
        let key = Ed25519PrivateKey::from_seed(key).unwrap();
        let derived = derive_ed25519(&key, CONTEXT);
        add_ed25519(&mut needles, derived.seed().expose());
        needles
    }

    fn work(&self, key: &SecretBytes) -> Work {
        let key = Ed25519PrivateKey::from_seed(key.expose()).unwrap();
        Arc::new(move || {
            derive_ed25519(&key, CONTEXT).sign(CONTEXT);
        })
    }
}

struct Ecdsa(Curve);

impl Subject for Ecdsa {
    fn name(&self) -> String {
        format!("ecdsa {:?}", self.0)
    }

    fn key_bytes(&self) -> usize {
        self.0.bytes()
    }

    fn make_key(&self) -> Vec<u8> {
        let key = EcdsaPrivateKey::generate(self.0).unwrap();
        key.scalar().expose().to_vec()
    }

    fn needles(&self, key: &[u8]) -> Needles {
        let mut needles = Needles::default();
        needles.add("scalar", key);
        let mut words = key.to_vec();
        words.reverse();
        needles.add("scalar in words", &words);
        needles
    }

    fn work(&self, key: &SecretBytes) -> Work {
        let key = EcdsaPrivateKey::from_scalar(self.0, key.expose()).unwrap();
        let curve = self.0;
        Arc::new(move || {
            let signature = key.sign(&[7; 64]).unwrap();
            assert!(key.public_key().verify(&[7; 64], &signature));
            key.agree(key.public_key()).unwrap();
            EcdsaPrivateKey::from_pkcs8(curve, key.to_pkcs8().expose()).unwrap();
            EcdsaPrivateKey::from_sec1(curve, key.to_sec1().expose()).unwrap();
        })
    }
}

struct MlDsa(MlDsaParameters);

impl Subject for MlDsa {
    fn name(&self) -> String {
        format!("{:?}", self.0)
    }

    fn key_bytes(&self) -> usize {
        32
    }

    fn needles(&self, key: &[u8]) -> Needles {
        let mut needles = Needles::default();
        needles.add("seed", key);
        let (algorithm, vectors_bytes) = match self.0 {
            MlDsaParameters::MlDsa44 => (&ML_DSA_44_SIGNING, (4 + 4) * 96),
            MlDsaParameters::MlDsa65 => (&ML_DSA_65_SIGNING, (5 + 6) * 128),
            MlDsaParameters::MlDsa87 => (&ML_DSA_87_SIGNING, (7 + 8) * 96),
        };
        // FIPS 204, algorithm 24: rho and tr are public, K, s1 and s2 are not.
        let pair = PqdsaKeyPair::from_seed(algorithm, key).unwrap();
        let expanded = pair.private_key().as_raw_bytes().unwrap();
        needles.add("K", &expanded.as_ref()[32..64]);
        needles.add("s1 and s2", &expanded.as_ref()[128..128 + vectors_bytes]);
        needles
    }

    fn work(&self, key: &SecretBytes) -> Work {
        let key = MlDsaPrivateKey::from_seed(self.0, key.expose()).unwrap();
        let parameters = self.0;
        Arc::new(move || {
            let signature = key.sign(CONTEXT).unwrap();
            assert!(key.public_key().verify(CONTEXT, &signature));
            MlDsaPrivateKey::from_pkcs8(parameters, key.to_pkcs8().expose()).unwrap();
        })
    }
}
