/** Key pairs of tests, oracle and DAO sets, and signatures as the covenants read them. */
import { secp256k1 } from '@bitauth/libauth';

import { H, cat, hex, tag, u32, u8, utf8, zeros } from './bytes.mjs';

/**
 * @typedef {object} Key
 * @property {Uint8Array} secret 32 bytes
 * @property {Uint8Array} key compressed, 33 bytes
 */

/** A key pair whose secret is SHA-256 of `seed`. Known to everybody: worth nothing. @returns {Key} */
export function keyOf(seed) {
  const secret = H(utf8(seed));
  return { secret, key: secp256k1.derivePublicKeyCompressed(secret) };
}

/** Key `i` of tests/vectors. */
export const vectorKey = (i) => keyOf(`liaise vector key ${i}`);

/** The first `n` keys of the vectors, ascending by public key. */
export const vectorKeys = (n) => ascending(Array.from({ length: n }, (_, i) => vectorKey(i)));

export const ascending = (keys) => [...keys].sort((a, b) => (hex(a.key) < hex(b.key) ? -1 : 1));

/** ceil(2n/3) */
export const quorum = (n) => Math.ceil((2 * n) / 3);

/** An oracle set; `keys` are taken as they come, so that a test can spoil the order. */
export function oracleSet(version, keys) {
  const bytes = cat(tag('LIAISE/ORSET/01'), u32(version), u32(keys.length), ...keys.map(({ key }) => key));
  return { version, keys, bytes, hash: H(bytes), needed: quorum(keys.length) };
}

/** A DAO set. */
export function daoSet(version, threshold, keys) {
  const bytes = cat(tag('LIAISE/DAOSET/1'), u32(version), u32(threshold), u32(keys.length), ...keys.map(({ key }) => key));
  return { version, threshold, keys, bytes, hash: H(bytes), needed: threshold };
}

/** The DER signature, low s, RFC 6979, over SHA-256 of `message`. */
export const sign = ({ secret }, message) => secp256k1.signMessageHashDER(secret, H(message));

/** r, s, v of 65 bytes, as the vectors have it, in DER. */
export const derOf = (rsv) => secp256k1.signatureCompactToDER(rsv.slice(0, 64));

/** The signatures of a set: for each key one byte of length, 0 where it did not sign, and the signature. */
export const packed = (signatures) => cat(...signatures.map((signature) => (signature ? cat(u8(signature.length), signature) : zeros(1))));

/** Signatures of the members with the numbers `signers`, in the order of the set. */
export const signedBy = (set, message, signers) =>
  packed(set.keys.map((key, at) => (signers.includes(at) ? sign(key, message) : null)));

/** The numbers 0 to n - 1. */
export const first = (n) => Array.from({ length: n }, (_, at) => at);
