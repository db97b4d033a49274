//! Measures how much stack a computation uses.

use std::{fs::File, hint::black_box, os::unix::fs::FileExt};

const PAINT: u8 = 0xA5;
const PAINTED_BYTES: usize = 512 << 10;

/// Paints the stack, runs `primitive` on it and looks how far down the paint is gone, in bytes.
#[inline(never)]
pub fn depth(name: &str, mut primitive: impl FnMut()) -> usize {
    #[inline(never)]
    fn paint() -> u64 {
        let mut area = [PAINT; PAINTED_BYTES];
        black_box(&mut area).as_ptr().addr() as u64
    }
    #[inline(never)]
    fn run(primitive: &mut dyn FnMut()) {
        primitive();
    }
    let memory = File::open("/proc/self/mem").unwrap();
    let mut area = vec![0; PAINTED_BYTES];
    let lowest = paint();
    run(&mut primitive);
    memory.read_exact_at(&mut area, lowest).unwrap();
    let untouched = area.iter().take_while(|&&byte| byte == PAINT).count();
    let depth = PAINTED_BYTES - untouched;
    assert!(
        depth > 0,
        "{name} left the paint alone, so this is not its stack"
    );
    depth
}
