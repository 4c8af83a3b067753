#!/usr/bin/env node
// Writes artifacts/*.json (ABI, bytecode, immutable references, compiler and settings) from what the sources compile to.
//   node tools/artifacts.mjs            build, then write
//   node tools/artifacts.mjs --check    build, then compare; exit status 1 and the names where they differ
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const contracts = ['XLV', 'XLVGovernor', 'TimelockController'];

/** The forge that npm installed for this platform, or the one on the PATH. */
function forge() {
  const installed = join(root, 'node_modules/@foundry-rs', `forge-${process.platform}-${{ x64: 'amd64' }[process.arch] ?? process.arch}`, 'bin/forge');
  return existsSync(installed) ? installed : 'forge';
}

/** Where each immutable stands in the deployed code; the compiler's own numbers for them mean nothing outside. */
function immutables(built) {
  const groups = Object.values(built.deployedBytecode.immutableReferences ?? {});
  return groups.map((group) => group.toSorted((a, b) => a.start - b.start)).toSorted((a, b) => a[0].start - b[0].start);
}

/** One line for each entry of the ABI, so that a change of the interface reads as one. */
function render(built) {
  const { compiler, settings, sources } = JSON.parse(built.rawMetadata);
  const source = Object.keys(settings.compilationTarget)[0];
  const { compilationTarget, libraries, remappings, ...rest } = settings;
  const abi = built.abi.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n');
  return `{
  "contractName": ${JSON.stringify(settings.compilationTarget[source])},
  "sourceName": ${JSON.stringify(source)},
  "license": ${JSON.stringify(sources[source].license ?? null)},
  "compiler": ${JSON.stringify({ name: 'solc', version: compiler.version, settings: rest })},
  "abi": [
${abi}
  ],
  "bytecode": {"object": ${JSON.stringify(built.bytecode.object)}},
  "deployedBytecode": {
    "object": ${JSON.stringify(built.deployedBytecode.object)},
    "immutableReferences": ${JSON.stringify(immutables(built))}
  }
}
`;
}

// Always all of src and nothing else, from nothing: what else is compiled must not show in the result.
const out = 'out/artifacts';
const build = ['build', '--offline', '--quiet', '--force', '--skip', 'test', '--skip', 'script', '--out', out, '--cache-path', 'cache/artifacts'];
execFileSync(forge(), build, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
const check = process.argv.includes('--check');
const stale = [];
for (const name of contracts) {
  const text = render(JSON.parse(readFileSync(join(root, out, `${name}.sol`, `${name}.json`), 'utf8')));
  const path = join(root, 'artifacts', `${name}.json`);
  if (!check) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) stale.push(name);
}
if (stale.length > 0) {
  console.error(`artifacts differ from the sources: ${stale.join(', ')}; run node tools/artifacts.mjs`);
  process.exit(1);
}
