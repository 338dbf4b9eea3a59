// Pages where there is nothing, where names want to do harm, where there are many services, and where a destination refuses.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { attribute, browser, cleanup, id, page, send, server, settled, span, spansOf } from './support.mjs';

const HOSTILE = '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>';
const SERVICES = 60;
const PAGES = ['/errors', '/logs', '/patterns', '/metrics', '/services', '/pipeline'];
const BREAKER_MS = 30_000;
const COUNTED_MS = 2500;

describe('where there is nothing', () => {
  after(cleanup);
  test('each page says how to send the first', async () => {
    const { api } = await server('serve');
    const context = await browser();
    for (const wide of [true, false]) {
      for (const path of PAGES.filter((it) => it !== '/pipeline')) {
        const it = await page(context, { wide });
        await it.goto(api + path);
        await settled(it);
        assert.match(await it.locator('.command').first().innerText(), /^curl http/, path);
        assert.deepEqual(it.complaints, [], path);
        await it.close();
      }
    }
  });

  for (const path of ['/', ...PAGES.filter((it) => it !== '/pipeline')])
    test(`${path} shows what its command sends, a moment later`, async () => {
      const { api } = await server('serve');
      const it = await page(await browser());
      await it.goto(api + path);
      const first = await it.locator('.lesson .command pre').first().innerText();
      await promisify(execFile)('bash', ['-c', first]);
      await it.locator('.lesson').waitFor({ state: 'detached' });
      await it.locator('#main .region').getByText('hello').first().waitFor();
      assert.deepEqual(it.complaints, []);
    });
});

describe('many services with names that want to do harm', () => {
  let api;
  let context;
  after(cleanup);
  before(async () => {
    let http;
    ({ api, http } = await server('serve'));
    context = await browser();
    const start = Date.now() - 60_000;
    const bad = { status: { code: 2, message: HOSTILE }, attributes: [attribute(HOSTILE, HOSTILE)] };
    const names = Array.from({ length: SERVICES }, (_, at) => (at === 1 ? HOSTILE : at === 2 ? 'long-'.repeat(60) : `service-${at}`));
    for (let round = 0; round < 3; round += 1) {
      const trace = id(16);
      const spans = names.map((_, at) => span(trace, start, { name: at % 7 === 0 ? HOSTILE : `work ${at}`, from: at, to: 400 - at, ...(at % 9 === 1 ? bad : {}) }));
      // Every service is called by one before it, so that there are some layers.
      spans.forEach((it, at) => { it.parentSpanId = at === 0 ? undefined : spans[Math.floor((at - 1) / 3)].spanId; });
      for (const [at, one] of spans.entries()) await send(http, 'traces', spansOf(names[at], [one]));
    }
    const resource = { attributes: [attribute('service.name', HOSTILE)] };
    const now = `${Date.now() - 5000}000000`;
    await send(http, 'logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [HOSTILE, `${HOSTILE} ${'long'.repeat(2000)}`].map((text) => ({ timeUnixNano: now, severityNumber: 17, severityText: HOSTILE, body: { stringValue: text }, attributes: [attribute(HOSTILE, HOSTILE)] })) }] }] });
    await send(http, 'metrics', { resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [{ name: HOSTILE, unit: HOSTILE, description: HOSTILE, gauge: { dataPoints: [{ timeUnixNano: now, asDouble: 1, attributes: [attribute('label', HOSTILE)] }] } }] }] }] });
  });

  test('are text on every page, wide and narrow, and make none scroll sideways', async () => {
    const name = encodeURIComponent(HOSTILE);
    for (const wide of [true, false]) {
      for (const path of [...PAGES, `/metrics?name=${name}&group=label`, `/services?service=${name}`, `/logs?service=${name}`]) {
        const it = await page(context, { wide });
        await it.goto(api + path);
        await settled(it);
        for (const summary of await it.locator('.records summary[data-row]').all()) await summary.click();
        assert.equal(await it.evaluate(() => globalThis.hacked), undefined, path);
        assert.equal(await it.locator('#main img, #main script').count(), 0, path);
        const over = await it.evaluate(() => document.querySelector('#main').scrollWidth - document.querySelector('#main').clientWidth);
        assert.ok(over <= 1, `${path} is ${over} px too wide`);
        assert.deepEqual(it.complaints, [], path);
        await it.close();
      }
    }
  });

  test('are all on the map, and none covers another', async () => {
    const it = await page(context);
    await it.goto(`${api}/services`);
    await settled(it);
    const boxes = await it.locator('.map .node .box').evaluateAll((all) => all.map((box) => { const { x, y, width, height } = box.getBoundingClientRect(); return { x, y, width, height }; }));
    assert.equal(boxes.length, SERVICES);
    const covers = (one, other) => one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height;
    const covered = boxes.flatMap((one, at) => boxes.slice(at + 1).filter((other) => covers(one, other)));
    assert.equal(covered.length, 0);
    await it.close();
  });
});

