// One trace: summary, mini map, waterfall with a side panel, logs, similar traces, JSON.

import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { count, counted, duration, idOf, millis, percent, timeOf } from '../format.js';
import { copy } from '../notice.js';
import { nothing } from '../region.js';
import { exactText, readExact } from '../trace/exact.js';
import { jsonTab } from '../trace/json.js';
import { logsTab } from '../trace/logs.js';
import { minimap } from '../trace/minimap.js';
import { model } from '../trace/model.js';
import { showSpan } from '../trace/panel.js';
import { similarTab } from '../trace/similar.js';
import { bind, HELP } from '../trace/walk.js';
import { toolbar } from '../trace/toolbar.js';
import { Waterfall } from '../trace/waterfall.js';

const TABS = [
  ['waterfall', 'Waterfall'],
  ['logs', 'Logs'],
  ['similar', 'Similar traces'],
  ['json', 'JSON'],
];
const SIMILAR = 20;
/** So many services stand in the summary. */
const SERVICES = { wide: 8, narrow: 3 };

export function open(ctx) {
  ctx.title(`Trace ${ctx.path.id.slice(0, 8)}`);
  const frame = ctx.region('Trace');
  frame.classList.add('trace');
  put(ctx.root, frame);
  ctx.root.classList.add('full');
  let view = null;
  let shownFor = null;
  let size = 0;

  return async function update() {
    // The same address again means that somebody wants to see what has come since.
    if (!view || shownFor === location.search) {
      await ctx.load(
        frame,
        async (signal) =>
          (await ctx.ask(ctx.url(`/traces/${encodeURIComponent(ctx.path.id)}`), { signal, read: readExact })).data,
        (data) => {
          if (view && size === data.spans.length + data.logs.length) return undefined;
          size = data.spans.length + data.logs.length;
          view = build(ctx, data);
          return view.element;
        },
      );
    }
    shownFor = location.search;
    await view?.show();
    requestAnimationFrame(() => performance.mark('trace drawn'));
  };
}

/** Everything that is drawn once; `show` follows the address. */
function build(ctx, data) {
  if (!data.spans.length) return { element: lone(ctx, data), show: () => {} };
  const trace = { ...model(data), id: data.trace_id, points: data.metrics };
  const root = trace.roots[0];
  ctx.title(`${root.span.name} · ${duration(trace.duration)}`);
  const panel = h('aside.side', { 'aria-label': 'The chosen span', hidden: true });
  const choose = (node) =>
    ctx.change({ span: node?.span.span_id ?? null, tab: null }, { replace: Boolean(ctx.get('span')) });
  const waterfall = new Waterfall(trace, { choose });
  const zoom = (from, to) => {
    const whole = from <= 0 && to >= trace.length;
    history.replaceState(history.state, '', withWindow(whole ? null : `${from.toFixed(6)}-${to.toFixed(6)}`));
    map.show(from, to);
    waterfall.zoom(from, to);
    tools.zoomed(!whole);
  };
  const map = minimap(trace, zoom);
  ctx.closed(map.closed);
  const tools = toolbar(trace, waterfall, { choose, zoom });
  const body = h('div.tbody', { role: 'tabpanel' });
  const tabs = h(
    'div.tabs',
    { role: 'tablist', 'aria-label': 'Views of the trace' },
    TABS.map(([name, word]) =>
      h(
        'button',
        {
          type: 'button',
          role: 'tab',
          data: { tab: name },
          onclick: () => ctx.change({ tab: name === 'waterfall' ? null : name }),
        },
        name === 'logs' ? `${word} ${count(data.logs.length)}` : word,
      ),
    ),
  );
  const close = () => choose(null);
  ctx.keys(bind({ ctx, trace, waterfall, choose, close, zoom, tools }), HELP);
  const parts = { ctx, trace, body, panel, waterfall, choose, close, tools, map };
  const element = h(
    'div.tpage',
    null,
    summary(data, trace, tools),
    map.element,
    h('div.bar.ttabs', null, tabs, tools.element),
    body,
  );
  return { element, show: () => show(parts, tabs, zoom) };
}

function withWindow(value) {
  const params = new URLSearchParams(location.search);
  if (value) params.set('w', value);
  else params.delete('w');
  const text = params.toString();
  return location.pathname + (text ? `?${text}` : '');
}

