// The chart library, loaded when the first chart is drawn, and what all charts share: colours, axes, units.

import { ink } from '../colour.js';
import { h } from '../dom.js';
import { clock, day, quantity } from '../format.js';

const COLOURS = Array.from({ length: 10 }, (_, at) => `s${at}`);
const DASHES = [[], [6, 4], [2, 3]];
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
let library;

/** uPlot with its style sheet. */
export function uPlot() {
  library ??= load();
  return library;
}

async function load() {
  const style = h('link', { rel: 'stylesheet' });
  style.href = new URL('../../vendor/uPlot.css', import.meta.url);
  const styled = new Promise((resolve) => {
    style.onload = resolve;
    style.onerror = resolve;
  });
  document.head.append(style);
  const [module] = await Promise.all([import('../../vendor/uPlot.js'), styled]);
  return module.default;
}

/** The class of a series and how its line is broken: a service has its own colour, others one after the other. */
export function lookOf(at) {
  return { colour: COLOURS[at % COLOURS.length], dash: DASHES[Math.floor(at / COLOURS.length) % DASHES.length] };
}

/** Colours of both themes as they are now. */
export function inks() {
  const [text, line, accent, ...series] = ink('text-2', 'line', 'accent', ...COLOURS);
  return { text, line, accent, series: Object.fromEntries(COLOURS.map((name, at) => [name, series[at]])) };
}

/** Calls `run` when the theme changes; a canvas keeps its old colours otherwise. */
export function onTheme(run, signal) {
  const watcher = new MutationObserver(run);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  const media = matchMedia('(prefers-color-scheme: dark)');
  media.addEventListener('change', run, { signal });
  signal.addEventListener('abort', () => watcher.disconnect());
}

/** A unit is some letters; a longer one says what it is above the chart, and not behind every number. */
const LONGEST_UNIT = 12;
const unitOf = ({ unit }) => (unit && unit.length <= LONGEST_UNIT ? unit : '');

/** A number of a series in words: a rate is a second's, a count has no unit. */
export function valueOf(answer, value) {
  if (value === null || value === undefined) return '–';
  const measured = /histogram|summary/.test(answer.type);
  if (answer.aggregate === 'count') return quantity(value);
  if (answer.aggregate === 'rate') return `${quantity(value, measured ? '' : answer.unit === 's' || answer.unit === 'ms' ? '' : unitOf(answer))}/s`;
  return quantity(value, unitOf(answer));
}

/** Times along the x axis. */
export function timeTicks(_plot, splits, _axis, _space, step) {
  return splits.map((ms) =>
    step >= DAY_MS || (ms % DAY_MS === 0 && step >= DAY_MS / 2) ? day(ms) : clock(ms).slice(-8, step < MINUTE_MS ? undefined : -3),
  );
}

/** The y scale: from zero, but for levels that hardly move. */
export function heights(kind) {
  return (_plot, low, high) => {
    if (low === null || high === null) return [0, 1];
    const flat = kind === 'gauge' && low > 0 && (high - low) / high < 0.3;
    const room = (high - (flat ? low : Math.min(0, low))) * 0.08 || Math.abs(high) * 0.05 || 1;
    return [flat ? Math.max(0, low - room) : Math.min(0, low), high + room];
  };
}

/** Steps of bytes are powers of two. */
export const stepsOf = (unit) => (unit === 'By' ? Array.from({ length: 50 }, (_, at) => 2 ** at) : undefined);

/** The series of an answer as columns, the times first. */
export function columnsOf(answer) {
  const times = new Set(answer.series.flatMap((it) => it.points.map(([time]) => time)));
  const all = [...times].sort((one, other) => one - other);
  const columns = answer.series.map((it) => {
    const values = new Map(it.points);
    return all.map((time) => values.get(time) ?? null);
  });
  return [all, ...columns];
}

/** A series by its labels. */
export function nameOf(labels) {
  const pairs = Object.entries(labels);
  if (!pairs.length) return 'all series';
  const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value)) || '(empty)';
  return pairs.length === 1 ? text(pairs[0][1]) : pairs.map(([key, value]) => `${key.split('.').at(-1)}=${text(value)}`).join(', ');
}

/** Few points are shown as such; a line of many needs none. */
const FEW_POINTS = 40;
/** Where points come this much later than usual, something is missing, and the line is broken. */
const LATE = 3.5;

/** How a line is drawn: unbroken over steps without a point where points come less often than there are steps. */
export function lineOf(times, values, width, few = FEW_POINTS) {
  const at = times.filter((_, index) => values[index] !== null);
  const steps = at
    .slice(1)
    .map((time, index) => time - at[index])
    .sort((one, other) => one - other);
  const usual = steps[Math.floor(steps.length / 2)] ?? 0;
  return {
    width,
    points: { size: 5, show: at.length <= few },
    gaps: (plot, _series, _from, _to, gaps) => {
      const most = plot.valToPos(times[0] + usual * LATE, 'x', true) - plot.valToPos(times[0], 'x', true);
      return gaps.filter(([from, to]) => to - from > most);
    },
  };
}
