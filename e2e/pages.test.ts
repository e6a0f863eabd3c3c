// Every page of the console, as guest, player and admin, at phone and desktop width, light and dark: nothing on the console, no sideways
// scroll, no serious finding of axe. Pictures are kept under artifacts/pages.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import {
  describeViolation,
  findViolations,
  openBrowser,
  openPage,
  openProfile,
  sidewaysScroll,
  signIn,
} from './support/browser.ts';
import { type Scenery, setScenery, startDemo } from './support/browser-scenery.ts';
import type { TestServer } from './support/server.ts';

const PICTURES = join(import.meta.dirname, '../artifacts/pages');
const WINDOWS = [
  { width: 360, height: 780 },
  { width: 1440, height: 900 },
];
const SCHEMES = ['light', 'dark'] as const;
/** The scheme changes nothing but colours. */
const RULES = { light: undefined, dark: ['color-contrast'] };
/** More does not go faster on two cores. */
const VIEWS_AT_ONCE = 3;
const MATCH = /^Match room$/;

type Who = 'guest' | 'player' | 'host';

/** One thing to look at: where it is, and what to do to see it. */
interface View {
  name: string;
  who: Who;
  path(scenery: Scenery): string;
  show?(page: Page): Promise<unknown>;
}

const at = (path: string) => () => path;
const live = ({ demoGameId }: Scenery) => `/predictions/games/${demoGameId}`;
const own = ({ gameId }: Scenery) => `/predictions/games/${gameId}`;
const announced = ({ announcedGameId }: Scenery) => `/predictions/games/${announcedGameId}`;
const closed = ({ closedGameId }: Scenery) => `/predictions/games/${closedGameId}`;

const tab = (name: string | RegExp) => async (page: Page) => await page.getByRole('tab', { name }).click();
const press = (name: string | RegExp) => async (page: Page) => await page.getByRole('button', { name }).first().click();

/** On phones the questions and the room take turns. */
const room = (name: string) => async (page: Page) => {
  const part = page.getByRole('button', { name: MATCH });
  if (await part.isVisible()) await part.click();
  await tab(name)(page);
  await page.getByRole('tabpanel', { name }).waitFor();
};

const all =
  (...steps: ((page: Page) => Promise<unknown>)[]) =>
  async (page: Page) => {
    for (const step of steps) await step(page);
  };

const openMenu = async (page: Page) => {
  const button = page.getByRole('button', { name: 'Open menu' });
  if (await button.isVisible()) await button.click();
};

const chooseAnswer = press(/^Chile /);

