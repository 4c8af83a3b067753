//! Decodes DAG-CBOR that is canonical as it stands, in one pass and without a copy of it.
//!
//! What it accepts would be encoded again as the same bytes: integers and lengths are the shortest, maps are sorted by
//! their keys' length and then their bytes, a struct's map has all of its fields and no other, floats are 64 bits wide and
//! finite, a link is the one spelling of its CID. It takes no more items than it is told to, and counts them when they are
//! announced.
//!
//! It says no to some of what is canonical, too: to what no message needs, and to nesting that only metadata could have. So
//! its no decides nothing: whoever asks then decodes with the library, encodes again and compares.

use super::{Head, head};
use ipld_core::cid::Cid;
use ipld_core::cid::serde::CID_SERDE_PRIVATE_IDENTIFIER;
use serde::Deserialize;
use serde::de::value::{BorrowedBytesDeserializer, BorrowedStrDeserializer};
use serde::de::{self, DeserializeSeed, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Maps and lists within each other, far below what the library takes.
const DEPTH: u32 = 48;
/// The tag of a link, and the byte before its CID.
const LINK: u64 = 42;
const NULL: u8 = 0xf6;

/// It was not accepted. Says nothing of why, which makes it cheap.
#[derive(Debug)]
pub struct Refused;

/// Decodes a value of at most `items` items, itself and every key included.
///
/// # Errors
/// The bytes are not its canonical encoding, or more than is decoded here.
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8], items: usize) -> Result<T, Refused> {
    let mut decoder = Decoder { rest: bytes, items, depth: DEPTH };
    decoder.announce(1)?;
    let value = T::deserialize(&mut decoder)?;
    if decoder.rest.is_empty() { Ok(value) } else { Err(Refused) }
}

struct Decoder<'de> {
    rest: &'de [u8],
    /// How many more items may be announced.
    items: usize,
    /// How many more maps or lists may be entered.
    depth: u32,
}

impl<'de> Decoder<'de> {
    /// Notes that so many items follow, each of which has a byte at least.
    fn announce(&mut self, items: usize) -> Result<(), Refused> {
        self.items = self.items.checked_sub(items).ok_or(Refused)?;
        if items <= self.rest.len() { Ok(()) } else { Err(Refused) }
    }

    fn take(&mut self, length: usize) -> Result<&'de [u8], Refused> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Refused)?;
        self.rest = rest;
        Ok(taken)
    }

    fn major(&self) -> Result<u8, Refused> {
        self.rest.first().map(|first| first >> 5).ok_or(Refused)
    }

    /// An item's argument, in its shortest form.
    fn head(&mut self, major: u8) -> Result<u64, Refused> {
        let Head { major: found, argument, least, rest } = head(self.rest).ok_or(Refused)?;
        self.rest = rest;
        if found == major && argument >= least { Ok(argument) } else { Err(Refused) }
    }

    fn length(&mut self, major: u8) -> Result<usize, Refused> {
        self.head(major)?.try_into().map_err(|_| Refused)
    }

    fn bytes(&mut self) -> Result<&'de [u8], Refused> {
        let length = self.length(2)?;
        self.take(length)
    }

    fn text(&mut self) -> Result<&'de str, Refused> {
        let length = self.length(3)?;
        str::from_utf8(self.take(length)?).map_err(|_| Refused)
    }

    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        let length = self.length(4)?;
        self.announce(length)?;
        self.within(|decoder| {
            let mut items = Items::of(decoder, length);
            let value = visitor.visit_seq(&mut items)?;
            items.end(value)
        })
    }

    fn map<V: Visitor<'de>>(&mut self, visitor: V, fields: Option<usize>) -> Result<V::Value, Refused> {
        let length = self.length(5)?;
        if fields.is_some_and(|fields| fields != length) {
            return Err(Refused);
        }
        self.announce(length.checked_mul(2).ok_or(Refused)?)?;
        self.within(|decoder| {
            let mut items = Items::of(decoder, length);
            let value = visitor.visit_map(&mut items)?;
            items.end(value)
        })
    }

    fn within<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T, Refused>) -> Result<T, Refused> {
        self.depth = self.depth.checked_sub(1).ok_or(Refused)?;
        let value = inside(self)?;
        self.depth += 1;
        Ok(value)
    }

    fn link<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        if self.head(6)? != LINK {
            return Err(Refused);
        }
        self.announce(1)?;
        let Some((0, cid)) = self.bytes()?.split_first() else { return Err(Refused) };
        if !is_one_spelling(cid) {
            return Err(Refused);
        }
        visitor.visit_newtype_struct(BorrowedBytesDeserializer::new(cid))
    }

    fn float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        let Some((0xfb, bytes)) = self.take(9)?.split_first() else { return Err(Refused) };
        let float = f64::from_be_bytes(bytes.try_into().map_err(|_| Refused)?);
        if float.is_finite() { visitor.visit_f64(float) } else { Err(Refused) }
    }

    fn simple<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        match self.rest.first() {
            Some(0xfb) => self.float(visitor),
            Some(simple @ (0xf4 | 0xf5)) => {
                self.take(1)?;
                visitor.visit_bool(*simple == 0xf5)
            }
            Some(&NULL) => {
                self.take(1)?;
                visitor.visit_none()
            }
            _ => Err(Refused),
        }
    }
}

