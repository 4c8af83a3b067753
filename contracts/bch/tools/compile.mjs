/** Compiles the covenants to what artifacts/ holds. */
import { readFileSync } from 'node:fs';

import { compileString } from 'cashc';

export const CONTRACTS = ['Controller', 'Epoch'];

/** Which path of the source a line lies in. */
function pathAt(lines, line) {
  const above = lines.slice(0, line).reverse().find((text) => /^ {4}function /.test(text));
  return above.match(/function (\w+)/)[1];
}

/**
 * The artifact of a source: constructor and paths with their arguments, the script without the constructor's pushes, and
 * for each `require` its path, line, message and instruction (counted with the constructor's pushes), so that a failed
 * evaluation can be named.
 */
export function compiled(source) {
  const lines = source.split('\n');
  const { contractName, constructorInputs, abi, debug, compiler } = compileString(source);
  const requires = debug.requires.map(({ ip, line, message }) => ({ path: pathAt(lines, line), line, message, ip }));
  return { contractName, compiler, constructorInputs, abi, requires, bytecode: debug.bytecode };
}

export const sourceOf = (name) => readFileSync(new URL(`../src/${name}.cash`, import.meta.url), 'utf8');

/** One line for each input, path and require, so that a change of one reads as one. */
export function render(artifact) {
  const list = (values) => values.map((value) => `    ${JSON.stringify(value)}`).join(',\n');
  return `{
  "contractName": ${JSON.stringify(artifact.contractName)},
  "compiler": ${JSON.stringify(artifact.compiler)},
  "constructorInputs": [
${list(artifact.constructorInputs)}
  ],
  "abi": [
${list(artifact.abi)}
  ],
  "requires": [
${list(artifact.requires)}
  ],
  "bytecode": ${JSON.stringify(artifact.bytecode)}
}
`;
}
