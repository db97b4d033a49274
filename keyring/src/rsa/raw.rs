//! The RSA operation without any padding: `m^d mod n` and `s^e mod n` (RFC 8017, section 5).
//!
//! The private one takes the same time whatever the numbers are: `crypto-bigint`'s constant-time
//! arithmetic, with the Chinese remainder theorem, on an input that is blinded by a random factor.
//! The result is raised to `e` before it is given away: a single computation that went wrong with
//! one prime would betray both (Boneh, DeMillo, Lipton, 1997). The public one deals with what
//! everybody may know, and takes the time that it takes.
//!
//! Numbers are on the heap, where
//! [`WipingAllocator`](crate::wipe::WipingAllocator) wipes what is freed.

use aws_lc_rs::rand;
use crypto_bigint::{
    BoxedUint, ConcatenatingMul, Odd, Resize,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use zeroize::Zeroizing;

use super::STACK_BYTES;
use super::{
    RsaError,
    components::{Numbers, number},
};
use crate::{secret::SecretBytes, wipe::bleached_by};

/// `n` and `e`, ready for use.
pub(super) struct RawPublicKey {
    n: BoxedMontyParams,
    /// From the highest bit that is set on, without that one.
    exponent_bits: Vec<bool>,
}

impl RawPublicKey {
    /// Expands a checked public key: `n` is odd, `e` is not 0.
    pub(super) fn new(n: &[u8], e: &[u8]) -> Self {
        let bits = e
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1 == 1));
        Self {
            n: BoxedMontyParams::new_vartime(odd(n)),
            exponent_bits: bits.skip_while(|bit| !bit).skip(1).collect(),
        }
    }

    /// `input^e mod n`, as long as the modulus; `None` if the input is no number below `n`.
    pub(super) fn raise(&self, input: &[u8]) -> Option<Box<[u8]>> {
        let input = BoxedUint::from_be_slice(input, self.n.bits_precision()).ok()?;
        if input >= **self.n.modulus() {
            return None;
        }
        Some(self.raise_number(input).retrieve().to_be_bytes())
    }

    fn raise_number(&self, input: BoxedUint) -> BoxedMontyForm {
        let base = BoxedMontyForm::new(input, &self.n);
        let mut power = base.clone();
        for &bit in &self.exponent_bits {
            power = power.square();
            if bit {
                power = power.mul(&base);
            }
        }
        power
    }
}

/// The primes with their exponents, ready for use.
pub(super) struct RawPrivateKey {
    public: RawPublicKey,
    p: Prime,
    q: Prime,
    /// `q⁻¹ mod p`, in Montgomery form.
    qinv: Zeroizing<BoxedMontyForm>,
}

struct Prime {
    modulus: BoxedMontyParams,
    exponent: Zeroizing<BoxedUint>,
}

impl RawPrivateKey {
    /// Expands numbers that were checked to belong together.
    pub(super) fn new(numbers: &Numbers) -> Self {
        bleached_by::<STACK_BYTES, _>(|| {
            let p = Prime::new(&numbers.p, &numbers.dp);
            let q = Prime::new(&numbers.q, &numbers.dq);
            let qinv = BoxedUint::from_be_slice(numbers.qinv.expose(), p.modulus.bits_precision())
                .expect("checked to be less than p");
            Self {
                public: RawPublicKey::new(&numbers.n, &numbers.e),
                qinv: Zeroizing::new(BoxedMontyForm::new(qinv, &p.modulus)),
                p,
                q,
            }
        })
    }

    /// `input^d mod n`, as long as the modulus.
    ///
    /// # Errors
    /// [`RsaError::Failed`] if the input is no number below `n`, there is no randomness, or the
    /// result is wrong.
    pub(super) fn raise(&self, input: &[u8]) -> Result<Box<[u8]>, RsaError> {
        bleached_by::<STACK_BYTES, _>(|| {
            let n = &self.public.n;
            let input = BoxedUint::from_be_slice(input, n.bits_precision())
                .ok()
                .filter(|input| *input < **n.modulus())
                .ok_or(RsaError::Failed)?;
            let (factor, inverse) = self.blinding()?;
            let blinded = BoxedMontyForm::new(input.clone(), n).mul(&factor);
            let power = BoxedMontyForm::new(self.raise_number(&blinded.retrieve()), n);
            let result = power.mul(&inverse).retrieve();
            if self.public.raise_number(result.clone()).retrieve() != input {
                return Err(RsaError::Failed);
            }
            Ok(result.to_be_bytes())
        })
    }

