// The console in a real browser: every page, wide and narrow, light and dark, with JavaScript on and off.
//
//   node console.mjs BASE MAY MAY_NOT [FOLDER]      MAY, MAY_NOT: who may issue a stream
//   again, and who may not, by the development credential; FOLDER: pictures of the pages go there
//
// Prints every fault and a count; exit 1 where there is one. Started by tests/tests/browser.rs on a hub that has
// been told a story. Axe is injected by the debugging protocol, so the pages' own policy stays in force.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [base, may, mayNot, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
const faults = [];
let looked = 0;

const browser = await chromium.launch({
  executablePath: process.env.HUB_TEST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A window whose every request, error and broken policy is a fault. */
async function open(width, options = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  page.on('request', request => {
    const inside = request.url().startsWith(`${base}/`) || request.url().startsWith('data:');
    if (!inside) faults.push(`asks outside: ${request.url()}`);
  });
  page.on('console', said => {
    const expected = /status of (403|404)/.test(said.text());
    if (['error', 'warning'].includes(said.type()) && !expected) faults.push(`${page.url()} says ${said.text()}`);
  });
  page.on('pageerror', error => faults.push(`${page.url()} fails: ${error.message}`));
  return page;
}

/** The same, signed in as a named person. */
async function signedIn(width, options = {}, name = may) {
  const page = await open(width, options);
  await page.goto(base);
  await page.getByLabel('Naam').fill(name);
  await page.getByLabel('Toegangscode').fill(`dev-${name}`);
  await page.getByRole('button', { name: 'Aanmelden' }).click();
  await page.waitForURL(`${base}/`);
  return page;
}

const expect = (holds, fault) => { if (!holds) faults.push(fault); };
const fits = page => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

/** Everything that is asked of any page. */
async function look(page, address, where, status = 200) {
  const answer = await page.goto(base + address);
  looked += 1;
  expect(answer.status() === status, `${address}: answered ${answer.status()}`);
  expect(await clean(page, address, where), `${address} (${where}) scrolls sideways`);
  if (folder) {
    const name = `${address.replace(/[^a-z0-9]+/gi, '-').slice(1, 40) || 'overview'}-${where.replace(' ', '-')}`;
    await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  }
}

/** Axe on what is shown; whether it fits. */
async function clean(page, address, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(
    values => window.axe.run(document, { runOnly: { type: 'tag', values } }), rules);
  for (const { id, nodes } of violations) {
    faults.push(`${address} (${where}) axe ${id}: ${nodes.map(node => node.target.join(' ')).slice(0, 3).join(', ')}`);
  }
  return fits(page);
}

// What there is: both lists, every saved view, and one handover in each state that has any.
const guide = await signedIn(1280);
await guide.goto(`${base}/handovers`);
const views = await guide.locator('.tabs a').evaluateAll(links => links.map(link => link.getAttribute('href')));
const states = await guide.locator('select[name=state] option').evaluateAll(all => all.map(one => one.value));
const handovers = [];
for (const state of states.filter(state => state && state !== 'all')) {
  await guide.goto(`${base}/handovers?state=${state}`);
  const first = guide.locator('tbody a.id').first();
  if (await first.count()) handovers.push(await first.getAttribute('href'));
}
expect(handovers.length >= 3, `only ${handovers.length} states have a handover: the story is too small`);
const lists = ['/', ...new Set(views), '/handovers?recipient=no-such&owner=nobody', '/handovers?id=zzzz'];

for (const width of [1280, 320]) {
  for (const colorScheme of ['light', 'dark']) {
    const stranger = await open(width, { colorScheme });
    await look(stranger, '/sign-in?to=/handovers', `${width} ${colorScheme}`);
    await stranger.getByLabel('Naam').fill(may);
    await stranger.getByLabel('Toegangscode').fill('guessed');
    await stranger.getByRole('button', { name: 'Aanmelden' }).click();
    await stranger.getByRole('alert').waitFor();
    expect(await clean(stranger, 'a refused sign-in', `${width} ${colorScheme}`), 'a refused sign-in scrolls');
    await stranger.context().close();
    const page = await signedIn(width, { colorScheme });
    const where = `${width} ${colorScheme}`;
    for (const address of [...lists, ...handovers]) await look(page, address, where);
    await look(page, '/handovers/00000000000000000000000000000000', where, 404);
    await page.context().close();
  }
}

// Wider spacing of text (WCAG 1.4.12) must not push anything out of a narrow window.
const spaced = await signedIn(320);
for (const address of ['/', '/handovers', handovers[0]]) {
  await spaced.goto(base + address);
  await spaced.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}');
    document.adoptedStyleSheets = [sheet];
  });
  expect(await fits(spaced), `${address} scrolls sideways with wide text spacing`);
}

