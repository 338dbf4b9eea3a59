// The list of lines: newest at the top, older ones at the end, live ones as they come, with a pause that says how many wait.

import { h, put } from '../dom.js';
import { clock, counted, millis } from '../format.js';
import { copy } from '../notice.js';
import { lineOf, textOf } from './line.js';
import { keyOf, newest } from './tail.js';

/** Lines in the document, and live ones that wait: more would make the browser slow, and nobody reads them. */
const MOST_LINES = 2000;
const MOST_WAITING = 2000;
const NEAR_TOP_PX = 8;
/** Nobody reads faster than this. */
const DRAW_MS = 200;
const MOST_AT_ONCE = 150;

export class Lines {
  constructor(ctx, { older }) {
    this.ctx = ctx;
    this.older = older;
    this.logs = [];
    this.waiting = [];
    this.left = 0;
    this.words = [];
    this.paused = false;
    this.soon = 0;
    this.bar = h('div.livebar', { hidden: true });
    this.list = h('div.lines.records');
    this.foot = h('div.bar');
    this.element = h('div', null, this.bar, this.list, this.foot);
    this.watcher = new IntersectionObserver(([it]) => { if (it.isIntersecting) this.foot.querySelector('button')?.click(); }, { rootMargin: '400px' });
    this.watcher.observe(this.foot);
    ctx.closed(() => this.watcher.disconnect());
    document.getElementById('main').addEventListener('scroll', () => this.release(), { passive: true, signal: ctx.left });
  }

  /** Shows a new list; `next` is where older ones are. */
  reset(logs, next, words) {
    Object.assign(this, { logs, words, waiting: [], left: 0, seen: new Set(logs.map(keyOf)) });
    put(this.list, logs.map((log) => this.line(log)));
    this.showFoot(next);
    this.draw();
  }

  append(logs, next) {
    this.logs.push(...logs);
    this.list.append(...logs.map((log) => this.line(log)));
    this.showFoot(this.logs.length < MOST_LINES ? next : null, next && this.logs.length >= MOST_LINES);
    this.dates();
  }

  line(log) {
    return lineOf(this.ctx, log, this.words);
  }

  /** Live records: shown at once, or kept while somebody reads. */
  take(logs) {
    const fresh = logs.filter((log) => !this.seen.has(keyOf(log)));
    fresh.forEach((log) => this.seen.add(keyOf(log)));
    this.waiting.push(...fresh);
    this.leave(MOST_WAITING);
    this.soon ||= setTimeout(() => { this.soon = 0; if (!this.ctx.left.aborted) this.release(); }, DRAW_MS);
  }

  /** Leaves out the oldest of those that wait, but for so many. */
  leave(most) {
    if (this.waiting.length <= most) return;
    const gone = this.waiting.splice(0, this.waiting.length - most);
    this.left += gone.length;
    gone.forEach((log) => this.seen.delete(keyOf(log)));
  }

  /** Somebody is reading: it was paused, scrolled, a line is open, or text is being selected. */
  get held() {
    const main = document.getElementById('main');
    return this.paused || main.scrollTop > this.element.offsetTop + NEAR_TOP_PX || this.list.querySelector('details[open]') !== null
      || (String(getSelection()) !== '' && this.list.contains(getSelection().anchorNode));
  }

  release(force = false) {
    if (!force && this.held) { this.draw(); return; }
    if (this.waiting.length) {
      if (force) this.left = 0;
      else this.leave(MOST_AT_ONCE);
      const fresh = this.waiting.sort(newest);
      this.waiting = [];
      // They come in the order in which they were accepted; each goes where its time belongs.
      let at = 0;
      let node = this.list.firstElementChild;
      for (const log of fresh) {
        while (at < this.logs.length && newest(this.logs[at], log) < 0) { at += 1; node = node.nextElementSibling; }
        const line = this.line(log);
        line.classList.add('fresh');
        this.list.insertBefore(line, node);
        this.logs.splice(at, 0, log);
        at += 1;
      }
      while (this.logs.length > MOST_LINES) { this.seen.delete(keyOf(this.logs.pop())); this.list.lastElementChild.remove(); }
    }
    this.draw();
  }

  /** The bar of live: null where it is off; otherwise what is wrong, in words. */
  live(words) {
    this.said = words;
    this.draw();
  }

  toggle() {
    if (this.bar.hidden) return false;
    if (this.paused || this.waiting.length) this.go();
    else { this.paused = true; this.draw(); }
    return true;
  }

  go() {
    this.paused = false;
    this.list.querySelectorAll('details[open]').forEach((it) => { it.open = false; });
    getSelection().removeAllRanges();
    const main = document.getElementById('main');
    if (main.scrollTop > this.element.offsetTop) main.scrollTop = 0;
    this.release(true);
  }

  draw() {
    this.dates();
    this.bar.hidden = this.said === null || this.said === undefined;
    if (this.bar.hidden) return;
    const { held } = this;
    const waits = this.waiting.length ? `${counted(this.waiting.length, 'line')} wait${this.waiting.length === 1 ? 's' : ''}${this.left ? `, ${counted(this.left, 'older one')} not kept` : ''}` : '';
    this.bar.classList.toggle('held', Boolean(held));
    const state = this.said || (held ? (this.paused ? 'Paused' : 'Held while you read') : this.left ? `Live: ${counted(this.left, 'line')} came faster than anybody reads and stand not here; they are stored` : 'Live: new lines come at the top');
    const key = `${state}|${waits}|${held}`;
    if (key === this.drawn) return;
    this.drawn = key;
    put(this.bar, h('i', { 'aria-hidden': 'true' }), h('span', { role: 'status' }, state), waits ? h('b.num', null, waits) : null,
      held ? h('button.plain', { type: 'button', onclick: () => this.go() }, waits ? 'Show them' : 'Go on')
        : h('button.plain', { type: 'button', title: 'Pause (p)', onclick: () => { this.paused = true; this.draw(); } }, 'Pause'));
  }

  /** Room for the date, where lines are not of today. */
  dates() {
    const last = this.logs.at(-1);
    this.list.classList.toggle('days', Boolean(last && clock(millis(last.timestamp)).length > 8));
  }

  showFoot(next, full = false) {
    const button = next ? h('button.plain', { type: 'button', onclick: async () => {
      button.disabled = true;
      try { await this.older(next); } catch (error) {
        button.disabled = false;
        if (error.name !== 'AbortError') button.textContent = `${error.message} Try again`;
      }
    } }, 'Show older lines') : null;
    put(this.foot, button, full ? h('span.dim', null, `${MOST_LINES} lines are shown: narrow the time or the words to see older ones.`) : null);
  }

  copy() {
    copy(this.logs.map(textOf).join('\n'), `${counted(this.logs.length, 'line')} copied`);
  }
}
