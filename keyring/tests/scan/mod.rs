//! Looks for secrets in the memory of a process.

use std::{collections::HashMap, fs, os::unix::fs::FileExt};

/// Implementations reorder words, so each secret is looked for by its eight-byte pieces.
const PIECE: usize = 8;
const PAGE: usize = 4096;

/// Pieces of secrets.
#[derive(Default)]
pub struct Needles(HashMap<[u8; PIECE], Needle>);

struct Needle {
    /// What it is a piece of.
    name: String,
    /// What must follow the piece, where the piece alone says too little.
    tail: Vec<u8>,
}

impl Needles {
    /// Adds a secret: as it is, in the byte orders that ciphers and hashes load it in, masked as
    /// HMAC masks it, and with every word doubled as vector code spreads it.
    #[allow(dead_code, reason = "not every test has such secrets")]
    pub fn add(&mut self, name: &str, secret: &[u8]) {
        for (mask_name, mask) in [("", 0), (", inner pad", 0x36), (", outer pad", 0x5c)] {
            let plain: Vec<u8> = secret.iter().map(|byte| byte ^ mask).collect();
            for (order_name, word) in [("", 1), (", 32-bit swapped", 4), (", 64-bit swapped", 8)] {
                let ordered: Vec<u8> = plain
                    .chunks(word)
                    .flat_map(|word| word.iter().rev())
                    .copied()
                    .collect();
                let doubled: Vec<u8> = ordered
                    .chunks(4)
                    .flat_map(|word| [word, word].concat())
                    .collect();
                for piece in ordered.windows(PIECE) {
                    self.insert(piece, format!("{name}{mask_name}{order_name}"));
                }
                for piece in doubled.chunks_exact(PIECE) {
                    self.insert(piece, format!("{name}{mask_name}{order_name}, doubled"));
                }
            }
        }
    }

    /// Adds a large number, big-endian: its 64-bit words in both byte orders. All
    /// pieces at all offsets would be so many that the search takes minutes.
    #[allow(dead_code, reason = "not every test has such secrets")]
    pub fn add_number(&mut self, name: &str, number: &[u8]) {
        for piece in number.rchunks_exact(PIECE) {
            let swapped: Vec<u8> = piece.iter().rev().copied().collect();
            self.insert(piece, name.to_owned());
            self.insert(&swapped, format!("{name}, 64-bit swapped"));
        }
    }

    /// Adds a secret in a text form. A piece of it could be found by chance, two in a row not.
    #[allow(dead_code, reason = "not every test has such secrets")]
    pub fn add_text(&mut self, name: &str, text: &[u8]) {
        for pieces in text.windows(2 * PIECE) {
            let (piece, tail) = pieces.split_first_chunk().expect("two pieces");
            let (name, tail) = (name.to_owned(), tail.to_vec());
            self.0.entry(*piece).or_insert(Needle { name, tail });
        }
    }

    /// Adds what `expand` makes of a secret, as it lies in memory: those words that depend on the
    /// secret and on nothing else.
    #[allow(dead_code, reason = "not every test has such secrets")]
    pub fn add_expanded<T>(&mut self, name: &str, secret: &[u8], expand: impl Fn(&[u8]) -> T) {
        let other: Vec<u8> = secret.iter().map(|byte| !byte).collect();
        let (first, second) = (image(&expand(secret)), image(&expand(secret)));
        let unrelated = image(&expand(&other));
        for (piece, again) in first.chunks_exact(PIECE).zip(second.chunks_exact(PIECE)) {
            let varied = piece.iter().collect::<std::collections::HashSet<_>>().len() >= 6;
            if piece == again && varied && !unrelated.chunks_exact(PIECE).any(|it| it == piece) {
                self.insert(piece, name.to_owned());
            }
        }
    }

    fn insert(&mut self, piece: &[u8], name: String) {
        self.0
            .entry(piece.try_into().expect("a piece"))
            .or_insert(Needle {
                name,
                tail: Vec::new(),
            });
    }

    /// Searches all memory of a process that it can read. Says for each find what it is and where.
    pub fn find_in(&self, process: u32) -> Vec<String> {
        let maps = || fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
        let memory = fs::File::open(format!("/proc/{process}/mem")).unwrap();
        let mut starts = vec![false; 1 << 16];
        for piece in self.0.keys() {
            starts[usize::from(u16::from_le_bytes([piece[0], piece[1]]))] = true;
        }
        let mut found = Vec::new();
        let mut searched = 0;
        for map in maps()
            .lines()
            // The kernel's own pages cannot be read from outside.
            .filter(|map| map.split(' ').nth(1).unwrap().starts_with('r') && !map.contains("[v"))
        {
            let (from, to) = map.split(' ').next().unwrap().split_once('-').unwrap();
            let from = u64::from_str_radix(from, 16).unwrap();
            let to = u64::from_str_radix(to, 16).unwrap();
            let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
            if let Err(error) = memory.read_exact_at(&mut bytes, from) {
                // Pages of a mapped file behind its end have no content, and a thread that ends
                // takes its stack with it.
                assert!(
                    map.contains(" /") || !maps().contains(map),
                    "{map}: {error}"
                );
                for (page, at) in bytes.chunks_mut(PAGE).zip((from..).step_by(PAGE)) {
                    let _ = memory.read_exact_at(page, at);
                }
            }
            searched += bytes.len();
            for (at, piece) in bytes.windows(PIECE).enumerate() {
                if starts[usize::from(u16::from_le_bytes([piece[0], piece[1]]))]
                    && let Some(Needle { name, tail }) = self.0.get(piece)
                    && bytes[at + PIECE..].starts_with(tail)
                {
                    found.push(format!("{name} at {at:#x} of {map}"));
                }
            }
        }
        assert!(
            searched > 1 << 16,
            "the memory of process {process} was not read"
        );
        found
    }
}

/// The bytes of a value, padding included.
#[allow(dead_code, reason = "used by one that is not used by every test")]
fn image<T>(value: &T) -> Vec<u8> {
    let mut bytes = vec![0; size_of::<T>()];
    let address = std::ptr::from_ref(value).addr() as u64;
    fs::File::open("/proc/self/mem")
        .unwrap()
        .read_exact_at(&mut bytes, address)
        .unwrap();
    bytes
}
