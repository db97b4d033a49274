//! No byte of an RSA key stays in memory once it is dropped, although the threads that used it
//! live on.
//!
//! As in `memory/` a child process uses a key, reports, drops it and reports again, and we read
//! its memory at both reports. Its allocator is the program's: what `crypto-bigint` and AWS-LC put
//! on the heap is wiped there when it is freed, or by AWS-LC itself.
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

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{
        KeyPair, KeySize, OAEP_SHA512_MGF1SHA512, OaepPrivateDecryptingKey,
        Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
    },
    signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA512},
};
use crypto_bigint::{
    BoxedUint, ConcatenatingMul, Resize,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use depth::depth;
use scan::Needles;
use sealgate_keyring::{
    algorithm::RsaSize,
    hash::HashAlgorithm,
    rsa::{RsaComponents, RsaEncryption, RsaPrivateKey, RsaScheme, STACK_BYTES, SaltLength},
    secret::SecretBytes,
    wipe::{BLEACHED_BYTES, WipingAllocator},
};

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

#[test]
fn no_number_of_a_key_stays_in_memory() {
    for size in RsaSize::ALL {
        let key = RsaPrivateKey::generate(size).unwrap();
        for form in ["pkcs8", "pkcs1", "numbers"] {
            let (alive, dropped) = watch_child(&key, form, "wiped");
            assert!(!alive.is_empty(), "{size:?} {form}: no live key was found");
            assert!(dropped.is_empty(), "{size:?} {form} left {dropped:#?}");
        }
    }
}

#[test]
fn a_leaked_key_is_found() {
    let key = RsaPrivateKey::generate(RsaSize::Bits2048).unwrap();
    let (_, dropped) = watch_child(&key, "pkcs8", "leaked");
    assert!(!dropped.is_empty());
}

/// What was found in the child's memory while its key lived, and after it was dropped.
fn watch_child(key: &RsaPrivateKey, form: &str, end: &str) -> (Vec<String>, Vec<String>) {
    let numbers = key.components();
    let mut needles = Needles::default();
    needles.add_number("d", numbers.d.expose());
    needles.add_number("p", numbers.p.expose());
    needles.add_number("q", numbers.q.expose());
    for (name, number) in [
        ("dp", &numbers.dp),
        ("dq", &numbers.dq),
        ("qinv", &numbers.qinv),
    ] {
        needles.add_number(name, number.as_ref().unwrap().expose());
    }
    let input = match form {
        "pkcs8" => key.to_pkcs8(),
        "pkcs1" => key.to_pkcs1(),
        _ => {
            let numbers = [&numbers.d, &numbers.p, &numbers.q].map(SecretBytes::expose);
            let n = key.public_key().n();
            // One private exponent in some hundred begins with a zero byte, which is not kept.
            let zeros = vec![0; n.len() - numbers[0].len()];
            SecretBytes::from_vec([&zeros, &*numbers.concat(), n].concat())
        }
    };

    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "child",
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("MEMORY_CASE", format!("{form} {} {end}", input.len()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to_child = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut wait_for = |word: &str| {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            let len = output.read_line(&mut line).unwrap();
            assert_ne!(len, 0, "the child ended early");
        }
    };
    to_child.write_all(input.expose()).unwrap();
    wait_for("ALIVE");
    let alive = needles.find_in(child.id());
    to_child.write_all(b".").unwrap();
    wait_for("DROPPED");
    let dropped = needles.find_in(child.id());
    drop(to_child);
    assert!(child.wait().unwrap().success());
    (alive, dropped)
}

/// The parts are measured, because what bleaches reaches as deep as it bleaches.
#[test]
fn bleaching_reaches_deeper_than_any_part() {
    for size in RsaSize::ALL {
        let key = RsaPrivateKey::generate(size).unwrap();
        aws_lc(size, &key);
        crypto_bigint(size, &key);
    }
}

fn aws_lc(size: RsaSize, key: &RsaPrivateKey) {
    let key_size = match size {
        RsaSize::Bits2048 => KeySize::Rsa2048,
        RsaSize::Bits3072 => KeySize::Rsa3072,
        RsaSize::Bits4096 => KeySize::Rsa4096,
    };
    let document = key.to_pkcs8();
    let read = || KeyPair::from_pkcs8(document.expose()).unwrap();
    let signing = read();
    let decrypting = PrivateDecryptingKey::from_pkcs8(document.expose()).unwrap();
    let oaep = OaepPrivateDecryptingKey::new(decrypting.clone()).unwrap();
    let pkcs1v15 = Pkcs1PrivateDecryptingKey::new(decrypting).unwrap();
    let mut output = vec![0; size.bytes()];

    check_depth("generate", STACK_BYTES, || {
        drop(black_box(KeyPair::generate(key_size)));
    });
    check_depth("read", STACK_BYTES, || drop(black_box(read())));
    check_depth("write", STACK_BYTES, || {
        let document: Pkcs8V1Der<'_> = signing.as_der().unwrap();
        drop(black_box(document));
    });
    // The first use of a key reaches deeper than the next.
    for _ in 0..2 {
        for encoding in [&RSA_PSS_SHA512, &RSA_PKCS1_SHA256] {
            check_depth("sign", BLEACHED_BYTES, || {
                let random = SystemRandom::new();
                signing
                    .sign(encoding, &random, b"message", &mut output)
                    .unwrap();
            });
        }
        let encrypt = |padding| key.public_key().encrypt(padding, b"message").unwrap();
        let ciphertext = encrypt(RsaEncryption::OaepSha512);
        check_depth("decrypt", BLEACHED_BYTES, || {
            let algorithm = &OAEP_SHA512_MGF1SHA512;
            let opened = oaep.decrypt(algorithm, &ciphertext, &mut output, None);
            assert_eq!(opened.unwrap(), b"message");
        });
        let ciphertext = encrypt(RsaEncryption::Pkcs1v15);
        check_depth("decrypt", BLEACHED_BYTES, || {
            let opened = pkcs1v15.decrypt(&ciphertext, &mut output);
            assert_eq!(opened.unwrap(), b"message");
        });
    }
}

fn crypto_bigint(size: RsaSize, key: &RsaPrivateKey) {
    let numbers = key.components();
    let number = BoxedUint::from_be_slice_vartime;
    let (d, p) = (number(numbers.d.expose()), number(numbers.p.expose()));
    let q = number(numbers.q.expose());
    let odd = |number: &BoxedUint| number.to_odd().unwrap();
    let modulus = BoxedMontyParams::new(odd(&p));
    let n = BoxedMontyParams::new(odd(&number(&numbers.n)));
    let reduced = d.rem(odd(&p).as_nz_ref());
    let in_p = BoxedMontyForm::new(reduced.clone(), &modulus);
    let in_n = BoxedMontyForm::new((&d).resize_unchecked(n.bits_precision()), &n);
    let check = |name, work: &mut dyn FnMut()| {
        check_depth(&format!("{name} {size:?}"), STACK_BYTES, work);
    };
    check("expand", &mut || {
        drop(black_box(BoxedMontyParams::new(odd(&p))));
    });
    check("reduce", &mut || {
        drop(black_box(d.rem(odd(&p).as_nz_ref())));
    });
    check("raise", &mut || drop(black_box(in_p.pow(&reduced))));
    check("multiply", &mut || {
        drop(black_box(p.concatenating_mul(&q)));
        drop(black_box(in_n.mul(&in_n)));
    });
    check("invert", &mut || {
        black_box(reduced.invert_odd_mod(&odd(&p)).is_some().to_bool());
        black_box(in_n.invert_vartime().is_some().to_bool());
    });
}

fn check_depth(name: &str, bleached: usize, primitive: impl FnMut()) {
    let depth = depth(name, primitive);
    assert!(
        depth <= bleached / 3 * 2,
        "{name} uses {depth} bytes of stack"
    );
}

#[test]
#[ignore = "the other tests start it as a process of its own"]
fn child() {
    let case = std::env::var("MEMORY_CASE").expect("set by watch_child");
    let [form, len, end] = case.split(' ').collect::<Vec<_>>().try_into().unwrap();
    // Not `io::stdin`: its buffer would keep the key.
    let mut input = File::open("/dev/stdin").unwrap();
    let len = len.parse().unwrap();
    let bytes = SecretBytes::fill_with(len, |bytes| input.read_exact(bytes)).unwrap();
    let key = match form {
        "pkcs8" => RsaPrivateKey::from_pkcs8(bytes.expose()),
        "pkcs1" => RsaPrivateKey::from_pkcs1(bytes.expose()),
        _ => RsaPrivateKey::from_components(&numbers(bytes.expose())),
    };
    let key = Arc::new(key.unwrap());

    let used = Arc::new(Barrier::new(3));
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let (send, receive) = mpsc::channel::<Arc<RsaPrivateKey>>();
            let used = Arc::clone(&used);
            let thread = thread::spawn(move || {
                while let Ok(key) = receive.recv() {
                    use_key(&key);
                    drop(key);
                    used.wait();
                }
            });
            (send, thread)
        })
        .collect();
    for (send, _) in &workers {
        send.send(Arc::clone(&key)).unwrap();
    }
    use_key(&key);
    used.wait();

    println!("ALIVE");
    input.read_exact(&mut [0]).unwrap();
    if end == "leaked" {
        black_box(Box::leak(Box::<[u8]>::from(bytes.expose())));
    }
    drop((key, bytes));
    println!("DROPPED");
    let _ = input.read(&mut [0]);
    for (send, thread) in workers {
        drop(send);
        thread.join().unwrap();
    }
}