    /// `r^e` and `r⁻¹` for a random `r`.
    ///
    /// Inverting in variable time is several times faster. What is inverted is `r · s`, with an `s`
    /// that is used for nothing else, so the time says nothing about `r`.
    fn blinding(&self) -> Result<(BoxedMontyForm, BoxedMontyForm), RsaError> {
        let n = &self.public.n;
        let r = random_below(n)?;
        let s = BoxedMontyForm::new(random_below(n)?, n);
        let product = BoxedMontyForm::new(r.clone(), n).mul(&s);
        let inverse: Option<BoxedMontyForm> = product.invert_vartime().into();
        // It has none only if it shares a prime with n: as likely as to guess one.
        let inverse = inverse.ok_or(RsaError::Failed)?.mul(&s);
        Ok((self.public.raise_number(r), inverse))
    }

    /// The Chinese remainder theorem: RFC 8017, section 5.1.2, step 2b.
    fn raise_number(&self, input: &BoxedUint) -> BoxedUint {
        let (p, q) = (&self.p, &self.q);
        let (first, second) = (p.raise(input), q.raise(input));
        let p_modulus = p.modulus.modulus().as_nz_ref();
        let difference = first.sub_mod(&second.rem(p_modulus), p_modulus);
        let h = BoxedMontyForm::new(difference, &p.modulus).mul(&self.qinv);
        let multiple = q.modulus.modulus().concatenating_mul(h.retrieve());
        let sum = multiple.wrapping_add(second);
        sum.resize_unchecked(self.public.n.bits_precision())
    }
}

impl Prime {
    fn new(prime: &SecretBytes, exponent: &SecretBytes) -> Self {
        let modulus = BoxedMontyParams::new(odd(prime.expose()));
        let exponent = BoxedUint::from_be_slice(exponent.expose(), modulus.bits_precision())
            .expect("checked to be less than the prime");
        Self {
            modulus,
            exponent: Zeroizing::new(exponent),
        }
    }

    fn raise(&self, input: &BoxedUint) -> BoxedUint {
        let input = input.rem(self.modulus.modulus().as_nz_ref());
        BoxedMontyForm::new(input, &self.modulus)
            .pow(&self.exponent)
            .retrieve()
    }
}

fn odd(bytes: &[u8]) -> Odd<BoxedUint> {
    Option::from(number(bytes).to_odd()).expect("checked to be odd")
}

/// A random number of one bit less than `n`.
fn random_below(n: &BoxedMontyParams) -> Result<BoxedUint, RsaError> {
    let mut bytes = vec![0; n.bits_precision() as usize / 8];
    rand::fill(&mut bytes).map_err(|_| RsaError::Failed)?;
    bytes[0] >>= 1;
    Ok(number(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{algorithm::RsaSize, rsa::RsaPrivateKey};

    fn numbers() -> Numbers {
        let key = RsaPrivateKey::generate(RsaSize::Bits2048).unwrap();
        key.components().complete().unwrap().1
    }

    #[test]
    fn private_and_public_operation_undo_each_other() {
        let numbers = numbers();
        let (public, private) = (
            RawPublicKey::new(&numbers.n, &numbers.e),
            RawPrivateKey::new(&numbers),
        );
        let mut below_n = numbers.n.clone();
        *below_n.last_mut().unwrap() -= 1;
        let mut small = vec![0; 256];
        for input in [small.clone(), below_n, vec![0x7f; 256]] {
            let power = private.raise(&input).unwrap();
            assert_eq!(*public.raise(&power).unwrap(), *input);
            let power = public.raise(&input).unwrap();
            assert_eq!(*private.raise(&power).unwrap(), *input);
        }
        small[255] = 1;
        assert_eq!(*private.raise(&small).unwrap(), *small);
    }

    #[test]
    fn the_modulus_and_what_is_above_are_refused() {
        let numbers = numbers();
        let private = RawPrivateKey::new(&numbers);
        for input in [numbers.n.clone(), vec![0xff; 256], vec![1; 257]] {
            assert_eq!(private.raise(&input), Err(RsaError::Failed));
            assert_eq!(private.public.raise(&input), None);
        }
    }

    /// One wrong bit in a computation with one prime would give away both primes.
    #[test]
    fn a_wrong_result_is_kept_back() {
        let mut private = RawPrivateKey::new(&numbers());
        let mut input = vec![0x42; 256];
        input[0] = 0;
        assert!(private.raise(&input).is_ok());
        private.p.exponent.as_mut_words()[3] ^= 1 << 17;
        assert_eq!(private.raise(&input), Err(RsaError::Failed));
    }
}
