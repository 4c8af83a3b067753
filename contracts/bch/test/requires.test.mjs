/** Every `require` of both covenants is tripped, and by a transaction that nothing else refuses before it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { artifactOf } from '../lib/covenant.mjs';
import { refused } from '../lib/expect.mjs';
import * as controller from '../lib/refusals/controller.mjs';
import * as epoch from '../lib/refusals/epoch.mjs';

const cases = { ...controller.cases, ...epoch.cases };

for (const name of ['Controller', 'Epoch']) {
  const { abi, requires } = artifactOf(name);
  for (const { path, message } of requires.filter((each) => each.message !== undefined)) {
    test(`${name}.${path} refuses: ${message}`, () => {
      const make = cases[`${name}.${path}`][message];
      assert.ok(make, 'no transaction trips it');
      refused({ covenants: controller.covenants }, make(), `${name}.${path}`, message);
    });
  }
  test(`${name}: no case without a require, no message twice on a path`, () => {
    for (const { name: path } of abi) {
      const messages = requires.filter((each) => each.path === path && each.message !== undefined).map((each) => each.message);
      assert.deepEqual([...new Set(messages)].sort(), [...messages].sort());
      assert.deepEqual(Object.keys(cases[`${name}.${path}`]).sort(), [...messages].sort());
    }
  });
}
