// Every page on the demo's data.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { browser, cleanup, page, server, settled } from './support.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LARGEST_FIRST_PAGE = 300 * 1024;
const USABLE_MS = 1000;
const RUNS = 3;

describe('the pages on the data of the demo', () => {
  let api;
  let context;
  let trace;
  const paths = new Map();

  after(cleanup);
  before(async () => {
    ({ api } = await server('demo'));
    context = await browser();
    const get = async (path) => (await fetch(`${api}/api/v1${path}`)).json();
    trace = (await get('/traces?errors=true&limit=1'))[0].trace_id;
    const [group] = await get('/errors?limit=1');
    const [pattern] = await get('/patterns?kind=log&limit=1');
    for (const [name, path] of Object.entries({
      search: '/', words: '/?q=card+declined', 'a filter': '/?q=service:mahavishnu+status:error', nothing: '/?q=service:nobody', trace: `/trace/${trace}`,
      'logs of a trace': `/trace/${trace}?tab=logs`, 'similar traces': `/trace/${trace}?tab=similar`, 'JSON of a trace': `/trace/${trace}?tab=json`,
      errors: '/errors', 'a group': `/errors/${group.pattern_id}`, logs: '/logs', patterns: '/patterns', 'a pattern': `/patterns/${pattern.pattern_id}`,
      metrics: '/metrics', services: '/services', pipeline: '/pipeline' })) paths.set(name, path);
  });

  test('say nothing on the console, wide and narrow', async () => {
    for (const wide of [true, false]) {
      for (const [name, path] of paths) {
        const it = await page(context, { wide });
        await it.goto(api + path);
        await settled(it);
        assert.deepEqual(it.complaints, [], `${name} at ${path}`);
        assert.ok((await it.locator('#main').innerText()).length > 20, `${name} is empty`);
        await it.close();
      }
    }
  });

  test('do not scroll sideways on a phone', async () => {
    for (const [name, path] of paths) {
      const it = await page(context, { wide: false });
      await it.goto(api + path);
      await settled(it);
      const over = await it.evaluate(() => document.querySelector('#main').scrollWidth - document.querySelector('#main').clientWidth);
      assert.ok(over <= 1, `${name} is ${over} px too wide`);
      await it.close();
    }
  });

  test('have no serious fault that axe finds, light and dark', async () => {
    for (const dark of [false, true]) {
      for (const [name, path] of paths) {
        const it = await page(context, { dark });
        await it.goto(api + path);
        await settled(it);
        // Through the debugger, which the content security policy does not concern.
        await it.evaluate(AXE);
        const { violations } = await it.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        const said = serious.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 200)} ${node.any.map((any) => any.message).join('; ')}`).join('\n  ')}`);
        assert.deepEqual(said, [], `${name}, ${dark ? 'dark' : 'light'}`);
        await it.close();
      }
    }
  });

  test(`the first page takes less than ${LARGEST_FIRST_PAGE / 1024} KB and is usable in under ${USABLE_MS} ms`, async () => {
    const it = await page(context);
    const session = await context.newCDPSession(it);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
    const usable = [];
    const sizes = [];
    // The best of some: what else the machine does is not the page's doing.
    for (let run = 0; run < RUNS && !(Math.min(...usable) < USABLE_MS); run += 1) {
      bytes = 0;
      await it.goto(`${api}/`, { waitUntil: 'commit' });
      await it.waitForSelector('table.traces tbody tr');
      usable.push(await it.evaluate(() => performance.now()));
      await settled(it);
      sizes.push(bytes);
    }
    console.log(`first page: ${sizes.map((size) => Math.round(size / 1024))} KB over the wire, usable after ${usable.map(Math.round)} ms`);
    assert.ok(Math.max(...sizes) < LARGEST_FIRST_PAGE, `${sizes} bytes`);
    assert.ok(Math.min(...usable) < USABLE_MS, `${usable} ms`);
    await it.close();
  });

  test('the keyboard searches, walks rows, opens one and comes back', async () => {
    const it = await page(context);
    await it.goto(`${api}/`);
    await settled(it);
    await it.keyboard.press('/');
    await it.keyboard.type('card declined');
    await it.keyboard.press('Enter');
    await it.waitForURL(/q=card/);
    await settled(it);
    await it.keyboard.press('j');
    await it.keyboard.press('j');
    await it.keyboard.press('k');
    await it.keyboard.press('Enter');
    await it.waitForURL(/\/trace\/[0-9a-f]{32}/);
    await settled(it);
    // The span that matched is open.
    await it.locator('.side').waitFor();
    await it.keyboard.press('Escape');
    await it.locator('.side').waitFor({ state: 'hidden' });
    await it.keyboard.press('ArrowDown');
    await it.keyboard.press('ArrowDown');
    assert.match(it.url(), /span=[0-9a-f]{16}/);
    await it.keyboard.press('?');
    await it.locator('dialog[open]').waitFor();
    assert.deepEqual(it.complaints, []);
    await it.close();
  });

  test('what is clicked is in the address, and back works', async () => {
    const it = await page(context);
    await it.goto(`${api}/`);
    await settled(it);
    await it.locator('.facet button', { hasText: 'error' }).first().click();
    await it.waitForURL(/status:error/);
    await settled(it);
    const failing = await it.locator('table.traces tbody tr').count();
    assert.ok(failing > 0);
    await it.getByRole('button', { name: '24h' }).click();
    await it.waitForURL(/range=24h/);
    await it.goBack();
    await it.goBack();
    await settled(it);
    assert.equal(new URL(it.url()).search, '');
    const chart = await it.locator('figure.chart svg').boundingBox();
    await it.mouse.move(chart.x + chart.width * 0.7, chart.y + 20);
    await it.mouse.down();
    await it.mouse.move(chart.x + chart.width * 0.9, chart.y + 20, { steps: 4 });
    await it.mouse.up();
    await it.waitForURL(/since=.*until=/);
    assert.deepEqual(it.complaints, []);
    await it.close();
  });

  test('who comes back from a trace finds the list where it was left', async () => {
    const it = await page(context);
    await it.goto(`${api}/`);
    await settled(it);
    await it.locator('#main').evaluate((main) => { main.scrollTop = 600; });
    await it.locator('table.traces tbody tr').nth(30).click();
    await it.locator('.wrow').first().waitFor();
    await it.goBack();
    await it.locator('table.traces').waitFor();
    await settled(it);
    assert.ok(await it.locator('#main').evaluate((main) => main.scrollTop) > 500);
    await it.close();
  });

  test('a path that nobody knows is a 404 that says so', async () => {
    const it = await page(context);
    const response = await it.goto(`${api}/no/such/page`);
    assert.equal(response.status(), 404);
    await it.getByText('There is no such page').waitFor();
    await it.close();
    assert.equal((await fetch(`${api}/api/v1/nothing`, { headers: { accept: 'text/html' } })).headers.get('content-type'), 'application/problem+json');
  });
});
