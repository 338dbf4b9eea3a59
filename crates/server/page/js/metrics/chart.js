// The chart of a metric: a line for each group, numbers under the pointer, a window to drag, exemplars that open traces.

import { h, put } from '../dom.js';
import { clock } from '../format.js';
import { columnsOf, heights, inks, lineOf, lookOf, nameOf, onTheme, stepsOf, timeTicks, uPlot, valueOf } from './plot.js';

const HEIGHT = 320;
const AXIS = { x: 28, y: 72 };
const TIP_LINES = 8;
/** So many dots can be told apart and pointed at. */
export const EXEMPLARS = 100;

/** The chart. `brush(from, to)` is called for a window; `traceHref(exemplar)` is where a dot leads. */
export async function chart(answer, { range, brush, traceHref, signal, colourFor }) {
  const Plot = await uPlot();
  const box = h('div.plot', {
    role: 'group',
    'aria-label': `${answer.name}, ${answer.aggregate}: ${answer.series.length} series over ${range.words}`,
  });
  const tip = h('div.panel.tip.plot-tip', { hidden: true });
  const figure = h('figure.metric', null, box, tip);
  const data = columnsOf(answer);
  let plot;
  const build = () => {
    plot?.destroy();
    plot = new Plot(options(answer, data, { range, brush, width: box.clientWidth || 600, tip, traceHref, colourFor }), data, box);
  };
  const watcher = new ResizeObserver(() => {
    if (!box.clientWidth) return;
    if (!plot) build();
    else if (plot.width !== box.clientWidth) plot.setSize({ width: box.clientWidth, height: HEIGHT });
  });
  watcher.observe(box);
  onTheme(() => plot && build(), signal);
  signal.addEventListener('abort', () => {
    watcher.disconnect();
    plot?.destroy();
  });
  /** One series stands out, the others step back; -1 shows all alike. */
  figure.focusOn = (at) => {
    if (!plot) return;
    plot.series.forEach((series, index) => {
      series.alpha = index === 0 || at < 0 || index === at + 1 ? 1 : 0.15;
    });
    plot.redraw();
  };
  return figure;
}

function options(answer, data, { range, brush, width, tip, traceHref, colourFor }) {
  const colours = inks();
  const series = answer.series.map((it, at) => {
    const { colour, dash } = lookOf(at);
    return { label: nameOf(it.labels), stroke: colours.series[colourFor(it, colour)], dash, ...lineOf(data[0], data[at + 1], 1.5) };
  });
  const axis = {
    stroke: colours.text,
    grid: { stroke: colours.line, width: 1 },
    ticks: { show: false },
    font: '12px system-ui, "DejaVu Sans", sans-serif',
  };
  return {
    width,
    height: HEIGHT,
    ms: 1,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: { drag: { x: true, y: false, setScale: false, dist: 4 }, points: { size: 6 }, y: false },
    scales: { x: { time: true, range: () => [range.from, range.to] }, y: { range: heights(answer.type) } },
    axes: [
      { ...axis, size: AXIS.x, values: timeTicks, space: 80 },
      {
        ...axis,
        size: AXIS.y,
        values: (_plot, splits) => splits.map((value) => valueOf(answer, value)),
        incrs: stepsOf(answer.aggregate === 'count' ? '' : answer.unit),
      },
    ],
    series: [{}, ...series],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide > 0) brush(plot.posToVal(left, 'x'), plot.posToVal(left + wide, 'x'));
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        },
      ],
      setCursor: [(plot) => pointed(plot, answer, tip, series)],
      ready: [(plot) => dots(plot, answer, traceHref)],
      setSize: [(plot) => dots(plot, answer, traceHref)],
    },
  };
}

/** The numbers under the pointer, the largest first. */
function pointed(plot, answer, tip, series) {
  const { idx, left } = plot.cursor;
  if (idx === null || idx === undefined || left < 0) {
    tip.hidden = true;
    return;
  }
  const rows = plot.data
    .slice(1)
    .map((column, at) => ({ at, value: column[idx] }))
    .filter((row) => row.value !== null)
    .sort((one, other) => other.value - one.value);
  const line = ({ at, value }) => {
    const mark = h('i.mark');
    mark.style.setProperty('background', series[at].stroke);
    return h('div.tip-line', null, mark, h('span.cut', null, series[at].label), h('b.num', null, valueOf(answer, value)));
  };
  put(
    tip,
    h('div.dim.num', null, clock(plot.data[0][idx])),
    rows.slice(0, TIP_LINES).map(line),
    rows.length > TIP_LINES ? h('div.faint', null, `and ${rows.length - TIP_LINES} more`) : null,
  );
  tip.hidden = rows.length === 0;
  const wide = plot.width;
  const x = left + AXIS.y;
  tip.style.setProperty('left', `${x > wide / 2 ? Math.max(0, x - tip.offsetWidth - 16) : x + 16}px`);
}

/** Exemplars as dots: at their value where the chart shows values, along the bottom where it shows rates. */
function dots(plot, answer, traceHref) {
  plot.over.querySelectorAll('.exemplar').forEach((it) => it.remove());
  const valued = !['rate', 'sum', 'count'].includes(answer.aggregate);
  const { min, max } = plot.scales.y;
  const high = plot.over.clientHeight;
  for (const exemplar of answer.exemplars.slice(0, EXEMPLARS)) {
    if (!exemplar.trace_id) continue;
    const time = typeof exemplar.time === 'number' ? exemplar.time : Date.parse(exemplar.time);
    const x = plot.valToPos(time, 'x');
    if (!(x >= 0 && x <= plot.over.clientWidth)) continue;
    const above = valued && exemplar.value > max;
    const y = valued ? plot.valToPos(Math.min(Math.max(exemplar.value, min), max), 'y') : high - 6;
    const words = `${valueOf({ ...answer, aggregate: 'avg' }, exemplar.value)} at ${clock(time)}${above ? ', above this chart' : ''}: opens its trace`;
    const dot = h('a.exemplar', {
      href: traceHref(exemplar),
      title: words,
      'aria-label': words,
      class: above ? 'above' : '',
      style: { left: `${x}px`, top: `${Math.max(4, y)}px` },
      onmousedown: (event) => event.stopPropagation(),
    });
    plot.over.append(dot);
  }
}
