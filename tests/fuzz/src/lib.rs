//! Fuzz targets: one for each family of decoders that read what strangers or files give.
//!
//! A target takes any bytes. It must not panic, must take memory in proportion to the bytes, and what it accepts must be
//! written again as the same bytes, or read again as the same value. The fuzzer (`cargo xtask fuzz`) and the replay of the
//! committed corpora, an ordinary test, run the same functions.
#![forbid(unsafe_code)]

pub mod corpus;
mod sample;
mod targets;

pub use targets::close;

use peak_alloc::PeakAlloc;

/// One family of decoders.
pub struct Target {
    /// Its name, which is that of its corpus too.
    pub name: &'static str,
    /// The decoders.
    pub decoders: &'static str,
    /// The longest input that is tried, in bytes.
    pub longest: usize,
    /// Bytes of memory that an input may take for each of its own.
    memory: usize,
    /// Reads an input; whether it was accepted.
    read: fn(&[u8]) -> bool,
    /// Inputs that must be accepted.
    seeds: fn() -> Vec<Vec<u8>>,
    /// Inputs that must be refused, beside [`hostile`].
    refused: fn() -> Vec<Vec<u8>>,
}

/// All targets, the most exposed first.
pub const TARGETS: &[Target] = targets::ALL;

/// Memory that any input may take.
const ROOM: usize = 4 << 20;

/// Whether the counting allocator is this program's: where it is not, memory is not judged.
fn counts() -> bool {
    PeakAlloc.current_usage() > 0
}

impl Target {
    /// The target of a name.
    pub fn named(name: &str) -> Option<&'static Target> {
        TARGETS.iter().find(|target| target.name == name)
    }

    /// Reads an input and checks all that the target promises. Returns whether the input was accepted.
    ///
    /// # Panics
    /// When a promise is broken: that is what the fuzzer looks for.
    pub fn check(&self, input: &[u8]) -> bool {
        PeakAlloc.reset_peak_usage();
        let before = PeakAlloc.current_usage();
        let accepted = (self.read)(input);
        let taken = PeakAlloc.peak_usage().saturating_sub(before);
        let most = ROOM + self.memory * input.len();
        assert!(!counts() || taken <= most, "{}: {} bytes took {taken} of memory", self.name, input.len());
        accepted
    }

    /// Inputs that are accepted: where the fuzzer begins.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        (self.seeds)()
    }

    /// Inputs made to cost much or to be taken for good: all are refused.
    pub fn hostile(&self) -> Vec<Vec<u8>> {
        (self.refused)()
    }
}

/// For decoders that have one encoding for a value: what was read must be written as it was.
fn same(input: &[u8], written: Option<Vec<u8>>) -> bool {
    match written {
        None => false,
        Some(written) => {
            assert_eq!(written, input, "what is accepted is written again as the same bytes");
            true
        }
    }
}

/// For decoders that take several spellings: what was written must be read and written again as the same.
fn settles<T: PartialEq + std::fmt::Debug>(written: Option<T>, again: impl FnOnce(&T) -> Option<T>) -> bool {
    let Some(written) = written else { return false };
    assert_eq!(again(&written).as_ref(), Some(&written), "what was written is read again as the same");
    true
}

/// The input's first byte, which chooses among the decoders of a family, and the rest.
fn choose(input: &[u8]) -> Option<(u8, &[u8])> {
    input.split_first().map(|(first, rest)| (*first, rest))
}

/// Puts the byte before inputs that chooses their decoder.
fn chosen(which: u8, inputs: impl IntoIterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    inputs.into_iter().map(|input| [&[which], &input[..]].concat()).collect()
}

/// CBOR that announces far more than it brings, or lists within lists.
fn bombs() -> Vec<Vec<u8>> {
    vec![
        b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        b"\xbb\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        b"\x9a\x00\x0f\xff\xff".repeat(1_000),
        vec![0x81; 60_000],
        [b"\x99\xff\x00".to_vec(), vec![0xf6; 0xff00]].concat(),
    ]
}
