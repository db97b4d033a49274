//! No byte of a key stays in memory once its cipher is dropped, although the threads that used it
//! live on.
//!
//! Each case is a child process: it reads a key, lets two threads use it, reports, drops it and
//! reports again. We read its whole writable memory at both reports. While the key lives it must
//! be found, which shows that the search works; afterwards it must not.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod depth;
mod scan;

use std::{
    fs::File,
    hint::black_box,
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
    sync::{Arc, Barrier, mpsc},
    thread,
};

use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305};
use depth::depth;
use ring::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    hmac,
};
use scan::Needles;
use sealgate_keyring::{
    aead::{Cipher, fill_random_nonce},
    algorithm::KeyType,
    kdf,
    secret::SecretBytes,
    wipe::BLEACHED_BYTES,
};

const CONTEXT: &[u8] = b"the context that keys are derived for";
const USES: [&str; 3] = ["plain", "derived", "convergent"];

#[test]
fn no_key_stays_in_memory() {
    for key_type in KeyType::ALL {
        for use_ in USES {
            let (alive, dropped) = watch_child(key_type, use_, "wiped");
            assert!(
                !alive.is_empty(),
                "{key_type} {use_}: the live key was not found"
            );
            assert!(dropped.is_empty(), "{key_type} {use_} left {dropped:#?}");
        }
    }
}

#[test]
fn a_leaked_key_is_found() {
    let (_, dropped) = watch_child(KeyType::Aes256Gcm96, "plain", "leaked");
    assert!(!dropped.is_empty());
}

/// What was found in the child's memory while its key lived, and after it was dropped.
fn watch_child(key_type: KeyType, use_: &str, end: &str) -> (Vec<String>, Vec<String>) {
    let mut key = vec![0; key_type.key_bytes()];
    fill_random_nonce(&mut key).unwrap();
    let needles = needles(key_type, use_, &key);

    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "child",
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("MEMORY_CASE", format!("{key_type} {use_} {end}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut wait_for = |word: &str| {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert_ne!(
                output.read_line(&mut line).unwrap(),
                0,
                "the child ended early"
            );
        }
    };
    input.write_all(&key).unwrap();
    wait_for("ALIVE");
    let alive = needles.find_in(child.id());
    input.write_all(b".").unwrap();
    wait_for("DROPPED");
    let dropped = needles.find_in(child.id());
    drop(input);
    assert!(child.wait().unwrap().success());
    (alive, dropped)
}

/// Every form in which the key, what is derived from it, and their expansions could be found.
fn needles(key_type: KeyType, use_: &str, key: &[u8]) -> Needles {
    let mut needles = Needles::default();
    needles.add("key", key);
    let mut encryption_key = key.to_vec();
    if use_ != "plain" {
        let extract = hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
        let pseudorandom_key = hmac::sign(&extract, key);
        needles.add("pseudorandom key", pseudorandom_key.as_ref());
        needles.add_expanded(
            "expanded pseudorandom key",
            pseudorandom_key.as_ref(),
            |key| hmac::Key::new(hmac::HMAC_SHA256, key),
        );
        let len = key_type.key_bytes() + 32;
        let derived = kdf::derive(&SecretBytes::copy_of(key), CONTEXT, len).unwrap();
        let (encryption, nonce_key) = derived.expose().split_at(key_type.key_bytes());
        encryption_key = encryption.to_vec();
        needles.add("derived key", encryption);
        if use_ == "convergent" {
            needles.add("nonce key", nonce_key);
            needles.add_expanded("expanded nonce key", nonce_key, |key| {
                hmac::Key::new(hmac::HMAC_SHA256, key)
            });
        }
    }
    let ring = match key_type {
        KeyType::Aes128Gcm96 => Some(&aead::AES_128_GCM),
        KeyType::Aes256Gcm96 => Some(&aead::AES_256_GCM),
        KeyType::Chacha20Poly1305 => Some(&aead::CHACHA20_POLY1305),
        KeyType::Xchacha20Poly1305 => None,
    };
    if let Some(algorithm) = ring {
        needles.add_expanded("expanded key", &encryption_key, |key| {
            LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap())
        });
    }
    needles
}

