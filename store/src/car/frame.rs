//! CARv1's frame: lengths as unsigned varints before the header and before each block with its CID.

use super::{CarError, Header, encode};
use cid::Cid;
use liaise_ledger::Hash;
use std::io::{Read, Write};

/// Headers have one root; a longer one is none of ours.
const MAX_HEADER: u64 = 4096;

pub struct Writer<W> {
    to: W,
    pub blocks: u64,
    pub bytes: u64,
}

impl<W: Write> Writer<W> {
    pub fn new(to: W, root: Cid) -> Result<Writer<W>, CarError> {
        let mut writer = Writer { to, blocks: 0, bytes: 0 };
        writer.put(&[&encode(&Header { version: 1, roots: vec![root] })])?;
        Ok(writer)
    }

    pub fn block(&mut self, id: &Cid, block: &[u8]) -> Result<(), CarError> {
        self.put(&[&id.to_bytes(), block])?;
        self.blocks += 1;
        Ok(())
    }

    pub fn finish(mut self) -> Result<(), CarError> {
        Ok(self.to.flush()?)
    }

    fn put(&mut self, parts: &[&[u8]]) -> Result<(), CarError> {
        let length = varint(parts.iter().map(|part| part.len() as u64).sum());
        for part in [length.as_slice()].iter().chain(parts) {
            self.to.write_all(part)?;
            self.bytes += part.len() as u64;
        }
        Ok(())
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(4);
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// What comes next in a file.
pub enum Frame {
    /// A block whose bytes are those of its CID.
    Block { offset: u64, id: Cid, block: Vec<u8> },
    /// A block that can't be used; the next one can be read.
    Bad { offset: u64, id: Option<Cid>, why: String },
    /// Nothing more can be read.
    Torn { offset: u64, why: String },
}

pub struct Reader<R> {
    from: R,
    limit: u64,
    pub offset: u64,
}

impl<R: Read> Reader<R> {
    /// Reads the header and returns its root. Blocks above `limit` bytes will be passed over.
    pub fn new(from: R, limit: usize) -> Result<(Reader<R>, Cid), CarError> {
        let mut reader = Reader { from, limit: limit as u64, offset: 0 };
        let broken = |why: &str| CarError::NotACar(why.to_owned());
        let length = match reader.length() {
            Ok(Some(length)) if (1..=MAX_HEADER).contains(&length) => length,
            Ok(_) => return Err(broken("it does not begin with a header")),
            Err(ReadError::Io(error)) => return Err(error.into()),
            Err(ReadError::Torn(why)) => return Err(broken(why)),
        };
        let header = reader.take(length)?.ok_or_else(|| broken("it ends within the header"))?;
        let header: Header = serde_ipld_dagcbor::from_slice(&header)
            .map_err(|error| CarError::NotACar(format!("its header is not CARv1's: {error}")))?;
        match header {
            Header { version: 1, roots } if roots.len() == 1 => Ok((reader, roots[0])),
            Header { version: 1, .. } => Err(broken("it has not exactly one root")),
            _ => Err(broken("its CAR version is not 1")),
        }
    }

    /// The next block; `None` at the end.
    pub fn next(&mut self) -> Result<Option<Frame>, CarError> {
        let offset = self.offset;
        let length = match self.length() {
            Ok(Some(length)) => length,
            Ok(None) => return Ok(None),
            Err(ReadError::Io(error)) => return Err(error.into()),
            Err(ReadError::Torn(why)) => return Ok(Some(Frame::Torn { offset, why: why.to_owned() })),
        };
        let torn = || Frame::Torn { offset, why: "it ends within a block".to_owned() };
        if length > self.limit.saturating_add(256) {
            let passed = std::io::copy(&mut self.from.by_ref().take(length), &mut std::io::sink())?;
            self.offset += passed;
            let why = format!("{length} bytes, more than the {} that this store takes", self.limit);
            return Ok(Some(if passed == length { Frame::Bad { offset, id: None, why } } else { torn() }));
        }
        let Some(section) = self.take(length)? else { return Ok(Some(torn())) };
        let mut rest = section.as_slice();
        let bad = |id, why: &str| Frame::Bad { offset, id, why: why.to_owned() };
        let Ok(id) = Cid::read_bytes(&mut rest) else { return Ok(Some(bad(None, "it begins with no CID"))) };
        Ok(Some(match Hash::from_cid(&id) {
            None => bad(Some(id), "its CID is not CIDv1 of SHA-256"),
            Some(digest) if digest != Hash::of(&[rest]) => bad(Some(id), "its bytes are not those of its CID"),
            Some(_) => Frame::Block { offset, id, block: rest.to_vec() },
        }))
    }

    /// A length; `None` where the file ends before it.
    fn length(&mut self) -> Result<Option<u64>, ReadError> {
        let mut value = 0u64;
        for i in 0..9 {
            let mut byte = [0];
            if self.from.read(&mut byte).map_err(ReadError::Io)? == 0 {
                return if i == 0 { Ok(None) } else { Err(ReadError::Torn("it ends within a length")) };
            }
            self.offset += 1;
            value |= u64::from(byte[0] & 0x7f) << (7 * i);
            if byte[0] & 0x80 == 0 {
                return Ok(Some(value));
            }
        }
        Err(ReadError::Torn("a length is longer than nine bytes"))
    }

    /// That many bytes; `None` where the file ends before.
    fn take(&mut self, length: u64) -> Result<Option<Vec<u8>>, CarError> {
        let mut out = Vec::new();
        // The length is a stranger's word: memory grows with what really comes.
        self.from.by_ref().take(length).read_to_end(&mut out)?;
        self.offset += out.len() as u64;
        Ok((out.len() as u64 == length).then_some(out))
    }
}

enum ReadError {
    Io(std::io::Error),
    Torn(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;
    use liaise_ledger::hash::blob_cid;

    #[test]
    fn blocks_come_back_and_bad_ones_are_passed_over() {
        let id = blob_cid(b"good");
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file, id).unwrap();
        writer.block(&id, b"good").unwrap();
        writer.block(&id, b"other bytes").unwrap();
        writer.block(&blob_cid(&[7; 400]), &[7; 400]).unwrap();
        writer.block(&id, b"good").unwrap();
        writer.finish().unwrap();
        let (mut reader, root) = Reader::new(file.as_slice(), 100).unwrap();
        assert_eq!(root, id);
        let mut seen = String::new();
        while let Some(frame) = reader.next().unwrap() {
            seen.push(match frame {
                Frame::Block { block, .. } if block == b"good" => 'g',
                Frame::Bad { .. } => 'b',
                _ => '?',
            });
        }
        assert_eq!(seen, "gbbg");
        // Cut anywhere behind the header: never a panic, never a false block, and the cut is told.
        let header = Writer::new(std::io::sink(), id).unwrap().bytes as usize;
        let mut ends = 0;
        for end in header..file.len() {
            let (mut reader, _) = Reader::new(&file[..end], 100).unwrap();
            let mut torn = false;
            while let Some(frame) = reader.next().unwrap() {
                torn = matches!(frame, Frame::Torn { .. });
                if torn {
                    break;
                }
            }
            ends += u32::from(!torn);
        }
        assert_eq!(ends, 4, "only cuts between two blocks are no tears");
    }

    #[test]
    fn other_files_are_refused() {
        let many = encode(&Header { version: 1, roots: vec![] });
        let two = encode(&Header { version: 2, roots: vec![blob_cid(b"")] });
        let framed = |header: Vec<u8>| [varint(header.len() as u64), header].concat();
        for file in [vec![], vec![0], vec![0xff; 20], b"a text\n".to_vec(), framed(many), framed(two)] {
            assert!(matches!(Reader::new(file.as_slice(), 100), Err(CarError::NotACar(_))), "{file:?}");
        }
    }

    #[test]
    fn varints_are_leb128() {
        assert_eq!(
            (varint(0), varint(127), varint(128), varint(300)),
            (vec![0], vec![127], vec![128, 1], vec![172, 2])
        );
    }
}
