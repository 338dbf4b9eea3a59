// The page `metrics`: not written yet.

import { h, put } from '../dom.js';

export function open(ctx) {
  ctx.title('metrics');
  put(ctx.root, h('div.pad', null, h('p.note', null, 'This page is being written.')));
  return async () => {};
}
