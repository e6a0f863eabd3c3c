import type { OpSpec } from './op-spec.ts';

const MOST_TEXT = 512;
const MOST_URL = 2048;
const MOST_RANK = 2_000_000_000;

const id = { kind: 'id', required: true } as const;
const list = { kind: 'list' } as const;
const time = { kind: 'time' } as const;
const now = { kind: 'time', absentMeans: 'now' } as const;
const no = { kind: 'boolean', default: false } as const;
const currency = { kind: 'id', default: 'DON' } as const;
const game = { game_id: id } as const;
const force = { kind: 'boolean', default: false, extension: true } as const;
const action = { kind: 'id', required: true, aliases: ['action'] } as const;

const range = {
  start: { kind: 'integer', default: 0, least: 0, most: MOST_RANK },
  end: { kind: 'integer', default: 1_000_000, least: 0, most: MOST_RANK },
} as const;

const board = { game_type: { kind: 'id', default: 'INSTAMRKT' }, currency } as const;

const tailoredCounts = {
  top_count: { kind: 'integer', default: 3, least: 0, most: 100 },
  surrounding_count: { kind: 'integer', default: 1, least: 0, most: 100, aliases: ['surroundings_count'] },
  bottom_count: { kind: 'integer', default: 3, least: 0, most: 100 },
} as const;

const newGame = {
  source_id: id,
  game_name: { kind: 'text', required: true, most: MOST_TEXT },
  type: { kind: 'id', required: true },
  actions: list,
  targets: list,
  open_at: now,
  close_at: time,
  live_start_at: now,
  live_finish_at: time,
  currency,
  hashtag: { kind: 'text', most: MOST_TEXT, absentMeans: 'generated' },
  image_url: { kind: 'text', most: MOST_URL },
} as const;

/** Ops of connections, sources and games (4.2). */
const gameOps = {
  ping: { op: 1, aliases: [], params: {}, who: ['A'], direct: [1], broadcast: {} },
  get_opcodes: { op: 2, aliases: ['opcodes'], params: {}, who: ['A'], direct: [2], broadcast: {} },
  logon: { op: 100, aliases: [], params: {}, who: ['A'], direct: [100, 110, 112], broadcast: {} },
  open_game_source: {
    op: 365,
    aliases: [],
    params: {
      source_name: { kind: 'text', required: true, most: MOST_TEXT },
      description: { kind: 'text', most: MOST_TEXT },
    },
    who: ['D'],
    direct: [335],
    broadcast: {},
  },
  close_game_source: {
    op: 366,
    aliases: [],
    params: { source_id: id, force },
    who: ['S'],
    direct: [336, 666],
    broadcast: { game: [362, 368, 341] },
  },
  list_game_sources_i_am_admin_of: { op: 611, aliases: [], params: {}, who: ['U'], direct: [621], broadcast: {} },
  create_and_open_game: {
    op: 370,
    aliases: [],
    params: newGame,
    who: ['S'],
    direct: [340],
    broadcast: { source: [340] },
  },
  create_game: { op: 3701, aliases: [], params: newGame, who: ['S'], direct: [3401], broadcast: { source: [3401] } },
  open_game: {
    op: 3702,
    aliases: [],
    params: { ...game, actions: list, targets: list },
    who: ['S'],
    direct: [3402],
    broadcast: { source: [3402] },
  },
  become_an_admin_for_game: { op: 616, aliases: [], params: game, who: ['S'], direct: [640, 645], broadcast: {} },
  appoint_admin_for_game_by_username: {
    op: 617,
    aliases: [],
    params: { ...game, username: id },
    who: ['S'],
    direct: [617],
    broadcast: { appointed: [640] },
  },
  get_game_details: { op: 372, aliases: [], params: game, who: ['U'], direct: [342], broadcast: {} },
  update_game_details: {
    op: 373,
    aliases: [],
    params: {
      ...game,
      actions: list,
      targets: list,
      image_url: { kind: 'change', most: MOST_URL, absentMeans: 'keep' },
    },
    who: ['S', 'G'],
    direct: [343],
    broadcast: { game: [342] },
  },
  join_game: { op: 363, aliases: [], params: game, who: ['U'], direct: [333], broadcast: { game: [470] } },
  leave_game: { op: 364, aliases: [], params: game, who: ['U'], direct: [334], broadcast: { game: [480] } },
  close_game: {
    op: 375,
    aliases: [],
    params: { ...game, force },
    who: ['S', 'G'],
    direct: [341, 666],
    broadcast: { game: [362, 368, 341] },
  },
  list_games_for_source: {
    op: 380,
    aliases: [],
    params: { source_id: id },
    who: ['U'],
    direct: [345],
    broadcast: {},
  },
  list_upcoming_games_for_source: {
    op: 3811,
    aliases: [],
    params: { source_id: id },
    who: ['U'],
    direct: [3461],
    broadcast: {},
  },
  list_games_i_am_admin_of: { op: 610, aliases: [], params: {}, who: ['U'], direct: [620], broadcast: {} },
} as const satisfies Record<string, OpSpec>;

