// People in browsers: a newcomer in the demo's match, an admin who runs a game, a player without a mouse, a server that dies, plain HTTP in a
// local network.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { openBrowser, openPage, openProfile, signIn, type WatchedPage } from './support/browser.ts';
import { demoGame, enter, type Login, startDemo } from './support/browser-scenery.ts';
import { freePort, runCommand, startServer, type TestServer } from './support/server.ts';
import { until } from './support/waiting.ts';

const PASSWORD = 'correct horse battery';
/** A name that is no loopback address to the browser: an origin without TLS that it does not trust (DESIGN 3.2). */
const LAN_NAME = 'greenroom.test';

/** What the page says aloud when a goal has decided the newcomer's question. */
const GOAL_SAID = /^(You were right\. )?Who scores the next goal\? – (Argentina|France)/;
/** The longest time without a goal is 44 minutes of play, at 60 times its speed. */
const GOAL_WITHIN_MS = 90_000;

const RECONNECT_WITHIN_MS = 60_000;
const MOST_TABS = 60;

const email = (username: string) => `${username}@example.org`;

/** Fills the form of the registration page. */
async function register(page: Page, username: string, next = '/predictions'): Promise<void> {
  await page.goto(`/register?next=${encodeURIComponent(next)}`);
  await page.getByLabel(/^Username/).fill(username);
  await page.getByLabel(/^E-mail/).fill(email(username));
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole('main').getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('button', { name: `Account of ${username}` }).waitFor();
}

/** The card of a question. */
const question = (page: Page, name: string) => page.getByRole('article', { name }).first();

/** Figures of the balance bar in hundredths. */
async function balanceOn(page: Page): Promise<{ available: number; inPlay: number; total: number }> {
  const figures = await page.getByRole('region', { name: 'Balance' }).locator('dd').allInnerTexts();
  const [available, inPlay, total] = figures.map((text) => Math.round(Number(text.replaceAll(/[^\d.]/g, '')) * 100));
  return { available: available!, inPlay: inPlay!, total: total! };
}

async function textOf(locator: Locator): Promise<string> {
  return (await locator.allInnerTexts()).join('\n');
}

/** Waits until a live region of the page says it. */
async function hear(page: Page, text: string | RegExp, withinMs?: number): Promise<string> {
  const told = page.getByRole('status').getByText(text).first();
  await told.waitFor({ timeout: withinMs });
  return await told.innerText();
}

/** Places what the form of the chosen answer asks for, and waits for the confirmation in the card's live region. */
async function place(page: Page, pool: string, answer: RegExp, amount: string): Promise<void> {
  const card = question(page, pool);
  await card.getByRole('button', { name: answer }).click();
  await card.getByLabel(/^Amount in/).fill(amount);
  await card.getByRole('button', { name: /^Place / }).click();
  await card.getByRole('status').filter({ hasText: 'Placed:' }).waitFor();
}

