import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import type { LoggedEvent } from '../../../platform/events/types.ts';
import { CHANGES_TOPIC, gameTopic, sourceTopic } from '../events.ts';
import { followChanges, staleTags, TAGS } from './invalidation.ts';

const event = (topic: string, type: string, data: unknown): LoggedEvent => ({
  topic,
  type,
  data,
  seq: 1,
  at: 0,
  actor: null,
});

describe('invalidation', () => {
  it('knows what an event makes stale', () => {
    const cases: [LoggedEvent, string[]][] = [
      [event(gameTopic('G'), 'bets.placed', {}), [TAGS.game('g')]],
      [event(gameTopic('g'), 'pool.resolved', {}), [TAGS.game('g')]],
      [event(gameTopic('g'), 'chat.message', {}), []],
      [event(gameTopic('g'), 'player.joined', {}), []],
      [
        event(gameTopic('g'), 'game.updated', { body: { source_id: 's' } }),
        [TAGS.game('g'), TAGS.games, TAGS.gamesOf('s')],
      ],
      [
        event(CHANGES_TOPIC, 'games', { game_id: 'g', source_id: 's' }),
        [TAGS.game('g'), TAGS.games, TAGS.gamesOf('s')],
      ],
      [event(CHANGES_TOPIC, 'sources', { source_id: 's' }), [TAGS.games, TAGS.gamesOf('s')]],
      [
        event(CHANGES_TOPIC, 'settled', { pool_id: 'p', game_id: 'g' }),
        [TAGS.game('g'), TAGS.boards, TAGS.boardOf('g')],
      ],
      [event(sourceTopic('s'), 'game.created', {}), []],
      [event('draws/x', 'anything', null), []],
    ];
    for (const [given, tags] of cases) assert.deepEqual(staleTags(given), tags, `${given.topic} ${given.type}`);
  });

  it('PF-20: an event that cannot be read stops nothing', async () => {
    let hear: (events: readonly LoggedEvent[]) => void = () => assert.fail('nobody listens');
    const dropped: string[][] = [];
    const stopped: string[] = [];
    const feed = {
      follow: async () => ({ seq: 0, stop: () => void stopped.push('topic') }),
      onHint: (fn: typeof hear) => {
        hear = fn;
        return () => void stopped.push('hints');
      },
    };
    const cache = { invalidate: (tags: readonly string[]) => void dropped.push([...tags]) };
    const following = await followChanges(feed, cache, pino({ level: 'silent' }));
    hear([event(CHANGES_TOPIC, 'games', null)]);
    const bets = (...bettors: string[]) => event(gameTopic('g'), 'bets.placed', { bettors });
    hear([bets('anna'), bets('ben')]);
    hear([bets('ben', 'anna')]);
    hear([bets('anna', 'carla')]);
    following.stop();
    // A player's first bet brings him onto the boards (LB3); his others change none.
    const boards = [TAGS.game('g'), TAGS.boards, TAGS.boardOf('g')];
    assert.deepEqual(dropped, [boards, [TAGS.game('g')], boards]);
    assert.deepEqual(stopped.sort(), ['hints', 'topic']);
  });
});
