// A part of a page that shows an answer: first a skeleton, then data; old data stays, dimmed, while new data is asked for.

import { h, put } from './dom.js';
import { Problem } from './api.js';
import { capital } from './format.js';

const SKELETON_AFTER_MS = 150;
const SLOW_AFTER_MS = 3000;
const SKELETON_ROWS = 6;

/** An empty region. `skeleton` is 'rows' or 'chart'. */
export function region(name, { skeleton = 'rows', live = false } = {}) {
  const element = h('section.region', { 'aria-label': name, 'aria-live': live ? 'polite' : null });
  element.skeleton = skeleton;
  return element;
}

/**
 * Fills a region with `draw(await ask(signal))`. A later fill of the same region, or leaving the page, ends this one.
 * Gives the data, or undefined where there is none.
 */
export async function load(element, pageSignal, ask, draw, { again } = {}) {
  element.stop?.abort();
  const stop = new AbortController();
  element.stop = stop;
  const signal = AbortSignal.any([pageSignal, stop.signal]);
  const timers = waiting(element);
  let old = false;
  try {
    const data = await ask(signal);
    if (signal.aborted) return undefined;
    const drawn = await draw(data);
    if (signal.aborted) return undefined;
    // A lesson stays as it is: somebody may be copying it.
    if (drawn !== undefined && !(isLesson(drawn) && isLesson(element.firstChild))) keepFocus(element, () => put(element, drawn));
    element.filled = true;
    return data;
  } catch (error) {
    if (signal.aborted || error.name === 'AbortError') return undefined;
    if (!(error instanceof Problem)) console.error(error);
    // What is shown may be of another time or filter than what was asked for: it stays, dimmed.
    old = Boolean(error.passes && element.filled);
    if (!old) {
      put(element, sorry(error, again));
      element.filled = false;
    }
    return undefined;
  } finally {
    timers.forEach(clearTimeout);
    if (element.stop === stop) {
      element.querySelector(':scope > .wait')?.remove();
      element.classList.toggle('stale', old);
      element.removeAttribute('aria-busy');
    }
  }
}

/** Draws again, and leaves the row or the service that had the focus with it: who walks them while they are live stays where they are. */
export function keepFocus(element, draw) {
  const had = element.contains(document.activeElement) ? goal(document.activeElement.closest(HOLDERS)) : undefined;
  draw();
  if (!had) return;
  const same = [...element.querySelectorAll(HOLDERS)].find((it) => goal(it) === had);
  same?.focus({ preventScroll: true });
}

const isLesson = (drawn) => drawn?.classList?.contains('lesson');

/** Rows of lists, and services on their map. */
const HOLDERS = '[data-row], .node[data-name]';

const goal = (holder) => holder?.dataset.name ?? holder?.querySelector('a.go')?.getAttribute('href').split('?')[0];

function waiting(element) {
  element.setAttribute('aria-busy', 'true');
  const dim = () => {
    if (element.filled) element.classList.add('stale');
    else put(element, bones(element.skeleton));
  };
  const say = () => element.append(h('span.wait', { role: 'status' }, 'Still asking: a shorter time answers sooner'));
  return [setTimeout(dim, SKELETON_AFTER_MS), setTimeout(say, SLOW_AFTER_MS)];
}

function bones(kind) {
  if (kind === 'chart') return h('div.skeleton.chart', { 'aria-hidden': 'true' }, h('i'));
  const rows = Array.from({ length: SKELETON_ROWS }, (_, at) =>
    h('i', { style: { width: `${92 - ((at * 37) % 40)}%` } }),
  );
  return h('div.skeleton', { 'aria-hidden': 'true' }, rows);
}

/** What happened, in a sentence, and what can be done. */
export function sorry(error, again) {
  const known = error instanceof Problem;
  const title = !known
    ? 'This part of the page failed.'
    : error.passes
      ? 'There is no answer now.'
      : error.status === 404
        ? 'There is no such thing here.'
        : 'The question was refused.';
  const text = error.passes
    ? 'Nothing is lost; the page asks again by itself as soon as it can.'
    : error.status === 404
      ? `${capital(error.message)}. It may not have come yet, or be older than what is kept.`
      : error.message;
  return h(
    `div.sorry${error.passes ? '.away' : ''}`,
    { role: 'alert' },
    h('b', null, title),
    h('span', null, text),
    again && !error.passes ? h('button.plain', { type: 'button', onclick: again }, 'Try again') : null,
  );
}

/** Nothing was found: says so and what to do. */
export const nothing = (title, ...children) => h('div.empty', null, h('h2', null, title), children);
