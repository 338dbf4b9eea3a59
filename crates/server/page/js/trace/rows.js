// One row of the waterfall: name in the tree at the left, bar on the shared time at the right.

import { colourOf } from '../colour.js';
import { h } from '../dom.js';
import { count, duration } from '../format.js';
import { eventAt, messageOf } from './model.js';

const MOST_TICKS = 40;
const percent = (value) => `${value * 100}%`;

/** The element of a row. `view` says which part of the time is shown, and what is folded, chosen and found. */
export function rowOf(node, at, trace, view) {
  const { span } = node;
  const folded = view.folded.has(node);
  const chosen = view.chosen === node;
  const kinds = [
    chosen && 'on',
    node.failing && 'failing',
    view.found?.has(node) && 'found',
    view.found && !view.found.has(node) && 'dimmed',
  ].filter(Boolean);
  return h(
    `div.wrow.${colourOf(span.service)}`,
    {
      class: kinds.join(' '),
      id: `span-${span.span_id}`,
      role: 'row',
      'aria-rowindex': at + 2,
      'aria-level': node.depth + 1,
      'aria-selected': String(chosen),
      'aria-expanded': node.children.length ? String(!folded) : null,
      data: { span: span.span_id },
      style: { transform: `translateY(${at * view.rowHeight}px)` },
    },
    tree(node, folded, view),
    h('div.wbar', { role: 'gridcell' }, bar(node, trace, view)),
  );
}

function tree(node, folded, view) {
  const { span } = node;
  const indent = node.depth * view.indent;
  const hidden = folded
    ? `${count(node.below)} spans below${node.failingBelow ? `, ${node.failingBelow} failing` : ''}`
    : '';
  const toggle = node.children.length
    ? h('span.fold', { data: { fold: '' }, title: folded ? `Unfold ${hidden}` : 'Fold' }, folded ? '▸' : '▾')
    : h('span.fold');
  return h(
    'div.wname',
    {
      role: 'rowheader',
      title: `${span.service}: ${span.name}`,
      style: { 'padding-left': `${indent}px`, '--guides': `${indent}px`, '--step': `${view.indent}px` },
    },
    toggle,
    node.failing ? h('span.bad', { title: 'Failed' }, '✕ ') : null,
    h('span.wtitle.cut', null, span.name || '(no name)', h('span.faint', null, `  ${span.service}`)),
    folded
      ? h(
          `span.below${node.failingBelow ? '.bad' : ''}`,
          { title: hidden },
          node.failingBelow ? `✕ +${count(node.below)}` : `+${count(node.below)}`,
        )
      : null,
  );
}

function bar(node, trace, view) {
  const [from, to] = view.window;
  const scale = to - from;
  const place = (ms) => (ms - from) / scale;
  const [start, end] = [place(node.start), place(node.end)];
  const shown = [Math.min(Math.max(start, 0), 1), Math.min(Math.max(end, 0), 1)];
  const outside = end < 0 || start > 1;
  const parts = [];
  if (!outside) {
    parts.push(h('i.whole', { style: { left: percent(shown[0]), width: percent(shown[1] - shown[0]) } }));
    if (view.critical) {
      for (const [a, b] of node.critical) {
        const [x, y] = [Math.max(place(a), 0), Math.min(place(b), 1)];
        if (y > x)
          parts.push(
            h('i.critical', {
              title: 'Critical path: the end of the trace waited for this',
              style: { left: percent(x), width: percent(y - x) },
            }),
          );
      }
    }
    for (const mark of ticks(node, trace)) {
      const x = place(mark.at);
      if (x >= 0 && x <= 1) parts.push(h(`i.tick.${mark.kind}`, { title: mark.title, style: { left: percent(x) } }));
    }
  }
  parts.push(...[label(node, shown, outside, start)].flat());
  return parts;
}

/** The duration beside the bar, where there is room, and what a failing span says. */
function label(node, [start, end], outside, real) {
  const text = duration(node.end - node.start);
  const said = node.failing ? messageOf(node.span).split('\n')[0] : '';
  const message = said ? h('span.said', { title: said }, said) : null;
  if (outside)
    return real > 1
      ? h('span.wlabel.before', { style: { right: '0' } }, message, `${text} →`)
      : h('span.wlabel', { style: { left: '0' } }, `← ${text}`, message);
  if (start > 1 - end && start > 0.3)
    return h('span.wlabel.before', { style: { right: percent(1 - start), 'max-width': percent(start) } }, message, text);
  // A bar that goes to the end leaves no room for a sentence but on itself.
  if (said && end - start > 0.5 && end > 0.7) {
    return [
      h(
        'span.wlabel.inside',
        { title: said, style: { left: percent(start), 'max-width': percent(end - start) } },
        said,
      ),
      h('span.wlabel', { style: { left: percent(end) } }, text),
    ];
  }
  return h('span.wlabel', { style: { left: percent(end), 'max-width': `calc(${percent(1 - end)} + var(--after))` } }, text, message);
}

/** Events and logs as ticks on the bar. */
function ticks(node, trace) {
  const events = node.span.events.map((event) => {
    const failing = event.name === 'exception';
    return { at: eventAt(event, trace), kind: failing ? 'error' : 'event', title: `Event: ${event.name}` };
  });
  const logs = node.logs.map(({ log, at }) => {
    const kind = log.severity_number >= 17 ? 'error' : log.severity_number >= 13 ? 'warn' : 'log';
    return { at, kind, title: `${log.level}: ${(log.message ?? '').slice(0, 200)}` };
  });
  return [...events, ...logs].filter((it) => it.at !== null).slice(0, MOST_TICKS);
}
