// The time that everything is asked for: `range=1h`, or `since=…&until=…`, in the address.

import { h, put } from './dom.js';
import { clock, zone } from './format.js';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What can be chosen with one click. */
export const CHOICES = ['15m', '1h', '24h', '7d'];
const DEFAULT = '1h';
const WORDS = { '15m': '15 minutes', '1h': 'hour', '24h': '24 hours', '7d': '7 days' };

/** The range that an address says: from and to in Unix milliseconds, since and until as the API takes them. */
export function rangeOf(params) {
  const [since, until] = [Date.parse(params.get('since')), Date.parse(params.get('until'))];
  if (Number.isFinite(since)) {
    const to = Number.isFinite(until) ? until : Date.now();
    return fixed(since, Math.max(to, since + 1));
  }
  const text = params.get('range') ?? DEFAULT;
  const [, amount, unit] = /^(\d{1,5})([smhd])$/.exec(text) ?? [null, '1', 'h'];
  const to = Date.now();
  const range = fixed(to - amount * UNITS[unit], to);
  return { ...range, name: amount + unit, until: undefined, words: `the last ${WORDS[amount + unit] ?? amount + unit}` };
}

function fixed(from, to) {
  const words = `${clock(from)} to ${clock(to)}`;
  return { from, to, since: new Date(from).toISOString(), until: new Date(to).toISOString(), name: null, words };
}

/** The parameters of an address that say the range, and nothing else. */
export function rangeParams(params) {
  const kept = {};
  for (const key of ['range', 'since', 'until', 'live']) if (params.has(key)) kept[key] = params.get(key);
  return kept;
}

/** The control in the header. `choose` gets parameters: `{ range }` or `{ since, until }`. */
export function rangeControl(choose) {
  const buttons = CHOICES.map((name) =>
    h('button', { type: 'button', title: `The last ${WORDS[name]}`, onclick: () => choose({ range: name, since: null, until: null }) }, name));
  const other = h('button', { type: 'button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' }, 'Custom');
  const panel = h('form.panel.range-panel', { hidden: true, role: 'dialog', 'aria-label': 'Absolute time range' });
  const element = h('div.range', { role: 'group', 'aria-label': 'Time range' }, buttons, other, panel);
  let range;

  const close = () => { panel.hidden = true; other.setAttribute('aria-expanded', 'false'); };
  const open = () => {
    const input = (label, ms) => h('label', null, label,
      h('input', { type: 'datetime-local', step: '1', value: local(ms), required: true }));
    const [from, to] = [input('From', range.from), input('To', range.to)];
    put(panel, h('span.faint', null, `Local time, ${zone()}`), from, to, h('button.plain', { type: 'submit' }, 'Show this time'));
    panel.hidden = false;
    other.setAttribute('aria-expanded', 'true');
    from.querySelector('input').focus();
  };
  other.addEventListener('click', () => (panel.hidden ? open() : close()));
  panel.addEventListener('submit', (event) => {
    event.preventDefault();
    const [from, to] = [...panel.querySelectorAll('input')].map((input) => new Date(input.value));
    close();
    choose(absolute(Math.min(from, to), Math.max(from, to)));
  });
  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') { event.stopPropagation(); close(); other.focus(); }
  });
  document.addEventListener('pointerdown', (event) => { if (!element.contains(event.target)) close(); });

  return {
    element,
    show(now) {
      range = now;
      for (const button of buttons) button.setAttribute('aria-pressed', String(button.textContent === now.name));
      const named = CHOICES.includes(now.name);
      other.setAttribute('aria-pressed', String(!named));
      other.textContent = named ? 'Custom' : now.name ?? span(now);
      other.title = now.name ? 'An absolute time' : `${now.since} to ${now.until}`;
    },
  };
}

/** The parameters of an absolute range. */
export const absolute = (from, to) =>
  ({ range: null, since: new Date(from).toISOString(), until: new Date(to).toISOString() });

const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);

function span({ from, to }) {
  const [begin, end] = [clock(from), clock(to)];
  const sameDay = new Date(from).toDateString() === new Date(to).toDateString();
  return `${begin} – ${sameDay ? end.slice(-8) : end}`;
}
