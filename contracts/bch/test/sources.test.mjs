/** Sources and artifacts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodeAuthenticationInstructions } from '@bitauth/libauth';

import { unhex } from '../lib/bytes.mjs';
import { artifactOf, covenant } from '../lib/covenant.mjs';
import { LIVE } from '../lib/deployment.mjs';
import { CONTRACTS, compiled, render, sourceOf } from '../tools/compile.mjs';

test('blocks that stand on several paths are the same text on each', () => {
  const blocks = new Map();
  for (const [, indent, name, text] of sourceOf('Controller').matchAll(/^( *)\/\/ \[(\w+)\]\n([\s\S]*?)^ *\/\/ \[\/\2\]\n/gm)) {
    const plain = text.replace(new RegExp(`^${indent}`, 'gm'), '');
    blocks.set(name, [...(blocks.get(name) ?? []), plain]);
  }
  const counts = Object.fromEntries([...blocks].map(([name, texts]) => [name, texts.length]));
  assert.deepEqual(counts, { state: 4, now: 3, oracles: 2, keeps: 4, bare: 4, dao: 3 });
  for (const [name, texts] of blocks) assert.equal(new Set(texts).size, 1, name);
});

for (const name of CONTRACTS) {
  test(`artifacts/${name}.json is what the source compiles to`, () => {
    assert.equal(render(artifactOf(name)), render(compiled(sourceOf(name))));
  });
}

/** Opcodes of May 2026. */
const [OP_BEGIN, OP_UNTIL] = [0x65, 0x66];

test('loops are loops: an older assembler writes OP_BEGIN and OP_UNTIL as zeros', () => {
  for (const name of CONTRACTS) {
    const opcodes = decodeAuthenticationInstructions(unhex(artifactOf(name).bytecode)).map(({ opcode }) => opcode);
    const count = (opcode) => opcodes.filter((each) => each === opcode).length;
    const loops = sourceOf(name).match(/\bdo \{/g).length;
    assert.deepEqual([count(OP_BEGIN), count(OP_UNTIL)], [loops, loops], name);
  }
});

test('a constructor value that is missing is told', () => {
  const { network, ...rest } = LIVE;
  assert.throws(() => covenant(artifactOf('Controller'), { ...rest, epochScript: network }), /needs network/);
});
