import { manage } from './messages.manage.ts';

/** Every text of the console, in one place; functions where a text carries values. */

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

const common = {
  save: 'Save',
  cancel: 'Cancel',
  close: 'Close',
  retry: 'Try again',
  dismiss: 'Dismiss',
  loading: 'Loading…',
  optional: 'optional',
  signIn: 'Sign in',
  register: 'Create account',
  signOut: 'Sign out',
  none: 'None of these',
};

const frame = {
  product: 'Greenroom',
  skipLink: 'Skip to content',
  mainNavigation: 'Main',
  openMenu: 'Open menu',
  accountMenu: (username: string) => `Account of ${username}`,
  settings: 'Settings',
  footer: (version: string) => `Greenroom ${version}`,
  apiDescription: 'API description',
  offline: 'You are offline. What you see may be out of date.',
  reconnecting: 'Connection lost. Reconnecting… What you see may be out of date.',
};

const appearance = {
  title: 'Appearance',
  light: 'Light',
  dark: 'Dark',
  system: 'Same as device',
  choose: 'Choose appearance',
};

const failures = {
  title: 'Something went wrong',
  crash: 'This page could not be shown. Reloading usually helps; nothing you did is lost on the server.',
  reload: 'Reload page',
  network: 'The server did not answer. Check your connection and try again.',
  lost: 'The connection broke before the answer came. We do not know whether this went through.',
  requestId: (id: string) => `Reference: ${id}`,
  notFoundTitle: 'Page not found',
  notFound: 'There is nothing at this address. It may have moved, or the game may be over.',
  goHome: 'Go to the start page',
};

const home = {
  title: 'What is live now',
  lead: 'Follow a room, take part, and see every result the moment it happens.',
  nothingLive: 'Nothing live at the moment.',
  openModule: (title: string) => `Open ${title}`,
  noModules: 'No module is switched on yet.',
  firstRunTitle: 'Welcome to your new Greenroom',
  firstRun:
    'Nobody administers this server yet. Make the first administrator with this command, beside the running server:',
  firstRunCommand: 'greenroom admin create NAME E-MAIL',
  about: {
    predictions: 'Predict what happens next in a live match, with play money.',
    draws: 'Draw prizes among attendees, provably fairly.',
    restaurants: 'Run tables and courses from several devices.',
    races: 'Leaderboards of wager races.',
    calls: 'See why a call was good or bad.',
  } as Record<string, string>,
};

const account = {
  signInTitle: 'Sign in',
  signInLead: 'Use the account you have on this server.',
  registerTitle: 'Create account',
  registerLead: 'One account for everything on this server.',
  usernameOrEmail: 'Username or e-mail',
  username: 'Username',
  usernameHelp: '3 to 32 letters, digits, dots, dashes or underscores. Others see it.',
  email: 'E-mail',
  password: 'Password',
  newPassword: 'New password',
  currentPassword: 'Current password',
  repeatPassword: 'Repeat new password',
  passwordHelp: '8 to 128 characters.',
  passwordsDiffer: 'The two passwords differ.',
  showPassword: 'Show password',
  otp: 'One-time code',
  otpHelp: 'The six digits from your authenticator app, or a recovery code.',
  forgot: 'Forgot your password?',
  noAccount: 'No account yet?',
  haveAccount: 'Already have an account?',
  invited: 'Somebody invited you. Once your account exists, you two are friends.',
  alreadySignedIn: (username: string) => `You are signed in as ${username}.`,
  resetTitle: 'Reset password',
  resetLead: 'Tell us your username or e-mail. If there is such an account, we send it a link.',
  resetSend: 'Send link',
  resetSent: 'If that account exists, a message is on its way. The link works once and for one hour.',
  resetNewLead: 'Choose a new password. All other devices are signed out.',
  resetDone: 'Your password is changed. You can sign in now.',
  tooMany: (seconds: number | undefined) =>
    seconds === undefined
      ? 'Too many tries. Wait a little, then try again.'
      : `Too many tries. Try again in ${count(seconds, 'second', 'seconds')}.`,
  welcome: (username: string) => `Signed in as ${username}.`,
  signedOut: 'Signed out.',
  signedOutElsewhere: 'You have been signed out.',
};

