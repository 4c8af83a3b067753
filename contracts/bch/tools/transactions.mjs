#!/usr/bin/env node
// Writes transactions.json, a distributor's life in transactions, for whoever builds them in another language.
import { writeFileSync } from 'node:fs';

import { examples } from '../lib/examples.mjs';

const rows = examples().map((row) => `  ${JSON.stringify(row)}`);
writeFileSync(new URL('../transactions.json', import.meta.url), `[\n${rows.join(',\n')}\n]\n`);
