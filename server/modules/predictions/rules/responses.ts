import type { Fields, ShapeName } from './field-spec.ts';

const bet = { bet_id: 'id', placed_at: 'ms', amount: 'm', user_id: 'id' } as const satisfies Fields;

const distUpdate = {
  target_id: 's',
  display_name: 's',
  backing_people: 'i',
  backing_money: 'm',
  to_win_if_backed: 'number',
} as const satisfies Fields;

const pool = {
  pool_id: 'id',
  game_id: 'id',
  description: 's',
  name: 's',
  type: 'i',
  pool_type: 'i',
  action_id: 's',
  target_level: 'i',
  participants: 'i',
  people_involved: 'i',
  amount_total: 'm',
  money_at_stake: 'm',
  is_blocked: 'b',
  is_hot: 'b',
  distribution: 'Dist[]',
  start_at: 'ms',
  live_start_at: 'ms?',
  finish_at: 'ms?',
  stop_accepting_bets_at: 'ms?',
  recreated_from: 'id?+',
} as const satisfies Fields;

const poolMine = { ...pool, user_backed: '{s: m}' } as const satisfies Fields;

/** Fields of every shape of 4.3, and of the unnamed ones inside 4.4. */
export const SHAPES: Readonly<Record<ShapeName, Fields>> = {
  Target: { target_id: 's', symbol: 's', display_name: 's', targets: 'Target[]' },
  Action: { action_id: 's', name: 's' },
  Bet: bet,
  Dist: { ...distUpdate, bets: 'Bet[]', bets_total: 'i*+', user_ids: 'id[]*' },
  DistUpdate: distUpdate,
  Pool: pool,
  PoolMine: poolMine,
  PoolResult: {
    ...poolMine,
    winning_target: 's?',
    total_winnings: 'm',
    resolved_at: 'ms',
    game_name: 's',
    is_money_return: 'b',
  },
  GameCard: {
    game_id: 'id',
    status: 's',
    name: 's',
    type: 'id',
    type_name: 's+',
    open_at: 'ms',
    schedulted_at: 'ms',
    scheduled_at: 'ms+',
    live_start_at: 'ms?',
    close_at: 'ms?',
    targets: 'Target[]',
    actions: 'Action[]',
  },
  UpcomingGame: {
    id: 'id',
    source_id: 'id',
    game_name: 's',
    currency: 's',
    game_type_id: 'id',
    live_start_at: 'ms?',
    hashtag: 's',
  },
  PastEvent: { event_id: 's', happened_at: 'ms', target_id: 's', action_id: 's' },
  Row: { username: 's', points: 'm', rank: 'i', user_id: 'id+', global_rank: 'i*+' },
  FriendBet: {
    user_id: 'id',
    username: 's',
    target: 's',
    target_id: 's',
    amount: 'm',
    placed_at: 'ms',
    bet_id: 'id',
    pool_id: 'id',
  },
  FriendBets: { running: 'FriendBet[]', resolved: 'FriendBet[]' },
  Named: { id: 'id', name: 's' },
  Source: { id: 'id', name: 's', description: 's?' },
};

/** One message of the server (4.4). */
export type ResponseSpec = { readonly res: number; readonly aliases: readonly string[]; readonly fields: Fields };

const createdGame = {
  source_id: 'id',
  game_id: 'id',
  game_name: 's',
  type: 's',
  actions: 'Action[]',
  targets: 'Target[]',
  open_at: 'ms',
  live_start_at: 'ms',
  live_finish_at: 'ms?',
  close_at: 'ms?',
  hashtag: 's',
  image_url: 's?',
  currency: 's',
} as const satisfies Fields;

const result = {
  pool_id: 'id',
  game_id: 'id',
  description: 's',
  winning_target: 's?',
  winners: '{s: m}',
  losers: '{s: m}',
  invalidated_bettors: 'id[]',
  is_money_return: 'b',
  resolved_at: 'ms',
  truncated: 'b*+',
  winners_total: 'i*+',
  losers_total: 'i*+',
} as const satisfies Fields;

const game = { game_id: 'id' } as const satisfies Fields;
const poolsList = (shape: 'Pool[]' | 'PoolMine[]' | 'PoolResult[]') => ({ ...game, pools_list: shape });
const scheduled = { scheduled: 'b*+' } as const satisfies Fields;
const visitor = { ...game, user_id: 'id', user_name: 's' } as const satisfies Fields;

const cut = { truncated: 'b*+' } as const satisfies Fields;
const tailored = { currency: 's', leaderboard: 'Row[]', break_after_rank: 'i[]' } as const satisfies Fields;
const board = { currency: 's', leaderboard: 'Row[]', ...cut, rows_total: 'i*+' } as const satisfies Fields;

const message = (res: number, fields: Fields, ...aliases: readonly string[]): ResponseSpec => ({
  res,
  aliases,
  fields,
});

