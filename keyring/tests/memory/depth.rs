//! How deep primitives reach down the stack, and that bleaching reaches deeper.

use std::hint::black_box;

use ::hmac::{Mac, SimpleHmac};
use aes_gcm::Aes256Gcm;
use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521},
    cmac,
    digest::{Digest, SHA256, SHA384, SHA512},
    encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, EcPrivateKeyRfc5915Der},
    hmac as aws_hmac,
    key_wrap::{AES_256, AesKek, KeyWrapPadded},
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING,
        ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair, KeyPair, ML_DSA_44_SIGNING,
        ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair,
    },
};
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305};
use ring::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    hmac,
};
use sealgate_keyring::{
    ml_dsa,
    wipe::{BLEACHED_BYTES, DEEP_BYTES},
};

use crate::stack;

use crate::cipher::CONTEXT;

#[test]
fn bleaching_reaches_deeper_than_any_cipher() {
    let secret = black_box([7_u8; 32]);
    let nonce = || Nonce::assume_unique_for_key([0; 12]);
    for algorithm in [
        &aead::AES_128_GCM,
        &aead::AES_256_GCM,
        &aead::CHACHA20_POLY1305,
    ] {
        let secret = &secret[..algorithm.key_len()];
        let new = || LessSafeKey::new(UnboundKey::new(algorithm, secret).unwrap());
        check_depth("new key", DEEP_BYTES, || drop(black_box(Box::new(new()))));
        let key = new();
        for len in [0, 64, 192, 300, 5000] {
            let mut message = vec![0; len + 16];
            check_depth("ring seal", BLEACHED_BYTES, || {
                let tag =
                    key.seal_in_place_separate_tag(nonce(), Aad::empty(), &mut message[..len]);
                let _ = black_box(tag.unwrap());
            });
            check_depth("ring open", BLEACHED_BYTES, || {
                black_box(
                    key.open_in_place(nonce(), Aad::empty(), &mut message)
                        .is_ok(),
                );
            });
        }
    }
    for len in [0, 64, 192, 300, 5000] {
        let mut message = vec![0; len];
        check_depth("xchacha seal", BLEACHED_BYTES, || {
            let cipher = XChaCha20Poly1305::new((&secret).into());
            let tag =
                cipher.encrypt_inout_detached(&[0; 24].into(), b"", message.as_mut_slice().into());
            black_box(tag.unwrap());
        });
        check_depth("xchacha open", BLEACHED_BYTES, || {
            let cipher = XChaCha20Poly1305::new((&secret).into());
            black_box(cipher.decrypt_inout_detached(
                &[0; 24].into(),
                b"",
                message.as_mut_slice().into(),
                &[0; 16].into(),
            ))
            .unwrap_err();
        });
    }
    check_depth("hkdf", BLEACHED_BYTES, || {
        let mut out = [0; 64];
        let pseudorandom_key = Salt::new(HKDF_SHA256, &[]).extract(&secret);
        pseudorandom_key
            .expand(&[CONTEXT], HKDF_SHA256)
            .unwrap()
            .fill(&mut out[..32])
            .unwrap();
        black_box(out);
    });
    check_depth("hmac", BLEACHED_BYTES, || {
        black_box(hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &secret),
            CONTEXT,
        ));
    });
}

/// What the barrier seals and opens records with.
#[test]
fn bleaching_reaches_deeper_than_the_barrier() {
    let secret = black_box([7_u8; 32]);
    let new = || Aes256Gcm::new((&secret).into());
    check_depth("new record key", DEEP_BYTES, || {
        drop(black_box(Box::new(new())));
    });
    let key = Box::new(new());
    for len in [0, 64, 192, 300, 5000] {
        let mut record = vec![0; len];
        check_depth("record seal", DEEP_BYTES, || {
            let tag =
                key.encrypt_inout_detached(&[0; 12].into(), b"", record.as_mut_slice().into());
            black_box(tag.unwrap());
        });
        check_depth("record open", DEEP_BYTES, || {
            black_box(key.decrypt_inout_detached(
                &[0; 12].into(),
                b"",
                record.as_mut_slice().into(),
                &[0; 16].into(),
            ))
            .unwrap_err();
        });
    }
}

#[test]
fn bleaching_reaches_deeper_than_key_wrap() {
    let key = black_box([7_u8; 32]);
    let new = || AesKek::new(&AES_256, &key).unwrap();
    for len in [1, 8, 32, 300, 5000] {
        let (secret, mut wrapped) = (vec![7; len], vec![0; len.next_multiple_of(8) + 8]);
        check_depth("wrap", DEEP_BYTES, || {
            let written = new().wrap_with_padding(&secret, &mut wrapped).unwrap();
            assert_eq!(black_box(written).len(), len.next_multiple_of(8) + 8);
        });
        let mut opened = vec![0; wrapped.len()];
        check_depth("unwrap", DEEP_BYTES, || {
            let read = new().unwrap_with_padding(&wrapped, &mut opened).unwrap();
            assert_eq!(black_box(read).len(), len);
        });
    }
}

