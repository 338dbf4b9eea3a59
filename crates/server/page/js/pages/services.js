// The page `services`: not written yet.

import { h, put } from '../dom.js';

export function open(ctx) {
  ctx.title('services');
  put(ctx.root, h('div.pad', null, h('p.note', null, 'This page is being written.')));
  return async () => {};
}