const VIEWS: View[] = [
  // The demo's match first: it is surely going on at the start.
  { name: 'live-guest', who: 'guest', path: live, show: (page) => page.getByRole('article').first().waitFor() },
  { name: 'live-player', who: 'player', path: live, show: (page) => page.getByRole('article').first().waitFor() },
  { name: 'live-player-running', who: 'player', path: live, show: tab(/^Running/) },
  { name: 'live-player-closed', who: 'player', path: live, show: tab(/^Closed/) },
  { name: 'live-player-chat', who: 'player', path: live, show: room('Chat') },
  { name: 'live-player-board', who: 'player', path: live, show: room('Leaderboard') },
  { name: 'live-host', who: 'host', path: live, show: tab('Enter events') },
  { name: 'home-guest', who: 'guest', path: at('/') },
  { name: 'home-player', who: 'player', path: at('/') },
  { name: 'menu', who: 'guest', path: at('/'), show: openMenu },
  { name: 'sign-in', who: 'guest', path: at('/sign-in') },
  { name: 'register', who: 'guest', path: at('/register?invite=abc') },
  { name: 'reset', who: 'guest', path: at('/reset') },
  { name: 'reset-code', who: 'guest', path: at('/reset?code=abc&email=a%40example.org') },
  { name: 'not-found', who: 'guest', path: at('/nothing/here') },
  { name: 'settings', who: 'player', path: at('/settings') },
  { name: 'settings-second-factor', who: 'player', path: at('/settings'), show: press('Set up second factor') },
  { name: 'account-menu', who: 'player', path: at('/predictions'), show: press(/^Account of/) },
  { name: 'games-guest', who: 'guest', path: at('/predictions') },
  { name: 'games-player', who: 'player', path: at('/predictions') },
  { name: 'games-host', who: 'host', path: at('/predictions') },
  { name: 'board-guest', who: 'guest', path: at('/predictions/leaderboard') },
  { name: 'board-player', who: 'player', path: at('/predictions/leaderboard') },
  { name: 'you', who: 'player', path: at('/predictions/me') },
  { name: 'game-guest', who: 'guest', path: own },
  { name: 'game-player', who: 'player', path: own },
  { name: 'game-stake', who: 'player', path: own, show: chooseAnswer },
  { name: 'game-running', who: 'player', path: own, show: tab(/^Running \([1-9]/) },
  { name: 'game-closed-pools', who: 'player', path: own, show: tab(/^Closed \([1-9]/) },
  { name: 'game-chat', who: 'player', path: own, show: room('Chat') },
  { name: 'game-friends', who: 'player', path: own, show: room('Friends') },
  { name: 'game-announced-guest', who: 'guest', path: announced, show: chooseAnswer },
  { name: 'game-announced-player', who: 'player', path: announced, show: chooseAnswer },
  { name: 'game-over', who: 'player', path: closed },
  { name: 'manage', who: 'host', path: at('/predictions/manage') },
  { name: 'manage-new-game', who: 'host', path: at('/predictions/manage'), show: press(/^New game of/) },
  { name: 'manage-player', who: 'player', path: at('/predictions/manage') },
  { name: 'admin-events', who: 'host', path: own, show: tab('Enter events') },
  { name: 'admin-question', who: 'host', path: own, show: tab('New question') },
  { name: 'admin-game', who: 'host', path: own, show: tab('Game') },
  { name: 'admin-close', who: 'host', path: own, show: all(tab('Game'), press('Close game')) },
  { name: 'admin-none', who: 'host', path: own, show: press(/^Enter Goal, None/) },
  { name: 'admin-decide', who: 'host', path: own, show: press(/^Decide: /) },
];

describe('every page of the console', { concurrency: VIEWS_AT_ONCE }, () => {
  let server: TestServer;
  let browser: Browser;
  let scenery: Scenery;
  const profiles = new Map<Who, BrowserContext>();

  before(async () => {
    mkdirSync(PICTURES, { recursive: true });
    const demo = await startDemo();
    server = demo.server;
    browser = await openBrowser();
    scenery = await setScenery(demo);
    profiles.set('guest', await openProfile(browser, { baseURL: server.url }));
    for (const who of ['player', 'host'] as const) {
      const profile = await openProfile(browser, { baseURL: server.url });
      await (await signIn(profile, scenery[who])).page.close();
      profiles.set(who, profile);
    }
  });

  after(async () => {
    await browser?.close();
    await scenery?.leave();
    await server?.stop();
  });

  for (const view of VIEWS) {
    it(`${view.name} is sound`, async () => {
      for (const size of WINDOWS) await look(profiles.get(view.who)!, view, scenery, size);
    });
  }
});

/** Opens the view in a window of this size and judges it in both schemes. */
async function look(
  profile: BrowserContext,
  view: View,
  scenery: Scenery,
  size: { width: number; height: number },
): Promise<void> {
  const { page, takeFaults } = await openPage(profile);
  try {
    await page.setViewportSize(size);
    await page.goto(view.path(scenery));
    await settle(page);
    await view.show?.(page);
    await settle(page);
    for (const scheme of SCHEMES) {
      await show(page, scheme);
      await takePicture(page, `${view.name}-${size.width}-${scheme}`);
      const violations = (await findViolations(page, RULES[scheme])).map(describeViolation);
      assert.deepEqual(violations, [], `${view.name} at ${size.width}, ${scheme}:\n${violations.join('\n')}`);
      assert.equal(await sidewaysScroll(page), 0, `${view.name} at ${size.width} scrolls sideways`);
    }
    assert.deepEqual(takeFaults(), []);
  } finally {
    await page.close();
  }
}

/** The page has its heading, and nothing is being loaded any more: both at once, since neither stays while it is put together. */
async function settle(page: Page): Promise<void> {
  await page.locator('body:has(h1):not(:has(.MuiSkeleton-root))').waitFor();
}

/** Waits until the page is drawn in the scheme. */
async function show(page: Page, scheme: (typeof SCHEMES)[number]): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme });
  await page.locator(`html[data-mode="${scheme}"]`).waitFor();
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
}

/** Keeps the whole page; with an open dialog what is in the window. */
async function takePicture(page: Page, name: string): Promise<void> {
  const size = page.viewportSize()!;
  const hasDialog = (await page.locator('.MuiModal-root').count()) > 0;
  const height = hasDialog ? 0 : await page.evaluate<number>('document.documentElement.scrollHeight');
  // A window as high as the page: a picture put together while scrolling shows what is sticky several times.
  await page.setViewportSize({ width: size.width, height: Math.max(size.height, height) });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  await page.setViewportSize(size);
}
