// The map: services in layers, edges as wide as there are calls, redder the more of them fail.

import { colourOf } from '../colour.js';
import { h, s } from '../dom.js';
import { count, duration, percent } from '../format.js';
import { layout } from './layout.js';

const NODE = { high: 40, least: 104, most: 184, gap: 40, gapMost: 168 };
const PAD = 8;
const CHARACTER_PX = 7;
const ARROW_PX = 10;
const THICK = { least: 1.25, most: 6, mostOfMany: 3.5 };
const MANY = 30;
/** From this share of failing calls on an edge is all red. */
const ALL_RED = 0.2;
const LABEL_FROM = 0.005;
/** With more failing edges than this their shares would cover the map: they are shown for the service that is pointed at. */
const MOST_LABELS = 12;

/** The map as an element. `services` are by name; `open(name)` opens one; `chosen` is open; `at` is how far it was scrolled before. */
export function serviceMap({ calls, services, width, open, chosen, at }) {
  const names = [...new Set(calls.flatMap((call) => [call.caller, call.called]))].sort();
  const { layers, edges, height } = layout(names, calls);
  const room = width - 2 * PAD;
  // Three parts of the width for services, two for the lines between them.
  const wide = Math.min(NODE.most, Math.max(NODE.least, (room * 0.6) / layers.length));
  const gap = layers.length < 2 ? 0 : Math.min(NODE.gapMost, Math.max(NODE.gap, (room - layers.length * wide) / (layers.length - 1)));
  const size = { width: 2 * PAD + layers.length * wide + (layers.length - 1) * gap, height: 2 * PAD + height };
  const point = (node) => ({ x: PAD + node.layer * (wide + gap), y: PAD + node.y });
  const most = Math.max(1, ...calls.map((call) => call.calls));
  const crowded = edges.filter(({ call }) => shareOf(call) >= LABEL_FROM).length > MOST_LABELS;
  const svg = s(
    `svg${crowded ? '.crowded' : ''}`,
    { width: size.width, height: size.height, role: 'group', 'aria-label': `Map of ${names.length} services` },
    edges.map((edge) => edgeOf(edge, point, wide, most, edges.length > MANY ? THICK.mostOfMany : THICK.most)),
    layers
      .flat()
      .filter((node) => node.name !== null)
      .map((node) => nodeOf(node.name, point(node), wide, services.get(node.name), { open, on: node.name === chosen })),
  );
  watch(svg, chosen);
  const map = h('div.map', { tabindex: '0', role: 'group', 'aria-label': 'Map, can be scrolled' }, svg);
  // A map that is higher than its place begins where the first callers are, which stand in its middle.
  const [first] = layers[0];
  requestAnimationFrame(() => map.scrollTo(at ?? { left: 0, top: first ? point(first).y - map.clientHeight / 2 : 0 }));
  return map;
}

const shareOf = (call) => (call.calls ? call.errors / call.calls : 0);

function edgeOf({ call, path, back }, point, wide, most, thickest) {
  const share = shareOf(call);
  const points = path.map(point);
  const line = curve(points, wide, back);
  const thick = THICK.least + (thickest - THICK.least) * (Math.log1p(call.calls) / Math.log1p(most));
  const said = `${call.caller} calls ${call.called}: ${count(call.calls)} calls, ${call.errors ? `${count(call.errors)} failing (${percent(share)})` : 'none failing'}, half within ${duration(call.p50_ms)}, 95 of 100 within ${duration(call.p95_ms)}`;
  const red = Math.round(Math.min(1, share / ALL_RED) * 75) + 25;
  const colour = share ? `color-mix(in oklab, var(--red-fill) ${red}%, var(--line-strong))` : 'var(--bar)';
  const { x, y } = line.end;
  const tip = 4 + thick / 2;
  return s(
    `g.edge${share ? '.fails' : ''}`,
    { data: { from: call.caller, to: call.called } },
    s('title', null, said),
    s('path.reach', { d: line.d }),
    s('path.line', { d: line.d, style: { stroke: colour, 'stroke-width': `${thick.toFixed(1)}px` } }),
    s('path.arrow', {
      d: `M${x} ${y - tip}l${tip * 1.5} ${tip}l${-tip * 1.5} ${tip}z`,
      transform: back ? `rotate(180 ${x} ${y})` : null,
      style: { fill: colour },
    }),
    share >= LABEL_FROM
      ? s('text.label', { x: back ? x + 10 : x - 6, y: y - tip - 2, 'text-anchor': back ? 'start' : 'end' }, `✕ ${percent(share)}`)
      : null,
  );
}

