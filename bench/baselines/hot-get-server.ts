import { createServer } from 'node:http';

/**
 * The baseline of hot-get.ts: a bare `node:http` server that answers every request with the same bytes, as fast as Node's own HTTP can. With
 * `HEAD=full` it sends as many headers as Greenroom does, all of them constant. Tells its port over IPC, and its CPU time when asked.
 */
const body = Buffer.from(process.env.BODY ?? '', 'base64');
const headers = ['Content-Type', 'application/json; charset=utf-8', 'Content-Length', String(body.length)];
if (process.env.HEAD === 'full') headers.push(...(JSON.parse(process.env.EXTRA_HEADERS ?? '[]') as string[]));

const server = createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => process.exit());