/// Whether a CID is spelled as it would be written: of messages' and blobs' the bytes in front tell.
fn is_one_spelling(cid: &[u8]) -> bool {
    match cid {
        [1, codec, 0x12, 0x20, digest @ ..] if *codec < 0x80 && digest.len() == 32 => true,
        _ => Cid::try_from(cid).is_ok_and(|read| read.to_bytes() == cid),
    }
}

impl<'de> de::Deserializer<'de> for &mut Decoder<'de> {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.major()? {
            0 => visitor.visit_u64(self.head(0)?),
            1 => {
                let number = -1 - i128::from(self.head(1)?);
                match i64::try_from(number) {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => visitor.visit_i128(number),
                }
            }
            2 => visitor.visit_borrowed_bytes(self.bytes()?),
            3 => visitor.visit_borrowed_str(self.text()?),
            4 => self.list(visitor),
            5 => self.map(visitor, None),
            6 => self.link(visitor),
            _ => self.simple(visitor),
        }
    }

    // Bytes and texts are read into each other by some visitors.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_borrowed_bytes(self.bytes()?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        if self.rest.first() == Some(&NULL) {
            self.take(1)?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Refused> {
        if name == CID_SERDE_PRIVATE_IDENTIFIER { self.link(visitor) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.map(visitor, None)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.map(visitor, Some(fields.len()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if self.length(5)? != 1 {
            return Err(Refused);
        }
        self.announce(2)?;
        self.within(|decoder| visitor.visit_enum(Variant(decoder)))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.float(visitor)
    }

    // A field that is not known would be left out when it is encoded again. The others lose something in other forms, or no
    // message has them.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refused> {
        Err(Refused)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refused> {
        Err(Refused)
    }

    fn deserialize_char<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refused> {
        Err(Refused)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Refused> {
        Err(Refused)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Refused> {
        Err(Refused)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Refused> {
        Err(Refused)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, _: V) -> Result<V::Value, Refused> {
        Err(Refused)
    }

    forward_to_deserialize_any! { bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 identifier }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// What is left of a list or a map.
struct Items<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: usize,
    /// A map's newest key.
    key: Option<&'de str>,
}

impl<'a, 'de> Items<'a, 'de> {
    fn of(decoder: &'a mut Decoder<'de>, left: usize) -> Items<'a, 'de> {
        Items { decoder, left, key: None }
    }

    /// Whether another one follows, which is then taken.
    fn next(&mut self) -> bool {
        let follows = self.left > 0;
        self.left -= usize::from(follows);
        follows
    }

    /// `value`, if all items were taken.
    fn end<T>(self, value: T) -> Result<T, Refused> {
        if self.left == 0 { Ok(value) } else { Err(Refused) }
    }
}

impl<'de> de::SeqAccess<'de> for Items<'_, 'de> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        if self.next() { seed.deserialize(&mut *self.decoder).map(Some) } else { Ok(None) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> de::MapAccess<'de> for Items<'_, 'de> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        if !self.next() {
            return Ok(None);
        }
        let key = self.decoder.text()?;
        let sorts = |key: &'de str| (key.len(), key);
        if self.key.replace(key).is_some_and(|before| sorts(before) >= sorts(key)) {
            return Err(Refused);
        }
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        seed.deserialize(&mut *self.decoder)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// A map with one key, which names the variant.
struct Variant<'a, 'de>(&'a mut Decoder<'de>);

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Refused;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refused> {
        let name = self.0.text()?;
        Ok((seed.deserialize(BorrowedStrDeserializer::new(name))?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Refused;

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refused> {
        seed.deserialize(self.0)
    }

    fn unit_variant(self) -> Result<(), Refused> {
        Err(Refused)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Refused> {
        Err(Refused)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Refused> {
        Err(Refused)
    }
}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Refused {
        Refused
    }
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not canonical DAG-CBOR, or more than is decoded strictly")
    }
}
