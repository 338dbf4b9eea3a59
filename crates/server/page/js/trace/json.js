// The trace as the API answers it, byte for byte: a number that JavaScript can not hold is still right here.

import { h, put } from '../dom.js';
import { bytes } from '../format.js';
import { copy } from '../notice.js';
import { json } from './code.js';

const SHOWN = 60_000;

export function jsonTab(ctx, trace) {
  const address = `/api/v1/traces/${trace.id}`;
  const box = h('div', null, h('p.note', null, 'Asking for it…'));
  const fill = async () => {
    const response = await fetch(address, { signal: ctx.signal });
    const text = await response.text();
    const cut = text.length > SHOWN;
    put(box, h('div.bar', null, h('span.dim', null, `${bytes(text.length)}${cut ? `, of which the first ${bytes(SHOWN)} are shown` : ''}`),
      h('button.plain', { type: 'button', onclick: () => copy(text, 'Trace copied as JSON') }, 'Copy all'),
      h('a', { href: address, download: `trace-${trace.id}.json` }, 'Download')),
    json(cut ? text.slice(0, SHOWN) : indented(text)));
  };
  fill().catch((error) => { if (error.name !== 'AbortError') put(box, h('p.note', null, 'The server did not answer; the other tabs still show the trace.')); });
  return box;
}

/** Indents without reading numbers, which would change large ones. */
function indented(text) {
  let depth = 0;
  let out = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
    if (token === '{' || token === '[') { depth += 1; out += `${token}\n${'  '.repeat(depth)}`; }
    else if (token === '}' || token === ']') { depth -= 1; out += `\n${'  '.repeat(depth)}${token}`; }
    else if (token === ',') out += `,\n${'  '.repeat(depth)}`;
    else if (token === ':') out += ': ';
    else out += token;
  }
  return out.replace(/([{[])\s+([}\]])/g, '$1$2');
}
