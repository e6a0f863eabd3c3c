/** Forty first names; with five endings they make two hundred players. */
const FIRST_NAMES = [
  ...['Ana', 'Bea', 'Carlos', 'Dalia', 'Emil', 'Fatou', 'Goran', 'Hana', 'Ines', 'Jonas'],
  ...['Kofi', 'Lena', 'Mateo', 'Nadia', 'Omar', 'Paula', 'Quentin', 'Rosa', 'Samir', 'Tara'],
  ...['Ugo', 'Vera', 'Wanda', 'Xenia', 'Yara', 'Zoe', 'Amir', 'Bruno', 'Clara', 'Diego'],
  ...['Elif', 'Felix', 'Greta', 'Hugo', 'Ivana', 'Julia', 'Kaan', 'Luis', 'Mila', 'Noor'],
];
const ENDINGS = ['', '_7', '10', '.fc', '-86'];

/** Names of simulated players, all different. */
export function playerNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const round = Math.floor(i / FIRST_NAMES.length);
    return `${FIRST_NAMES[i % FIRST_NAMES.length]}${ENDINGS[round] ?? round}`;
  });
}

/** What they say in between. */
export const SMALL_TALK = [
  'Who else thinks this goes to extra time?',
  'My donuts are on Messi.',
  'Mbappé has been quiet. Too quiet.',
  'Anyone backing none on the next card?',
  'That multiplier is a gift.',
  'All in on a late goal.',
  'What a match to watch together.',
  'Midfield is everything tonight.',
  'I should have bet earlier.',
  'Half my balance is in the scorer pool, wish me luck.',
  'Nobody believes in France here?',
  'Vamos!',
  'Allez les Bleus!',
  'Calm down, still plenty of time.',
  'Paid out already, that was quick.',
];

/** What they say when something happens, by action. */
export const REACTIONS: Readonly<Record<string, readonly string[]>> = {
  goal: [
    'GOOOAL!',
    'What a strike!',
    'I had that one!',
    'No way!',
    'Called it.',
    'Unbelievable.',
    'There goes my pool.',
    'Listen to that stadium!',
  ],
  'yellow-card': ['Fair enough.', 'Harsh.', 'He was asking for it.'],
  'shoot-out-goal': ['Ice cold.', 'In it goes.', 'No chance for the keeper.'],
  'shoot-out-miss': ['Oh no.', 'Saved? Missed? My heart.', 'That decides it, I think.'],
  'match-won': ['Champions!', 'What a final.', 'Again, again!', 'Best match I have ever seen.'],
};
