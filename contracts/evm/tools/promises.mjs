#!/usr/bin/env node
// Checks that every test that contracts/PROMISES.md names exists in the file that it names. Exit status 1 and the names if not.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const names = [...readFileSync(join(root, '../PROMISES.md'), 'utf8').matchAll(/`(\w+\.t\.sol)`|`((?:test|testFuzz|invariant|)_\w+)`/g)];
const missing = [];
let source = '';
let file = '';
for (const [, path, test] of names) {
  if (path) [file, source] = [path, readFileSync(join(root, 'test', path), 'utf8')];
  else if (!source.includes(`function ${test}(`)) missing.push(`${file}: ${test}`);
}
if (names.length === 0 || missing.length > 0) {
  console.error(`PROMISES.md names tests that do not exist:\n${missing.join('\n')}`);
  process.exit(1);
}