// By keyboard: the first stop leads past the menu.
const keys = await signedIn(1280);
await keys.goto(base);
await keys.keyboard.press('Tab');
expect(await keys.evaluate(() => document.activeElement.getAttribute('href')) === '#main', 'the first stop is no skip link');

// Without JavaScript: from the overview by the menu to the list, through a filter, to one handover and back by its id.
for (const width of [1280, 320]) {
  const plain = await signedIn(width, { javaScriptEnabled: false });
  if (width < 992) await plain.getByRole('button', { name: 'Menu' }).click();
  await plain.getByRole('link', { name: /^Overdrachten \d/ }).click();
  await plain.getByLabel('Toestand').selectOption('all');
  await plain.getByRole('button', { name: 'Filter' }).click();
  await plain.waitForURL(/state=all/);
  const first = plain.locator('tbody a.id').first();
  const name = await first.textContent();
  await first.click();
  await plain.getByRole('heading', { name: 'Tijdlijn' }).waitFor();
  await plain.getByLabel('Zoek op kenmerk').fill(name);
  await plain.getByRole('button', { name: 'Zoek' }).click();
  await plain.waitForURL(new RegExp(`/handovers/${name}`));
  looked += 4;
  await plain.context().close();
}

// What somebody does by hand: the page of an open stream has a form for who may, and for nobody else; sent all the same,
// it is refused.
const desk = await signedIn(1280, { javaScriptEnabled: false });
let form;
for (const address of handovers) {
  await desk.goto(base + address);
  form = desk.locator('form[action$="/redeliver"]');
  if (await form.count()) break;
}
const action = await form.getAttribute('action');
const shown = desk.url();
await form.getByRole('button').click();
await desk.getByRole('heading', { name: 'Gedaan', exact: true }).waitFor();
const other = await signedIn(1280, {}, mayNot);
await other.goto(shown);
expect(await other.locator('form[action$="/redeliver"]').count() === 0, 'who may not is shown the form');
await other.locator('form[action="/sign-out"]').evaluate((own, to) => { own.action = to; own.submit(); }, action);
await other.getByRole('heading', { name: 'Niet gedaan' }).waitFor();
expect(await clean(other, 'a refusal', '1280 light'), 'a refusal scrolls sideways');
await desk.goto(base);
await desk.getByRole('button', { name: 'Afmelden' }).click();
await desk.getByRole('heading', { name: 'Aanmelden' }).waitFor();
await desk.goto(base);
expect(desk.url().includes('/sign-in'), 'signed out, a page is still shown');
looked += 4;

// The desk where links are reviewed, in each of its languages, for who reviews and for who does not; nothing is chosen
// beforehand, and without JavaScript an answer leads to the next one.
const list = await signedIn(1280, {}, mayNot);
await list.goto(`${base}/nakijken`);
const items = await list.locator('.work a.id').evaluateAll(links => links.map(link => link.getAttribute('href')));
expect(items.length > 0, 'nothing is to be reviewed: the story is too small');
for (const width of [1280, 320]) {
  for (const colorScheme of ['light', 'dark']) {
    const steward = await signedIn(width, { colorScheme }, mayNot);
    const where = `${width} ${colorScheme}`;
    for (const code of ['nl', 'fr', 'en']) await look(steward, `/nakijken?lang=${code}`, where);
    for (const address of items.slice(0, 6)) await look(steward, address, where);
    await steward.goto(`${base}${items[0]}`);
    const person = await steward.locator('th a.id').first().getAttribute('href');
    for (const code of ['nl', 'fr', 'en']) await look(steward, person.replace(/lang=.*/, `lang=${code}`), where);
    await steward.context().close();
    const other = await signedIn(width, { colorScheme });
    await look(other, '/nakijken', where);
    await look(other, person, where);
    expect(await other.locator('form[action^="/nakijken"]').count() === 0, 'who may not review is shown the form');
    await other.context().close();
  }
}
const steward = await signedIn(1280, { javaScriptEnabled: false }, mayNot);
await steward.goto(`${base}/nakijken?lang=en`);
expect(await steward.locator('input[name=answer]:checked').count() === 0, 'an answer is chosen beforehand');
const before = await steward.locator('.work .on a.id').textContent();
await steward.getByLabel('Cannot tell').check();
await steward.getByLabel('Reason (required)').fill('both files were looked at');
await steward.getByRole('button', { name: 'Save and next' }).click();
await steward.waitForURL(/nakijken.lang=en/);
const last = await steward.locator('.work a.id').last().textContent();
expect(last === before, 'what cannot be told is not behind the others');
looked += 2;

await browser.close();
for (const fault of faults) console.log(`fault: ${fault}`);
console.log(`${looked} pages looked at, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
