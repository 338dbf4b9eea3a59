// The side panel: all that is known of one span.

import { serviceOf } from '../colour.js';
import { h, put } from '../dom.js';
import { duration, idOf, percent, quantity, timeOf } from '../format.js';
import { icon } from '../icons.js';
import { copy } from '../notice.js';
import { written } from '../search/query.js';
import { breakable, grouped, list, section } from './attributes.js';
import { stack } from './code.js';
import { exactText } from './exact.js';
import { logLine } from './logs.js';
import { eventAt, messageOf } from './model.js';

/** Fills the panel. `choose(node)` goes to another span, `close()` closes it. */
export function showSpan(panel, ctx, trace, node, { choose, close }) {
  const { span } = node;
  put(
    panel,
    h(
      'header',
      null,
      h(
        'h2.wrap.grow',
        { title: span.name },
        node.failing ? h('span.bad', null, '✕ ') : null,
        span.name || '(no name)',
      ),
      h(
        'button.icon',
        {
          type: 'button',
          title: 'Copy the span as JSON',
          'aria-label': 'Copy the span as JSON',
          onclick: () => copy(exactText(span), 'Span copied as JSON'),
        },
        icon('copy'),
      ),
      h(
        'button.icon',
        { type: 'button', title: 'Close (Esc)', 'aria-label': 'Close the panel', onclick: close },
        icon('close'),
      ),
    ),
    facts(ctx, trace, node, choose),
    node.failing ? failure(ctx, span) : null,
    grouped(ctx, span.attributes),
    events(ctx, trace, node),
    node.logs.length
      ? section(
          'Logs',
          h(
            'div.lines',
            null,
            node.logs.map(({ log, at }) => logLine(ctx, log, at)),
          ),
          { count: node.logs.length },
        )
      : null,
    links(ctx, span),
    exemplars(ctx, trace, span),
    section('Resource', list(ctx, Object.entries(span.resource.attributes ?? {})), {
      open: false,
      count: Object.keys(span.resource.attributes ?? {}).length,
    }),
    section(
      'Scope',
      list(
        ctx,
        [
          ['name', span.scope.name],
          ['version', span.scope.version ?? ''],
          ...Object.entries(span.scope.attributes ?? {}),
        ],
        false,
      ),
      { open: false },
    ),
    h(
      'nav.more',
      { 'aria-label': 'More like this' },
      h(
        'a',
        { href: ctx.href('/', { q: `${written('service', span.service)} ${written('operation', span.name)}` }) },
        'Traces with this operation',
      ),
      span.pattern_id ? h('a', { href: ctx.href(`/patterns/${span.pattern_id}`) }, 'Its pattern') : null,
      h('a', { href: ctx.href('/services', { service: span.service }) }, 'Its service'),
    ),
  );
  panel.scrollTop = 0;
}

function facts(ctx, trace, node, choose) {
  const { span } = node;
  const to = (it) => h('button.link.cut', { type: 'button', onclick: () => choose(it) }, it.span.name || '(no name)');
  const pairs = [
    ['Service', serviceOf(span.service)],
    ['Kind, status', `${span.kind.toLowerCase()}, ${span.status.toLowerCase()}`],
    [
      'Duration',
      h(
        'span',
        null,
        h('b.mono', null, duration(span.duration_ms)),
        h('span.dim', null, ` ${percent(span.duration_ms / trace.length)} of the trace`),
      ),
    ],
    [
      'Own time',
      h(
        'span',
        { title: 'The time in which none of its children ran' },
        h('span.mono', null, duration(node.own)),
        h('span.dim', null, ` ${percent(node.own / Math.max(span.duration_ms, 1e-6))} of the span`),
      ),
    ],
    [
      'Started',
      h(
        'span',
        null,
        timeOf(span.start_time, { precise: true }),
        h('span.dim.mono', null, `  +${duration(node.start)}`),
      ),
    ],
    ['Span', idOf(span.span_id)],
    [
      'Parent',
      node.parent
        ? to(node.parent)
        : span.parent_span_id
          ? h(
              'span',
              { title: 'No span with this id has come' },
              idOf(span.parent_span_id),
              h('span.slow', null, ' not here'),
            )
          : h('span.faint', null, 'none, it is a root'),
    ],
    node.children.length ? ['Children', `${node.children.length}, ${node.below} in all`] : null,
  ].filter(Boolean);
  return h(
    'dl.facts',
    null,
    pairs.map(([name, value]) => [h('dt', null, name), h('dd', null, value)]),
  );
}

