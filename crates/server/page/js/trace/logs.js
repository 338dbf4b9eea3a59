// The logs of a trace: dense lines in the order of time; a line opens to its attributes and leads to its span.

import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { duration, idOf, timeOf } from '../format.js';
import { nothing } from '../region.js';
import { list } from './attributes.js';

const MOST = 2000;

/** One line; `at` is milliseconds after the start of the trace. */
export function logLine(ctx, log, at, { service = false, extra = null } = {}) {
  const details = h('div.logmore');
  const line = h('details.log', { ontoggle: () => {
    if (!line.open || details.firstChild) return;
    put(details, h('pre.code', { tabindex: '0', role: 'group', 'aria-label': 'Message' }, log.message ?? JSON.stringify(log.body, null, 2)),
      list(ctx, [['time', log.timestamp], ...Object.entries(log.attributes ?? {}), ['scope', log.scope.name]], false), extra?.());
  } }, h('summary', { data: { row: '' } }, h('span.mono.dim.at', { title: log.timestamp }, at === null ? timeOf(log.timestamp, { precise: true }) : `+${duration(at)}`),
    h(`span.level.${/^[A-Z]+$/.test(log.level) ? log.level : 'OTHER'}`, null, log.level), service ? serviceOf(log.service) : null,
    h('span.cut.mono.grow', null, log.message ?? JSON.stringify(log.body))), details);
  return line;
}

/** The tab. */
export function logsTab(ctx, trace, choose) {
  const all = [...trace.nodes.flatMap((node) => node.logs.map((it) => ({ ...it, node }))), ...trace.lost].sort((one, other) => one.at - other.at);
  if (!all.length) return nothing('No logs belong to this trace', h('p.dim', null, 'A log record belongs to a trace when it carries its trace id: SDKs set it where a span is active.'));
  const lines = all.slice(0, MOST).map(({ log, at, node }) => logLine(ctx, log, at, {
    service: true, extra: () => (node ? h('button.link', { type: 'button', onclick: () => choose(node) }, `Show its span: ${node.span.name}`) : log.span_id ? h('span.dim', null, 'Its span is not here: ', idOf(log.span_id)) : null),
  }));
  return h('div.lines.wide', null, lines, all.length > MOST ? h('p.note', null, `The first ${MOST} of ${all.length}.`) : null);
}
