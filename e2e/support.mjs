// A server, a browser and telemetry for the tests.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const START_MS = 60_000;
const ANY_PORT = '127.0.0.1:0';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Processes that want to run, for each core: with more of them, a time says nothing of the page. */
const BUSY = 2;

/** Whether the best of some measured times keeps its limit. On a machine that is busy with other things it says what was measured instead. */
export function within(what, times, limitMs) {
  const said = `${what}: ${times.map(Math.round)} ms, the limit is ${limitMs} ms`;
  const load = loadavg()[0] / availableParallelism();
  if (Math.min(...times) <= limitMs) console.log(said);
  else if (load > BUSY) console.log(`SKIPPED, because ${load.toFixed(1)} processes want each core: ${said}`);
  else assert.fail(said);
}

const ends = [];

/** Ends what was started, the last first; every suite calls it at its end. */
export async function cleanup() {
  while (ends.length) await ends.pop()();
}

/** A directory that is gone at the end. */
export function directory() {
  const path = mkdtempSync(join(tmpdir(), 'mahavishnu-e2e-'));
  ends.push(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

/** Starts the binary; gives its addresses, `{ api, http }`, once it listens. A last argument that is an object are more variables. */
export async function server(command, ...args) {
  const more = typeof args.at(-1) === 'object' ? args.pop() : {};
  const home = directory();
  const ports = ['--grpc', ANY_PORT, '--http', ANY_PORT, '--api', ANY_PORT];
  const child = spawn(process.env.E2E_BINARY, [command, ...ports, ...args], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, XDG_DATA_HOME: home, XDG_STATE_HOME: home, HOME: home, ...more },
  });
  ends.push(async () => {
    const ended = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await ended;
    }
  });
  let said = '';
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the server does not start: ${said}`)), START_MS);
    const read = (bytes) => {
      said += bytes;
      const api = /^API\s+(http:\S+)/m.exec(said)?.[1];
      const http = /^OTLP\/HTTP\s+(http:\S+)/m.exec(said)?.[1];
      if (api && http) {
        clearTimeout(late);
        resolve({ api, http, child });
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
}

/** A browser with a profile of its own. */
export async function browser() {
  const profile = directory();
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.E2E_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
  });
  ends.push(() => context.close());
  return context;
}

/** A page that remembers what went wrong in it. `wide` and `dark` say how it looks. */
export async function page(context, { wide = true, dark = false } = {}) {
  const it = await context.newPage();
  it.complaints = [];
  it.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      it.complaints.push(`${message.text()} ${message.location().url}`);
  });
  it.on('pageerror', (error) => it.complaints.push(error.stack));
  await it.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
  await it.setViewportSize(wide ? { width: 1440, height: 900 } : { width: 390, height: 844 });
  return it;
}

/** Waits until nothing is asked for any more, and every region has its answer. */
export async function settled(it) {
  await it.waitForLoadState('networkidle');
  await it.waitForFunction(
    () => document.querySelector('#main')?.children.length && !document.querySelector('[aria-busy]'),
  );
}

/** Sends an OTLP request as JSON. */
export async function send(http, signal, body) {
  const response = await fetch(`${http}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${signal}: ${response.status} ${await response.text()}`);
}

/** Waits until so many spans of a trace are stored: what is acknowledged is on its way. */
export async function stored(api, trace, spans) {
  for (let left = 300; ; left -= 1) {
    const answer = await fetch(`${api}/api/v1/traces/${trace}`);
    if (answer.ok && (await answer.json()).spans.length === spans) return;
    assert.ok(left > 0, `${trace} is not stored`);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}

export const id = (bytes) => randomBytes(bytes).toString('hex');
export const attribute = (key, value) => ({
  key,
  value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
});

/** Spans of one service as a request. */
export const spansOf = (service, spans) => ({
  resourceSpans: [
    { resource: { attributes: [attribute('service.name', service)] }, scopeSpans: [{ scope: { name: 'e2e' }, spans }] },
  ],
});

/** A span; times are milliseconds after a start in Unix milliseconds. */
export function span(traceId, start, { name, from = 0, to = 1, parent, ...more }) {
  const nanos = (ms) => String(BigInt(Math.round((start + ms) * 1000)) * 1000n);
  return {
    traceId,
    spanId: id(8),
    parentSpanId: parent,
    name,
    kind: 1,
    startTimeUnixNano: nanos(from),
    endTimeUnixNano: nanos(to),
    ...more,
  };
}

/** Something between a server and its database that can be cut and joined again. */
export async function cuttable(port) {
  const open = new Set();
  let server;
  const through = (socket) => {
    const other = createConnection({ host: '127.0.0.1', port });
    for (const [one, two] of [
      [socket, other],
      [other, socket],
    ]) {
      open.add(one);
      one.on('error', () => two.destroy());
      one.on('close', () => {
        open.delete(one);
        two.destroy();
      });
      one.pipe(two);
    }
  };
  const listen = (at) =>
    new Promise((resolve) => {
      server = createServer(through).listen(at, '127.0.0.1', () => resolve(server.address().port));
    });
  const own = await listen(0);
  const cut = () =>
    new Promise((resolve) => {
      server.close(resolve);
      open.forEach((it) => it.destroy());
    });
  ends.push(cut);
  return { port: own, cut, join: () => listen(own) };
}
