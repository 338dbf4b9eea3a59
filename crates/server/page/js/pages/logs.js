// The page `logs`: not written yet.

import { h, put } from '../dom.js';

export function open(ctx) {
  ctx.title('logs');
  put(ctx.root, h('div.pad', null, h('p.note', null, 'This page is being written.')));
  return async () => {};
}
