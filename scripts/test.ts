// `npm test`: every test of the repository (platform section 1, DESIGN 5).
//
//   npm test -- [--only embedded|external|e2e] [part of a file's path ...]
//
// Suite `embedded` runs all files on one embedded PostgreSQL, suite `external` those that use a database once more on the machine's own.

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureConsole } from '../server/commands/console-build.ts';
import { findTestFiles, isBlackBox, ROOT, usesDatabase } from './test-run/files.ts';
import { type FileResult, runFile, type Tally } from './test-run/run-file.ts';
import { dropDatabases, findPostgres, findRedis, type Service, startEmbedded } from './test-run/services.ts';

const ARTIFACTS = join(ROOT, 'artifacts');
const FILES_AT_ONCE = 2;
const FILE_LIMIT_MS = 180_000;
/** Black-box files start servers and browsers, kill and start them again. */
const BLACK_BOX_LIMIT_MS = 600_000;
const EXIT_INTERRUPTED = 130;
const PARTS = ['embedded', 'external', 'e2e'] as const;

interface Plan {
  only: (typeof PARTS)[number] | undefined;
  files: string[];
  repeated: string[];
  servicesRequired: boolean;
}

function readPlan(): Plan {
  const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
  const only = PARTS.find((part) => part === values.only);
  if (values.only !== undefined && only === undefined) fail(`--only takes one of ${PARTS.join(', ')}`);
  const files = findTestFiles(positionals);
  if (files.length === 0) fail('no test file has that in its path');
  return {
    only,
    files,
    repeated: files.filter(usesDatabase),
    servicesRequired: process.env.GREENROOM_TEST_SERVICES === 'required',
  };
}

function fail(message: string): never {
  process.stderr.write(`test: ${message}\n`);
  process.exit(64);
}

async function main(interrupted: AbortSignal): Promise<void> {
  const plan = readPlan();
  const startedMs = performance.now();
  const runId = randomBytes(4).toString('hex');
  const services = { postgres: await findPostgres(process.env), redis: await findRedis(process.env) };
  // Tests name what they want themselves; a server that they start must not see the settings of the person who runs them.
  for (const key of ['DATABASE_URL', 'REDIS_URL', 'PORT', 'HOST', 'DATA_DIR']) delete process.env[key];
  process.env.GREENROOM_TEST_RUN = runId;
  if ('url' in services.redis) process.env.GREENROOM_TEST_REDIS_URL = services.redis.url;
  rmSync(ARTIFACTS, { recursive: true, force: true });
  mkdirSync(ARTIFACTS, { recursive: true });

  const results: (FileResult & { suite: string })[] = [];
  let missing = tellMissing('tests with Redis', services.redis, plan);
  if (plan.only !== 'external') {
    // Once, instead of by every server that the tests start.
    if (plan.files.some(isBlackBox)) await ensureConsole();
    const files = plan.only === 'e2e' ? plan.files.filter(isBlackBox) : plan.files;
    for (const result of await runEmbedded(files, runId, interrupted)) results.push({ suite: 'embedded', ...result });
  }
  if (plan.only === undefined || plan.only === 'external') {
    missing += tellMissing('suite external', services.postgres, plan);
    for (const result of await runExternal(plan.repeated, services.postgres, runId, interrupted))
      results.push({ suite: 'external', ...result });
  }
  writeFileSync(join(ARTIFACTS, 'tests.json'), JSON.stringify(results, undefined, 1));
  conclude(results, missing, performance.now() - startedMs);
}

/** Says that a service is missing, and counts it as a failure where services are required. */
function tellMissing(what: string, service: Service, plan: Plan): number {
  if ('url' in service) return 0;
  process.stdout.write(`${plan.servicesRequired ? 'FAILED' : 'skipped'}: ${what}: ${service.missing}\n`);
  return plan.servicesRequired ? 1 : 0;
}

async function runEmbedded(files: readonly string[], runId: string, interrupted: AbortSignal): Promise<FileResult[]> {
  const embedded = await startEmbedded();
  try {
    return await runSuite(`embedded, on PostgreSQL ${embedded.version}`, files, embedded.url, interrupted);
  } finally {
    await dropDatabases(embedded.url, runId);
    await embedded.stop();
  }
}

async function runExternal(
  files: readonly string[],
  postgres: Service,
  runId: string,
  interrupted: AbortSignal,
): Promise<FileResult[]> {
  if (!('url' in postgres)) return [];
  try {
    return await runSuite(`external, on PostgreSQL ${postgres.version}`, files, postgres.url, interrupted);
  } finally {
    await dropDatabases(postgres.url, runId);
  }
}

/** Runs files, a few at a time, each with a line of its own. */
async function runSuite(
  name: string,
  files: readonly string[],
  databaseUrl: string,
  interrupted: AbortSignal,
): Promise<FileResult[]> {
  process.stdout.write(`\nsuite ${name}: ${files.length} files\n`);
  process.env.GREENROOM_TEST_DATABASE_URL = databaseUrl;
  const queue = [...files];
  const results: FileResult[] = [];
  const work = async () => {
    for (let file = queue.shift(); file !== undefined && !interrupted.aborted; file = queue.shift()) {
      const result = await runFile(file, isBlackBox(file) ? BLACK_BOX_LIMIT_MS : FILE_LIMIT_MS, interrupted);
      results.push(result);
      process.stdout.write(line(result));
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, work));
  return results;
}

function line(result: FileResult): string {
  const seconds = (result.durationMs / 1000).toFixed(1).padStart(6);
  const mark = result.failed > 0 ? 'FAILED' : 'ok    ';
  const report = result.report === '' ? '' : `${result.report.trimEnd()}\n\n`;
  return `${mark} ${seconds} s  ${result.file}  ${summary(result)}\n${report}`;
}

function summary({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function conclude(results: readonly (FileResult & { suite: string })[], missing: number, durationMs: number): void {
  const total: Tally = { passed: 0, failed: missing, skipped: 0 };
  for (const { passed, failed, skipped } of results) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  const failures = results.filter((result) => result.failed > 0);
  if (failures.length > 0) process.stdout.write('\nFailures, to be run again with "npm test -- FILE":\n');
  for (const { suite, file } of failures) process.stdout.write(`  ${file} (${suite})\n`);
  const artifacts = readdirSync(ARTIFACTS, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  process.stdout.write(`\n${Math.round(durationMs / 1000)} s; ${artifacts.length} files in artifacts/\n`);
  for (const { name, parentPath } of artifacts) {
    if (name.endsWith('.png')) process.stdout.write(`  ${join(parentPath, name).slice(ROOT.length + 1)}\n`);
  }
  process.stdout.write(`${summary(total)}\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

// The first signal ends the files that run, then the databases are put away as always; a second one ends this process at once.
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
await main(interruption.signal);
if (interruption.signal.aborted) process.exitCode = EXIT_INTERRUPTED;
