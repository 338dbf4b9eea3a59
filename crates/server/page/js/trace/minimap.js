// The whole trace in a strip: drag a window on it to look at a part of the time; a double click shows all again.

import { colourOf, ink } from '../colour.js';
import { h } from '../dom.js';
import { duration } from '../format.js';

const HEIGHT = 52;
const TICKS = 5;
const DRAG_PX = 4;
const KEY_STEP = 0.05;

/** `onwindow(from, to)` is called with milliseconds after the start. Gives `{ element, show(from, to) }`. */
export function minimap(trace, onwindow) {
  const canvas = h('canvas', { height: HEIGHT, 'aria-hidden': 'true' });
  const [left, right] = [h('i.shade'), h('i.shade.end')];
  const [from, to] = [grip('Begin of the window'), grip('End of the window')];
  const ticks = h('div.ticks', { 'aria-hidden': 'true' }, Array.from({ length: TICKS }, (_, at) =>
    h('span', { style: { left: `${(at / (TICKS - 1)) * 100}%` } }, duration((trace.length * at) / (TICKS - 1)))));
  const area = h('div.area', null, canvas, left, right, from, to);
  const element = h('div.minimap', { role: 'group', 'aria-label': 'The whole trace; drag a window to look at a part of it' }, ticks, area);
  let shown = [0, trace.length];

  const paint = () => draw(canvas, trace, area.clientWidth);
  new ResizeObserver(paint).observe(area);
  window.addEventListener('themechange', paint);

  function show(begin, end) {
    shown = [begin, end];
    const [a, b] = [(begin / trace.length) * 100, (end / trace.length) * 100];
    left.style.setProperty('width', `${a}%`);
    right.style.setProperty('left', `${b}%`);
    from.style.setProperty('left', `${a}%`);
    to.style.setProperty('left', `${b}%`);
    for (const [it, at] of [[from, begin], [to, end]]) {
      it.setAttribute('aria-valuenow', String(Math.round((at / trace.length) * 100)));
      it.setAttribute('aria-valuetext', duration(at));
    }
  }
  drags(area, trace, () => shown, { from, to }, onwindow);
  area.addEventListener('dblclick', () => onwindow(0, trace.length));
  for (const [it, at] of [[from, 0], [to, 1]]) {
    it.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const next = [...shown];
      next[at] = Math.min(Math.max(next[at] + step * trace.length, 0), trace.length);
      if (next[0] < next[1]) onwindow(...next);
    });
  }
  show(0, trace.length);
  return { element, show, closed: () => window.removeEventListener('themechange', paint) };
}

const grip = (name) => h('span.grip', { role: 'slider', tabindex: '0', 'aria-label': name, 'aria-valuemin': '0', 'aria-valuemax': '100' });

/** A drag on a grip moves an end of the window, anywhere else it draws a new window. */
function drags(area, trace, shown, grips, onwindow) {
  let drag = null;
  const timeAt = (event) => {
    const box = area.getBoundingClientRect();
    return (Math.min(Math.max(event.clientX - box.left, 0), box.width) / box.width) * trace.length;
  };
  area.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    const [begin, end] = shown();
    const fixed = event.target === grips.from ? end : event.target === grips.to ? begin : timeAt(event);
    drag = { fixed, x: event.clientX, moved: false };
    area.setPointerCapture(event.pointerId);
  });
  area.addEventListener('pointermove', (event) => {
    if (!drag || (!drag.moved && Math.abs(event.clientX - drag.x) < DRAG_PX)) return;
    drag.moved = true;
    const now = timeAt(event);
    if (Math.abs(now - drag.fixed) > trace.length / 1e6) onwindow(Math.min(now, drag.fixed), Math.max(now, drag.fixed));
  });
  for (const end of ['pointerup', 'pointercancel']) area.addEventListener(end, () => { drag = null; });
}

/** Every span as a line, in the order of the waterfall. */
function draw(canvas, trace, width) {
  if (!width) return;
  const scale = window.devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  const paper = canvas.getContext('2d');
  paper.scale(scale, scale);
  const names = [...new Set(trace.nodes.map((node) => node.span.service))];
  const colours = ink('red-fill', ...names.map(colourOf));
  const colour = new Map(names.map((name, at) => [name, colours[at + 1]]));
  const tall = Math.max(1, Math.min(4, (HEIGHT - 4) / trace.nodes.length));
  trace.nodes.forEach((node, at) => {
    paper.fillStyle = node.failing ? colours[0] : colour.get(node.span.service);
    const y = 2 + (at / trace.nodes.length) * (HEIGHT - 4);
    paper.fillRect((node.start / trace.length) * width, y, Math.max(1, ((node.end - node.start) / trace.length) * width), tall);
  });
}
