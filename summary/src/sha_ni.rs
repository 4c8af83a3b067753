//! SHA-256 of two messages at once through the SHA instructions of x86_64.
//!
//! A round waits for the one before it. The rounds of a second message fill the gaps, more of them than the processor fills
//! by looking ahead; a third and fourth would need more than the sixteen registers that these instructions reach.

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_cvtsi128_si64, _mm_set_epi32, _mm_set_epi64x, _mm_sha256msg1_epu32,
    _mm_sha256msg2_epu32, _mm_sha256rnds2_epu32, _mm_shuffle_epi8, _mm_shuffle_epi32, _mm_unpackhi_epi64,
    _mm_unpacklo_epi64,
};
use std::is_x86_feature_detected;

use crate::hash::Hash32;
use crate::short::{Block, INITIAL};

/// FIPS 180-4, 4.2.2: those of four rounds each.
#[rustfmt::skip]
const K: [[u32; 4]; 16] = [
    [0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5], [0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5],
    [0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3], [0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174],
    [0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc], [0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da],
    [0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7], [0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967],
    [0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13], [0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85],
    [0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3], [0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070],
    [0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5], [0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3],
    [0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208], [0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2],
];

/// The hashes of two messages of as many blocks, already padded; nothing where the processor lacks an instruction.
#[inline]
pub(crate) fn at_once(messages: [&[Block]; 2]) -> Option<[Hash32; 2]> {
    let able =
        is_x86_feature_detected!("sha") && is_x86_feature_detected!("ssse3") && is_x86_feature_detected!("sse4.1");
    #[allow(unsafe_code)] // The one thing that `compress` asks for is that the processor has what was just asked for.
    able.then(|| unsafe { compress(messages) })
}

/// A message's state, in the halves that the instructions want.
#[derive(Clone, Copy)]
struct Halves {
    abef: __m128i,
    cdgh: __m128i,
}

#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn compress(messages: [&[Block]; 2]) -> [Hash32; 2] {
    let [a, b, c, d, e, f, g, h] = INITIAL.map(u32::cast_signed);
    let mut states = [Halves { abef: _mm_set_epi32(a, b, e, f), cdgh: _mm_set_epi32(c, d, g, h) }; 2];
    for (first, second) in messages[0].iter().zip(messages[1]) {
        let before = states;
        let mut words = [load(first), load(second)];
        // Four rounds of the one message, then the same four of the other.
        for k in &K[..12] {
            for (state, words) in states.iter_mut().zip(&mut words) {
                four_rounds(state, words[0], k);
                schedule(words);
            }
        }
        for (at, k) in K[12..].iter().enumerate() {
            for (state, words) in states.iter_mut().zip(&words) {
                four_rounds(state, words[at], k);
            }
        }
        for (state, before) in states.iter_mut().zip(before) {
            state.abef = _mm_add_epi32(state.abef, before.abef);
            state.cdgh = _mm_add_epi32(state.cdgh, before.cdgh);
        }
    }
    states.map(|state| digest(state))
}

#[inline]
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn four_rounds(state: &mut Halves, words: __m128i, k: &[u32; 4]) {
    let [k0, k1, k2, k3] = k.map(u32::cast_signed);
    let words = _mm_add_epi32(words, _mm_set_epi32(k3, k2, k1, k0));
    state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, words);
    state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, _mm_shuffle_epi32::<0x0e>(words));
}

/// From the words of sixteen rounds to those that begin four rounds later.
#[inline]
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn schedule(words: &mut [__m128i; 4]) {
    let [w0, w1, w2, w3] = *words;
    let sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8::<4>(w3, w2));
    *words = [w1, w2, w3, _mm_sha256msg2_epu32(sum, w3)];
}

/// A block's sixteen words, which it has big-endian.
#[inline]
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn load(block: &Block) -> [__m128i; 4] {
    let order = _mm_set_epi64x(0x0c0d0e0f_08090a0b, 0x04050607_00010203);
    let half = |at: usize| i64::from_le_bytes(block[at..at + 8].try_into().expect("8 bytes"));
    [0, 16, 32, 48].map(|at| _mm_shuffle_epi8(_mm_set_epi64x(half(at + 8), half(at)), order))
}

#[inline]
#[target_feature(enable = "sha,sse2,ssse3,sse4.1")]
fn digest(Halves { abef, cdgh }: Halves) -> Hash32 {
    let backwards = _mm_set_epi64x(0x00010203_04050607, 0x08090a0b_0c0d0e0f);
    let mut digest = [0; 32];
    for (bytes, words) in digest
        .chunks_exact_mut(16)
        // D, C, B, A and H, G, F, E from the lowest on, little-endian each
        .zip([_mm_unpackhi_epi64(cdgh, abef), _mm_unpacklo_epi64(cdgh, abef)])
    {
        let words = _mm_shuffle_epi8(words, backwards);
        bytes[..8].copy_from_slice(&_mm_cvtsi128_si64(words).to_le_bytes());
        bytes[8..].copy_from_slice(&_mm_cvtsi128_si64(_mm_unpackhi_epi64(words, words)).to_le_bytes());
    }
    Hash32(digest)
}
