//! Identities and positions that statements name.

use core::fmt;

/// Declares a 32-byte newtype that prints as lower-case hex.
macro_rules! bytes32 {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// Thirty-two zero bytes.
            pub const ZERO: Self = Self([0; 32]);

            /// The bytes, for hashing and for layouts.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<[u8; 32]> for $name {
            fn from(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::ids::write_hex(f, &self.0)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    };
}
pub(crate) use bytes32;

/// Writes lower-case hex without a prefix.
pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

bytes32! {
    /// A network: the hash of its genesis. Part of everything that is signed.
    NetworkId
}

bytes32! {
    /// A distributor: on EVM chains the hash of its canonical account, on Solana its PDA, on Bitcoin Cash its token
    /// category in the order that Script pushes.
    DistributorId
}

impl DistributorId {
    /// The identity of an EVM distributor: SHA-256 of `eip155:<chain id>:0x<40 lower-case hex digits>`.
    pub fn evm(chain_id: u64, address: [u8; 20]) -> Self {
        use core::fmt::Write;
        // "eip155:" and ":0x", twenty digits of u64::MAX, forty of the address
        let mut account = alloc::string::String::with_capacity(10 + 20 + 40);
        write!(account, "eip155:{chain_id}:0x").expect("a String takes every write");
        for byte in address {
            write!(account, "{byte:02x}").expect("a String takes every write");
        }
        Self(crate::hash::sha256(&[account.as_bytes()]).0)
    }
}

bytes32! {
    /// Whom a leaf pays: an EVM address or a BCH public key hash left-padded with zeros, or a Solana wallet.
    Payee
}

impl Payee {
    /// A 20-byte address or public key hash, left-padded with twelve zeros.
    pub const fn from_20(bytes: [u8; 20]) -> Self {
        let mut padded = [0; 32];
        let mut i = 0;
        while i < 20 {
            padded[12 + i] = bytes[i];
            i += 1;
        }
        Self(padded)
    }

    /// The last twenty bytes, if the first twelve are zeros.
    pub fn to_20(self) -> Option<[u8; 20]> {
        let (zeros, rest) = self.0.split_at(12);
        if zeros.iter().any(|byte| *byte != 0) {
            return None;
        }
        rest.try_into().ok()
    }
}

/// The number of an epoch; epoch 0 starts at genesis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The epoch after this one; `None` after the last number.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }

    /// The epoch before this one; `None` before epoch 0.
    pub const fn previous(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(previous) => Some(Self(previous)),
            None => None,
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_payee_round_trips_and_a_long_one_has_no_short_form() {
        let payee = Payee::from_20([7; 20]);
        assert_eq!(payee.0[..12], [0; 12]);
        assert_eq!(payee.to_20(), Some([7; 20]));
        assert_eq!(Payee([1; 32]).to_20(), None);
    }

    #[test]
    fn an_evm_distributor_is_the_hash_of_its_canonical_account() {
        let expected = crate::hash::sha256(&[b"eip155:42161:0xabababababababababababababababababababab"]);
        assert_eq!(DistributorId::evm(42161, [0xab; 20]).0, expected.0);
    }

    #[test]
    fn epochs_end_at_both_ends() {
        assert_eq!(Epoch(0).previous(), None);
        assert_eq!(Epoch(u32::MAX).next(), None);
        assert_eq!(Epoch(4).next().and_then(Epoch::previous), Some(Epoch(4)));
    }
}
