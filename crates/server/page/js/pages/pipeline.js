// The pipeline: is data safe, does every destination take it, what waits and why.

import { h, put } from '../dom.js';
import { bytes, clock, count, percent } from '../format.js';
import { copyable } from '../notice.js';
import { destinationTable, tick } from '../pipeline/destinations.js';
import { delivery, door } from '../pipeline/ledger.js';
import { letters } from '../pipeline/letters.js';
import { Rates } from '../pipeline/rates.js';
import { summary } from '../pipeline/words.js';

const POLL_MS = 2000;
const TICK_MS = 1000;
const LETTERS = 1000;
/** From this share of its budget on a spool is worth a warning. */
const NEARLY_FULL = 0.8;

export function open(ctx) {
  ctx.title('Pipeline');
  const state = ctx.region('Destinations');
  const dead = ctx.region('Dead letters');
  const rest = ctx.region('Ledger, spool and database');
  const told = h('span.dim.small.num', { role: 'status' });
  put(ctx.root, h('div.pad.stack', null, h('div.bar', null, h('h1', null, 'Pipeline'), h('span.grow'), told), state,
    h('div', null, h('h2', null, 'Dead letters'), dead), rest));
  const rates = new Rates();
  const asked = ctx.url('/dead-letters', { limit: LETTERS });
  let known = '';
  const drawLetters = (list) => { known = JSON.stringify(list); return letters(ctx, list, LETTERS, showLetters); };
  const showLetters = () => ctx.load(dead, (signal) => ctx.ask(asked, { signal }).then((it) => it.data), drawLetters);
  // What is sent again may be refused again a moment later; drawn only when it is another list, so that an open reason stays open.
  const lookAgain = async () => {
    if (!dead.filled) return;
    const { data } = await ctx.ask(asked, { signal: ctx.left, quiet: true });
    if (JSON.stringify(data) !== known) put(dead, drawLetters(data));
  };

  const draw = (status) => {
    rates.take(status);
    put(told, `Read at ${clock(Date.now())}, again every 2 s`);
    keepFocus(state, () => put(state, destinations(ctx, status, rates)));
    keepFocus(rest, () => put(rest, others(ctx, status)));
    rest.filled = true;
  };
  poll(ctx, state, told, draw, lookAgain);

  return async function update() {
    await Promise.all([ctx.load(state, (signal) => ctx.ask('/api/v1/status', { signal }).then((it) => it.data), draw), dead.filled ? null : showLetters()]);
  };
}

/** Reads the status again and again while somebody looks. */
function poll(ctx, state, told, draw, lookAgain) {
  let asking = false;
  const again = async () => {
    if (asking || document.hidden || !state.filled || document.querySelector('dialog[open]')) return;
    asking = true;
    try {
      const { data } = await ctx.ask('/api/v1/status', { signal: ctx.left, quiet: true });
      draw(data);
      await lookAgain();
    } catch (error) {
      if (error.name !== 'AbortError') put(told, h('span.slow', null, `⚠ No answer at ${clock(Date.now())}: this is what was read before`));
    }
    asking = false;
  };
  const timers = [setInterval(again, POLL_MS), setInterval(() => tick(state), TICK_MS)];
  ctx.closed(() => timers.forEach(clearInterval));
}

/** Draws anew without taking the focus from whoever walks with the keyboard. */
function keepFocus(root, run) {
  const all = () => [...root.querySelectorAll('button, a, summary, [tabindex]')];
  const at = all().indexOf(document.activeElement);
  if (String(getSelection()) && root.contains(getSelection().anchorNode)) return;
  run();
  if (at >= 0) all()[at]?.focus({ preventScroll: true });
}

function destinations(ctx, status, rates) {
  const said = summary(status);
  const rows = status.destinations ?? [];
  return h('div.stack.pipeline', null,
    h(`p.verdict.${said.kind}`, { role: 'status' }, h('b', { 'aria-hidden': 'true' }, said.glyph), ' ', said.words),
    h('div', null, h('h2', null, 'Destinations'),
      rows.length ? destinationTable(ctx, status, rates, performance.now()) : h('p.note', null, 'This server has no destination.')));
}

function others(ctx, status) {
  return h('div.stack.pipeline', null,
    h('section', { 'aria-label': 'Ledger' }, h('h2', null, 'Ledger'), h('p.small.dim', null, 'Records since the server started, and those it found waiting then.'),
      h('div.sums', null, h('div', null, h('h3', null, 'What senders were told'), door(status.ledger ?? [])),
        (status.destinations ?? []).map((it) => h('div', null, h('h3', null, `What became of it at ${it.name}`), delivery(it))))),
    h('div.halves', null, spool(status.spool), storage(ctx, status)));
}

function spool(it) {
  if (!it) return null;
  const share = it.budget_bytes ? it.used_bytes / it.budget_bytes : 0;
  const full = share >= NEARLY_FULL;
  return h('section.stack.tight', { 'aria-label': 'Spool' }, h('h2', null, 'Spool'),
    h('div', { class: full ? 'slow' : '' }, full ? '⚠ ' : '', h('b.num', null, bytes(it.used_bytes)), ` of ${bytes(it.budget_bytes)}, ${percent(share)}`),
    h('span.track', { role: 'img', 'aria-label': `${percent(share)} of the budget` }, h(`i${full ? '.nearly' : ''}`, { style: { width: `${Math.min(1, share) * 100}%` } })),
    h('p.small.dim', null, full ? 'When it is full, senders are told to come again: see why a destination does not take its records, or give the spool a larger budget.'
      : 'Where what was accepted lies until every destination has it.'),
    it.directory ? h('span.small', null, h('span.dim', null, 'In '), copyable(it.directory)) : h('span.small.slow', null, '⚠ In memory: what waits is gone when the server ends'));
}

function storage(ctx, status) {
  const it = status.storage;
  const title = h('h2', null, 'Database');
  if (!it) return h('section.stack.tight', { 'aria-label': 'Database' }, title, h('p.slow.wrap', null, `⚠ ${status.storage_error ?? 'This server stores nothing itself.'}`));
  const facts = [['Engine', it.engine], ['At', copyable(it.location)], ['PostgreSQL', it.server_version], ['pgvector', it.pgvector_version ?? 'none: no search by meaning'], ['Schema', `version ${it.schema_version}`], ['Size', bytes(it.database_bytes)]];
  const rows = [['traces', '/'], ['spans', null], ['logs', '/logs'], ['points', '/metrics']];
  return h('section.stack.tight', { 'aria-label': 'Database' }, title,
    h('dl.facts', null, facts.map(([name, value]) => [h('dt', null, name), h('dd.wrap', null, value)])),
    h('div.bar.facts-line', null, rows.map(([name, path]) => h('span', null, path ? h('a.num', { href: ctx.href(path) }, h('b', null, count(it[name]))) : h('b.num', null, count(it[name])), ` ${name}`))),
    status.addresses ? h('dl.facts', null, Object.entries(status.addresses).map(([name, address]) => [h('dt', null, { grpc: 'OTLP, gRPC', http: 'OTLP, HTTP', api: 'This page' }[name] ?? name), h('dd', null, copyable(address))])) : null,
    h('span.small.dim', null, `mahavishnu-otel ${status.version}`));
}