describe('a destination that refuses, and one that is away', () => {
  after(cleanup);
  test('are in words, with a countdown, sums that add up, and dead letters to send again or to throw away', async () => {
    const upstream = createServer((request, response) => { request.resume(); request.on('end', () => { response.writeHead(400); response.end('field 7 is not allowed'); }); });
    await new Promise((resolve) => { upstream.listen(0, '127.0.0.1', resolve); });
    const { api, http } = await server('serve', {
      MAHAVISHNU_OTEL_STORAGE_BACKEND: 'both', MAHAVISHNU_OBSERVABILITY__OTLP_ENDPOINT: 'http://127.0.0.1:9', MAHAVISHNU_OBSERVABILITY__MORE_UPSTREAMS: 'strict',
      OTEL_EXPORTER_OTLP_STRICT_ENDPOINT: `http://127.0.0.1:${upstream.address().port}`, OTEL_EXPORTER_OTLP_STRICT_PROTOCOL: 'http/protobuf',
    });
    const context = await browser();
    const it = await page(context);
    await send(http, 'traces', spansOf('shop', [span(id(16), Date.now(), { name: 'buy', to: 30 })]));
    await it.goto(`${api}/pipeline`);
    await it.getByText('otlp does not take records now').waitFor({ timeout: BREAKER_MS });
    const left = async () => {
      const state = it.locator('.breaker.broken', { hasText: /next trial in \d+ s/ });
      await state.waitFor();
      return Number(/in (\d+) s/.exec(await state.innerText())[1]);
    };
    const before = await left();
    await it.waitForTimeout(COUNTED_MS);
    assert.ok(await left() < before, `it counts down from ${before}`);
    const sums = await it.locator('table.ledger tr.total td:last-child').allInnerTexts();
    assert.deepEqual(sums.slice(1), ['✓ adds up', '✓ adds up', '✓ adds up']);
    await it.locator('table.letters').getByText('it refused the records (400 Bad Request)').first().waitFor();
    const letters = async () => (await fetch(`${api}/api/v1/dead-letters`)).json();
    const [first] = await letters();
    await it.getByRole('button', { name: 'Send all again' }).click();
    await it.getByText('1 letter sent again').waitFor();
    // It is refused again, and comes back with a higher number.
    const until = Date.now() + BREAKER_MS;
    while (!((await letters())[0]?.id > first.id) && Date.now() < until) await it.waitForTimeout(200);
    assert.equal((await letters()).length, 1, 'it came back');
    await it.getByRole('button', { name: 'Throw all away…' }).click();
    await it.getByRole('button', { name: 'Keep them' }).click();
    assert.equal((await letters()).length, 1, 'nothing was thrown away yet');
    await it.getByRole('button', { name: 'Throw all away…' }).click();
    await it.getByRole('button', { name: 'Throw away', exact: true }).click();
    await it.getByText('None: no destination refused anything for good.').waitFor();
    assert.deepEqual(it.complaints, []);
    await it.close();
    await new Promise((resolve) => { upstream.close(resolve); upstream.closeAllConnections(); });
  });
});