const settings = {
  title: 'Settings',
  profile: 'Profile',
  memberNumber: 'Member number',
  emailVerified: 'verified',
  emailUnverified: 'not verified',
  secondFactor: 'Second factor',
  secondFactorLead: 'A code from an authenticator app, besides the password, whenever you sign in.',
  secondFactorBegin: 'Set up second factor',
  secondFactorSecret: 'Key for your authenticator app',
  secondFactorHow: 'Type this key into your authenticator app, or open it there, then enter the code it shows.',
  secondFactorOpen: 'Open in authenticator app',
  secondFactorCode: 'Code from the app',
  secondFactorConfirm: 'Switch on',
  secondFactorDisable: 'Switch off',
  secondFactorIsOn: (left: number) => `Switched on. ${count(left, 'recovery code', 'recovery codes')} left.`,
  recoveryCodes: 'Recovery codes',
  recoveryCodesLead:
    'Keep these codes in a safe place. Each signs you in once when your app is lost. They are shown only now.',
  secondFactorOff: 'The second factor is switched off.',
  on: 'On',
  off: 'Off',
  grants: 'Roles',
  noGrants: 'None',
  changeUsername: 'Change username',
  usernameChanged: (username: string) => `Your username is now ${username}.`,
  changePassword: 'Change password',
  passwordChanged: 'Your password is changed. All other devices are signed out.',
  passwordLead: 'Changing the password signs out all other devices.',
  sessions: 'Where you are signed in',
  sessionsLead: 'End a session that you do not recognise, then change your password.',
  thisDevice: 'This device',
  sessionUse: {
    'predictions.key': 'Live connection of predictions',
    'predictions.admin_key': 'Live connection of predictions',
  } as Record<string, string>,
  unknownAgent: 'Unknown device',
  lastSeen: (when: string) => `Last active ${when}`,
  since: (when: string) => `Signed in ${when}`,
  revoke: 'End session',
  revokeNamed: (agent: string) => `End session of ${agent}`,
  revoked: 'The session is ended.',
  signOutEverywhere: 'Sign out everywhere',
  signOutEverywhereAsk: 'All devices are signed out at once, this one too.',
};

const games = {
  title: 'Predictions',
  lead: 'Pick a match. Say what happens next. See at once whether you were right.',
  search: 'Search games',
  source: 'Organiser',
  allSources: 'All organisers',
  live: 'Live',
  upcoming: 'Upcoming',
  emptyLive: 'No match is live right now.',
  emptyUpcoming: 'No match is announced.',
  emptySearch: 'No game fits your search.',
  clearSearch: 'Clear search',
  startsAt: (when: string) => `Starts ${when}`,
  resultsFound: (number: number) => `${count(number, 'game', 'games')} found`,
  myPredictions: 'My predictions',
  manage: 'Manage games',
  leaderboard: 'Leaderboard',
  status: {
    betting_not_yet_active: 'Not open yet',
    pre_game_betting_active: 'Open before the match',
    game_in_progress_betting_active: 'Live',
    game_in_progress_betting_closed: 'Finishing',
    game_closed: 'Closed',
  },
};

const game = {
  score: 'Score',
  scoreLine: (home: { name: string; count: string }, away: { name: string; count: string }) =>
    `Score: ${home.name} ${home.count}, ${away.name} ${away.count}`,
  sides: (home: string, away: string) => `${home} against ${away}`,
  startsIn: (time: string) => `Starts in ${time}`,
  matchTime: (time: string) => `Match time ${time}`,
  facts: 'Match facts',
  signInToPlay: 'Sign in to make predictions. New players start with play money.',
  closed: 'This game is closed. All pools are decided.',
  closing: 'This game is finishing: no new predictions; the last questions are being decided.',
  notOpen: 'This game is not open yet. Questions that are shown already take predictions before the match.',
  anonymousRefresh: 'You are watching as a guest. Figures refresh every few seconds.',
  details: 'Match room',
  parts: 'Show',
  questionsPart: 'Questions',
  roomPart: 'Match room',
  feedTab: 'Events',
  chatTab: 'Chat',
  boardTab: 'Leaderboard',
  friendsTab: 'Friends',
};

const balance = {
  title: 'Balance',
  available: 'Available',
  inPlay: 'In play',
  total: 'Total',
};

const pools = {
  title: 'Predictions',
  open: 'Open',
  running: 'Running',
  closed: 'Closed',
  tab: (name: string, number: number) => `${name} (${number})`,
  emptyOpen: 'No open question right now. New ones appear here by themselves.',
  emptyOver: 'No question is open any more.',
  emptyClosedOver: 'You made no prediction in this game.',
  emptyRunning: 'You have no prediction under way in this game.',
  emptyClosed: 'None of your predictions in this game is decided yet.',
  type: { 1: 'Next to happen', 2: 'Within a time', 3: 'Yes or no', 4: 'Yes or no, within a time' },
  inPool: (amount: string, currency: string) => `${amount} ${currency} in the pool`,
  people: (number: number) => count(number, 'player', 'players'),
  hot: 'Likely soon',
  blocked: 'Paused',
  stopped: 'Entries over',
  endsIn: (time: string) => `Ends in ${time}`,
  entriesEndIn: (time: string) => `Entries end in ${time}`,
  on: (amount: string) => `${amount} on it`,
  rising: 'rising',
  falling: 'falling',
  mine: (amount: string, currency: string) => `Your stake: ${amount} ${currency}`,
  choose: 'Your prediction',
  targetTaken: (target: string) => `You back ${target}. You can add to it, but not back another answer.`,
};

