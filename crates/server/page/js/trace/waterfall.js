// The waterfall: a tree of spans over one time axis. Only the rows in sight are in the document.

import { framed, h, put } from '../dom.js';
import { duration } from '../format.js';
import { rowOf } from './rows.js';

const ROW = 28;
const MORE_ROWS = 8;
const AXIS_TICKS = 5;
const INDENT = 14;
const WIDEST_TREE = 220;

/** `choose(node)` is called when a row is chosen. */
export class Waterfall {
  constructor(trace, { choose }) {
    this.trace = trace;
    this.choose = choose;
    this.view = { folded: new Set(), chosen: null, found: null, critical: true, window: [0, trace.length], rowHeight: ROW,
      // A deep tree is indented less, so that names keep their room.
      indent: Math.max(2, Math.min(INDENT, WIDEST_TREE / Math.max(1, trace.deepest))) };
    this.axis = h('div.waxis', { 'aria-hidden': 'true' });
    this.canvas = h('div.wcanvas', { role: 'rowgroup' });
    this.scroller = h('div.wscroll', { tabindex: '0', role: 'treegrid', 'aria-label': 'Spans of the trace' }, this.canvas);
    this.element = h('div.waterfall', null,
      h('div.whead', null, h('div.wname', null, 'Span'), h('div.wsplit', { title: 'Drag to give the names more room' }), this.axis), this.scroller);
    this.drawn = new Map();
    this.paint = framed(() => this.draw());
    this.scroller.addEventListener('scroll', this.paint, { passive: true });
    this.canvas.addEventListener('click', (event) => this.clicked(event));
    new ResizeObserver(() => this.paint()).observe(this.scroller);
    this.split(this.element.querySelector('.wsplit'));
    this.arrange();
  }

  /** Lists the rows that are not folded away. */
  arrange() {
    const { folded } = this.view;
    const rows = [];
    let hiddenBelow = Infinity;
    for (const node of this.trace.nodes) {
      if (node.depth > hiddenBelow) continue;
      hiddenBelow = folded.has(node) ? node.depth : Infinity;
      rows.push(node);
    }
    this.rows = rows;
    this.place = new Map(rows.map((node, at) => [node, at]));
    this.canvas.style.setProperty('height', `${rows.length * ROW}px`);
    this.scroller.setAttribute('aria-rowcount', String(rows.length + 1));
    this.redraw();
  }

  /** Draws all rows in sight again. */
  redraw() {
    this.drawn.clear();
    put(this.canvas);
    const [from, to] = this.view.window;
    put(this.axis, Array.from({ length: AXIS_TICKS }, (_, at) =>
      h('span', { style: { left: `${(at / (AXIS_TICKS - 1)) * 100}%` } }, duration(from + ((to - from) * at) / (AXIS_TICKS - 1)))));
    this.paint();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - MORE_ROWS);
    const last = Math.min(this.rows.length, Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / ROW) + MORE_ROWS);
    for (const [at, element] of this.drawn) {
      if (at < first || at >= last) { element.remove(); this.drawn.delete(at); }
    }
    const fresh = document.createDocumentFragment();
    for (let at = first; at < last; at += 1) {
      if (this.drawn.has(at)) continue;
      const element = rowOf(this.rows[at], at, this.trace, this.view);
      this.drawn.set(at, element);
      fresh.append(element);
    }
    this.canvas.append(fresh);
  }

  clicked(event) {
    const row = event.target.closest('[data-span]');
    const node = row && this.trace.byId.get(row.dataset.span);
    if (!node) return;
    if (event.target.closest('[data-fold]')) this.fold(node);
    else this.choose(node);
  }

  /** Folds or unfolds what is below a span. */
  fold(node, folded = !this.view.folded.has(node)) {
    if (!node.children.length) return;
    if (folded) this.view.folded.add(node); else this.view.folded.delete(node);
    this.arrange();
  }

  /** Folds everything below the roots, or unfolds everything. */
  foldAll(folded) {
    this.view.folded = new Set(folded ? this.trace.nodes.filter((node) => node.children.length && node.depth > 0) : []);
    this.arrange();
  }

  /** Marks a span and brings it into sight. */
  show(node) {
    this.view.chosen = node;
    if (!node) { this.scroller.removeAttribute('aria-activedescendant'); this.redraw(); return; }
    let unfolded = false;
    for (let above = node.parent; above; above = above.parent) unfolded = this.view.folded.delete(above) || unfolded;
    if (unfolded) this.arrange();
    const top = this.place.get(node) * ROW;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop || top + ROW > scrollTop + clientHeight) this.scroller.scrollTop = Math.max(0, top - clientHeight / 3);
    this.scroller.setAttribute('aria-activedescendant', `span-${node.span.span_id}`);
    this.redraw();
  }

  /** The span so many rows further that passes a test. */
  next(step, wanted = () => true) {
    let at = this.place.get(this.view.chosen) ?? (step > 0 ? -1 : this.rows.length);
    do at += step; while (this.rows[at] && !wanted(this.rows[at]));
    return this.rows[at];
  }

  /** Shows a part of the time. */
  zoom(from, to) {
    this.view.window = [from, to];
    this.redraw();
  }

  split(handle) {
    handle.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      const move = ({ clientX }) => {
        const box = this.element.getBoundingClientRect();
        const share = Math.min(Math.max((clientX - box.left) / box.width, 0.1), 0.8);
        this.element.style.setProperty('--tree', `${share * 100}%`);
      };
      handle.addEventListener('pointermove', move);
      handle.addEventListener('pointerup', () => handle.removeEventListener('pointermove', move), { once: true });
    });
  }
}
