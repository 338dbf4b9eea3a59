// What can be done with the waterfall: find, failing spans, fold, critical path, the whole time again.

import { h, put } from '../dom.js';
import { count } from '../format.js';
import { icon } from '../icons.js';

/** Gives `{ element, find, … }`: what the keys and the summary call. */
export function toolbar(trace, waterfall, { choose, zoom }) {
  const said = h('span.dim.num', { role: 'status' });
  const find = h('input.find', { type: 'search', placeholder: 'Find in trace (f)', 'aria-label': 'Find in this trace', spellcheck: 'false' });
  const next = (step) => {
    const { found } = waterfall.view;
    const node = waterfall.next(step, (it) => found?.has(it)) ?? (found?.size ? trace.nodes.find((it) => found.has(it)) : null);
    if (node) choose(node);
  };
  find.addEventListener('input', () => {
    const words = find.value.trim().toLowerCase();
    waterfall.view.found = words ? new Set(trace.nodes.filter((node) => matches(node, words))) : null;
    said.textContent = words ? `${count(waterfall.view.found.size)} of ${count(trace.nodes.length)}` : '';
    waterfall.redraw();
  });
  find.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') { event.preventDefault(); next(event.shiftKey ? -1 : 1); }
    if (event.key === 'Escape') { event.stopPropagation(); find.value = ''; find.dispatchEvent(new Event('input')); find.blur(); }
  });
  const failing = (step) => {
    const node = waterfall.next(step, (it) => it.failing) ?? trace.nodes.find((it) => it.failing);
    if (node) choose(node);
  };
  const critical = h('button.plain', { type: 'button', 'aria-pressed': 'true', title: 'Show what the end of the trace waited for (c)' }, 'Critical path');
  const toggle = () => {
    waterfall.view.critical = !waterfall.view.critical;
    critical.setAttribute('aria-pressed', String(waterfall.view.critical));
    waterfall.redraw();
  };
  critical.addEventListener('click', toggle);
  const folded = h('button.plain', { type: 'button', title: 'Fold everything below the first level, or unfold all' }, 'Fold');
  const fold = () => {
    const all = waterfall.view.folded.size === 0;
    waterfall.foldAll(all);
    put(folded, all ? 'Unfold' : 'Fold');
  };
  folded.addEventListener('click', fold);
  const whole = h('button.plain', { type: 'button', hidden: true, title: 'Show the whole time again (0)', onclick: () => zoom(0, trace.length) }, 'Whole time');
  const element = h('div.bar.ttools', { role: 'toolbar', 'aria-label': 'Waterfall' }, said, find,
    trace.errors ? h('span.switch', null,
      h('button.icon', { type: 'button', title: 'Failing span before (p)', 'aria-label': 'Failing span before', onclick: () => failing(-1) }, icon('left')),
      h('button', { type: 'button', title: 'Next failing span (n)', onclick: () => failing(1) }, h('span.bad', null, '✕ '), 'Next')) : null,
    critical, folded, whole);
  const look = (words) => {
    find.value = find.value === words ? '' : words;
    find.dispatchEvent(new Event('input'));
  };
  return { element, find, next, failing, toggle, fold, look, zoomed: (is) => { whole.hidden = !is; } };
}

function matches({ span }, words) {
  if (`${span.name}\n${span.service}\n${span.span_id}\n${span.status_message ?? ''}`.toLowerCase().includes(words)) return true;
  return Object.entries(span.attributes ?? {}).some(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`.toLowerCase().includes(words));
}
