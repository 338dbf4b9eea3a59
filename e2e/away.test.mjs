// A database that goes away while somebody looks, and comes back.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { browser, cleanup, cuttable, id, page, send, server, settled, span, spansOf, stored } from './support.mjs';

const HIGHEST_BANNER = 140;

describe('without its database', () => {
  after(cleanup);
  test('the page says so in a banner, keeps what it showed, and recovers by itself', async () => {
    const database = new URL(process.env.E2E_DATABASE);
    const wire = await cuttable(Number(database.port));
    database.port = String(wire.port);
    const { api, http } = await server('serve', '--storage', database.href);
    const context = await browser();
    const start = Date.now() - 5000;
    const before = id(16);
    await send(http, 'traces', spansOf('shop', [span(before, start, { name: 'before the cut', to: 30 })]));
    await stored(api, before, 1);
    const it = await page(context);
    await it.goto(`${api}/`);
    await it.locator('table').getByText('before the cut').waitFor();
    await settled(it);

    await wire.cut();
    await it.getByRole('button', { name: '24h' }).click();
    await it.locator('.banner').getByText('The database can not answer now.').waitFor({ timeout: 20_000 });
    assert.ok(await it.locator('table').getByText('before the cut').isVisible(), 'what was there is still shown');
    assert.ok((await it.locator('.stale').count()) > 0, 'and dimmed, for it is of another time than was asked for');
    await it.setViewportSize({ width: 390, height: 844 });
    const { height } = await it.locator('.banner').boundingBox();
    assert.ok(height < HIGHEST_BANNER, `the banner takes ${height} px of a phone`);
    await send(http, 'traces', spansOf('shop', [span(id(16), start, { name: 'while it was away', to: 30 })]));

    await wire.join();
    await it.locator('table').getByText('while it was away').waitFor({ timeout: 30_000 });
    await it.locator('.banner').waitFor({ state: 'hidden' });
    await settled(it);
    assert.equal(await it.locator('.stale').count(), 0);
    await it.close();
  });
});
