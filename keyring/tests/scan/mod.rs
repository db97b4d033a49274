//! Looks for secrets in the memory of a process.

use std::{collections::HashMap, fs, os::unix::fs::FileExt};

/// Implementations reorder words, so each secret is looked for by its eight-byte pieces.
const PIECE: usize = 8;

/// Pieces of secrets, each with what it is a piece of.
#[derive(Default)]
pub struct Needles(HashMap<[u8; PIECE], String>);

impl Needles {
    /// Adds a secret: as it is, in the byte orders that ciphers and hashes load it in, masked as
    /// HMAC masks it, and with every word doubled as vector code spreads it.
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

    /// Adds what `expand` makes of a secret, as it lies in memory: those words that depend on the
    /// secret and on nothing else.
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
            .or_insert(name);
    }

    /// Searches all writable memory of a process. Says for each find what it is and where.
    pub fn find_in(&self, process: u32) -> Vec<String> {
        let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
        let memory = fs::File::open(format!("/proc/{process}/mem")).unwrap();
        let mut starts = vec![false; 1 << 16];
        for piece in self.0.keys() {
            starts[usize::from(u16::from_le_bytes([piece[0], piece[1]]))] = true;
        }
        let mut found = Vec::new();
        let mut searched = 0;
        for map in maps
            .lines()
            .filter(|map| map.split(' ').nth(1).unwrap().contains('w'))
        {
            let (from, to) = map.split(' ').next().unwrap().split_once('-').unwrap();
            let from = u64::from_str_radix(from, 16).unwrap();
            let to = u64::from_str_radix(to, 16).unwrap();
            let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
            memory.read_exact_at(&mut bytes, from).unwrap();
            searched += bytes.len();
            for (at, piece) in bytes.windows(PIECE).enumerate() {
                if starts[usize::from(u16::from_le_bytes([piece[0], piece[1]]))]
                    && let Some(name) = self.0.get(piece)
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
fn image<T>(value: &T) -> Vec<u8> {
    let mut bytes = vec![0; size_of::<T>()];
    let address = std::ptr::from_ref(value).addr() as u64;
    fs::File::open("/proc/self/mem")
        .unwrap()
        .read_exact_at(&mut bytes, address)
        .unwrap();
    bytes
}
