/** A compiled covenant: its address and its unlocking scripts. */
import { readFileSync } from 'node:fs';

import { bigIntToVmNumber, encodeDataPush, hash256 } from '@bitauth/libauth';

import { cat, unhex, zeros } from './bytes.mjs';

/** The committed artifact of `name`. */
export const artifactOf = (name) => JSON.parse(readFileSync(new URL(`../artifacts/${name}.json`, import.meta.url), 'utf8'));

/** P2SH32 of a redeem script's hash. */
export const p2sh32 = (hash) => cat(unhex('aa20'), hash, unhex('87'));

/** The shortest push of the bytes, as consensus demands. */
export function push(bytes) {
  if (bytes.length === 0) return Uint8Array.of(0);
  if (bytes.length === 1 && bytes[0] >= 1 && bytes[0] <= 16) return Uint8Array.of(0x50 + bytes[0]);
  if (bytes.length === 1 && bytes[0] === 0x81) return Uint8Array.of(0x4f);
  return encodeDataPush(bytes);
}

function encoded(value, type) {
  if (type === 'int') return bigIntToVmNumber(BigInt(value));
  if (type === 'bool') return value ? Uint8Array.of(1) : zeros(0);
  return value;
}

/** Pushes of `values` by name, the last of `inputs` first, as the compiler lays them out. */
function pushes(inputs, values, owner) {
  const each = inputs.map(({ name, type }) => {
    if (values[name] === undefined) throw new Error(`${owner} needs ${name}`);
    return push(encoded(values[name], type));
  });
  return cat(...each.reverse());
}

/**
 * A covenant with its constructor's values.
 * @param {object} artifact as in artifacts/
 * @param {Record<string, number | bigint | Uint8Array>} values by the constructor's names
 */
export function covenant(artifact, values) {
  const redeem = cat(pushes(artifact.constructorInputs, values, artifact.contractName), unhex(artifact.bytecode));
  const scriptHash = hash256(redeem);
  const unlock = (name, args) => {
    const at = artifact.abi.findIndex((path) => path.name === name);
    const selector = artifact.abi.length > 1 ? push(bigIntToVmNumber(BigInt(at))) : zeros(0);
    return cat(pushes(artifact.abi[at].inputs, args, name), selector, push(redeem));
  };
  return { artifact, redeem, scriptHash, script: p2sh32(scriptHash), unlock };
}
