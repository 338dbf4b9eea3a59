// An example of a group: why it is one group, what was said, the stack trace, the attributes around it.

import { h } from '../dom.js';
import { capital, duration, timeOf } from '../format.js';
import { logLine } from '../trace/logs.js';
import { grouped } from '../trace/attributes.js';
import { stack } from '../trace/code.js';

/** The left half. `trace` is null where no trace is known, `found` where the error is not in it. */
export function example(ctx, group, trace, found) {
  const frames = group.detail?.frames ?? [];
  return h(
    'div.stack',
    null,
    h(
      'section',
      { 'aria-label': 'Why these are one group' },
      h('h2', null, 'Why these are one group'),
      h('p', null, `${capital(group.detail?.why ?? 'same pattern of the message')}.`),
      frames.length
        ? h(
            'ol.frames-list.mono',
            { title: 'The innermost first' },
            frames.map((frame) => h('li.wrap', null, frame)),
          )
        : null,
    ),
    h(
      'div.stack',
      null,
      h('h2', null, 'An example'),
      found ? shown(ctx, trace, found) : h('div.failure', null, h('p.said.wrap', null, group.example)),
    ),
  );
}

/** The span or log record of the group in its example trace: by its number where the server says it, otherwise by its type and words. */
export function find(group, trace) {
  const { type } = group.detail ?? {};
  const exceptionOf = (span) =>
    (span.events ?? []).find((event) => event.attributes?.['exception.type'] && (!type || event.attributes['exception.type'] === type));
  const byId = trace.spans.find((span) => span.error_id === group.pattern_id);
  const span =
    byId ??
    trace.spans.find((it) => it.service === group.service && exceptionOf(it)) ??
    trace.spans.find((it) => it.service === group.service && it.status === 'ERROR' && (it.status_message ?? '').includes(group.example));
  if (span) return { span, exception: exceptionOf(span) ?? (span.events ?? []).find((event) => event.attributes?.['exception.type']) };
  const log =
    trace.logs.find((it) => it.pattern_id === group.pattern_id) ??
    trace.logs.find((it) => it.service === group.service && it.message === group.example);
  return log ? { log } : null;
}

function shown(ctx, trace, { span, exception, log }) {
  if (log) return h('div.lines.wide', null, opened(logLine(ctx, log, null)));
  const said = exception?.attributes['exception.message'] ?? span.status_message;
  const trail = exception?.attributes['exception.stacktrace'];
  return [
    h(
      'p.dim',
      null,
      'In ',
      h('a', { href: ctx.href(`/trace/${trace.trace_id}`, { span: span.span_id }) }, span.name || '(no name)'),
      ', ',
      timeOf(span.start_time, { precise: true }),
      `, after ${duration(span.duration_ms)}`,
    ),
    h(
      'div.failure',
      null,
      h('b.wrap', null, exception?.attributes['exception.type'] ?? span.attributes?.['error.type'] ?? 'It failed'),
      h('p.said.wrap', null, said || 'It does not say why.'),
    ),
    trail ? stack(String(trail)) : null,
    grouped(ctx, span.attributes),
  ];
}

function opened(line) {
  line.open = true;
  return line;
}
