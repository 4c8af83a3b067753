#!/usr/bin/env node
// Drives distributors by chance: `node tools/walk.mjs [WALKS] [STEPS] [FIRST SEED]`. Exit status 1 and the seed where one fails.
import { walk } from '../lib/walk.mjs';

const [walks = 20, steps = 200, firstSeed = 1] = process.argv.slice(2).map(Number);
const total = { accepted: 0, refused: 0, reorganised: 0 };
for (let seed = firstSeed; seed < firstSeed + walks; seed += 1) {
  try {
    for (const [what, count] of Object.entries(walk(seed, steps))) total[what] += count;
  } catch (error) {
    console.error(`seed ${seed}: ${error.message}`);
    process.exit(1);
  }
}
console.log(JSON.stringify({ walks, steps, ...total }));