#[test]
#[ignore = "the other tests start it as a process of its own"]
fn child() {
    let case = std::env::var("MEMORY_CASE").expect("set by watch_child");
    let [key_type, use_, end] = case.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let key_type: KeyType = key_type.parse().unwrap();
    // Not `io::stdin`: its buffer would keep the key.
    let mut input = File::open("/dev/stdin").unwrap();
    let key = SecretBytes::fill_with(key_type.key_bytes(), |key| input.read_exact(key)).unwrap();

    let used = Arc::new(Barrier::new(3));
    let work: Arc<dyn Fn() + Send + Sync> = match use_ {
        "plain" => {
            let cipher = Cipher::new(key_type, key.expose()).unwrap();
            Arc::new(move || {
                seal_and_open(key_type, &cipher, |_, nonce| {
                    fill_random_nonce(nonce).unwrap()
                })
            })
        }
        "derived" => {
            let key = SecretBytes::copy_of(key.expose());
            Arc::new(move || {
                let cipher = kdf::derive_cipher(key_type, &key, CONTEXT);
                seal_and_open(key_type, &cipher, |_, nonce| {
                    fill_random_nonce(nonce).unwrap()
                });
            })
        }
        _ => {
            let key = SecretBytes::copy_of(key.expose());
            Arc::new(move || {
                let (cipher, nonce_key) = kdf::derive_convergent(key_type, &key, CONTEXT);
                seal_and_open(key_type, &cipher, |message, nonce| {
                    kdf::convergent_nonce(&nonce_key, message, nonce);
                });
            })
        }
    };
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let (send, receive) = mpsc::channel::<Arc<dyn Fn() + Send + Sync>>();
            let used = Arc::clone(&used);
            let thread = thread::spawn(move || {
                while let Ok(work) = receive.recv() {
                    work();
                    drop(work);
                    used.wait();
                }
            });
            (send, thread)
        })
        .collect();
    for (send, _) in &workers {
        send.send(Arc::clone(&work)).unwrap();
    }
    work();
    used.wait();

    println!("ALIVE");
    input.read_exact(&mut [0]).unwrap();
    if end == "leaked" {
        black_box(Box::leak(Box::<[u8]>::from(key.expose())));
    }
    drop((key, work));
    println!("DROPPED");
    let _ = input.read(&mut [0]);
    for (send, thread) in workers {
        drop(send);
        thread.join().unwrap();
    }
}

/// Messages of every length at which the implementations change their ways.
fn seal_and_open(key_type: KeyType, cipher: &Cipher, make_nonce: impl Fn(&[u8], &mut [u8])) {
    for len in [0, 1, 16, 63, 64, 65, 129, 192, 256, 500, 1024, 4096, 65_536] {
        let nonce_len = key_type.nonce_bytes();
        let mut buffer = vec![7; nonce_len + len];
        let (nonce, message) = buffer.split_at_mut(nonce_len);
        make_nonce(message, nonce);
        cipher.seal(&mut buffer, 0, CONTEXT).unwrap();
        let mut forged = buffer.clone();
        forged[nonce_len] ^= 1;
        cipher.open(&mut forged, CONTEXT).unwrap_err();
        cipher.open(&mut buffer, CONTEXT).unwrap();
    }
}

#[test]
fn bleaching_reaches_deeper_than_any_primitive() {
    let secret = black_box([7_u8; 32]);
    let nonce = || Nonce::assume_unique_for_key([0; 12]);
    for algorithm in [
        &aead::AES_128_GCM,
        &aead::AES_256_GCM,
        &aead::CHACHA20_POLY1305,
    ] {
        let secret = &secret[..algorithm.key_len()];
        let new = || LessSafeKey::new(UnboundKey::new(algorithm, secret).unwrap());
        check_depth("new key", || drop(black_box(Box::new(new()))));
        let key = new();
        for len in [0, 64, 192, 300, 5000] {
            let mut message = vec![0; len + 16];
            check_depth("ring seal", || {
                let tag =
                    key.seal_in_place_separate_tag(nonce(), Aad::empty(), &mut message[..len]);
                let _ = black_box(tag.unwrap());
            });
            check_depth("ring open", || {
                black_box(
                    key.open_in_place(nonce(), Aad::empty(), &mut message)
                        .is_ok(),
                );
            });
        }
    }
    for len in [0, 64, 192, 300, 5000] {
        let mut message = vec![0; len];
        check_depth("xchacha seal", || {
            let cipher = XChaCha20Poly1305::new((&secret).into());
            let tag =
                cipher.encrypt_inout_detached(&[0; 24].into(), b"", message.as_mut_slice().into());
            black_box(tag.unwrap());
        });
        check_depth("xchacha open", || {
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
    check_depth("hkdf", || {
        let mut out = [0; 64];
        let pseudorandom_key = Salt::new(HKDF_SHA256, &[]).extract(&secret);
        pseudorandom_key
            .expand(&[CONTEXT], HKDF_SHA256)
            .unwrap()
            .fill(&mut out[..32])
            .unwrap();
        black_box(out);
    });
    check_depth("hmac", || {
        black_box(hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &secret),
            CONTEXT,
        ));
    });
}

fn check_depth(name: &str, primitive: impl FnMut()) {
    let depth = depth(name, primitive);
    assert!(
        depth <= BLEACHED_BYTES / 3 * 2,
        "{name} uses {depth} bytes of stack"
    );
}
