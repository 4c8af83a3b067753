/** What wallets' libraries read of the metadata and the addresses that Rust makes (metadata/example.json). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import {
  CashAddressType, binToHex, binToUtf8, decodeCashAddress, disassembleBytecodeBch, hexToBin, importMetadataRegistry, sha256, utf8ToBin,
} from '@bitauth/libauth';

const file = (name) => readFileSync(new URL(`../metadata/${name}`, import.meta.url));
const example = JSON.parse(file('example.json').toString('utf8'));

test('libauth takes the registry, and finds name, symbol, decimals and icon by the category', () => {
  const registry = importMetadataRegistry(example.registry);
  assert.equal(typeof registry, 'object', String(registry));
  const [[category, history]] = Object.entries(registry.identities);
  assert.equal(category, registry.registryIdentity);
  const [[time, { name, token, uris }]] = Object.entries(history);
  assert.equal(time, registry.latestRevision);
  assert.deepEqual([name, token], ['XLV', { category, symbol: 'XLV', decimals: 8 }]);
  assert.match(uris.icon, /^ipfs:\/\/bafkrei[a-z2-7]{52}$/);
  assert.equal(binToHex(sha256.hash(file('xlv.svg'))), example.icon);
});

test('a registry with a part that the schema does not know otherwise is refused', () => {
  const broken = JSON.parse(example.registry);
  const [identity] = Object.values(broken.identities);
  Object.values(identity)[0].token.decimals = 'eight';
  assert.equal(typeof importMetadataRegistry(broken), 'string');
});

test('the publication is OP_RETURN, BCMR, the hash of the registry, and where it is', () => {
  const script = hexToBin(example.publication);
  const pushes = disassembleBytecodeBch(script).split(' ').filter((word) => word.startsWith('0x')).map((word) => hexToBin(word.slice(2)));
  assert.equal(example.publication.slice(0, 12), '6a0442434d52');
  assert.equal(binToHex(pushes[1]), binToHex(sha256.hash(utf8ToBin(example.registry))));
  assert.deepEqual(pushes.slice(2).map(binToUtf8), example.uris);
});

test('addresses of controller and payees say that they take tokens', () => {
  ['bitcoincash', 'bchtest', 'bchreg'].forEach((prefix, at) => {
    const { controller, payee } = example.addresses[at];
    const read = [controller, payee].map((address) => {
      const { payload, prefix: found, type } = decodeCashAddress(address);
      return [found, type, binToHex(payload)];
    });
    assert.deepEqual(read, [
      [prefix, CashAddressType.p2shWithTokens, example.script_hash],
      [prefix, CashAddressType.p2pkhWithTokens, example.key_hash],
    ]);
  });
});
