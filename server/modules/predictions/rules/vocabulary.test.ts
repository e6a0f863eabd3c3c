import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type FieldType, parseField } from './field-spec.ts';
import type { OpSpec, ParamSpec } from './op-spec.ts';
import { OPS } from './ops.ts';
import { RESPONSES, SHAPES } from './responses.ts';
import { messageFaults, opcodesBody, responseOf } from './vocabulary.ts';

type Fixture = {
  readonly shapes: Record<string, Record<string, string>>;
  readonly ops: {
    readonly op: number;
    readonly name: string | null;
    readonly other_names: string[];
    readonly params: Record<string, unknown>[];
    readonly who: string[];
    readonly direct: number[];
    readonly broadcast: Record<string, number[]>;
  }[];
  readonly responses: {
    readonly res: number;
    readonly name: string;
    readonly other_names: string[];
    readonly fields: Record<string, string>;
  }[];
};

/** The wire as written from the contract, apart from this code. */
const fixture: Fixture = JSON.parse(
  readFileSync(new URL('../../../../e2e/fixtures/opcodes.json', import.meta.url), 'utf8'),
);
const ops: [string, OpSpec][] = Object.entries(OPS);

/** A field type in the notation of the fixture. */
const noted = (fields: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, type.replace(': ', '>')]));

/** A parameter in the notation of the fixture. */
function notedParam(name: string, spec: ParamSpec): Record<string, unknown> {
  const isPlain = !spec.required && !spec.absentMeans && !spec.requiredForTypes;
  const unset = spec.kind === 'list' ? [] : null;
  return {
    name,
    ...(spec.aliases === undefined ? {} : { other_names: spec.aliases }),
    ...(spec.required === undefined ? {} : { required: spec.required }),
    ...(spec.unless === undefined ? {} : { unless: spec.unless }),
    ...(spec.requiredForTypes === undefined ? {} : { required_for_types: spec.requiredForTypes }),
    ...(spec.absentMeans === undefined ? {} : { absent_means: spec.absentMeans }),
    ...(isPlain ? { default: spec.default ?? unset } : {}),
    ...(spec.extension === undefined ? {} : { extension: spec.extension }),
  };
}

const byName = (a: Record<string, unknown>, b: Record<string, unknown>) => (String(a.name) < String(b.name) ? -1 : 1);

test('every op of the contract is here with its names, parameters, roles and answers, and no other (4.2)', () => {
  assert.deepEqual(ops.map(([, spec]) => spec.op).sort(), fixture.ops.map((entry) => entry.op).sort());
  for (const entry of fixture.ops) {
    const found = ops.find(([, spec]) => spec.op === entry.op);
    assert.ok(found);
    const [name, spec] = found;
    assert.equal(spec.unlisted === true ? null : name, entry.name);
    assert.deepEqual(spec.aliases, entry.other_names, name);
    assert.deepEqual(spec.who, entry.who, name);
    assert.deepEqual(spec.direct, entry.direct, name);
    assert.deepEqual(spec.broadcast, entry.broadcast, name);
    const params = Object.entries(spec.params).map(([param, paramSpec]) => notedParam(param, paramSpec));
    assert.deepEqual(params.sort(byName), entry.params.toSorted(byName), name);
  }
});

test('every response of the contract is here with its names and fields, and no other (4.4)', () => {
  const entries = Object.entries(RESPONSES).map(([name, spec]) => ({
    res: spec.res,
    name,
    other_names: spec.aliases,
    fields: noted(spec.fields),
  }));
  const byRes = (a: { res: number }, b: { res: number }) => a.res - b.res;
  assert.deepEqual(entries.sort(byRes), fixture.responses.toSorted(byRes));
});

test('the shapes inside messages are those of the contract (4.3)', () => {
  const shapes = Object.entries(SHAPES).map(([name, fields]) => [name, noted(fields)]);
  assert.deepEqual(Object.fromEntries(shapes), fixture.shapes);
});

test('every answer an op names exists, and every kind of parameter fits its default', () => {
  for (const [name, spec] of ops) {
    for (const res of [...spec.direct, ...Object.values(spec.broadcast).flat()])
      assert.ok(responseOf(res), `${name} ${res}`);
    for (const [param, { kind, default: value }] of Object.entries(spec.params)) {
      const types = { boolean: 'boolean', integer: 'number', id: 'string', text: 'string' } as Record<string, string>;
      if (value !== undefined) assert.equal(typeof value, types[kind], `${name} ${param}`);
    }
  }
});

