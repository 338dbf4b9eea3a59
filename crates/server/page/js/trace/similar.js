// Traces like this one: what they share, and where they differ.

import { serviceOf } from '../colour.js';
import { h } from '../dom.js';
import { count, duration, timeOf } from '../format.js';
import { nothing } from '../region.js';
import { template } from '../search/patterns.js';

const WORDS = [['both: ', 'Both', 'both'], ['only this one: ', 'Only that one', 'theirs'], ['not here: ', 'Only here', 'ours']];

/** The tab, from the answer of the API. */
export function similarTab(ctx, trace, similar) {
  if (!similar.length) return nothing('No trace is like this one', h('p.dim', null, 'Traces of the same operation, and those with the same rare spans and errors, were compared.'));
  return h('ol.similar', null, similar.map((it) => row(ctx, trace, it)));
}

function row(ctx, trace, it) {
  const longer = it.duration_ms / trace.length;
  const against = longer >= 1.5 ? `${longer.toFixed(1)}× longer` : longer <= 0.67 ? `${(1 / longer).toFixed(1)}× shorter` : 'about as long';
  return h('li', { data: { row: '' }, tabindex: '0', onclick: (event) => { if (!event.target.closest('a')) event.currentTarget.querySelector('a.go').click(); } },
    h('div.head', null,
      h('span.likeness', { title: `Similarity ${it.similarity.toFixed(3)}` }, h('span.track', { 'aria-hidden': 'true' }, h('i', { style: { width: `${it.similarity * 100}%` } })), h('span.mono', null, `${Math.round(it.similarity * 100)} %`)),
      h('a.go', { href: ctx.href(`/trace/${it.trace_id}`), tabindex: '-1' }, it.name || '(no name)'), serviceOf(it.service), timeOf(it.start_time),
      h('span.mono', null, duration(it.duration_ms)), h('span.dim', null, against), h('span.dim', null, `${count(it.spans)} spans`),
      it.errors ? h('span.bad', null, `✕ ${count(it.errors)}`) : h('span.dim', null, 'no errors')),
    h('dl', null, parts(it.why).map(([name, kind, text]) => h('div', null, h('dt', { class: kind }, name), h('dd.mono', null, template(text))))));
}

/** The sentence of the API in its parts; a text of telemetry may hold any of its words, so only the first of each counts. */
function parts(why) {
  const found = [];
  let rest = why;
  for (const [word, name, kind] of WORDS) {
    if (!rest.startsWith(word)) continue;
    const ends = WORDS.map(([next]) => rest.indexOf(`; ${next}`)).filter((at) => at > 0);
    const end = ends.length ? Math.min(...ends) : rest.length;
    found.push([name, kind, rest.slice(word.length, end)]);
    rest = rest.slice(end + 2);
  }
  return found.length ? found : [['Why', 'both', why]];
}
