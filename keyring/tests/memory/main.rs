//! No byte of a key stays in memory once what was made of it is dropped, although the threads that
//! used it live on.
//!
//! Each case is a child process: it reads a key, lets two threads use it, reports, drops it and
//! reports again. We read its whole writable memory at both reports. While the key lives it must
//! be found, which shows that the search works; afterwards it must not.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cipher;
mod depth;
mod mac;
#[path = "../scan/mod.rs"]
mod scan;
mod signature;
#[path = "../depth/mod.rs"]
mod stack;
mod subject;

use std::{
    fs::File,
    hint::black_box,
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
    sync::{Arc, Barrier, mpsc},
    thread,
};

use sealgate_keyring::secret::SecretBytes;
use subject::{Subject, Work};

#[test]
fn no_cipher_key_stays_in_memory() {
    assert_gone(cipher::subjects());
}

#[test]
fn no_mac_key_stays_in_memory() {
    assert_gone(mac::subjects());
}

#[test]
fn no_signing_key_stays_in_memory() {
    assert_gone(signature::subjects());
}

fn assert_gone(subjects: Vec<Box<dyn Subject>>) {
    for subject in subjects {
        let (alive, dropped) = watch_child(&*subject, "wiped");
        let name = subject.name();
        assert!(!alive.is_empty(), "{name}: the live key was not found");
        assert!(dropped.is_empty(), "{name} left {dropped:#?}");
    }
}

#[test]
fn a_leaked_key_is_found() {
    let (_, dropped) = watch_child(&*cipher::subjects().swap_remove(0), "leaked");
    assert!(!dropped.is_empty());
}

/// What was found in the child's memory while its key lived, and after it was dropped.
fn watch_child(subject: &dyn Subject, end: &str) -> (Vec<String>, Vec<String>) {
    let key = subject.make_key();
    let needles = subject.needles(&key);

    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "child",
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env("MEMORY_SUBJECT", subject.name())
        .env("MEMORY_END", end)
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

#[test]
#[ignore = "the other tests start it as a process of its own"]
fn child() {
    let subject = std::env::var("MEMORY_SUBJECT").expect("set by watch_child");
    let end = std::env::var("MEMORY_END").expect("set by watch_child");
    let subject = subject::named(&subject);
    // Not `io::stdin`: its buffer would keep the key.
    let mut input = File::open("/dev/stdin").unwrap();
    let key = SecretBytes::fill_with(subject.key_bytes(), |key| input.read_exact(key)).unwrap();

    let used = Arc::new(Barrier::new(3));
    let work: Work = subject.work(&key);
    let workers: Vec<_> = (0..2)
        .map(|_| {
            let (send, receive) = mpsc::channel::<Work>();
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