/** A smooth way through the points; back edges leave at the left and come in at the right. */
function curve(points, wide, back) {
  const out = back ? 0 : wide;
  const into = back ? wide : 0;
  const direction = back ? -1 : 1;
  let at = { x: points[0].x + out, y: points[0].y };
  let d = `M${at.x} ${at.y}`;
  // The line ends where its arrow begins.
  const stops = points.slice(1).flatMap((point, index) =>
    index === points.length - 2
      ? [{ x: point.x + into - ARROW_PX * direction, y: point.y }]
      : [
          { x: point.x + (back ? wide : 0), y: point.y },
          { x: point.x + (back ? 0 : wide), y: point.y },
        ],
  );
  for (const stop of stops) {
    const bend = (Math.abs(stop.x - at.x) / 2) * direction;
    d += stop.y === at.y ? `L${stop.x} ${stop.y}` : `C${at.x + bend} ${at.y} ${stop.x - bend} ${stop.y} ${stop.x} ${stop.y}`;
    at = stop;
  }
  return { d, end: at };
}

function nodeOf(name, { x, y }, wide, service, { open, on }) {
  const failing = service?.spans ? service.errors / service.spans : 0;
  const room = Math.floor((wide - 20) / CHARACTER_PX);
  const time = !service?.spans ? '' : service.p95_ms !== undefined ? `p95 ${duration(service.p95_ms)}` : `mean ${duration(service.mean_duration_ms)}`;
  const share = failing ? `✕ ${percent(failing)}` : '';
  // Where both have no room, what fails matters more.
  const both = share.length + time.length < room;
  const numbers = [share ? s('tspan.bad', null, share) : null, share && both ? ' ' : null, both || !share ? time || '–' : null];
  const said = service?.spans ? `${name}: ${count(service.spans)} spans, ${failing ? `${percent(failing)} failing` : 'none failing'}, ${time}` : name;
  const element = s(
    `g.node.${colourOf(name)}${on ? '.on' : ''}`,
    { transform: `translate(${x} ${y - NODE.high / 2})`, tabindex: '0', role: 'button', 'aria-pressed': String(on), data: { name } },
    s('title', null, said),
    s('rect.box', { width: wide, height: NODE.high, rx: 4 }),
    s('rect.colour', { width: 4, height: NODE.high, rx: 2 }),
    s('text.name', { x: 12, y: 17 }, fitting(name, wide - 20) || '(no name)'),
    s('text.numbers', { x: 12, y: 33 }, numbers),
  );
  element.addEventListener('click', () => open(name));
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      event.stopPropagation();
      open(name);
    }
  });
  return element;
}

/** A name that is cut where a box ends. */
function fitting(name, width) {
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = `600 12px ${getComputedStyle(document.body).fontFamily}`;
  if (pen.measureText(name).width <= width) return name;
  let length = Math.min(name.length, Math.ceil(width / 2));
  while (length > 1 && pen.measureText(`${name.slice(0, length)}…`).width > width) length -= 1;
  return `${name.slice(0, length)}…`;
}

/** Under the pointer, or chosen: a service and those it talks with stand out, the others step back. */
function watch(svg, chosen) {
  const show = (name) => {
    svg.classList.toggle('some', name !== null);
    const near = new Set([name]);
    for (const edge of svg.querySelectorAll('.edge')) {
      const { from, to } = edge.dataset;
      const is = from === name || to === name;
      edge.classList.toggle('near', is);
      if (is) {
        near.add(from);
        near.add(to);
      }
    }
    for (const node of svg.querySelectorAll('.node')) node.classList.toggle('near', near.has(node.dataset.name));
  };
  const nameOf = (event) => event.target.closest?.('.node')?.dataset.name ?? null;
  const rest = [...svg.querySelectorAll('.node')].some((node) => node.dataset.name === chosen) ? chosen : null;
  svg.addEventListener('pointerover', (event) => show(nameOf(event) ?? rest));
  svg.addEventListener('pointerleave', () => show(rest));
  svg.addEventListener('focusin', (event) => show(nameOf(event) ?? rest));
  svg.addEventListener('focusout', () => show(rest));
  show(rest);
}
