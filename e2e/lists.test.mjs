// Errors, logs, patterns, metrics and services on the data of the demo, as somebody uses them who looks for a fault.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attribute, browser, cleanup, id, page, send, server, settled } from './support.mjs';

const LIVE_MS = 10_000;

/** Log records of one service as a request. */
const logsOf = (service, messages) => ({ resourceLogs: [{ resource: { attributes: [attribute('service.name', service)] }, scopeLogs: [{
  logRecords: messages.map((message) => ({ timeUnixNano: `${Date.now()}000000`, severityNumber: 9, body: { stringValue: message } })) }] }] });

describe('lists of the demo', () => {
  let api;
  let http;
  let context;

  after(cleanup);
  before(async () => {
    ({ api, http } = await server('demo'));
    context = await browser();
  });

  const opened = async (path, options) => {
    const it = await page(context, options);
    await it.goto(api + path);
    await settled(it);
    return it;
  };
  const done = async (it) => {
    assert.deepEqual(it.complaints, []);
    await it.close();
  };

  test('a group of errors says why it is one, shows a stack trace, and traces that failed beside those that worked', async () => {
    const it = await opened('/errors');
    const counts = (await it.locator('table.groups tbody td:nth-child(4)').allInnerTexts()).map(Number);
    assert.ok(counts.length > 3 && counts.every((count, at) => at === 0 || count <= counts[at - 1]), `the most frequent first: ${counts}`);
    await it.getByRole('searchbox', { name: 'Narrow by type or message' }).fill('CardDeclined');
    await it.waitForURL(/find=CardDeclined/);
    await settled(it);
    await it.locator('table.groups tbody tr').first().click();
    await it.waitForURL(/\/errors\/[0-9a-f]{16}/);
    await it.getByText('same exception type').first().waitFor();
    await it.locator('pre.frames', { hasText: 'CardDeclinedException' }).first().waitFor();
    await it.getByRole('table', { name: 'Traces that worked' }).locator('tbody tr').first().waitFor();
    await it.getByRole('table', { name: 'Traces that failed' }).locator('tbody tr').first().click();
    await it.waitForURL(/\/trace\/[0-9a-f]{32}/);
    await done(it);
  });

  test('how a table is sorted is in the address', async () => {
    const it = await opened('/errors');
    await it.getByRole('button', { name: 'Last seen' }).click();
    assert.match(it.url(), /sort=-last/);
    await it.reload();
    await settled(it);
    assert.equal(await it.locator('th[aria-sort="descending"]').innerText(), 'Last seen');
    await done(it);
  });

  test('a log line opens to its attributes and leads to its trace and its pattern', async () => {
    const it = await opened('/logs?level=error');
    const levels = new Set(await it.locator('.records .level').allInnerTexts());
    assert.ok([...levels].every((level) => ['ERROR', 'CRITICAL'].includes(level)), [...levels].join());
    const line = it.locator('.records details').first();
    await line.locator('summary').first().click();
    await line.getByRole('link', { name: 'Its trace' }).waitFor();
    await line.getByRole('link', { name: 'Only lines of this pattern' }).click();
    await it.waitForURL(/pattern_id=[0-9a-f]{16}/);
    await settled(it);
    assert.ok(await it.locator('.records details').count() > 0);
    await it.getByRole('button', { name: 'Without pattern_id' }).click();
    await settled(it);
    assert.doesNotMatch(it.url(), /pattern_id/);
    await done(it);
  });

  test('words are found in messages and marked there', async () => {
    const it = await opened('/logs?q=deadlock');
    assert.ok(await it.locator('.records mark').count() > 0);
    await it.goto(`${api}/logs?q=nothinglikethis`);
    await settled(it);
    await it.getByText('No line has all these words').waitFor();
    await done(it);
  });

  test('live lines come at the top, wait while it is paused, and say how many wait', async () => {
    const it = await page(context);
    await it.goto(`${api}/logs?live=1&q=greeting`);
    await it.getByText('Live: new lines come at the top').waitFor();
    await send(http, 'logs', logsOf('caller', ['greeting one']));
    await it.locator('.records').getByText('greeting one').waitFor({ timeout: LIVE_MS });
    await it.getByRole('button', { name: 'Pause' }).click();
    await send(http, 'logs', logsOf('caller', ['greeting two', 'greeting three']));
    await it.getByText('2 lines wait').waitFor({ timeout: LIVE_MS });
    assert.equal(await it.locator('.records').getByText('greeting two').count(), 0);
    await it.getByRole('button', { name: 'Show them' }).click();
    await it.locator('.records').getByText('greeting two').waitFor();
    await done(it);
  });

  test('a pattern shows what stands at its placeholders, and its lines', async () => {
    const it = await opened('/patterns?kind=log');
    await it.locator('table.patterns tbody tr', { has: it.locator('.hole') }).first().click();
    await it.waitForURL(/\/patterns\/[0-9a-f]{16}/);
    await it.locator('.holes > li').first().waitFor();
    await it.locator('.records details').first().waitFor();
    await it.goto(`${api}/patterns?change=gone`);
    await settled(it);
    await it.getByText(/No gone patterns|Before/).first().waitFor();
    await done(it);
  });

  test('a metric is drawn, aggregated, grouped, and its exemplars lead to traces', async () => {
    const it = await opened('/metrics');
    await it.locator('.metric-card canvas').first().waitFor();
    await it.locator('.metric-card', { hasText: 'http.server.request.duration' }).click();
    await it.waitForURL(/name=http.server.request.duration/);
    await it.locator('.plot canvas').waitFor();
    await it.getByRole('button', { name: 'p99' }).click();
    await it.waitForURL(/aggregate=p99/);
    await settled(it);
    await it.getByRole('combobox', { name: 'Group by' }).selectOption('service');
    await it.waitForURL(/group=service/);
    await it.locator('table.series .series-name', { hasText: 'payment-service' }).waitFor();
    await it.locator('a.exemplar').first().focus();
    await it.keyboard.press('Enter');
    await it.waitForURL(/\/trace\/[0-9a-f]{32}/);
    await done(it);
  });

  test('a service of the map opens to its operations, with the mouse and the keyboard', async () => {
    const it = await opened('/services');
    await it.locator('.map .node[data-name="git-service"]').click();
    await it.waitForURL(/service=git-service/);
    await settled(it);
    await it.getByRole('table', { name: 'Operations of git-service' }).waitFor();
    await it.keyboard.press('Escape');
    await it.waitForURL((url) => !url.search.includes('service='));
    await settled(it);
    await it.locator('.map .node[data-name="mahavishnu"]').focus();
    await it.keyboard.press('Enter');
    await it.waitForURL(/service=mahavishnu/);
    await it.locator('.neighbour').nth(2).waitFor();
    await settled(it);
    await it.locator('.map .node[data-name="mahavishnu"]:focus').waitFor();
    await done(it);
  });

  test('a group and a pattern that there are not are said not to be there', async () => {
    for (const path of ['errors', 'patterns']) {
      const it = await page(context);
      await it.goto(`${api}/${path}/${id(8)}`);
      await it.getByText('There is no such thing here.').waitFor();
      await it.close();
    }
  });
});
