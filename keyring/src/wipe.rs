//! Wiping what does not wipe itself: foreign key structures, the stack below a computation, and
//! whatever libraries free.
//!
//! The only module with `unsafe`: ring's keys are plain data without a destructor, so the box
//! around them has to overwrite their bytes from outside.
#![allow(unsafe_code)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    mem::MaybeUninit,
    ops::Deref,
};

use zeroize::{zeroize_flat_type, zeroize_stack};

/// How much stack [`bleached`] overwrites, in bytes: enough for ring's ciphers, HMAC, HKDF and
/// Ed25519, and for RustCrypto's.
///
/// `tests/memory` measures how deep each primitive reaches in an optimized build, and fails when
/// one passes two thirds of what is overwritten below it. Unoptimized builds reach deeper.
pub const BLEACHED_BYTES: usize = 8 << 10;

/// How much is overwritten below the expansion of a key and below AWS-LC.
pub const DEEP_BYTES: usize = 32 << 10;

/// Runs `secretive`, then overwrites the stack that it used, as far as [`BLEACHED_BYTES`].
///
/// ChaCha20 and SHA-256 work on the stack and leave their key there when they return; a worker
/// thread that then waits would keep it for hours. What `secretive` returns must be no secret, or
/// a pointer to one. A panic skips the overwriting.
pub fn bleached<R>(secretive: impl FnOnce() -> R) -> R {
    bleached_by::<BLEACHED_BYTES, R>(secretive)
}

/// As [`bleached`], for what reaches deeper: overwrites `BYTES`.
pub fn bleached_by<const BYTES: usize, R>(secretive: impl FnOnce() -> R) -> R {
    // The frame of `below` starts where that of `zeroize_stack` will, so the second covers the
    // first. Inlined into our caller, it would lie above and survive.
    #[inline(never)]
    fn below<R>(secretive: impl FnOnce() -> R) -> R {
        secretive()
    }
    let result = below(secretive);
    zeroize_stack::<BYTES>();
    result
}

/// A value on the heap whose bytes are overwritten after it is dropped.
///
/// For key structures without pointers to further secrets.
pub struct Wiped<T>(Box<MaybeUninit<T>>);

impl<T> Wiped<T> {
    /// Builds the value and bleaches the stack it was built on.
    ///
    /// # Errors
    /// What `build` fails with.
    pub fn build<E>(build: impl FnOnce() -> Result<T, E>) -> Result<Self, E> {
        bleached_by::<DEEP_BYTES, _>(|| Ok(Self(Box::new(MaybeUninit::new(build()?)))))
    }
}

impl<T> Deref for Wiped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `build` is the only constructor and initializes the value; nothing but `drop`
        // writes to it.
        unsafe { self.0.assume_init_ref() }
    }
}

impl<T> Drop for Wiped<T> {
    fn drop(&mut self) {
        // SAFETY: as in `deref`, the value is there; it is dropped here and nowhere else.
        unsafe { self.0.assume_init_drop() }
        // SAFETY: the box is ours alone and as large as `T`. Zeros need not be a valid `T`,
        // because a `MaybeUninit` is never read or dropped as one again.
        unsafe { zeroize_flat_type(self.0.as_mut_ptr()) }
    }
}

/// The system's allocator, which overwrites what it is given back.
///
/// Shares and plaintexts pass buffers of the HTTP, TLS and JSON libraries, which free them as they
/// are. A program that makes this its global allocator leaves none of them behind. Growing never
/// moves bytes without wiping the place they came from, since `realloc` is the trait's own: a new
/// block, a copy, and `dealloc`. What C libraries allocate is not covered.
pub struct WipingAllocator;

// SAFETY: every call is handed on to the system's allocator with the caller's own arguments.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps `alloc`'s contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's, has this layout, and nobody reads it any more.
        unsafe { block.write_bytes(0, layout.size()) };
        // The compiler may drop a write that nobody reads before the block is freed. It cannot know
        // that nobody reads it here.
        let block = black_box(block);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_value_until_dropped() {
        let wiped = Wiped::build(|| Ok::<_, ()>([7_u8; 32])).unwrap();
        assert_eq!(*wiped, [7; 32]);
        assert!(Wiped::<u8>::build(|| Err("no key")).is_err());
        assert_eq!(bleached(|| 3), 3);
    }
}