test('parameters are read as what they are', () => {
  const kinds: Record<string, RegExp> = {
    time: /_at$/,
    list: /^(actions|targets)$/,
    boolean: /^(force|hot|is_hot|is_blocked|is_resolved|recreate_on_end)$/,
    integer: /^(start|end|top_count|bottom_count|surrounding_count)$/,
    text: /^(source_name|description|game_name|hashtag|text)$/,
    value: /^amount$/,
  };
  const ids =
    /^(game_id|source_id|pool_id|action_id|target_id|target|event_id|client_ref|username|currency|game_type)$/;
  const seen = new Set<string>();
  for (const [name, spec] of ops) {
    for (const [param, { kind }] of Object.entries(spec.params)) {
      if (param === 'type' || param === 'image_url') continue;
      seen.add(kind);
      const pattern = kinds[kind] ?? ids;
      assert.match(param, pattern, `${name} ${kind}`);
    }
  }
  assert.deepEqual([...seen].sort(), [...Object.keys(kinds), 'id'].sort());
  assert.equal(OPS.create_game.params.type.kind, 'id');
  assert.equal(OPS.create_and_open_betting_pool.params.type.kind, 'integer');
  assert.equal(OPS.create_game.params.image_url.kind, 'text');
  assert.equal(OPS.update_game_details.params.image_url.kind, 'change');
});

test('texts and numbers are bounded (6607)', () => {
  const bounds: [string, string, number, number | undefined][] = [
    ['open_game_source', 'source_name', 512, undefined],
    ['open_game_source', 'description', 512, undefined],
    ['create_game', 'game_name', 512, undefined],
    ['create_game', 'hashtag', 512, undefined],
    ['create_game', 'image_url', 2048, undefined],
    ['update_game_details', 'image_url', 2048, undefined],
    ['create_and_open_betting_pool', 'description', 512, undefined],
    ['create_and_open_betting_pool', 'type', 4, 1],
    ['register_game_event', 'description', 512, undefined],
    ['text_message', 'text', 65_536, undefined],
    ['get_leaderboard', 'start', 2_000_000_000, 0],
    ['get_leaderboard', 'end', 2_000_000_000, 0],
    ['get_user_tailored_leaderboard', 'top_count', 100, 0],
    ['get_user_tailored_leaderboard', 'surrounding_count', 100, 0],
    ['get_user_tailored_leaderboard', 'bottom_count', 100, 0],
  ];
  for (const [op, param, most, least] of bounds) {
    const spec = ops.find(([name]) => name === op)?.[1].params[param];
    assert.deepEqual([spec?.most, spec?.least], [most, least], `${op} ${param}`);
  }
});

test('res 2 lists every name, older and misspelled ones too (I26, I27)', () => {
  const { opcodes, response_codes } = opcodesBody();
  assert.deepEqual(
    [opcodes.get_opcodes, opcodes.opcodes, opcodes.list_open_pools_for_game, opcodes.list_all_betting_pools_for_game],
    [2, 2, 387, 387],
  );
  assert.deepEqual(
    ['bet_pool_expired', 'bet_pool_expored', 'you_open_pools_list_for_game', 'your_open_pools_list_for_game'].map(
      (name) => response_codes[name],
    ),
    [363, 363, 353, 353],
  );
  const named = fixture.ops.filter((entry) => entry.name !== null);
  assert.deepEqual(Object.keys(opcodes).sort(), named.flatMap((entry) => [entry.name, ...entry.other_names]).sort());
  assert.deepEqual(
    Object.keys(response_codes).sort(),
    fixture.responses.flatMap((entry) => [entry.name, ...entry.other_names]).sort(),
  );
});

test('a field type is taken apart into base and marks', () => {
  const parse = (type: FieldType) => Object.values(parseField(type));
  assert.deepEqual(parse('s'), ['s', false, false, false]);
  assert.deepEqual(parse('id[]*+'), ['id[]', false, true, true]);
  assert.deepEqual(parse('ms?'), ['ms', true, false, false]);
  assert.deepEqual(parse('{s: m}'), ['{s: m}', false, false, false]);
  assert.deepEqual(parse('Pool[]+'), ['Pool[]', false, false, true]);
});

