#!/usr/bin/env node
// A local Bitcoin Cash chain: `node devnet/main.mjs [PORT]`, port 0 for any. Prints one line with its address, ends on a signal.
import { Chain } from './chain.mjs';
import { serve } from './server.mjs';

const [text = '18443', ...rest] = process.argv.slice(2);
const port = Number(text);
if (rest.length > 0 || !Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error('usage: node devnet/main.mjs [PORT]   a port from 0 (any) to 65535, 18443 where it is left out');
  process.exit(2);
}
try {
  const server = await serve(new Chain(), port);
  console.log(`bch devnet on http://127.0.0.1:${server.port}`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.close().then(() => process.exit(0)));
} catch (error) {
  console.error(error.code === 'EADDRINUSE' ? `port ${port} is taken: name another, or 0 for any` : error.message);
  process.exit(1);
}
