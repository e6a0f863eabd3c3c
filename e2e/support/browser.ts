import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { PATIENCE_MS } from './waiting.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  '--disable-gpu',
];

/** One Chromium for a test file; `flags` besides the usual ones. */
export async function openBrowser(flags: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] });
}

/** A person's own browser profile, in British English; nothing moves, so that pictures and measurements are of a page at rest. */
export async function openProfile(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

/** A page that remembers what went wrong in it. */
export interface WatchedPage {
  page: Page;
  /** Console errors and uncaught exceptions since the last look. */
  takeFaults(): string[];
}

/** Opens a tab and listens to its console. */
export async function openPage(context: BrowserContext): Promise<WatchedPage> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      faults.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  return { page, takeFaults: () => faults.splice(0) };
}

/** Signs in as a person does, and stays on the page that follows. */
export async function signIn(
  context: BrowserContext,
  { username, password }: { username: string; password: string },
): Promise<WatchedPage> {
  const watched = await openPage(context);
  const { page } = watched;
  await page.goto('/sign-in');
  await page.getByLabel('Username or e-mail').fill(username);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByRole('main').getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: `Account of ${username}` }).waitFor();
  return watched;
}

/** Pixels that the page is wider than its window: 0 when nobody has to scroll sideways. */
export async function sidewaysScroll(page: Page): Promise<number> {
  return await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** One rule of axe-core that a page breaks. */
export interface Violation {
  id: string;
  impact: 'minor' | 'moderate' | 'serious' | 'critical';
  help: string;
  nodes: { html: string; failureSummary: string }[];
}

let axeSource: string | undefined;

/** What axe-core finds on the page as it is now; of `rules` only, when given. */
export async function findViolations(page: Page, rules?: readonly string[]): Promise<Violation[]> {
  axeSource ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Evaluated instead of added as a script: the page's content security policy allows none but its own.
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axeSource);
  const options = { resultTypes: ['violations'], ...(rules === undefined ? {} : { runOnly: rules }) };
  return await page.evaluate<Violation[]>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations.map(({ id, impact, help, nodes }) => (
      { id, impact, help, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })) })))`,
  );
}

/** A violation as a line for people. */
export function describeViolation({ id, impact, help, nodes }: Violation): string {
  const places = nodes.slice(0, 3).map(({ html, failureSummary }) => `\n    ${html}\n      ${failureSummary}`);
  return `${impact} ${id}: ${help} (${nodes.length} places)${places.join('')}`;
}
