import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './server.ts';
import { until } from './waiting.ts';

/** A Redis of the test's own, that it may stop and kill. */
export class OwnRedis {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;

  constructor(port: number) {
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = mkdtempSync(join(tmpdir(), 'greenroom-redis-'));
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      this.#folder,
    ];
    this.#process = spawn('redis-server', args, { stdio: 'ignore' });
    this.#ended = once(this.#process, 'exit');
  }

  /** Answers nobody from now on, and takes what is sent to it with it. */
  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export async function startRedis(): Promise<OwnRedis> {
  const redis = new OwnRedis(await freePort());
  const client = new Redis(redis.url, { lazyConnect: true, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  await until('redis answers', () => client.ping().then((pong) => pong === 'PONG'));
  client.disconnect();
  return redis;
}
