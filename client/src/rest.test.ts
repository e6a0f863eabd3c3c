import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { ApiError } from './errors.ts';
import { RestClient, readCookie } from './rest.ts';

interface Answer {
  status: number;
  type: string;
  body: string;
  headers?: Record<string, string>;
}

let server: Server;
let baseUrl: string;
let received: IncomingMessage;
let answer: Answer;

before(async () => {
  server = createServer((request, response) => {
    received = request;
    request.resume().on('end', () => {
      response.writeHead(answer.status, { 'Content-Type': answer.type, ...answer.headers });
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return { status, type: 'application/json', body: JSON.stringify(body), headers };
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof ApiError);
    return error;
  }
  return assert.fail('no error');
}

test('cookies are found by exact name and decoded', () => {
  assert.equal(readCookie('xgr_csrf=1; gr_csrf=a%3Db; _xsrf=c', 'gr_csrf'), 'a=b');
  assert.equal(readCookie('', 'gr_csrf'), undefined);
});

test('changes carry both CSRF headers, each from its own cookie; reads carry none', async () => {
  const rest = new RestClient({ baseUrl, cookies: () => 'gr_csrf=platform; _xsrf=docs' });
  answer = json(200, {});
  await rest.post('/x', { a: 1 }, { idempotencyKey: 'key-1' });
  assert.equal(received.headers['x-csrf-token'], 'platform');
  assert.equal(received.headers['x-xsrftoken'], 'docs');
  assert.equal(received.headers['idempotency-key'], 'key-1');
  await rest.get('/x', { query: { a: 1, b: undefined } });
  assert.equal(received.url, '/x?a=1');
  assert.equal(received.headers['x-csrf-token'], undefined);
});

test('problem+json becomes a typed error with field errors', async () => {
  const body = {
    title: 'Invalid',
    status: 400,
    detail: 'Check the form.',
    code: 'invalid_input',
    requestId: 'r1',
    errors: [{ field: 'email', message: 'Not an e-mail.' }],
  };
  answer = { ...json(400, body), type: 'application/problem+json' };
  const error = await failure(new RestClient({ baseUrl }).post('/x'));
  assert.equal(error.code, 'invalid_input');
  assert.equal(error.message, 'Check the form.');
  assert.equal(error.requestId, 'r1');
  assert.deepEqual(error.fields, [{ field: 'email', message: 'Not an e-mail.' }]);
});

test('predictions errors: msg as text or list, error as name, code as number', async () => {
  answer = json(409, { msg: ['Not enough money.'], error: 'insufficient_funds', code: 6601 }, { 'Retry-After': '3' });
  const error = await failure(new RestClient({ baseUrl }).post('/r/x'));
  assert.equal(error.code, 'insufficient_funds');
  assert.equal(error.number, 6601);
  assert.equal(error.message, 'Not enough money.');
  assert.equal(error.retryAfterMs, 3000);
});

test('an answer that is no JSON still has a code', async () => {
  answer = { status: 502, type: 'text/html', body: '<h1>Bad gateway</h1>' };
  assert.equal((await failure(new RestClient({ baseUrl }).get('/x'))).code, 'http_502');
});

test('no answer at all is a NetworkError', async () => {
  const closed = new RestClient({ baseUrl: 'http://127.0.0.1:1' });
  await assert.rejects(closed.get('/x'), { name: 'NetworkError' });
});