/** Shows what the address says: tab, span, window. */
async function show(parts, tabs, zoom) {
  const { ctx, trace, body, panel, waterfall, choose, close, tools } = parts;
  const tab = ctx.get('tab', 'waterfall');
  for (const button of tabs.children) button.setAttribute('aria-selected', String(button.dataset.tab === tab));
  tools.element.hidden = tab !== 'waterfall';
  const node = trace.byId.get(ctx.get('span'));
  panel.hidden = !node;
  if (tab === 'waterfall') {
    if (body.firstChild !== waterfall.element) put(body, waterfall.element, panel);
    const [from, to] = (ctx.get('w') ?? '').split('-').map(Number);
    const [a, b] = to > from ? [Math.max(0, from), Math.min(trace.length, to)] : [0, trace.length];
    if (b > a && (waterfall.view.window[0] !== a || waterfall.view.window[1] !== b)) zoom(a, b);
    if (node) showSpan(panel, ctx, trace, node, { choose, close });
    waterfall.show(node ?? null);
    return;
  }
  const content = h('div.pad.tscroll');
  if (tab === 'logs') put(content, logsTab(ctx, trace, choose));
  if (tab === 'json') put(content, jsonTab(ctx, trace));
  put(body, content);
  if (tab === 'similar') {
    const region = ctx.region('Similar traces');
    put(content, region);
    await ctx.load(
      region,
      async (signal) => (await ctx.ask(ctx.url(`/traces/${trace.id}/similar`, { limit: SIMILAR }), { signal })).data,
      (similar) => similarTab(ctx, trace, similar),
    );
  }
}

function summary(data, trace, tools) {
  const root = trace.roots[0];
  const missing = root.span.parent_span_id;
  const api = `${location.origin}/api/v1/traces/${trace.id}`;
  const act = (word, title, run) => h('button.plain', { type: 'button', title, onclick: run }, word);
  return h(
    'header.tsummary',
    null,
    h(
      'div.bar',
      null,
      h(
        'h1.cut',
        { title: root.span.name },
        trace.errors ? h('span.bad', null, '✕ ') : null,
        root.span.name || '(no name)',
      ),
      serviceOf(root.span.service),
      h('span.grow'),
      h('span.faint', null, 'Copy as'),
      act('Link', 'Copy the address of this page', () => copy(location.href, 'Link copied')),
      act('JSON', 'Copy the trace as JSON', async () => copy(exactText(data), 'Trace copied as JSON')),
      act('curl', 'Copy a command that fetches this trace', () => copy(`curl '${api}'`, 'Command copied')),
    ),
    h(
      'div.bar.tfacts',
      null,
      fact('Started', timeOf(new Date(trace.startMs).toISOString(), { precise: true })),
      fact('Duration', h('b.mono', null, duration(trace.duration))),
      fact('', counted(trace.nodes.length, 'span')),
      trace.errors
        ? h(
            'button.link.bad',
            { type: 'button', title: 'Go to the next failing span (n)', onclick: () => tools.failing(1) },
            `✕ ${counted(trace.errors, 'error')}`,
          )
        : h('span.dim', null, 'no errors'),
      fact('', counted(trace.deepest + 1, 'level')),
      fact('Trace', idOf(trace.id)),
      missing
        ? h('span.slow', { title: 'The span without a parent has not come yet, or was not sampled' }, '⚠ root missing')
        : null,
      trace.roots.length > 1
        ? h('span.slow', { title: 'Spans whose parent is not here' }, `⚠ ${count(trace.roots.length)} roots`)
        : null,
      services(trace, tools),
    ),
  );
}

/** The services with the most own time; the others stand behind a button, or they would push the waterfall out of sight. */
function services(trace, tools) {
  const item = (it) =>
    h(
      'button.link',
      {
        type: 'button',
        onclick: () => tools.look(it.name),
        title: `${it.name}: ${percent(it.share)} of the own time of all spans, ${counted(it.spans, 'span')}${it.errors ? `, ${it.errors} failing` : ''}; click to mark them`,
      },
      serviceOf(it.name),
      h('span.mono.dim', null, ` ${percent(it.share)}`),
    );
  const most = matchMedia('(max-width: 900px)').matches ? SERVICES.narrow : SERVICES.wide;
  const rest = trace.services.slice(most);
  const element = h('span.tservices', null, trace.services.slice(0, most).map(item));
  if (rest.length === 1) element.append(item(rest[0]));
  if (rest.length > 1)
    element.append(
      h('button.link.rest', { type: 'button', onclick: () => put(element, trace.services.map(item)) }, `${count(rest.length)} more services`),
    );
  return element;
}

const fact = (name, value) => h('span', null, name ? h('span.faint', null, `${name} `) : null, value);

/** Logs or points carry this id, but no span has come. */
function lone(ctx, data) {
  const trace = {
    nodes: [],
    lost: data.logs.map((log) => ({ log, at: millis(log.timestamp) - millis(data.logs[0].timestamp) })),
  };
  return h(
    'div.pad',
    null,
    nothing(
      'No span of this trace has come',
      h('p.dim', null, `${data.logs.length} log records and ${data.metrics.length} exemplars carry its id.`),
    ),
    logsTab(ctx, trace, () => {}),
  );
}