describe('a newcomer in the match of the demo', () => {
  let server: TestServer;
  let browser: Browser;

  before(async () => {
    server = (await startDemo()).server;
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('registers, predicts, sees a goal decide it and a balance that adds up', async () => {
    const gameId = await demoGame(server);
    const profile = await openProfile(browser, { baseURL: server.url });
    const { page, takeFaults } = await openPage(profile);
    await register(page, 'newcomer', `/predictions/games/${gameId}`);
    await page.getByRole('tab', { name: /^Open \([89]\)/ }).waitFor();
    assert.deepEqual(await balanceOn(page), { available: 100_000, inPlay: 0, total: 100_000 });
    await seeBetsArrive(page);
    await seePreview(page);
    await place(page, 'Who scores the next goal?', /^Argentina/, '20');
    await place(page, 'Which player scores next?', /^Lionel Messi/, '10');
    await question(page, 'Who scores the next goal?').getByText('Your stake: 20.00 DON').waitFor();
    await until('both stakes are in play', async () => (await balanceOn(page)).inPlay === 3_000);
    await page.getByRole('tab', { name: 'Running (2)' }).click();
    await talk(page, 'Hello from the stands');
    const said = await hear(page, GOAL_SAID, GOAL_WITHIN_MS);
    await page.getByRole('tab', { name: 'Closed (2)' }).click();
    const outcome = said.startsWith('You were right') ? 'Won' : 'Lost';
    await question(page, 'Who scores the next goal?').getByText(outcome, { exact: true }).waitFor();
    await until('the page shows what the server holds', async () => {
      const { available, total } = await serverBalance(server, 'newcomer');
      const shown = await balanceOn(page);
      return shown.available === available && shown.total === total && shown.inPlay === 0;
    });
    const { total } = await balanceOn(page);
    const net = await textOf(page.getByText(/^Net in this game:/));
    assert.equal(total - 100_000, Math.round(Number(net.replace('−', '-').replaceAll(/[^\d.-]/g, '')) * 100), net);
    assert.deepEqual(takeFaults(), []);
    await profile.close();
  });
});

describe('an organiser, players, and a server that dies', () => {
  const host: Login = { username: 'host', password: PASSWORD };
  const dataDir = mkdtempSync(join(tmpdir(), 'greenroom-e2e-'));
  let port: number;
  let server: TestServer;
  let browser: Browser;
  let player: WatchedPage;

  const start = async () => await startServer({ dataDir, env: { PORT: String(port) } });

  before(async () => {
    port = await freePort();
    server = await start();
    const made = await runCommand(['admin', 'create', 'host', email('host'), '--password', PASSWORD], { dataDir });
    assert.equal(made.code, 0, made.output);
    browser = await openBrowser([`--host-resolver-rules=MAP ${LAN_NAME} 127.0.0.1`]);
    player = await openPage(await openProfile(browser, { baseURL: server.url }));
    await register(player.page, 'player');
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('an organiser opens a game and a question, enters an event by one click, pauses, allows and closes', async () => {
    const { page, takeFaults } = await signIn(await openProfile(browser, { baseURL: server.url }), host);
    await openGameByForms(page);
    await player.page.goto(new URL(page.url()).pathname);
    await player.page.getByText('No open question right now.').waitFor();
    await openQuestionByForm(page);
    await place(player.page, 'Who scores next?', /^Chile/, '25');
    await question(page, 'Who scores next?').getByText('25.00 DON in the pool').waitFor();
    const controls = page.getByRole('group', { name: 'Controls of Who scores next?' });
    await controls.getByRole('button', { name: 'Pause' }).click();
    await question(player.page, 'Who scores next?').getByText('Paused').waitFor();
    await controls.getByRole('button', { name: 'Allow' }).click();
    await question(player.page, 'Who scores next?').getByText('Paused').waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Enter events' }).click();
    await page.getByRole('button', { name: 'Enter Goal, Chile · 11' }).click();
    await hear(page, 'Entered: Goal, Chile · 11.');
    await hear(player.page, 'You were right. Who scores next? – Chile. You get 25.00 (0.00).');
    await player.page.getByRole('img', { name: 'Score: Chile 1, Peru 0' }).waitFor();
    await page.getByRole('tab', { name: 'Game' }).click();
    await page.getByRole('button', { name: 'Close game' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close game' }).click();
    await player.page.getByText('This game is closed.').waitFor();
    assert.deepEqual([...takeFaults(), ...player.takeFaults()], []);
    await page.context().close();
  });

  it('a prediction is placed with the keyboard alone, with the focus in sight and the result read out', async () => {
    const { page, takeFaults } = player;
    await page.goto(await openGameByWire(server, host, 'Keys only'));
    const card = question(page, 'Who scores next?');
    await card.waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Skip to content');
    await page.keyboard.press('Enter');
    await tabTo(page, /^Chile/);
    await page.keyboard.press('Enter');
    await card.getByRole('form', { name: 'Predict Chile' }).waitFor();
    await tabTo(page, /^Amount in DON/);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('7.25');
    await tabTo(page, /^Place 7\.25 on Chile/);
    await page.keyboard.press('Enter');
    await hear(page, 'Placed: 7.25 on Chile.');
    assert.deepEqual(takeFaults(), []);
  });

  it('the page says that the server is away, and goes on by itself when it is back', async () => {
    const { page, takeFaults } = player;
    await page.goto(await openGameByWire(server, host, 'Cut short'));
    await place(page, 'Who scores next?', /^Chile/, '11');
    const before = await balanceOn(page);
    await page.evaluate('window.isSamePage = true');
    await server.kill();
    const banner = page.getByRole('status').getByText(/^Connection lost\. Reconnecting/);
    await banner.waitFor();
    server = await start();
    await banner.waitFor({ state: 'detached', timeout: RECONNECT_WITHIN_MS });
    assert.deepEqual(await balanceOn(page), before);
    await page.getByRole('tab', { name: 'Running (1)' }).click();
    await place(page, 'Who scores next?', /^Chile/, '4');
    await question(page, 'Who scores next?').getByText('Your stake: 15.00 DON').waitFor();
    assert.deepEqual(await serverBalance(server, 'player'), {
      available: before.available - 400,
      total: before.total,
    });
    assert.equal(await page.evaluate('window.isSamePage'), true, 'nobody has reloaded');
    const faults = takeFaults().filter((fault) => !/ERR_CONNECTION|WebSocket connection/.test(fault));
    assert.deepEqual(faults, []);
  });

  it('a name in the local network without TLS is enough: sign in, watch, predict, chat (3.2)', async () => {
    const profile = await openProfile(browser, { baseURL: `http://${LAN_NAME}:${port}` });
    const { page, takeFaults } = await signIn(profile, { username: 'player', password: PASSWORD });
    assert.equal(await page.evaluate('window.isSecureContext'), false);
    await page.goto(await openGameByWire(server, host, 'In the pub'));
    await place(page, 'Who scores next?', /^Peru/, '3');
    await talk(page, 'Same again?');
    assert.deepEqual(takeFaults(), []);
    await profile.close();
  });

  it('a guest predicts before the match with nothing but an e-mail address (PG1)', async () => {
    const profile = await openProfile(browser, { baseURL: server.url });
    const { page, takeFaults } = await openPage(profile);
    await page.goto(await openGameByWire(server, host, 'Next week', { isAnnouncedOnly: true }));
    const card = question(page, 'Who scores next?');
    await card.getByRole('button', { name: /^Peru/ }).click();
    await card.getByLabel(/^E-mail/).fill(email('guest'));
    await card.getByRole('button', { name: 'Place 10.00 on Peru' }).click();
    await hear(page, /^Placed: 10\.00 on Peru\. You have an account now/);
    await card.getByText('10.00 DON in the pool').waitFor();
    assert.deepEqual(takeFaults(), []);
    await profile.close();
  });
});

/** From the page for organisers to an open game whose admin one is. */
async function openGameByForms(page: Page): Promise<void> {
  await page.goto('/predictions/manage');
  const source = page.getByRole('form', { name: 'Open an organiser' });
  await source.getByLabel(/^Name/).fill('Village cup');
  await source.getByRole('button', { name: 'Open an organiser' }).click();
  await page.getByRole('button', { name: 'New game of Village cup' }).click();
  const game = page.getByRole('form', { name: 'New game' });
  await game.getByLabel(/^Name/).fill('Chile – Peru');
  await game.getByLabel('Teams and players').fill('Chile:11\nChile:7\nPeru:4');
  await game.getByRole('button', { name: 'Create game' }).click();
  await page.waitForURL(/\/predictions\/games\//);
  await page.getByRole('button', { name: 'Become admin of this game' }).click();
}

async function openQuestionByForm(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'New question' }).click();
  const form = page.getByRole('form', { name: 'New question' });
  await form.getByLabel(/^Question/).fill('Who scores next?');
  await form.getByLabel('Chile', { exact: true }).check();
  await form.getByLabel('Peru', { exact: true }).check();
  await form.getByRole('button', { name: 'Open question' }).click();
}

/** A game with one question, opened by ops. @returns the path of its page */
async function openGameByWire(
  server: TestServer,
  login: Login,
  name: string,
  { isAnnouncedOnly = false } = {},
): Promise<string> {
  const { client } = await enter(server, login);
  const { source_id: sourceId } = await client.expect(335, 365, { source_name: name });
  const game = {
    source_id: sourceId,
    game_name: name,
    type: 'football',
    actions: ['Goal'],
    targets: ['Chile', 'Peru'],
  };
  const [res, op] = isAnnouncedOnly ? [3401, 3701] : [340, 370];
  const { game_id: gameId } = await client.expect(res!, op!, game);
  await client.expect(640, 616, { game_id: gameId });
  const question = { description: 'Who scores next?', type: 1, action_id: 'goal', targets: ['chile', 'peru'] };
  await client.expect(350, 385, { game_id: gameId, ...question });
  await client.close();
  return `/predictions/games/${gameId}`;
}

/** A ring around buttons; a field shows it by its frame and the caret. */
const HAS_VISIBLE_FOCUS = `(({ activeElement: it }) =>
  it.matches(':focus-visible') && (it.matches('input') || getComputedStyle(it).outlineStyle === 'solid'))(document)`;

/** Presses Tab until the element of that name has the focus, which must be in sight. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let pressed = 0; pressed < MOST_TABS; pressed++) {
    await page.keyboard.press('Tab');
    if (!name.test(await focused(page))) continue;
    assert.equal(await page.evaluate(HAS_VISIBLE_FOCUS), true, `the focus on ${name} is in sight`);
    return;
  }
  assert.fail(`${name} is not reached by ${MOST_TABS} times Tab`);
}

/** Label, or text, of what has the focus. */
async function focused(page: Page): Promise<string> {
  return await page.evaluate<string>(
    `(({ activeElement: it }) => it.getAttribute('aria-label') ?? it.labels?.[0]?.innerText ?? it.innerText)(document)`,
  );
}

/** The crowd's bets move the figures without anybody touching the page. */
async function seeBetsArrive(page: Page): Promise<void> {
  const first = question(page, 'Who scores the next goal?');
  const before = await textOf(first.getByText(/in the pool/));
  await until('bets of others arrive', async () => (await textOf(first.getByText(/in the pool/))) !== before);
}

/** What one would get is said before anything is placed. */
async function seePreview(page: Page): Promise<void> {
  const card = question(page, 'Who wins the cup?');
  await card.getByRole('button', { name: /^Argentina/ }).click();
  await card.getByLabel(/^Amount in/).fill('12.5');
  const preview = card.locator('dl').filter({ hasText: 'You would get' });
  const [returned] = await preview.locator('dd').allInnerTexts();
  assert.ok(Number(returned!.replaceAll(',', '')) >= 12.5, returned);
  await card.getByRole('button', { name: /^Argentina/ }).click();
  await preview.waitFor({ state: 'detached' });
}

async function talk(page: Page, text: string): Promise<void> {
  await page.getByRole('tab', { name: 'Chat' }).click();
  await page.getByLabel('Write a message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('log', { name: 'Chat' }).getByText(text).waitFor();
}

async function serverBalance(server: TestServer, username: string): Promise<{ available: number; total: number }> {
  const { client } = await enter(server, { username, password: PASSWORD });
  const { current_balance: total } = await client.expect(800, 800);
  const { available_balance: available } = await client.expect(810, 810);
  await client.close();
  return { available: Math.round(Number(available) * 100), total: Math.round(Number(total) * 100) };
}
