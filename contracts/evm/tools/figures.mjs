#!/usr/bin/env node
// Measures what each action costs on Arbitrum's rules and keeps the rows of chain "arbitrum" in ../figures.json.
//   node tools/figures.mjs            measure, then write
//   node tools/figures.mjs --check    measure, then compare; exit status 1 where a value has grown by more than 5 %, or where
//                                     rows are missing
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const path = join(root, '..', 'figures.json');
const GROWTH_PERCENT = 5;

const rules = 'Cancun rules, a transaction of its own, calldata included';
const tree = `${rules}; 2^20 leaves; the epoch is written down already`;
const conditions = {
  'submit-5-of-7': `${rules}; daily, settles its predecessor, both with pay`,
  'submit-9-of-13': `${rules}; daily, settles its predecessor, both with pay`,
  'claim-first': `${tree}; an account that held nothing`,
  'claim-later': `${tree}; an account that claimed before`,
  'claim-range-128': `${tree}; one claim of the run, accounts that claimed before`,
  'claim-range-128-first': `${tree}; one claim of the run, accounts that held nothing`,
  'claim-range-16': `${tree}; one claim of the run, accounts that claimed before`,
  'claim-range-16-first': `${tree}; one claim of the run, accounts that held nothing`,
  'transfer-first': `${rules}; to an account that held nothing, no delegates`,
  'transfer-later': `${rules}; no delegates`,
  veto: `${rules}; the guardian's, of an epoch`,
  'hand-over': `${rules}; after the guarded time`,
  'approve-open': `${rules}; the DAO authority's`,
  open: `${rules}; 5 of 7 signatures`,
  rotate: `${rules}; to a set of 7, after the guarded time`,
};

function forge() {
  const arch = { x64: 'amd64' }[process.arch] ?? process.arch;
  const installed = join(root, 'node_modules/@foundry-rs', `forge-${process.platform}-${arch}`, 'bin/forge');
  return existsSync(installed) ? installed : 'forge';
}

execFileSync(forge(), ['test', '--offline', '--isolate', '--match-contract', '^GasTest$'], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});
const measured = JSON.parse(readFileSync(join(root, 'snapshots/figures.json'), 'utf8'));
const unknown = Object.keys(measured).filter((action) => !(action in conditions));
if (unknown.length > 0) throw new Error(`no conditions for ${unknown.join(', ')}`);
const rows = Object.keys(conditions).map((action) => {
  if (!(action in measured)) throw new Error(`${action} was not measured`);
  return { chain: 'arbitrum', action, unit: 'gas', value: Number(measured[action]), conditions: conditions[action] };
});

const kept = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : [];
if (process.argv.includes('--check')) {
  const complaints = rows.flatMap(({ action, value }) => {
    const before = kept.find((row) => row.chain === 'arbitrum' && row.action === action);
    if (!before) return [`${action}: not in figures.json`];
    return value * 100 > before.value * (100 + GROWTH_PERCENT) ? [`${action}: ${before.value} -> ${value}`] : [];
  });
  if (complaints.length > 0) {
    console.error(`${complaints.join('\n')}\nrun node tools/figures.mjs and commit the change, or make it cheaper`);
    process.exit(1);
  }
} else {
  // the other chains' rows stay where they are
  const all = [...rows, ...kept.filter((row) => row.chain !== 'arbitrum')];
  writeFileSync(path, `[\n${all.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`);
}
