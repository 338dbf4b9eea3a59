// Small charts: bars over time with failures in red and a window to drag, and spark lines.

import { h, s, put } from './dom.js';
import { clock, count, day, zone } from './format.js';

const HEIGHT = 64;
const AXIS = 18;
const LABEL_ROOM = 110;
const LABEL_ROOM_NARROW = 72;
const NARROW = 500;
const ZONE_ROOM = 104;
const DRAG_PX = 4;

/**
 * Bars over time. `buckets` are `[all, failing]`; `start` and `step` are Unix milliseconds. `brush(from, to)` is called when a
 * window was dragged, or a bar was clicked. `word` says what is counted.
 */
export function histogram({ start, step, buckets, brush, word = 'trace', height = HEIGHT }) {
  const total = buckets.reduce((sum, [all]) => sum + all, 0);
  const failing = buckets.reduce((sum, [, bad]) => sum + bad, 0);
  const said = `${count(total)} ${word}s over time, ${count(failing)} failing`;
  const svg = s('svg', { role: 'img', 'aria-label': said, height: height + AXIS });
  const tip = h('div.panel.tip', { hidden: true });
  const figure = h('figure.chart', { style: { height: `${height + AXIS}px` } }, svg, tip);
  const draw = () => bars(svg, { start, step, buckets, height, width: figure.clientWidth });
  new ResizeObserver(draw).observe(figure);
  watch(figure, svg, tip, { start, step, buckets, word, brush, height });
  return figure;
}

function bars(svg, { start, step, buckets, height, width }) {
  if (!width) return;
  const most = Math.max(1, ...buckets.map(([all]) => all));
  const wide = width / buckets.length;
  const gap = wide > 4 ? 1 : 0;
  const shapes = buckets.flatMap(([all, bad], at) => {
    const bar = (kind, amount, below) => {
      if (!amount) return null;
      // What is there is seen: at least two pixels.
      const tall = Math.max(2, (amount / most) * (height - 4));
      return s(`rect.${kind}`, {
        x: at * wide,
        y: height - below - tall,
        width: Math.max(1, wide - gap),
        height: tall,
      });
    };
    const low = bad ? Math.max(2, (bad / most) * (height - 4)) : 0;
    return [bar('fail', bad, 0), bar('ok', all - bad, low)];
  });
  put(
    svg,
    shapes,
    s('line', { x1: 0, x2: width, y1: height + 0.5, y2: height + 0.5 }),
    axis(start, step * buckets.length, width, height),
  );
}

/** Times under the bars, at round moments. */
function axis(start, length, width, height) {
  const steps = [1, 5, 15, 30, 60, 300, 600, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800].map(
    (it) => it * 1000,
  );
  const room = width < NARROW ? LABEL_ROOM_NARROW : LABEL_ROOM;
  const step = steps.find((it) => (it / length) * width >= room) ?? steps.at(-1);
  const offset = new Date(start).getTimezoneOffset() * 60_000;
  const labels = [];
  for (let at = Math.ceil((start - offset) / step) * step + offset; at < start + length; at += step) {
    const x = ((at - start) / length) * width;
    if (x < 24 || x > width - ZONE_ROOM) continue;
    const text = step >= 86_400_000 ? day(at) : step < 60_000 ? clock(at).slice(-8) : clock(at).slice(-8, -3);
    labels.push(s('text', { x, y: height + 14, 'text-anchor': 'middle' }, text));
  }
  // The times are local; of which zone is said once.
  labels.push(s('text', { x: width, y: height + 14, 'text-anchor': 'end' }, zone(start)));
  return labels;
}

function watch(figure, svg, tip, { start, step, buckets, word, brush, height }) {
  const place = (event) => {
    const box = svg.getBoundingClientRect();
    const x = Math.min(Math.max(event.clientX - box.left, 0), box.width - 1);
    return {
      x,
      time: start + (x / box.width) * step * buckets.length,
      at: Math.floor((x / box.width) * buckets.length),
      wide: box.width,
    };
  };
  let down = null;
  let rect = null;
  const finish = () => {
    rect?.remove();
    rect = null;
    down = null;
  };
  svg.addEventListener('pointermove', (event) => {
    const { x, at, wide } = place(event);
    const [all, bad] = buckets[at] ?? [0, 0];
    tip.textContent = `${clock(start + at * step)} – ${clock(start + (at + 1) * step).slice(-8)}  ${count(all)} ${word}${all === 1 ? '' : 's'}${bad ? `, ${count(bad)} failing` : ''}`;
    tip.hidden = false;
    tip.style.setProperty('left', `${Math.min(x + 12, Math.max(0, wide - tip.offsetWidth))}px`);
    if (!down || Math.abs(x - down.x) < DRAG_PX) return;
    if (!rect) svg.append((rect = s('rect.brush', { y: 0, height })));
    rect.setAttribute('x', Math.min(x, down.x));
    rect.setAttribute('width', Math.abs(x - down.x));
  });
  svg.addEventListener('pointerleave', () => {
    tip.hidden = true;
  });
  svg.addEventListener('pointerdown', (event) => {
    if (!brush || event.button !== 0) return;
    down = place(event);
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener('pointercancel', finish);
  svg.addEventListener('pointerup', (event) => {
    if (!down) return;
    const [from, to] = [down, place(event)];
    const dragged = Math.abs(to.x - from.x) >= DRAG_PX;
    finish();
    if (dragged) brush(Math.min(from.time, to.time), Math.max(from.time, to.time));
    else if (buckets[to.at]?.[0]) brush(start + to.at * step, start + (to.at + 1) * step);
  });
}

/** A spark line of counts. */
export function spark(values, { width = 96, height = 18, fail = false, label } = {}) {
  const most = Math.max(1, ...values);
  const wide = width / Math.max(1, values.length);
  const svg = s(`svg.spark${fail ? '.fail' : ''}`, {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-label': label ?? `Trend: ${values.join(', ')}`,
  });
  values.forEach((value, at) => {
    if (!value) return;
    const tall = Math.max(1.5, (value / most) * height);
    svg.append(s('rect', { x: at * wide, y: height - tall, width: Math.max(1, wide - 1), height: tall }));
  });
  return svg;
}

/** Counts of times in equal parts of a range, for where the server does not count them itself. */
export function bucketsOf(items, { from, to }, parts = 60) {
  const step = (to - from) / parts;
  const buckets = Array.from({ length: parts }, () => [0, 0]);
  for (const { time, failing } of items) {
    const bucket = buckets[Math.floor((time - from) / step)];
    if (bucket) {
      bucket[0] += 1;
      bucket[1] += failing ? 1 : 0;
    }
  }
  return { start: from, step, buckets };
}
