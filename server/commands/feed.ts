import { readFileSync, statSync } from 'node:fs';
import { FeedDocumentError } from '../modules/predictions/feeds/document.ts';
import { EventServer } from '../modules/predictions/feeds/event-server.ts';
import type { FeedBatch } from '../modules/predictions/feeds/feed.ts';
import type { Match } from '../modules/predictions/feeds/match.ts';
import { readMatch } from '../modules/predictions/feeds/match-format.ts';
import { MatchGames } from '../modules/predictions/feeds/match-games.ts';
import { pickMatch, readOpenfootball } from '../modules/predictions/feeds/openfootball.ts';
import { replay } from '../modules/predictions/feeds/replay.ts';
import { createPredictions } from '../modules/predictions/module.ts';
import type { FeedOutcome } from '../modules/predictions/service/registration.ts';
import { predictionsSettings } from '../modules/predictions/settings.ts';
import type { LoadedSettings } from '../platform/config/settings.ts';
import type { Platform } from '../platform/platform.ts';
import type { Command } from './index.ts';
import { openBeside } from './running.ts';
import { readSettings } from './settings.ts';

const USAGE = `usage: greenroom feed FILE --format openfootball|greenroom [--match NUMBER|"TEAM - TEAM"] [--speed 60] [--source NAME] [--keep-open]\n`;
const MOST_BYTES = 32 * 1024 * 1024;
const FASTEST = 100_000;
/** The clock's waits do not keep a process alive; this does. */
const STAY_MS = 60_000;
const MINUTE_MS = 60_000;

/** Replays a match of a file into a running installation (platform 8). */
export const feed: Command = {
  doc: 'replays a match from a file: feed FILE --format openfootball|greenroom',
  options: {
    format: { type: 'string' },
    match: { type: 'string' },
    speed: { type: 'string', default: '60' },
    source: { type: 'string' },
    'keep-open': { type: 'boolean' },
  },
  async run({ values, positionals, version }) {
    const [file, ...rest] = positionals;
    const speed = Number(values.speed);
    if (file === undefined || rest.length > 0 || !(speed > 0 && speed <= FASTEST)) {
      process.stderr.write(USAGE);
      return 64;
    }
    const match = readFile(file, String(values.format), values.match === undefined ? undefined : String(values.match));
    const settings = readSettings();
    const platform = await openBeside(settings, version);
    if (!platform) {
      const folder = settings.platform.DATA_DIR;
      throw new Error(`no server runs on ${folder}: begin with greenroom start, or set DATABASE_URL to its database`);
    }
    const stay = setInterval(() => undefined, STAY_MS);
    try {
      const source = typeof values.source === 'string' ? values.source : match.competition;
      await run({ platform, settings, match, source, speed, closes: values['keep-open'] !== true });
      return 0;
    } finally {
      clearInterval(stay);
      await platform.close();
    }
  },
};

function readFile(path: string, format: string, selector: string | undefined): Match {
  if (statSync(path).size > MOST_BYTES) throw new FeedDocumentError(`${path} is larger than ${MOST_BYTES} bytes`);
  const text = readFileSync(path, 'utf8');
  if (format === 'openfootball') return pickMatch(readOpenfootball(text), selector);
  if (format === 'greenroom') return readMatch(text);
  throw new FeedDocumentError('say which format the file has: --format openfootball or --format greenroom');
}

interface Replay {
  platform: Platform;
  settings: LoadedSettings;
  match: Match;
  source: string;
  speed: number;
  closes: boolean;
}

async function run({ platform, settings, match, source, speed, closes }: Replay): Promise<void> {
  const { services, parts } = createPredictions(platform, settings.module('predictions', predictionsSettings));
  platform.authority.define(parts.actions);
  const games = new MatchGames({ deps: services.deps, services });
  const game = await games.ensure(match, source);
  const name = `file:${match.competition}`;
  const since = await games.elapsedMinutes(match, name, game);
  process.stdout.write(
    `${match.name} in "${source}": ${settings.platform.PUBLIC_URL}/predictions/games/${game.gameId}\n`,
  );
  if (since !== null) process.stdout.write('the game has had this feed before: going on where it stopped\n');

  const { clock } = platform.ports;
  const startAt = clock.now() - Math.round(((since ?? 0) * MINUTE_MS) / speed);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
  const eventServer = new EventServer({ events: services.events, ports: platform.ports });
  const reader = replay(match, { feed: name, gameId: game.gameId, clock, startAt, speed });
  const tally = await eventServer.read(reader, stop.signal, printBatch);
  process.stdout.write(
    `${tally.registered} events registered, ${tally.duplicate} known already, ${tally.rejected} rejected\n`,
  );
  if (stop.signal.aborted) process.stdout.write('stopped; the same command goes on from here\n');
  else if (closes && game.state !== 'closed') await close(services.closing, game.gameId);
}

async function close(
  closing: ReturnType<typeof createPredictions>['services']['closing'],
  gameId: string,
): Promise<void> {
  try {
    await closing.closeGame({ kind: 'system', name: 'predictions.feed' }, gameId, false);
    process.stdout.write('the game is closed\n');
  } catch (error) {
    // What waits for a person, or for a Resolver, is said, not forced.
    process.stdout.write(`the game is not closed yet: ${(error as Error).message}\n`);
  }
}

function printBatch(batch: FeedBatch, outcomes: readonly FeedOutcome[]): void {
  for (const [i, outcome] of outcomes.entries()) {
    const { action, target, description } = batch.items[i]!;
    const fact = [description, action, target === 'none' ? '' : target].filter((part) => part !== '').join('  ');
    if (outcome.kind === 'registered') process.stdout.write(`  ${fact}\n`);
    else if (outcome.kind === 'rejected') process.stdout.write(`  rejected (${outcome.reason}): ${fact}\n`);
  }
}
