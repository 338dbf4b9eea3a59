// One log record as a dense line that opens to all that is known of it.

import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { clock, millis } from '../format.js';
import { pairOf } from '../lists/pairs.js';
import { copy } from '../notice.js';
import { list, section } from '../trace/attributes.js';
import { json } from '../trace/code.js';

const AROUND_MS = 30_000;
const LONGEST_LINE = 2000;
const LEVELS = new Set(['TRACE', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL']);

/** The line. `words` are marked in the message. */
export function lineOf(ctx, log, words = []) {
  const details = h('div.logmore');
  const text = log.message ?? (log.body === null || log.body === undefined ? log.event_name ?? '' : JSON.stringify(log.body));
  const level = LEVELS.has(log.level) ? log.level : 'OTHER';
  const line = h('details.log', { class: `is-${level}`, ontoggle: () => { if (line.open && !details.firstChild) put(details, more(ctx, log, text)); } },
    h('summary', { data: { row: '' } },
      h('time.mono.at', { datetime: log.timestamp, title: log.timestamp }, clock(millis(log.timestamp), { precise: true })),
      h(`span.level.${level}`, null, log.level === 'UNSPECIFIED' ? '–' : log.level), serviceOf(log.service),
      h('span.cut.mono.grow', null, marked(text.slice(0, LONGEST_LINE).replaceAll('\n', ' ⏎ '), words))),
    details);
  return line;
}

/** A record as one line of text. */
export const textOf = (log) => [log.timestamp, log.level, log.service, log.message ?? JSON.stringify(log.body)].join('\t');

function marked(text, words) {
  if (!words.length) return text;
  const any = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'gi');
  return text.split(any).map((part, at) => (at % 2 ? h('mark', null, part) : part));
}

function more(ctx, log, text) {
  const at = millis(log.timestamp);
  const only = (key, value) => ctx.href('/logs', { attributes: pairOf(key, value), service: ctx.get('service'), level: ctx.get('level') });
  const around = { since: new Date(at - AROUND_MS).toISOString(), until: new Date(at + AROUND_MS).toISOString(), range: null, live: null };
  return [
    h('div.more-links', null,
      log.trace_id ? h('a', { href: ctx.href(`/trace/${log.trace_id}`, { span: log.span_id }) }, 'Its trace') : h('span.faint', { title: 'It carries no trace id: it was written where no span was active' }, 'No trace'),
      log.pattern_id ? h('a', { href: ctx.href(`/patterns/${log.pattern_id}`) }, 'Its pattern') : null,
      log.pattern_id ? h('a', { href: ctx.href('/logs', { pattern_id: log.pattern_id }) }, 'Only lines of this pattern') : null,
      h('a', { href: ctx.href('/logs', around) }, 'Everything 30 s around it'),
      h('button.link', { type: 'button', onclick: () => copy(JSON.stringify(log, null, 2), 'Record copied as JSON') }, 'Copy as JSON')),
    h('pre.code', { tabindex: '0', role: 'region', 'aria-label': 'Message' }, text || '(empty)'),
    typeof log.body === 'object' && log.body !== null ? json(log.body) : null,
    list(ctx, [['timestamp', log.timestamp], log.event_name ? ['event name', log.event_name] : null, log.trace_id ? ['trace', log.trace_id] : null].filter(Boolean), false),
    list(ctx, Object.entries(log.attributes ?? {}), only),
    section('Resource', list(ctx, Object.entries(log.resource?.attributes ?? {}), false), { open: false, count: Object.keys(log.resource?.attributes ?? {}).length }),
    log.scope?.name ? section('Scope', list(ctx, [['name', log.scope.name], ['version', log.scope.version ?? '']], false), { open: false }) : null,
  ];
}