/** Boards, friends, balances and chat (4.2). */
const playerOps = {
  get_leaderboard: {
    op: 450,
    aliases: [],
    params: { ...board, ...range },
    who: ['U'],
    direct: [450],
    broadcast: {},
  },
  get_user_tailored_leaderboard: {
    op: 4505,
    aliases: [],
    params: { ...board, ...tailoredCounts },
    who: ['U'],
    direct: [4505],
    broadcast: {},
  },
  get_user_tailored_leaderboard_for_game: {
    op: 4515,
    aliases: [],
    params: { ...board, ...tailoredCounts, ...game },
    who: ['U'],
    direct: [4515],
    broadcast: {},
    unlisted: true,
  },
  get_friends_leaderboard: {
    op: 452,
    aliases: [],
    params: { ...board, ...range },
    who: ['U'],
    direct: [452],
    broadcast: {},
  },
  get_leaderboard_for_game_source: {
    op: 4516,
    aliases: [],
    params: { source_id: id, ...range },
    who: ['U'],
    direct: [4516],
    broadcast: {},
  },
  get_user_tailored_leaderboard_for_game_source: {
    op: 4517,
    aliases: [],
    params: { source_id: id, ...tailoredCounts },
    who: ['U'],
    direct: [4517],
    broadcast: {},
  },
  get_friends_leaderboard_for_game_source: {
    op: 454,
    aliases: [],
    params: { source_id: id, ...range },
    who: ['U'],
    direct: [454],
    broadcast: {},
  },
  get_leaderboard_for_game: {
    op: 451,
    aliases: [],
    params: { ...game, ...range },
    who: ['U'],
    direct: [451],
    broadcast: {},
  },
  get_friends_leaderboard_for_game: {
    op: 453,
    aliases: [],
    params: { ...game, ...range },
    who: ['U'],
    direct: [453],
    broadcast: {},
  },
  get_my_friends_predictions_for_pool: {
    op: 460,
    aliases: [],
    params: { pool_id: id, is_resolved: no },
    who: ['U'],
    direct: [460],
    broadcast: {},
  },
  get_my_friends_predictions_for_game: {
    op: 461,
    aliases: [],
    params: game,
    who: ['U'],
    direct: [461],
    broadcast: {},
  },
  get_my_current_balance: { op: 800, aliases: [], params: { currency }, who: ['U'], direct: [800], broadcast: {} },
  get_my_available_balance: { op: 810, aliases: [], params: { currency }, who: ['U'], direct: [810], broadcast: {} },
  get_my_exposure: { op: 840, aliases: [], params: { currency }, who: ['U'], direct: [840], broadcast: {} },
  text_message: {
    op: 900,
    aliases: [],
    params: {
      text: { kind: 'text', required: true, most: 65_536 },
      targets: { kind: 'list', absentMeans: 'all joined games' },
    },
    who: ['U'],
    direct: [901],
    broadcast: { game: [901] },
  },
} as const satisfies Record<string, OpSpec>;