/** What went wrong: the message, and the stack trace with the application's own frames bright. */
function failure(ctx, span) {
  const exceptions = span.events.filter(
    (event) => event.attributes?.['exception.type'] || event.attributes?.['exception.message'],
  );
  const said = messageOf(span);
  return h(
    'section.failure',
    { 'aria-label': 'What went wrong' },
    exceptions.length
      ? exceptions.map((event) => [
          h('b.wrap', null, event.attributes['exception.type'] ?? 'Exception'),
          h('p.wrap.said', null, String(event.attributes['exception.message'] ?? '')),
          event.attributes['exception.stacktrace'] ? stack(String(event.attributes['exception.stacktrace'])) : null,
        ])
      : h('p.wrap.said', null, said || 'It failed and does not say why.'),
    h(
      'div.bar',
      null,
      span.error_id ? h('a', { href: ctx.href(`/errors/${span.error_id}`) }, 'All errors of this group') : null,
      said
        ? h(
            'a',
            { href: ctx.href('/', { q: `"${said.split('\n')[0].replaceAll('"', ' ').slice(0, 120).trim()}"` }) },
            'Search for this message',
          )
        : null,
    ),
  );
}

function events(ctx, trace, node) {
  // Exceptions stand above, in full.
  const others = node.span.events.filter((event) => !(node.failing && event.attributes?.['exception.type']));
  if (!others.length) return null;
  return section(
    'Events',
    h(
      'ul',
      null,
      others.map((event) => {
        const at = eventAt(event, trace);
        return h(
          'li.event',
          null,
          h('span.mono.dim', null, at === null ? '' : `+${duration(at - node.start)}`),
          ' ',
          h('b', null, event.name),
          list(ctx, Object.entries(event.attributes ?? {}), false),
        );
      }),
    ),
    { count: others.length },
  );
}

function links(ctx, span) {
  if (!span.links.length) return null;
  return section(
    'Links',
    h(
      'ul',
      null,
      span.links.map((link) =>
        h(
          'li.event',
          null,
          link.trace_id
            ? h(
                'a',
                { href: ctx.href(`/trace/${link.trace_id}`, { span: link.span_id }) },
                link.trace_id === span.trace_id ? 'Span of this trace' : 'Another trace',
              )
            : 'A link',
          ' ',
          link.trace_id ? idOf(link.trace_id) : null,
          list(ctx, Object.entries(link.attributes ?? {}), false),
        ),
      ),
    ),
    { count: span.links.length },
  );
}

/** Metrics that name this span as an example. */
function exemplars(ctx, trace, span) {
  const found = (trace.points ?? []).flatMap((point) =>
    point.exemplars
      .filter((it) => it.span_id === span.span_id && it.trace_id === span.trace_id)
      .map((it) => [point, it.value]),
  );
  if (!found.length) return null;
  return section(
    'Metrics that name this span',
    h(
      'dl.pairs',
      null,
      found.map(([point, value]) =>
        h(
          'div.pair',
          null,
          h('dt', null, h('a', { href: ctx.href('/metrics', { name: point.name }) }, breakable(point.name))),
          h('dd.mono', null, quantity(Number(value), point.unit)),
        ),
      ),
    ),
    { count: found.length },
  );
}
