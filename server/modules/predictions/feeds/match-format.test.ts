import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { asset } from '../../../platform/config/asset.ts';
import { FeedDocumentError } from './document.ts';
import { targetOf, timedFacts, vocabularyOf } from './match.ts';
import { readMatch } from './match-format.ts';

const FINAL = readFileSync(asset('server/modules/predictions/feeds/final-2022.json'), 'utf8');

const SMALL = {
  format: 'greenroom-match/1',
  match: { key: 'm', name: 'Chile - Peru' },
  teams: [{ name: 'Chile', players: [{ name: 'Vidal: captain' }] }, { name: 'Peru' }],
  timeline: [
    { id: '1', minute: 90, offset: 2, action: 'Goal', team: 'Chile', player: 'Vidal: captain' },
    { id: '2', minute: 10, action: 'Corner kick', team: 'Peru' },
    { id: '3', minute: 91, action: 'Goal', team: 'Peru', player: 'Vidal: captain', own_goal: true },
    { id: '4', minute: 120, shootout: 1, action: 'Kick', team: 'Peru' },
    { id: '5', minute: 120, offset: 3, action: 'Whistle' },
    { id: '6', minute: 121, action: 'End' },
  ],
};

describe('our match format', () => {
  it('holds the facts of the built-in final', () => {
    const match = readMatch(FINAL);
    const goals = match.timeline.filter((fact) => fact.action === 'Goal');
    assert.deepEqual(
      goals.map(({ minute, team, isPenalty }) => [minute, team, isPenalty]),
      [
        [23, 'Argentina', true],
        [36, 'Argentina', false],
        [80, 'France', true],
        [81, 'France', false],
        [108, 'Argentina', false],
        [118, 'France', true],
      ],
    );
    const kicks = match.timeline.filter((fact) => fact.action === 'Shoot-out goal');
    assert.deepEqual(
      ['Argentina', 'France'].map((team) => kicks.filter((kick) => kick.team === team).length),
      [4, 2],
    );
    const players = new Set(match.teams.flatMap((team) => team.players.map((player) => `${team.name}:${player.name}`)));
    for (const fact of match.timeline) if (fact.player !== null) assert.ok(players.has(targetOf(fact)), fact.id);
    assert.deepEqual(
      timedFacts(match).map(({ fact }) => fact.id),
      match.timeline.map((fact) => fact.id),
      'it is told in order',
    );
  });

  it('puts stoppage time and shoot-outs where they belong', () => {
    const timed = timedFacts(readMatch(JSON.stringify(SMALL)));
    assert.deepEqual(
      timed.map(({ fact, elapsedMinutes }) => [fact.id, elapsedMinutes]),
      [
        ['2', 10],
        ['1', 92],
        ['3', 93],
        ['5', 125],
        ['4', 126],
        ['6', 127],
      ],
    );
  });

  it('names targets so that every event has a leaf', () => {
    const match = readMatch(JSON.stringify(SMALL));
    assert.deepEqual(vocabularyOf(match).targets, [
      'Chile',
      'Chile:Vidal  captain',
      'Chile:Own goal',
      'Chile:Team',
      'Peru',
      'Peru:Own goal',
      'Peru:Team',
    ]);
    assert.deepEqual(match.timeline.map(targetOf), [
      'Chile:Vidal  captain',
      'Peru:Team',
      'Peru:Own goal',
      'Peru:Team',
      'none',
      'none',
    ]);
  });

  it('refuses another format, missing parts and ids used twice', () => {
    const refused = (change: object) =>
      assert.throws(() => readMatch(JSON.stringify({ ...SMALL, ...change })), FeedDocumentError);
    refused({ format: 'greenroom-match/2' });
    refused({ teams: [] });
    refused({ match: { key: 'm' } });
    refused({ timeline: [{ id: '1', minute: -1, action: 'Goal' }] });
    refused({ timeline: [SMALL.timeline[0], SMALL.timeline[0]] });
    refused({ timeline: Array.from({ length: 2_001 }, (_, i) => ({ id: `${i}`, minute: 1, action: 'Goal' })) });
  });
});
