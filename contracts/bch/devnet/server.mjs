/** JSON-RPC over HTTP as a BCHN node speaks it, on the loopback address, for whoever is on this machine. */
import { createServer } from 'node:http';

import { RpcError, calls } from './rpc.mjs';

const PARSE = -32700;
const INVALID = -32600;
const NO_METHOD = -32601;
const INTERNAL = -32603;
const LARGEST_BODY = 4 << 20;

/** One request's answer and its HTTP status. */
function answer(methods, request) {
  const id = request?.id ?? null;
  const failed = (status, code, message) => ({ status, body: { result: null, error: { code, message }, id } });
  if (typeof request?.method !== 'string') return failed(400, INVALID, 'Missing method');
  if (!Object.hasOwn(methods, request.method)) return failed(404, NO_METHOD, 'Method not found');
  try {
    return { status: 200, body: { result: methods[request.method](...(request.params ?? [])), error: null, id } };
  } catch (error) {
    if (error instanceof RpcError) return failed(500, error.code, error.message);
    return failed(500, INTERNAL, `${request.method}: ${error.message}`);
  }
}

function respond(methods, text) {
  let request;
  try {
    request = JSON.parse(text);
  } catch {
    return { status: 500, body: { result: null, error: { code: PARSE, message: 'Parse error' }, id: null } };
  }
  if (!Array.isArray(request)) return answer(methods, request);
  return { status: 200, body: request.map((each) => answer(methods, each).body) };
}

/**
 * Serves a chain. @param {number} port 0 for any
 * @returns {Promise<{port: number, close: () => Promise<void>}>}
 */
export function serve(chain, port) {
  const methods = calls(chain);
  const server = createServer((request, response) => {
    const parts = [];
    let size = 0;
    request.on('data', (part) => {
      size += part.length;
      if (size > LARGEST_BODY) request.destroy();
      else parts.push(part);
    });
    request.on('end', () => {
      const { status, body } = respond(methods, Buffer.concat(parts).toString('utf8'));
      const answered = Buffer.from(`${JSON.stringify(body)}\n`);
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': answered.length });
      response.end(answered);
    });
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const close = () => new Promise((done) => { server.close(done); server.closeAllConnections?.(); });
      resolve({ port: server.address().port, close });
    });
  });
}