/** Pools, events and bets (4.2). */
const poolOps = {
  create_and_open_betting_pool: {
    op: 385,
    aliases: ['create_betting_pool'],
    params: {
      ...game,
      description: { kind: 'text', required: true, most: MOST_TEXT },
      action_id: { kind: 'id', aliases: ['action'], requiredForTypes: [1, 2] },
      targets: { kind: 'list', requiredForTypes: [1, 2] },
      type: { kind: 'integer', default: 1, least: 1, most: 4, aliases: ['pool_type'] },
      finish_at: { kind: 'time', requiredForTypes: [2, 4] },
      stop_accepting_bets_at: time,
      recreate_on_end: no,
      is_blocked: no,
      is_hot: no,
    },
    who: ['G'],
    direct: [350],
    broadcast: { game: [352] },
  },
  register_game_event: {
    op: 395,
    aliases: [],
    params: {
      ...game,
      action_id: { ...action, unless: 'pool_id' },
      target_id: id,
      happened_at: { kind: 'time', absentMeans: 'receipt time' },
      description: { kind: 'text', default: '', most: MOST_TEXT },
      event_id: { kind: 'id', extension: true },
      pool_id: { kind: 'id', extension: true },
    },
    who: ['G'],
    direct: [366],
    broadcast: { game: [366, 362, 352], bettors: [815] },
  },
  list_all_betting_pools_for_game: {
    op: 387,
    aliases: ['list_all_open_pools_for_game', 'list_open_pools_for_game'],
    params: game,
    who: ['U'],
    direct: [3535],
    broadcast: {},
  },
  list_my_open_betting_pools_for_game: {
    op: 388,
    aliases: ['list_my_open_pools_for_game'],
    params: game,
    who: ['U'],
    direct: [353],
    broadcast: {},
  },
  list_my_running_pools_for_game: { op: 389, aliases: [], params: game, who: ['U'], direct: [354], broadcast: {} },
  list_my_resolved_pools_for_game: { op: 390, aliases: [], params: game, who: ['U'], direct: [355], broadcast: {} },
  place_bet_in_betting_pool: {
    op: 392,
    aliases: [],
    params: {
      pool_id: id,
      target: { kind: 'id', required: true, aliases: ['target_id'] },
      amount: { kind: 'value', required: true },
      client_ref: { kind: 'id', extension: true },
    },
    who: ['U'],
    direct: [356],
    broadcast: { game: [361], bettors: [815] },
  },
  get_betting_pool_bets_distribution: {
    op: 393,
    aliases: [],
    params: { pool_id: id },
    who: ['U'],
    direct: [360],
    broadcast: {},
  },
  block_betting_in_betting_pool: {
    op: 397,
    aliases: [],
    params: { pool_id: id, block_at: now },
    who: ['G'],
    direct: [368],
    broadcast: { game: [368] },
  },
  block_betting_for_game_and_action: {
    op: 3975,
    aliases: [],
    params: { ...game, action_id: action, block_at: now },
    who: ['G'],
    direct: [370],
    broadcast: { game: [370, 368] },
  },
  allow_betting_in_betting_pool: {
    op: 398,
    aliases: [],
    params: { pool_id: id, allow_at: now },
    who: ['G'],
    direct: [369],
    broadcast: { game: [369] },
  },
  allow_betting_for_game_and_action: {
    op: 3985,
    aliases: [],
    params: { ...game, action_id: action, allow_at: now },
    who: ['G'],
    direct: [371],
    broadcast: { game: [371, 369] },
  },
  suggest_hot_betting_pool: {
    op: 396,
    aliases: [],
    params: { pool_id: id, likely_to_happen_at: now, hot: { kind: 'boolean', default: true, extension: true } },
    who: ['G'],
    direct: [367],
    broadcast: { game: [367] },
  },
  suggest_hot_betting_pool_for_action_and_target: {
    op: 3961,
    aliases: [],
    params: { ...game, action_id: action, target_id: id, likely_to_happen_at: now },
    who: ['G'],
    direct: [367],
    broadcast: { game: [367] },
  },
} as const satisfies Record<string, OpSpec>;

/** Every op of the wire by its name in the docs (4.2). */
export const OPS = { ...gameOps, ...playerOps, ...poolOps } as const;

export type OpName = keyof typeof OPS;
