//! RSA keys and what they do, for whatever input; published vectors are in `vectors_rsa.rs`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use proptest::{prelude::*, sample::select};
use sealgate_keyring::{
    algorithm::RsaSize,
    hash::HashAlgorithm,
    rsa::{
        RsaComponents, RsaEncryption, RsaError, RsaPrivateKey, RsaPublicKey, RsaScheme, SaltLength,
    },
    secret::SecretBytes,
};

/// One key of each size.
static KEYS: LazyLock<Vec<RsaPrivateKey>> = LazyLock::new(|| {
    let generate = |size| RsaPrivateKey::generate(size).unwrap();
    RsaSize::ALL.into_iter().map(generate).collect()
});

fn key() -> impl Strategy<Value = &'static RsaPrivateKey> {
    (0..RsaSize::ALL.len()).prop_map(|i| &KEYS[i])
}

fn hash() -> impl Strategy<Value = HashAlgorithm> {
    select(&HashAlgorithm::ALL[..])
}

/// The longest salt with the smallest key and the longest digest has 190 bytes.
fn salt() -> impl Strategy<Value = SaltLength> {
    prop_oneof![
        Just(SaltLength::Auto),
        Just(SaltLength::Hash),
        (0..=190_u16).prop_map(SaltLength::Bytes),
    ]
}

/// A scheme, and how long what it signs is.
fn scheme() -> impl Strategy<Value = (RsaScheme, usize)> {
    let pss =
        |(hash, salt): (HashAlgorithm, _)| (RsaScheme::Pss { hash, salt }, hash.digest_bytes());
    let pkcs1v15 = |hash: HashAlgorithm| {
        let scheme = RsaScheme::Pkcs1v15 { hash: Some(hash) };
        (scheme, hash.digest_bytes())
    };
    let none = |len| (RsaScheme::Pkcs1v15 { hash: None }, len);
    prop_oneof![
        4 => (hash(), salt()).prop_map(pss),
        2 => hash().prop_map(pkcs1v15),
        1 => (0..=245_usize).prop_map(none),
    ]
}

