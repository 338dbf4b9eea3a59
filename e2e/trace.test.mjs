// A trace of ten thousand spans, and a trace that wants to do harm.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attribute, browser, cleanup, id, page, send, server, settled, span, spansOf, stored, within } from './support.mjs';

const SPANS = 10_000;
const DRAWN_MS = 1500;
const LONGEST_TASK_MS = 100;
const RUNS = 3;
const REQUEST = 2000;
const HOSTILE = '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>';

/** Spans under a root, each the child of one of the last thirty. */
function tall(traceId, start) {
  const root = span(traceId, start, { name: 'the whole', from: 0, to: SPANS + 10 });
  const spans = [root];
  for (let at = 1; at < SPANS; at += 1) {
    const parent = spans[Math.max(0, at - 1 - ((at * 7919) % 30))];
    spans.push(
      span(traceId, start, {
        name: `step ${at % 50}`,
        from: at,
        to: at + 1 + (at % 400),
        parent: parent.spanId,
        attributes: [attribute('step.number', at), attribute('http.route', `/steps/{number}`)],
        status: at % 500 === 0 ? { code: 2, message: `step ${at} failed` } : {},
      }),
    );
  }
  return spans;
}

/** Scrolls from the first row to the last, in the page; gives the long tasks on the way. */
async function scrollThrough() {
  const tasks = [];
  const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
  observer.observe({ type: 'longtask' });
  const scroller = document.querySelector('.wscroll');
  for (let step = 1; step <= 120; step += 1) {
    scroller.scrollTop = (scroller.scrollHeight * step) / 120;
    await new Promise((resolve) => {
      requestAnimationFrame(resolve);
    });
  }
  await new Promise((resolve) => {
    setTimeout(resolve, 300);
  });
  observer.disconnect();
  return { tasks, last: Number(document.querySelector('.wrow:last-child').getAttribute('aria-rowindex')) };
}

describe('a trace', () => {
  let api;
  let context;
  const large = id(16);
  const hostile = id(16);

  after(cleanup);
  before(async () => {
    let http;
    ({ api, http } = await server('serve'));
    context = await browser();
    const start = Date.now() - 60_000;
    const spans = tall(large, start);
    for (let at = 0; at < spans.length; at += REQUEST)
      await send(http, 'traces', spansOf(`service-${(at / REQUEST) % 6}`, spans.slice(at, at + REQUEST)));
    const bad = span(hostile, start, {
      name: HOSTILE,
      from: 0,
      to: 20,
      attributes: [
        attribute(HOSTILE, HOSTILE),
        attribute('db.query.text', `SELECT '${HOSTILE}'`),
        attribute('url.full', 'javascript:window.hacked=true'),
      ],
      status: { code: 2, message: HOSTILE },
      events: [
        {
          timeUnixNano: String(BigInt(start) * 1000000n),
          name: 'exception',
          attributes: [
            attribute('exception.type', HOSTILE),
            attribute('exception.message', HOSTILE),
            attribute('exception.stacktrace', `${HOSTILE}\n  at ${HOSTILE}`),
          ],
        },
      ],
    });
    await send(
      http,
      'traces',
      spansOf(HOSTILE, [bad, span(hostile, start, { name: 'child', from: 2, to: 9, parent: bad.spanId })]),
    );
    await send(http, 'logs', {
      resourceLogs: [
        {
          resource: { attributes: [attribute('service.name', HOSTILE)] },
          scopeLogs: [
            {
              logRecords: [
                {
                  timeUnixNano: String(BigInt(start) * 1000000n),
                  severityNumber: 17,
                  body: { stringValue: HOSTILE },
                  traceId: hostile,
                  spanId: bad.spanId,
                },
              ],
            },
          ],
        },
      ],
    });
    for (const [trace, wanted] of [
      [large, SPANS],
      [hostile, 2],
    ]) {
      await stored(api, trace, wanted);
    }
  });

  test(`of ${SPANS} spans is drawn in under ${DRAWN_MS} ms and scrolls without a task over ${LONGEST_TASK_MS} ms`, async () => {
    const it = await page(context);
    const [drawn, longest] = [[], []];
    // The best of some: what else the machine does is not the page's doing.
    for (
      let run = 0;
      run < RUNS && !(Math.min(...drawn) < DRAWN_MS && Math.min(...longest) <= LONGEST_TASK_MS);
      run += 1
    ) {
      await it.goto(`${api}/errors`);
      await settled(it);
      await it.goto(`${api}/trace/${large}`, { waitUntil: 'commit' });
      await it.waitForSelector('.wrow');
      await settled(it);
      drawn.push(await it.evaluate(() => performance.getEntriesByName('trace drawn')[0].startTime));
      assert.ok((await it.locator('.wrow').count()) < 100, 'only the rows in sight are in the document');
      const { tasks, last } = await it.evaluate(scrollThrough);
      assert.equal(last, SPANS + 1, 'the last row is reached');
      longest.push(Math.max(0, ...tasks));
    }
    within(`${SPANS} spans are drawn`, drawn, DRAWN_MS);
    within('the longest task while scrolling', longest, LONGEST_TASK_MS);
    assert.deepEqual(it.complaints, []);
    await it.close();
  });

  test('of ten thousand spans folds, finds and walks', async () => {
    const it = await page(context);
    await it.goto(`${api}/trace/${large}`);
    await settled(it);
    await it.keyboard.press('n');
    await it.locator('.wrow.on.failing').waitFor();
    assert.match(await it.locator('.side').innerText(), /step \d+ failed/);
    await it.keyboard.press('f');
    await it.keyboard.type('step.number=4242');
    await it.getByText('1 of 10 k').waitFor();
    await it.keyboard.press('Enter');
    await it.locator('.wrow.on.found').waitFor();
    await it.keyboard.press('Escape');
    await it.keyboard.press('x');
    assert.ok(Number(await it.locator('.wscroll').getAttribute('aria-rowcount')) < SPANS);
    await it.close();
  });

  test('whose names are markup shows them as text', async () => {
    const it = await page(context);
    for (const path of [
      `/trace/${hostile}`,
      `/trace/${hostile}?tab=logs`,
      `/trace/${hostile}?tab=similar`,
      `/trace/${hostile}?tab=json`,
      '/',
      `/?q=${encodeURIComponent(HOSTILE)}`,
      '/errors',
      '/logs',
      '/patterns',
      '/services',
    ]) {
      await it.goto(api + path);
      await settled(it);
      assert.equal(await it.evaluate(() => window.hacked), undefined, path);
      assert.equal(await it.locator('img, #main script').count(), 0, path);
    }
    await it.goto(`${api}/trace/${hostile}`);
    await it.locator('.wrow').first().click();
    await it.locator('.side').waitFor();
    assert.ok((await it.locator('.side').innerText()).includes(HOSTILE), 'it is shown as it is');
    assert.equal(await it.locator('a[href^="javascript"]').count(), 0);
    assert.deepEqual(it.complaints, []);
    await it.close();
  });
});
