import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { asset } from '../../../platform/config/asset.ts';
import { FeedDocumentError } from './document.ts';
import { descriptionOf, type Match, targetOf, timedFacts } from './match.ts';
import { pickMatch, readOpenfootball } from './openfootball.ts';

const NEW_FORM = {
  name: 'Cup 2026',
  matches: [
    {
      ...{ round: 'Matchday 1', num: 1, date: '2026-06-11', time: '13:00 UTC-6', team1: 'Chile', team2: 'Peru' },
      score: { ft: [2, 1], ht: [0, 0] },
      goals1: [
        { name: 'Vidal', minute: '90+3' },
        { name: 'Callens', minute: '45+1', owngoal: true },
      ],
      goals2: [{ name: 'Guerrero', minute: '90', penalty: true }],
    },
  ],
};

const OLD_FORM = {
  rounds: [
    {
      name: 'Final',
      matches: [
        {
          ...{ date: '2014-07-13', team1: { name: 'Chile', code: 'CHI' }, team2: { name: 'Peru', code: 'PER' } },
          score: { ft: [1, 1], et: [2, 2], p: [3, 4] },
          goals1: [
            { name: 'Vidal', minute: 90, offset: 3 },
            { name: 'Vidal', minute: 90, offset: 3 },
          ],
          goals2: [{ name: 'Medel', minute: 119, owngoal: true }],
        },
      ],
    },
  ],
};

const read = (document: object): Match[] => readOpenfootball(JSON.stringify(document));

describe('openfootball reader', () => {
  it('reads minutes as text, penalties and own goals, in the order of play', () => {
    const [match] = read(NEW_FORM);
    assert.deepEqual(
      timedFacts(match!).map(({ fact }) => [descriptionOf(fact), fact.action, targetOf(fact)]),
      [
        ["45+1' own goal by Callens", 'Goal', 'Chile:Own goal'],
        ["90' penalty", 'Goal', 'Peru:Guerrero'],
        ["90+3'", 'Goal', 'Chile:Vidal'],
        ["90+4' 2:1", 'Match won', 'Chile:Team'],
      ],
    );
    assert.equal(match!.name, 'Chile - Peru');
    assert.equal(match!.competition, 'Cup 2026');
    assert.deepEqual(match!.teams[1]!.players, [{ name: 'Guerrero', position: null }]);
  });

  it('reads minutes as numbers with an offset, teams as objects, rounds, and a result by penalties', () => {
    const [match] = read(OLD_FORM);
    const facts = match!.timeline;
    assert.deepEqual(
      facts.map(({ minute, offset, team }) => [minute, offset, team]),
      [
        [90, 3, 'Chile'],
        [90, 3, 'Chile'],
        [119, 0, 'Peru'],
        [120, 1, 'Peru'],
      ],
    );
    assert.equal(facts.at(-1)!.description, '3:4 on penalties after 2:2');
    assert.equal(new Set(facts.map((fact) => fact.id)).size, 4, 'two goals in one minute are two facts');
  });

  it('gives a goal the same id when another one is added to the file', () => {
    const before = read(NEW_FORM)[0]!.timeline.map((fact) => fact.id);
    const [entry] = NEW_FORM.matches;
    const added = { ...entry!, goals1: [{ name: 'Sánchez', minute: '3' }, ...entry!.goals1] };
    const after = new Set(read({ matches: [added] })[0]!.timeline.map((fact) => fact.id));
    assert.ok(before.every((id) => after.has(id)));
  });

  it('says that nobody won a draw', () => {
    const [match] = read({ matches: [{ team1: 'Chile', team2: 'Peru', score: { ft: [0, 0] } }] });
    assert.deepEqual(match!.timeline.map(targetOf), ['none']);
  });

  it('refuses what is not of the format, and says where', () => {
    const refusals: [string, RegExp][] = [
      ['{', /not JSON/],
      ['[]', /document/],
      ['{}', /no matches/],
      ['{"matches":[{"team1":"Chile"}]}', /matches\/0/],
      ['{"matches":[{"team1":"Chile","team2":"Pe\\u0000ru"}]}', /cannot be kept/],
      ['{"matches":[{"team1":"Chile","team2":"Peru","goals1":[{"name":"A","minute":"soon"}]}]}', /minute/],
      [`{"a":${'['.repeat(20)}${']'.repeat(20)}}`, /too deeply/],
    ];
    for (const [text, message] of refusals) {
      assert.throws(
        () => readOpenfootball(text),
        (error) => error instanceof FeedDocumentError && message.test(error.message),
        text,
      );
    }
  });

  it('finds the match somebody means', () => {
    const names = [
      ['Chile', 'Peru'],
      ['Curaçao', 'Chile'],
      ['Peru', 'Brazil'],
    ];
    const matches = read({ matches: names.map(([team1, team2]) => ({ team1, team2 })) });
    assert.equal(pickMatch(matches, undefined), matches[2]);
    assert.equal(pickMatch(matches, '1'), matches[0]);
    assert.equal(pickMatch(matches, 'peru - brazil'), matches[2]);
    assert.equal(pickMatch(matches, 'curacao'), matches[1]);
    assert.throws(() => pickMatch(matches, 'chile'), /fits several matches[\s\S]*1 {2}Chile - Peru/);
    assert.throws(() => pickMatch(matches, '4'), /no match "4"/);
  });

  it('tells apart two matches of the same teams in one file', () => {
    const pair = { team1: 'Chile', team2: 'Peru' };
    const matches = read({
      matches: [
        { ...pair, date: '2026-06-11' },
        { ...pair, date: '2026-07-19' },
      ],
    });
    assert.deepEqual(
      matches.map(({ name }) => name),
      ['Chile - Peru, 2026-06-11', 'Chile - Peru, 2026-07-19'],
    );
  });
});

describe('openfootball files as published', () => {
  for (const [year, count, ownGoals] of [
    ['2022', 64, 2],
    ['2026', 104, 14],
  ] as const) {
    const path = asset(`../shared/data/openfootball/worldcup-${year}.json`);
    const skip = existsSync(path) ? false : `no copy of the ${year} file beside the repository`;
    it(`${year}: every goal of every match, for the right team`, { skip }, () => {
      const text = readFileSync(path, 'utf8');
      const matches = readOpenfootball(text);
      const published = (JSON.parse(text) as { matches: { score: { ft: number[]; et?: number[] } }[] }).matches;
      assert.equal(matches.length, count);
      for (const [i, match] of matches.entries()) {
        const goals = match.timeline.filter((fact) => fact.action === 'Goal');
        const score = match.teams.map((team) => goals.filter((goal) => goal.team === team.name).length);
        const { ft, et } = published[i]!.score;
        assert.deepEqual(score, et ?? ft, match.name);
        assert.equal(match.timeline.at(-1)!.action, 'Match won');
        assert.equal(timedFacts(match).at(-1)!.fact, match.timeline.at(-1), 'the result is last');
      }
      const facts = matches.flatMap((match) => match.timeline.map((fact) => ({ match: match.key, fact })));
      assert.equal(facts.filter(({ fact }) => fact.isOwnGoal).length, ownGoals);
      assert.equal(new Set(facts.map(({ match, fact }) => `${match}/${fact.id}`)).size, facts.length);
    });
  }
});