fn padding() -> impl Strategy<Value = RsaEncryption> {
    select(&RsaEncryption::ALL[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_signature_is_of_its_digest_only(
        key in key(),
        (scheme, len) in scheme(),
        bytes in any::<[u8; 256]>(),
        bit in any::<prop::sample::Index>(),
    ) {
        let digest = &bytes[..len];
        let mut signature = key.sign(scheme, digest).unwrap();
        let public = key.public_key();
        prop_assert_eq!(signature.len(), key.size().bytes());
        prop_assert!(public.verify(scheme, digest, &signature));

        let flip = |bytes: &mut [u8]| {
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        };
        if len > 0 {
            let mut other = digest.to_vec();
            flip(&mut other);
            prop_assert!(!public.verify(scheme, &other, &signature));
        }
        let shorter = &signature[..signature.len() - 1];
        prop_assert!(!public.verify(scheme, digest, shorter));
        prop_assert!(!public.verify(scheme, digest, &[&signature[..], &[0]].concat()));
        flip(&mut signature);
        prop_assert!(!public.verify(scheme, digest, &signature));
    }

    #[test]
    fn a_salt_verifies_as_what_it_is(
        key in key(),
        hash in hash(),
        len in 0..=190_u16,
        other in 0..=190_u16,
    ) {
        let digest = hash.digest(b"message");
        let scheme = |salt| RsaScheme::Pss { hash, salt };
        let signed = scheme(SaltLength::Bytes(len));
        let signature = key.sign(signed, digest.as_bytes()).unwrap();
        let verifies =
            |salt| key.public_key().verify(scheme(salt), digest.as_bytes(), &signature);
        prop_assert!(verifies(SaltLength::Auto));
        prop_assert_eq!(verifies(SaltLength::Bytes(other)), other == len);
        let as_hash = usize::from(len) == hash.digest_bytes();
        prop_assert_eq!(verifies(SaltLength::Hash), as_hash);
    }

    #[test]
    fn what_is_encrypted_is_decrypted(
        key in key(),
        padding in padding(),
        bytes in any::<[u8; 512]>(),
        len in any::<prop::sample::Index>(),
        bit in any::<prop::sample::Index>(),
    ) {
        let longest = padding.longest(key.size());
        let message = &bytes[..len.index(longest + 1)];
        let mut ciphertext = key.public_key().encrypt(padding, message).unwrap();
        prop_assert_eq!(ciphertext.len(), key.size().bytes());
        prop_assert!(key.decrypt(padding, &ciphertext).unwrap().matches(message));
        prop_assert_eq!(
            key.public_key().encrypt(padding, &bytes[..=longest]),
            Err(RsaError::MessageTooLong { longest })
        );
        let bit = bit.index(ciphertext.len() * 8);
        ciphertext[bit / 8] ^= 1 << (bit % 8);
        // In PKCS #1 v1.5 nothing is authenticated: another message may come out.
        if padding != RsaEncryption::Pkcs1v15 {
            prop_assert_eq!(key.decrypt(padding, &ciphertext).err(), Some(RsaError::Decryption));
        }
    }

    #[test]
    fn numbers_that_do_not_belong_together_are_refused(
        key in key(),
        which in 0..8_usize,
        bit in any::<prop::sample::Index>(),
    ) {
        let mut components = key.components();
        let flipped = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        };
        let secret = |bytes: &SecretBytes| SecretBytes::from_vec(flipped(bytes.expose()));
        let optional = |bytes: &Option<SecretBytes>| bytes.as_ref().map(secret);
        match which {
            0 => components.n = flipped(&components.n),
            1 => components.e = flipped(&components.e),
            2 => components.d = secret(&components.d),
            3 => components.p = secret(&components.p),
            4 => components.q = secret(&components.q),
            5 => components.dp = optional(&components.dp),
            6 => components.dq = optional(&components.dq),
            _ => components.qinv = optional(&components.qinv),
        }
        let error = RsaPrivateKey::from_components(&components).unwrap_err();
        let refused = matches!(error, RsaError::Inconsistent | RsaError::Size { .. });
        prop_assert!(refused, "{error:?}");
    }
}

#[test]
fn keys_are_written_and_read_in_every_form() {
    for key in KEYS.iter() {
        let mut padded = key.components();
        padded.n.insert(0, 0);
        padded.d = SecretBytes::from_vec([&[0, 0], padded.d.expose()].concat());
        let mut short = key.components();
        (short.dp, short.dq, short.qinv) = (None, None, None);
        let again = [
            RsaPrivateKey::from_pkcs8(key.to_pkcs8().expose()),
            RsaPrivateKey::from_pkcs1(key.to_pkcs1().expose()),
            RsaPrivateKey::from_components(&key.components()),
            RsaPrivateKey::from_components(&padded),
            RsaPrivateKey::from_components(&short),
        ];
        for again in again {
            let again = again.unwrap();
            assert_eq!(again.size(), key.size());
            assert!(again.to_pkcs8().matches(key.to_pkcs8().expose()));
            let public = again.public_key();
            assert_eq!(public.to_spki(), key.public_key().to_spki());
            assert_eq!(public.n().len(), key.size().bytes());
            assert_eq!(public.e(), [1, 0, 1]);
        }
        let public = RsaPublicKey::from_spki(&key.public_key().to_spki()).unwrap();
        assert_eq!(public.to_spki(), key.public_key().to_spki());
        let public = RsaPublicKey::from_components(public.n(), public.e()).unwrap();
        assert_eq!(public.to_spki(), key.public_key().to_spki());
    }
}

#[test]
fn a_key_marked_for_pss_is_an_rsa_key() {
    let key = &KEYS[0];
    let mut document = key.to_pkcs8().expose().to_vec();
    // 1.2.840.113549.1.1.1 becomes 1.2.840.113549.1.1.10.
    let oid = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let last = document.windows(9).position(|found| found == oid).unwrap() + 8;
    document[last] = 10;
    let again = RsaPrivateKey::from_pkcs8(&document).unwrap();
    assert!(again.to_pkcs8().matches(key.to_pkcs8().expose()));
    document[last] = 11;
    assert_eq!(
        RsaPrivateKey::from_pkcs8(&document).err(),
        Some(RsaError::Encoding)
    );
}

/// Whoever signs without a hash function has to write the `DigestInfo` for verifiers with one.
#[test]
fn without_a_hash_function_the_input_is_padded_as_it_is() {
    let key = &KEYS[0];
    let digest = HashAlgorithm::Sha2_256.digest(b"message");
    let sha256 = "3031300d060960864801650304020105000420";
    let input = [&bytes(sha256), digest.as_bytes()].concat();
    let none = RsaScheme::Pkcs1v15 { hash: None };
    let some = RsaScheme::Pkcs1v15 {
        hash: Some(HashAlgorithm::Sha2_256),
    };
    let signature = key.sign(none, &input).unwrap();
    assert_eq!(signature, key.sign(some, digest.as_bytes()).unwrap());
    assert!(!key.public_key().verify(none, digest.as_bytes(), &signature));
    let longest = 245;
    assert!(key.sign(none, &[7; 245]).is_ok());
    assert_eq!(
        key.sign(none, &[7; 246]),
        Err(RsaError::MessageTooLong { longest })
    );
}

#[test]
fn wrong_lengths_are_named() {
    let key = &KEYS[0];
    for hash in HashAlgorithm::ALL {
        let digest = hash.digest(b"message");
        let digest = digest.as_bytes();
        let longest = 254 - digest.len();
        for len in [longest, longest + 1, 65535] {
            let salt = SaltLength::Bytes(u16::try_from(len).unwrap());
            let scheme = RsaScheme::Pss { hash, salt };
            let signed = key.sign(scheme, digest).map(|signature| {
                assert!(key.public_key().verify(scheme, digest, &signature));
            });
            let expected = if len == longest {
                Ok(())
            } else {
                Err(RsaError::SaltLength { longest })
            };
            assert_eq!(signed, expected, "{hash} {len}");
        }
        let (expected, found) = (digest.len(), digest.len() - 1);
        for scheme in [
            RsaScheme::Pkcs1v15 { hash: Some(hash) },
            RsaScheme::Pss {
                hash,
                salt: SaltLength::Auto,
            },
        ] {
            assert_eq!(
                key.sign(scheme, &digest[1..]),
                Err(RsaError::DigestLength { expected, found })
            );
        }
    }
}

#[test]
fn every_ciphertext_of_another_length_is_refused() {
    let key = &KEYS[0];
    for padding in RsaEncryption::ALL {
        for len in [0, 1, 255, 257, 384] {
            let decrypted = key.decrypt(padding, &vec![1; len]);
            assert_eq!(decrypted.err(), Some(RsaError::Decryption));
        }
        // Above the modulus.
        let decrypted = key.decrypt(padding, &[0xff; 256]);
        assert_eq!(decrypted.err(), Some(RsaError::Decryption));
    }
}

/// Whatever the lengths of the primes, and whichever is the longer.
#[test]
fn primes_need_not_be_of_one_length() {
    for (p, q) in [(LONG_PRIME, SHORT_PRIME), (SHORT_PRIME, LONG_PRIME)] {
        let secret = |hex| SecretBytes::from_vec(bytes(hex));
        let key = RsaPrivateKey::from_components(&RsaComponents {
            n: bytes(MODULUS),
            e: vec![1, 0, 1],
            d: secret(PRIVATE_EXPONENT),
            p: secret(p),
            q: secret(q),
            dp: None,
            dq: None,
            qinv: None,
        })
        .unwrap();
        for hash in HashAlgorithm::ALL {
            let digest = hash.digest(b"message");
            let salt = SaltLength::Auto;
            for scheme in [
                RsaScheme::Pkcs1v15 { hash: Some(hash) },
                RsaScheme::Pss { hash, salt },
            ] {
                let signature = key.sign(scheme, digest.as_bytes()).unwrap();
                assert!(
                    key.public_key()
                        .verify(scheme, digest.as_bytes(), &signature)
                );
            }
        }
        let padding = RsaEncryption::OaepSha256;
        let ciphertext = key.public_key().encrypt(padding, b"message").unwrap();
        assert!(
            key.decrypt(padding, &ciphertext)
                .unwrap()
                .matches(b"message")
        );
    }
}

#[test]
fn public_exponents_that_are_none_are_refused() {
    let n = KEYS[0].public_key().n();
    for e in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[4, 0, 0, 0, 1]] {
        assert_eq!(
            RsaPublicKey::from_components(n, e).err(),
            Some(RsaError::Inconsistent),
            "{e:?}"
        );
    }
    assert!(RsaPublicKey::from_components(n, &[0, 3]).is_ok());
    let even = [&n[..n.len() - 1], &[n[n.len() - 1] & 0xfe]].concat();
    assert_eq!(
        RsaPublicKey::from_components(&even, &[3]).err(),
        Some(RsaError::Inconsistent)
    );
    assert_eq!(
        RsaPublicKey::from_components(&n[1..], &[3]).err(),
        Some(RsaError::Size {
            bits: 2040 - n[1].leading_zeros() as usize
        })
    );
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// 1035 bits.
const LONG_PRIME: &str = "\
    07100f261ee3dac8985851b4d9de33eb5bb14f404414aa474b1db607efe5a6043ad4325463d4a5bce47c4030\
    af0b08ae46fc5ed7510fb94f7852b855437536119de0dea9bebcf4f882ecf3252b289b405840a6ff6d50095a\
    62be33f52694e76274139c2024d9a18d15e4963ff2f655eccb6e97b276d76d4931422bf03e792094fc55";
/// 1013 bits.
const SHORT_PRIME: &str = "\
    185a8828ee7254729cbd63f2ad077e6b91d6a4848bfb255fb2318573e013d4bec0fbfc2071375955a12a9354\
    5d33d618d4e1bdb7c3ccf79eee650d9cbe946cc03e7bb61d7f8e115db8d687490f3a475b8196830a2b30357b\
    53699878f1240a63c7c25ed544020f68e5b80c9517f00bc2538eae22b080c6bc99778d1b8c6019";
/// For the public exponent 65537.
const PRIVATE_EXPONENT: &str = "\
    08ab0af1790ad93f1a6d9a5dce85dabbe04f20242a2238c5cd10868ac4fc38fe36da7cebd23a2f4ee5d4d997\
    dc5341fa7155ed060aad3263bb9539839c7209724c2b09031f78113442a05e9b0e0a70050919bb53dd387777\
    89620a2de74453032128149d39acae2f28052075329e992ea55bb48cb75c9e9b45d9b796adf34b58a82184ec\
    9d9e6f8b48dadbf391cf448a3fbfed97678125e23f6b22a8f1eb3eb749a82f6bd66ddfb628abb56961906846\
    353b9928c7514cf66adb62af9ab067b2e4333fc8cc87713bea1713ddf2dbc978d210efa3949c211ec97b5f63\
    a826131a6a4f01af0832081b195ce681a805ecbe70762c0ff681bfaf2be622585708b129";
/// 2048 bits.
const MODULUS: &str = "\
    ac00d28f6eec8c36c671cf29353e47dee7f3c9c3c1a22a5c931061eb6257783bfb53852b3460ee32bdebeb34\
    5f3160f66eacfe7775d0eac69ec73ffdfb4885cf68cd2f9f9d087158c1abf506bc4626fc6ca711dab88a7cfc\
    acbd536abf824c6c2422f09460f58b5f2e1f28639b9b73e0f5bcd455f3f9195b70c23312647dc610da2e91c5\
    597739509e1dea26ac859e3b5c09cda02286422a4e02afe3dea1404db384a5ca5e2d308351403685cf56896c\
    2c3354af49be9790e69b1d11516db0c42a8ded369e4c68c3829214c1c19aa5efd1cedf15e40b06ffbee0254a\
    a8b874aca6efb63c8b212f9aa9a206490282ba61dacc2e43a9f540dcc0b88bf402a8844d";
