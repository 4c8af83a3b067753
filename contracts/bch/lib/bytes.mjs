/** Bytes as the statements lay them out: big-endian integers of fixed width, ASCII tags, SHA-256. */
import { binToHex, flattenBinArray, hexToBin, sha256, utf8ToBin } from '@bitauth/libauth';

export { binToHex as hex, hexToBin as unhex, utf8ToBin as utf8 };

/** Joins byte arrays. */
export const cat = (...parts) => flattenBinArray(parts);

/** SHA-256 of the joined parts. */
export const H = (...parts) => sha256.hash(cat(...parts));

/** `count` zero bytes. */
export const zeros = (count) => new Uint8Array(count);

export const ZERO32 = zeros(32);

/** A non-negative integer, big-endian, in exactly `width` bytes. Throws where it does not fit. */
export function uint(width, value) {
  let rest = BigInt(value);
  const bytes = zeros(width);
  for (let at = width - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 255n);
    rest >>= 8n;
  }
  if (rest !== 0n) throw new RangeError(`${value} does not fit in ${width} bytes`);
  return bytes;
}

export const u8 = (value) => uint(1, value);
export const u32 = (value) => uint(4, value);
export const u64 = (value) => uint(8, value);

/** The big-endian integer that the bytes are, as a bigint. */
export const toBigInt = (bytes) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/** The same as a number; for widths up to 6 bytes. */
export const toNumber = (bytes) => Number(toBigInt(bytes));

/** ASCII, padded on the right with zeros to 16 bytes. */
export function tag(text) {
  const bytes = zeros(16);
  bytes.set(utf8ToBin(text));
  return bytes;
}

export const equal = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
