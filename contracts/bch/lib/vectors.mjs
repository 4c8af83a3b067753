/** Reads tests/vectors, which Rust writes. */
import { readFileSync } from 'node:fs';

import { hex, toBigInt, unhex } from './bytes.mjs';
import { derOf, packed } from './keys.mjs';

export const vectors = (name) => JSON.parse(readFileSync(new URL(`../../../tests/vectors/${name}.json`, import.meta.url), 'utf8'));

/** A vector's signatures as the covenants read them, for the keys of `set`. */
export function packedFrom(signatures, set) {
  const byKey = new Map(signatures.map(({ public_key: key, signature }) => [key, derOf(unhex(signature))]));
  if (![...byKey.keys()].every((key) => set.keys.some((member) => hex(member.key) === key))) throw new Error('a signer is no member');
  return packed(set.keys.map(({ key }) => byKey.get(hex(key)) ?? null));
}

/** The fields that all statements have. */
export function placeOf({ network, distributor, epoch, oracle_set: version, head }) {
  return { network: unhex(network), distributor: unhex(distributor), epoch, version, head: unhex(head) };
}

/** The body of an OPEN or DAO statement, by its offsets from 120. */
export function bodyOf(fields) {
  const body = unhex(fields.body);
  return { argument: body.slice(0, 32), kind: Number(toBigInt(body.slice(32, 36))), decree: body.slice(48) };
}
