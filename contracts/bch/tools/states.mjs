#!/usr/bin/env node
// Writes STATES.md from the search over the state machine.
//   node tools/states.mjs            search, then write
//   node tools/states.mjs --wide     search with larger numbers; exit status 1 where it finds other classes or other paths
import { readFileSync, writeFileSync } from 'node:fs';

import { SMALL, WIDE } from '../lib/search.mjs';
import { render, states } from '../lib/table.mjs';

const path = new URL('../STATES.md', import.meta.url);
if (process.argv.includes('--wide')) {
  const wide = states(WIDE);
  const same = render({ ...wide, count: states(SMALL).count }) === readFileSync(path, 'utf8');
  console.log(`${wide.count} states, ${wide.rows.length} classes: ${same ? 'as in STATES.md' : 'not as in STATES.md'}`);
  process.exit(same ? 0 : 1);
}
writeFileSync(path, render(states()));