const stake = {
  title: (target: string) => `Predict ${target}`,
  amount: 'Amount',
  amountIn: (currency: string) => `Amount in ${currency}`,
  quick: 'Quick amounts',
  add: (amount: string) => `Set ${amount}`,
  all: 'All',
  allLabel: (amount: string) => `Set all you have, ${amount}`,
  invalid: 'Type an amount above 0 with at most two decimals.',
  tooMuch: (available: string) => `You have ${available} available.`,
  preview: 'If decided now',
  potential: 'You would get',
  net: 'Net gain',
  previewMultiplier: 'At',
  previewHelp: 'Your stake is counted in. The figures move with every prediction until the question is decided.',
  alone: 'Nobody is against you yet: the gain grows as others back other answers.',
  place: (amount: string, target: string) => `Place ${amount} on ${target}`,
  placeEmpty: 'Place prediction',
  placed: (amount: string, target: string) => `Placed: ${amount} on ${target}.`,
  refused: (reason: string) => `Not placed. ${reason}`,
  unknown: 'The connection broke before the answer came. Trying again is safe: it counts once.',
  again: 'Try again',
};

const guest = {
  lead: 'Before the match your e-mail address is enough. New players start with play money.',
  placedFirst: (amount: string, target: string, email: string) =>
    `Placed: ${amount} on ${target}. You have an account now: a mail to ${email} tells how to choose your password.`,
  placedAgain: (amount: string, target: string) => `Placed: ${amount} on ${target}. Sign in to see how it goes.`,
  pending: 'There is an account with this address. Sign in, and your prediction is placed then.',
};

const results = {
  won: (pool: string, answer: string, back: string, net: string) =>
    `You were right. ${pool} – ${answer}. You get ${back} (${net}).`,
  lost: (pool: string, answer: string, stakeLost: string) => `${pool} – ${answer}. You lose ${stakeLost}.`,
  returned: (pool: string, answer: string) => `${pool} – ${answer}. Your stake comes back.`,
  late: (pool: string) => `${pool} – your prediction came after the event, so your stake comes back.`,
  voided: 'called off',
  decided: (pool: string, answer: string) => `${pool} – ${answer}`,
  wonShort: 'Won',
  lostShort: 'Lost',
  returnedShort: 'Stake returned',
  answer: (answer: string) => `Result: ${answer}`,
  decidedAt: (when: string) => `Decided ${when}`,
  netInGame: 'Net in this game',
};

const feed = {
  title: 'Event feed',
  empty: 'Nothing has happened yet.',
  event: (action: string, target: string) => `${action} – ${target}`,
};

const chat = {
  title: 'Chat',
  empty: 'No messages since you joined. Say hello.',
  write: 'Write a message',
  send: 'Send',
  signIn: 'Sign in to chat.',
  joined: (name: string) => `${name} joined`,
  left: (name: string) => `${name} left`,
  tooFast: 'Slow down a little, then send again.',
};

const board = {
  title: 'Leaderboard',
  scope: 'Which leaderboard',
  thisGame: 'This game',
  overall: 'Overall',
  friends: 'Friends',
  rank: 'Rank',
  player: 'Player',
  points: 'Points',
  you: 'you',
  empty: 'Nobody has made a prediction here yet.',
  emptyFriends: 'None of your friends plays here yet. Invite some from “My predictions”.',
  omitted: 'Some ranks are left out',
  signInFriends: 'Sign in to see your friends.',
  overallLead: 'Ranked by balance, over all games.',
};

const you = {
  title: 'My predictions',
  statistics: 'Statistics',
  won: 'Predictions won',
  lost: 'Predictions lost',
  perGame: 'Predictions per game',
  netPerGame: 'Net per game',
  reaction: 'Average reaction',
  reactionValue: (seconds: string) => `${seconds} s`,
  history: 'Games you played',
  emptyHistory: 'You have not made a prediction yet.',
  findGame: 'Find a game',
  friends: 'Friends',
  emptyFriends: 'No friends yet. Send your link to somebody you know.',
  inviteTitle: 'Invite friends',
  invite:
    'Whoever creates an account with this link becomes your friend, and you see each other on the friends leaderboard.',
  inviteLink: 'Your link',
  copy: 'Copy link',
  copied: 'Link copied.',
  copyFailed: 'Your browser did not allow copying. Select the link and copy it.',
  opened: (when: string) => `Played ${when}`,
  friendsPredictions: 'What your friends predicted',
  noFriendsPredictions: 'None of your friends has predicted anything in this game.',
  friendPrediction: (target: string, amount: string) => `${amount} on ${target}`,
};

const reasons = {
  insufficient_funds: 'You do not have that much available.',
  pool_blocked: 'The question is paused.',
  pool_closed: 'The question is already decided or entries are over.',
  game_not_open: 'The game is not open yet.',
  game_closed: 'The game is closed.',
  other_target_backed: 'You already back another answer of this question.',
  amount_invalid: 'The amount is not allowed.',
  rate_limited: 'That was too fast. Wait a moment.',
} as Record<string, string>;

export const messages = {
  locale: 'en-GB',
  common,
  frame,
  appearance,
  failures,
  home,
  account,
  settings,
  games,
  game,
  balance,
  pools,
  stake,
  guest,
  results,
  feed,
  chat,
  board,
  you,
  manage,
  reasons,
  time: { days: (days: number) => count(days, 'day', 'days') },
} as const;