test('a message as declared has no faults', () => {
  const target = { target_id: 'a', symbol: 'a', display_name: 'A', targets: [] };
  const messages = [
    { response_header: { t: 1 }, res: 1 },
    { res: 341, game_id: 'g' },
    { res: 100, session_key: 'k', restored: true, games: ['g'] },
    { res: 815, current_balance: 1.25, available_balance: -0.01, currency: 'DON', exposure: 0 },
    { res: 2, opcodes: { ping: 1 }, response_codes: {} },
    {
      res: 366,
      game_id: 'g',
      description: '',
      action_id: 'a',
      target_id: 't',
      target_display_name: 'T',
      current_count: { t: '1' },
      happened_at: 5,
      event_id: 'e',
    },
    { res: 460, pool_id: 'p', predictions: [] },
    { res: 621, sources: [{ id: 's', name: 'S', description: null }] },
    { res: 666, text: 'no', error: 'x', code: 6601, details: { a: [1] } },
    {
      res: 340,
      source_id: 's',
      game_id: 'g',
      game_name: 'n',
      type: 't',
      actions: [],
      targets: [{ ...target, targets: [target] }],
      open_at: 1,
      live_start_at: 1,
      live_finish_at: null,
      close_at: null,
      hashtag: '#',
      image_url: null,
      currency: 'DON',
    },
    {
      res: 361,
      pool_id: 'p',
      target_level: 1,
      distribution: [
        { target_id: 't', display_name: 'T', backing_people: 0, backing_money: 0, to_win_if_backed: 1.3333 },
      ],
      new_bets: [],
      game_id: 'g',
      amount_total: 0,
      participants: 0,
    },
  ];
  for (const message of messages) assert.deepEqual(messageFaults(message), [], JSON.stringify(message));
});

test('missing, undeclared and mistyped fields are faults, each with its path', () => {
  const faults: [Record<string, unknown>, string[]][] = [
    [{ res: 9999 }, ['res: unknown']],
    [{ res: '341' }, ['res: unknown']],
    [{ res: 341 }, ['game_id: missing']],
    [{ res: 341, game_id: 'g', extra: 1 }, ['extra: undeclared']],
    [{ res: 341, game_id: null }, ['game_id: null']],
    [{ res: 341, game_id: 7 }, ['game_id: not id']],
    [{ res: 645, game_id: 'g', reason: 7 }, ['reason: not s']],
    [{ res: 100, session_key: 'k', restored: 'yes' }, ['restored: not b']],
    [{ res: 100, session_key: 'k', games: 'g' }, ['games: not a list']],
    [{ res: 100, session_key: 'k', games: ['g', 7] }, ['games[1]: not id']],
    [{ res: 840, currency: 'DON', exposure: 1.005 }, ['exposure: not m']],
    [{ res: 840, currency: 'DON', exposure: '1' }, ['exposure: not m']],
    [{ res: 840, currency: 'DON', exposure: Number.POSITIVE_INFINITY }, ['exposure: not m']],
    [{ res: 350, game_id: 'g', pool_id: 'p', description: '', type: 1.5 }, ['type: not i']],
    [{ res: 368, pool_id: 'p', blocked_at: 1.5 }, ['blocked_at: not ms']],
    [{ res: 2, opcodes: { ping: '1' }, response_codes: [] }, ['opcodes.ping: not i', 'response_codes: not an object']],
    [
      { res: 620, games: ['x', null, { id: 'g' }] },
      ['games[0]: not an object', 'games[1]: not an object', 'games[2].name: missing'],
    ],
    [
      { res: 461, game_id: 'g', predictions: { running: [], resolved: [{}] } },
      ['user_id', 'username', 'target', 'target_id', 'amount', 'placed_at', 'bet_id', 'pool_id'].map(
        (name) => `predictions.resolved[0].${name}: missing`,
      ),
    ],
    [
      {
        res: 361,
        pool_id: 'p',
        target_level: 1,
        distribution: [
          {
            target_id: 't',
            display_name: 'T',
            backing_people: 0,
            backing_money: 0,
            to_win_if_backed: 1.33333,
            bets: [],
          },
        ],
        new_bets: [],
        game_id: 'g',
        amount_total: 0,
        participants: 0,
      },
      ['distribution[0].bets: undeclared', 'distribution[0].to_win_if_backed: not number'],
    ],
  ];
  for (const [message, expected] of faults) assert.deepEqual(messageFaults(message), expected, JSON.stringify(message));
});