/** Every answer and unsolicited message of the wire by its name in the docs (4.4). */
export const RESPONSES = {
  pong: message(1, {}),
  opcodes: message(2, { opcodes: '{s: i}', response_codes: '{s: i}' }, 'response_codes'),
  logon_success: message(100, { session_key: 's', restored: 'b*+', games: 'id[]*+' }),
  logon_fail: message(110, { text: 's' }),
  logon_fail_already_logged_in: message(112, { session_key: 's' }),
  game_joined: message(333, game),
  game_left: message(334, game),
  game_source_opened: message(335, { source_id: 'id' }),
  game_source_closed: message(336, { source_id: 'id' }),
  game_created_and_opened: message(340, createdGame),
  game_created: message(3401, createdGame),
  game_opened: message(3402, createdGame),
  game_closed: message(341, game),
  game_details: message(342, {
    ...game,
    source_id: 'id',
    name: 's',
    game_name: 's',
    status: 's',
    type: 'id',
    type_name: 's+',
    actions: 'Action[]',
    targets: 'Target[]',
    game_state: 'any',
    past_events: 'PastEvent[]',
    open_at: 'ms',
    live_start_at: 'ms',
    live_finish_at: 'ms?',
    close_at: 'ms?',
    currency: 's',
    hashtag: 's',
    image_url: 's?',
  }),
  game_details_updated: message(343, game),
  games_list_for_source: message(345, { source_id: 'id', games: 'GameCard[]' }),
  upcoming_games_list_for_source: message(3461, { source_id: 'id', games: 'UpcomingGame[]' }),
  betting_pool_created: message(350, { ...game, pool_id: 'id', description: 's', type: 'i' }),
  new_betting_pool: message(352, pool),
  all_betting_pools_for_game: message(3535, poolsList('Pool[]')),
  you_open_pools_list_for_game: message(353, poolsList('Pool[]'), 'your_open_pools_list_for_game'),
  your_running_pools_for_game: message(354, poolsList('PoolMine[]')),
  your_resolved_pools_for_game: message(355, poolsList('PoolResult[]')),
  bet_placed_in_betting_pool: message(356, {
    pool_id: 'id',
    bet_id: 'id',
    target: 's',
    amount: 'm',
    placed_at: 'ms+',
  }),
  new_betting_pool_bets_distribution: message(360, { pool_id: 'id', target_level: 'i', distribution: 'Dist[]' }),
  betting_pool_bets_distribution_update: message(361, {
    pool_id: 'id',
    target_level: 'i',
    distribution: 'DistUpdate[]',
    new_bets: 'Bet[]',
    new_bets_total: 'i*+',
    game_id: 'id+',
    amount_total: 'm+',
    participants: 'i+',
  }),
  bet_pool_resolved: message(362, result),
  bet_pool_expired: message(363, { ...result, expired_at: 'ms' }, 'bet_pool_expored'),
  new_game_event: message(366, {
    ...game,
    description: 's',
    action_id: 's',
    target_id: 's',
    target_display_name: 's',
    current_count: '{s: s}',
    happened_at: 'ms',
    event_id: 's+',
    duplicate: 'b*+',
  }),
  hot_betting_pool_suggested: message(367, { pool_id: 'id', hot_since: 'ms', is_hot: 'b+', ...scheduled }),
  betting_in_pool_blocked: message(368, { pool_id: 'id', blocked_at: 'ms', ...scheduled }),
  betting_in_pool_allowed: message(369, { pool_id: 'id', allowed_at: 'ms', ...scheduled }),
  betting_for_game_and_action_blocked: message(370, { ...game, action_id: 's', blocked_at: 'ms', ...scheduled }),
  betting_for_game_and_action_allowed: message(371, { ...game, action_id: 's', allowed_at: 'ms', ...scheduled }),
  leaderboard: message(450, { game_type: 's', ...board }),
  leaderboard_tailored: message(4505, { game_type: 's', ...tailored }),
  leaderboard_for_game: message(451, { ...game, ...board }),
  leaderboard_for_game_tailored: message(4515, { ...game, ...tailored }),
  leaderboard_friends: message(452, { game_type: 's', ...board }),
  leaderboard_friends_for_game: message(453, { ...game, ...board }),
  leaderboard_friends_for_game_source: message(454, { source_id: 'id', ...board }),
  leaderboard_for_game_source: message(4516, { source_id: 'id', ...board }),
  leaderboard_for_game_source_tailored: message(4517, { source_id: 'id', ...tailored }),
  your_friends_predictions_for_pool: message(460, { pool_id: 'id', predictions: 'FriendBet[]', ...cut }),
  your_friends_predictions_for_game: message(461, { ...game, predictions: 'FriendBets', ...cut }),
  user_joined_game: message(470, visitor),
  user_left_game: message(480, visitor),
  game_admin_appointed: message(617, { ...game, username: 's' }),
  games_i_am_admin_of_list: message(620, { games: 'Named[]' }),
  game_sources_i_am_admin_of_list: message(621, { sources: 'Source[]' }),
  become_an_admin_for_game_success: message(640, game),
  become_an_admin_for_game_fail: message(645, { ...game, reason: 's' }),
  error: message(666, { text: 's', error: 's+', code: 'i+', op: 'i?*+', details: 'any*+' }),
  your_current_balance: message(800, { currency: 's', current_balance: 'm' }),
  your_available_balance: message(810, { currency: 's', available_balance: 'm' }),
  balance_update: message(815, { current_balance: 'm', available_balance: 'm', currency: 's', exposure: 'm+' }),
  your_exposure: message(840, { currency: 's', exposure: 'm' }),
  new_text_message: message(901, { text: 's', sender: 's', received_at: 'ms', channel: 'id' }),
} as const satisfies Record<string, ResponseSpec>;

export type ResponseName = keyof typeof RESPONSES;