/// `d ‖ p ‖ q ‖ n`, where `p` and `q` have half the length.
fn numbers(bytes: &[u8]) -> RsaComponents {
    let half = bytes.len() / 6;
    let part = |from: usize, len: usize| SecretBytes::copy_of(&bytes[from * half..][..len * half]);
    RsaComponents {
        n: bytes[4 * half..].to_vec(),
        e: vec![1, 0, 1],
        d: part(0, 2),
        p: part(2, 1),
        q: part(3, 1),
        dp: None,
        dq: None,
        qinv: None,
    }
}

/// Everything that a key does, and that writes its numbers. AWS-LC signs with the first hash
/// function, we with the second.
fn use_key(key: &RsaPrivateKey) {
    for hash in [HashAlgorithm::Sha2_256, HashAlgorithm::Sha3_256] {
        let digest = hash.digest(b"message");
        for scheme in [
            RsaScheme::Pss {
                hash,
                salt: SaltLength::Auto,
            },
            RsaScheme::Pkcs1v15 { hash: Some(hash) },
        ] {
            key.sign(scheme, digest.as_bytes()).unwrap();
        }
    }
    for padding in RsaEncryption::ALL {
        let mut ciphertext = key.public_key().encrypt(padding, b"message").unwrap();
        key.decrypt(padding, &ciphertext).unwrap();
        ciphertext[100] ^= 1;
        let _ = key.decrypt(padding, &ciphertext);
    }
    let (document, inner) = (key.to_pkcs8(), key.to_pkcs1());
    black_box((document, inner, key.components()));
}
