// Debian's Chromium, driven by Playwright's core: a fresh profile, no network of its own, and a page
// that keeps what must not happen: violations, requests to others, errors.

import fs from 'node:fs';
import path from 'node:path';

import { chromium } from 'playwright-core';

import { TOP } from '../../../dev/stack.mjs';

const BINARY = process.env.SM_TEST_CHROMIUM ?? '/usr/bin/chromium';
const AXE = path.join(TOP, 'node_modules', 'axe-core', 'axe.min.js');
export const OUTPUT = path.join(TOP, 'tests', 'output');
const TIMEOUT_MS = 60_000;
// Chromium drops what is on its way when an interface of the machine comes or goes (a container's).
const NETWORK_CHANGED = 'net::ERR_NETWORK_CHANGED';

export const NARROW = { width: 320, height: 640 };
export const WIDE = { width: 1280, height: 900 };

export async function startBrowser() {
  if (!fs.existsSync(BINARY)) throw new Error(`${BINARY} is missing: dev/setup test installs it`);
  return chromium.launch({
    executablePath: BINARY,
    headless: true,
    args: [
      ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
      '--headless=new', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
    ],
  });
}

/**
 * A person's browser: context and page with the faults that were seen. `expected`: parts of what the console may say
 * without a fault, while a test has taken something away.
 */
export async function openPerson(browser, world, { viewport = WIDE, locale = 'nl-NL', ...more } = {}) {
  const context = await browser.newContext({ viewport, locale, timezoneId: 'Europe/Amsterdam', ...more });
  context.setDefaultTimeout(TIMEOUT_MS);
  const faults = { violations: [], foreign: [], errors: [] };
  await context.exposeBinding('reportViolation', (_, text) => faults.violations.push(text));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      globalThis.reportViolation(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`));
  });
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== world.stack.url && !['blob:', 'data:'].includes(protocol)) faults.foreign.push(request.url());
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.errors.push(String(error)));
  // Chromium tells every refused request too.
  const expected = [];
  const isExpected = (text) => [NETWORK_CHANGED, ...expected].some((part) => text.includes(part));
  page.on('console', (message) => message.type() === 'error' && !isExpected(message.text()) && faults.errors.push(`${message.text()} ${message.location().url}`));
  return { context, page, faults, expected };
}

const TRIES_MAX = 6;

// Chromium throws the whole load away, or only a script of it: both are done again, whole.
async function persistently(page, first, then) {
  let lost = 0;
  const count = (request) => (lost += request.failure()?.errorText === NETWORK_CHANGED ? 1 : 0);
  page.on('requestfailed', count);
  try {
    for (let tries = 1; ; tries++) {
      lost = 0;
      try {
        const answer = await (tries === 1 ? first() : then());
        if (lost === 0 || tries === TRIES_MAX) return answer;
      } catch (error) {
        if (tries === TRIES_MAX || !String(error).includes(NETWORK_CHANGED)) throw error;
      }
    }
  } finally {
    page.off('requestfailed', count);
  }
}

// The text that came with the page has gone; where it stays (no scripts), it is not waited for long.
async function drawn(page, answer) {
  await page.locator('#app > .start').waitFor({ state: 'detached', timeout: 5_000 }).catch(() => {});
  return answer;
}

/** Goes to a page, until it has drawn itself; again when the machine's own network changed under it and something did not come. */
export function visit(page, url) {
  const go = () => page.goto(url);
  // An address with a fragment has lost it when the page's script ran: then what the tab keeps is used.
  const again = () => (page.url() === 'about:blank' || page.url().startsWith('chrome-error:') ? go() : page.reload());
  return persistently(page, go, again).then((answer) => drawn(page, answer));
}

/** Loads the page again, as a person does. */
export const reload = (page) => persistently(page, () => page.reload(), () => page.reload()).then((answer) => drawn(page, answer));

/** The browser's own "back". */
export const goBack = (page) => persistently(page, () => page.goBack(), () => page.reload()).then((answer) => drawn(page, answer));

/** What axe-core has against the page as it is now: WCAG 2.0 to 2.2, A and AA, and best practices. */
export async function accessibilityFaults(page) {
  // Through the protocol and not as a script tag, so that the page's own policy stays as it is.
  await page.evaluate(`${fs.readFileSync(AXE, 'utf8')};undefined`);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }), tags);
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} (${node.failureSummary})`));
}

/** The page at one width, kept for people to look at; says what is wider than the window. */
export async function picture(page, name, viewport) {
  fs.mkdirSync(OUTPUT, { recursive: true });
  await page.setViewportSize(viewport);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  await page.screenshot({ path: path.join(OUTPUT, `${name}-${viewport.width}.png`), fullPage: true });
  return width > viewport.width ? [`${name} is ${width} wide at ${viewport.width}`] : [];
}

/** The page at both widths. */
export async function screenshots(page, name) {
  const before = page.viewportSize();
  const tooWide = [];
  for (const viewport of [NARROW, WIDE]) tooWide.push(...(await picture(page, name, viewport)));
  await page.setViewportSize(before);
  return tooWide;
}

// Not with the mouse: a dialog may lie over it.
export async function chooseLanguage(page, language) {
  await page.evaluate((lang) => document.querySelector(`.page__language[lang="${lang}"]`).click(), language);
  await page.waitForFunction((lang) => document.documentElement.lang === lang, language);
}