#[test]
fn bleaching_reaches_deeper_than_any_mac() {
    let secret = black_box([7_u8; 32]);
    for len in [0, 64, 300, 5000] {
        let message = vec![0; len];
        for algorithm in [
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            hmac::HMAC_SHA256,
            hmac::HMAC_SHA384,
            hmac::HMAC_SHA512,
        ] {
            check_depth("hmac", BLEACHED_BYTES, || {
                black_box(hmac::sign(&hmac::Key::new(algorithm, &secret), &message));
            });
        }
        check_depth("hmac sha2-224", DEEP_BYTES, || {
            let key = aws_hmac::Key::new(aws_hmac::HMAC_SHA224, &secret);
            black_box(aws_hmac::sign(&key, &message));
        });
        check_depth("hmac sha3", BLEACHED_BYTES, || {
            let key = SimpleHmac::<sha3::Sha3_224>::new_from_slice(&secret).unwrap();
            black_box(key.clone().chain_update(&message).finalize().into_bytes());
        });
        for algorithm in [cmac::AES_128, cmac::AES_256] {
            check_depth("cmac", BLEACHED_BYTES, || {
                let key = cmac::Key::new(algorithm, &secret[..algorithm.key_len()]).unwrap();
                black_box(cmac::sign(&key, &message).unwrap());
            });
        }
    }
}

#[test]
fn bleaching_reaches_deeper_than_any_signature() {
    let seed = black_box([7_u8; 32]);
    check_depth("ed25519", BLEACHED_BYTES, || {
        let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        black_box(pair.sign(CONTEXT));
    });
    check_depth("ed25519 pkcs8", DEEP_BYTES, || {
        let pair = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let document = pair.to_pkcs8v1().unwrap();
        let read = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        black_box(read.to_pkcs8v1().unwrap());
    });
    for (ecdsa, ecdh, hash) in [
        (&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDH_P256, &SHA256),
        (&ECDSA_P384_SHA384_ASN1_SIGNING, &ECDH_P384, &SHA384),
        (&ECDSA_P521_SHA512_ASN1_SIGNING, &ECDH_P521, &SHA512),
    ] {
        let pair = EcdsaKeyPair::generate(ecdsa).unwrap();
        let digest = Digest::import_less_safe(&[7; 64][..hash.output_len()], hash).unwrap();
        check_depth("ecdsa generate", DEEP_BYTES, || {
            black_box(EcdsaKeyPair::generate(ecdsa).unwrap());
        });
        check_depth("ecdsa sign", DEEP_BYTES, || {
            black_box(pair.sign_digest(&digest).unwrap());
        });
        check_depth("ec encodings", DEEP_BYTES, || {
            let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().unwrap();
            let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
            let pkcs8 = pair.to_pkcs8v1().unwrap();
            EcdsaKeyPair::from_pkcs8(ecdsa, pkcs8.as_ref()).unwrap();
            EcdsaKeyPair::from_private_key_der(ecdsa, sec1.as_ref()).unwrap();
            let public = pair.public_key().as_ref();
            EcdsaKeyPair::from_private_key_and_public_key(ecdsa, scalar.as_ref(), public).unwrap();
        });
        check_depth("ecdh", DEEP_BYTES, || {
            let scalar: EcPrivateKeyBin<'_> = pair.private_key().as_be_bytes().unwrap();
            let private = agreement::PrivateKey::from_private_key(ecdh, scalar.as_ref()).unwrap();
            let peer = agreement::UnparsedPublicKey::new(ecdh, pair.public_key().as_ref());
            agreement::agree(&private, peer, (), |_| Ok(())).unwrap();
            black_box(private.compute_public_key().unwrap());
        });
    }
}

#[test]
fn bleaching_reaches_deeper_than_ml_dsa() {
    for algorithm in [&ML_DSA_44_SIGNING, &ML_DSA_65_SIGNING, &ML_DSA_87_SIGNING] {
        let seed = black_box([7_u8; 32]);
        check_depth("ml-dsa", ml_dsa::STACK_BYTES, || {
            let pair = PqdsaKeyPair::from_seed(algorithm, &seed).unwrap();
            let mut signature = vec![0; algorithm.signature_len()];
            pair.sign(CONTEXT, &mut signature).unwrap();
        });
        check_depth("ml-dsa encodings", ml_dsa::STACK_BYTES, || {
            let pair = PqdsaKeyPair::generate(algorithm).unwrap();
            let document = pair.to_pkcs8v1().unwrap();
            black_box(PqdsaKeyPair::from_pkcs8(algorithm, document.as_ref()).unwrap());
        });
    }
}

fn check_depth(name: &str, bleached_bytes: usize, primitive: impl FnMut()) {
    let depth = stack::depth(name, primitive);
    assert!(
        depth <= bleached_bytes / 3 * 2,
        "{name} uses {depth} bytes of stack"
    );
}
