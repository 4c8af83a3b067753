/** What ../PROMISES.md says of Bitcoin Cash is tested where it says. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const text = readFileSync(new URL('../../PROMISES.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The titles of a test file as its source writes them. */
function sourceOf(file) {
  const path = new URL(file, import.meta.url);
  assert.ok(existsSync(path), `${file} does not exist`);
  return readFileSync(path, 'utf8').replaceAll("\\'", "'");
}

/** `[file, title]` of all tests that a text names: a file's name in backticks, then titles in backticks. */
function named(lines) {
  const names = [];
  let file = null;
  for (const [, token] of lines.matchAll(/`([^`]+)`/g)) {
    if (/\.test\.mjs$/.test(token)) file = token;
    else if (file) names.push([file, token.replace(/\s+/g, ' ')]);
  }
  return names;
}

test('every test that PROMISES.md names for Bitcoin Cash exists, and every promise but the escrow names one', () => {
  const sections = [...text.matchAll(/^## (P\d+) [^\n]*\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm)];
  const silent = [];
  for (const [, promise, body] of sections) {
    const lines = body.match(/^- Bitcoin Cash: ([\s\S]*?)(?=^- |$(?![\s\S]))/m)?.[1] ?? '';
    const names = named(lines);
    if (names.length === 0) silent.push(promise);
    for (const [file, title] of names) assert.ok(sourceOf(file).includes(title), `${promise}: ${file} has no test "${title}"`);
  }
  assert.ok(sections.length >= 11);
  assert.deepEqual(silent, ['P10']);
});

test('every test that the table of attacks names exists', () => {
  const table = readme.match(/^## Attacks\n([\s\S]*?)^## /m)[1];
  const names = named(table);
  assert.ok(names.length > 15, `${names.length}`);
  for (const [file, title] of names) assert.ok(sourceOf(file).includes(title), `${file} has no test "${title}"`);
});
