import { join } from 'node:path';
import { run } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { spec } from 'node:test/reporters';
import { ROOT } from './files.ts';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

export interface FileResult extends Tally {
  file: string;
  durationMs: number;
  /** What the file's tests and process said, when something failed. */
  report: string;
}

/**
 * Runs one test file in a process of its own. A file whose process ends badly, says nothing or outlasts `limitMs` counts as one failure more.
 */
export async function runFile(file: string, limitMs: number, interrupted: AbortSignal): Promise<FileResult> {
  const startedMs = performance.now();
  const events: TestEvent[] = [];
  const limit = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([limit, interrupted]);
  for await (const event of run({ files: [join(ROOT, file)], isolation: 'process', concurrency: 1, signal })) {
    events.push(event as TestEvent);
  }
  const tally = count(events);
  const silent = tally.passed + tally.failed + tally.skipped === 0;
  if (silent) tally.failed = 1;
  let report = tally.failed === 0 ? '' : await describeFailures(events);
  if (silent) report += 'The file holds no test.\n';
  if (limit.aborted) report += `The file was cut off after ${Math.round(limitMs / 1000)} s.\n`;
  return { file, durationMs: performance.now() - startedMs, report, ...tally };
}

function count(events: readonly TestEvent[]): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  for (const event of events) {
    if (event.type !== 'test:summary' || event.data.file !== undefined) continue;
    const { tests, passed, skipped, todo } = event.data.counts;
    tally.passed += passed;
    tally.skipped += skipped + todo;
    tally.failed += tests - passed - skipped - todo;
  }
  return tally;
}

const SAID = new Set(['test:fail', 'test:stdout', 'test:stderr']);

/** The failures and the output of the process, as Node's own `spec` reporter shows them. */
async function describeFailures(events: readonly TestEvent[]): Promise<string> {
  const reporter = new spec();
  const said = reporter.toArray() as Promise<(string | Buffer)[]>;
  for (const event of events) if (SAID.has(event.type)) reporter.write(event);
  reporter.end();
  return (await said).join('');
}
