// What wallets of Solana and Bitcoin Cash sign, made and checked by the libraries that wallets are built with.
//
//   node wallets.mjs           writes fixtures.json, which ../it/wallets.rs verifies in Rust
//   node wallets.mjs --check   compares it, and verifies with these libraries what Rust signed: ../../../tests/vectors/session.json
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { base58ToBin, base64ToBin, binToBase58, binToBase64, binToHex, encodeCashAddress, hexToBin, secp256k1 } from '@bitauth/libauth';
import { ed25519 } from '@noble/curves/ed25519';
import { createSignInMessageText, parseSignInMessageText, verifyMessageSignature, verifySignIn } from '@solana/wallet-standard-util';
import { SignedMessage } from 'mainnet-js';

const FIXTURES = new URL('./fixtures.json', import.meta.url);
const VECTORS = new URL('../../../tests/vectors/session.json', import.meta.url);
const SOLANA = 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp';
const BCH = 'bch:bitcoincash';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
// The secrets are known to everybody: worth nothing.
const secret = (name) => new Uint8Array(sha256(`liaise wallet fixture ${name}`));
const utf8 = (text) => new TextEncoder().encode(text);
const hash160 = (key) => new Uint8Array(createHash('ripemd160').update(sha256(key)).digest());

/** The fields of a session text as "Sign In With Solana" calls them. */
const request = (address) => ({
  domain: 'example.liaise',
  address,
  statement:
    "Let the key named below sign prompts and work for this account until it expires. It can't move tokens, link accounts or " +
    'change where this account is paid.',
  uri: `liaise:${'11'.repeat(32)}`,
  version: '1',
  chainId: SOLANA.split(':')[1],
  nonce: 'ab'.repeat(32),
  issuedAt: '2026-01-01T00:00:00Z',
  expirationTime: '2026-01-31T00:00:00Z',
  resources: ['liaise:scope:prompt', 'liaise:scope:work'],
});

function solana(name) {
  const key = secret(name);
  const publicKey = ed25519.getPublicKey(key);
  const input = request(binToBase58(publicKey));
  const text = createSignInMessageText(input);
  const signature = ed25519.sign(utf8(text), key);
  const output = { account: { publicKey }, signedMessage: utf8(text), signature };
  if (!verifySignIn(input, output)) throw new Error('the wallet library refuses its own signature');
  return { wallet: 'Wallet Standard', account: `${SOLANA}:${input.address}`, text, times: 1, signature: binToHex(signature) };
}

/** Signs a text, or that text many times over: Bitcoin's signed messages write lengths in four forms. */
function bch(name, once, times = 1) {
  const text = once.repeat(times);
  const key = secret(name);
  const publicKey = secp256k1.derivePublicKeyCompressed(key);
  const { address } = encodeCashAddress({ prefix: 'bitcoincash', type: 'p2pkh', payload: hash160(publicKey) });
  const { signature } = SignedMessage.sign(text, key);
  if (!SignedMessage.verify(text, signature, address).valid) throw new Error('the wallet library refuses its own signature');
  return {
    wallet: 'mainnet.cash',
    account: `${BCH}:${address.split(':')[1]}`,
    text: once,
    times,
    signature: binToHex(base64ToBin(signature)),
  };
}

function fixtures() {
  const text = createSignInMessageText({ ...request('ADDRESS'), chainId: 'bitcoincash' }).replace('Solana', 'Bitcoin Cash');
  const address = bch('bch 1', '').account.split(':')[2];
  return [
    solana('solana 1'),
    solana('solana 2'),
    bch('bch 1', text.replace('ADDRESS', address)),
    ...[0, 1, 252, 253, 65_535, 65_536].map((times) => bch('bch 2', 'x', times)),
    bch('bch 3', 'Grüße, 現金'),
  ];
}

/** No wallet makes the higher s, but this library takes it. The network does not, or one text had two signatures. */
const LAXER = 'Bitcoin Cash, high s';

/** Whether the wallets' libraries take a signature for the account's. */
function verify({ account, text, signature }) {
  const [namespace, , address] = account.split(':');
  const bytes = hexToBin(signature);
  try {
    if (namespace === 'bch') return SignedMessage.verify(text, binToBase64(bytes), `bitcoincash:${address}`).valid;
    const output = { account: { publicKey: base58ToBin(address) }, signedMessage: utf8(text), signature: bytes };
    return verifySignIn(parseSignInMessageText(text), output);
  } catch {
    // they throw at what has not the form of a signature
    return false;
  }
}

const fresh = `${JSON.stringify(fixtures(), null, 2)}\n`;
if (!process.argv.includes('--check')) {
  writeFileSync(FIXTURES, fresh);
} else {
  if (readFileSync(FIXTURES, 'utf8') !== fresh) throw new Error('fixtures.json differs: run `node wallets.mjs`');
  const cases = JSON.parse(readFileSync(VECTORS, 'utf8')).filter(({ account }) => !account.startsWith('eip155:'));
  if (cases.length < 12) throw new Error(`session.json has only ${cases.length} cases of these chains`);
  for (const one of cases) {
    if (verify(one) !== (!one.error || one.name === LAXER)) throw new Error(`"${one.name}": Rust says ${one.error ?? 'valid'}, the wallets' library differs`);
  }
  console.log(`${cases.length} signatures of session.json judged alike`);
}
