#!/usr/bin/env node
// Writes artifacts/*.json from src/*.cash.
//   node tools/artifacts.mjs            compile, then write
//   node tools/artifacts.mjs --check    compile, then compare; exit status 1 and the names where they differ
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { CONTRACTS, compiled, render, sourceOf } from './compile.mjs';

const folder = new URL('../artifacts/', import.meta.url);
const check = process.argv.includes('--check');
const stale = [];
if (!check) mkdirSync(folder, { recursive: true });
for (const name of CONTRACTS) {
  const text = render(compiled(sourceOf(name)));
  const path = new URL(`${name}.json`, folder);
  if (!check) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) stale.push(name);
}
if (stale.length > 0) {
  console.error(`artifacts differ from the sources: ${stale.join(', ')}; run \`node tools/artifacts.mjs\` in contracts/bch`);
  process.exit(1);
}
