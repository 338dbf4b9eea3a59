// Attributes in groups by what they are about, with values that copy and filter.

import { h } from '../dom.js';
import { icon } from '../icons.js';
import { copy } from '../notice.js';
import { written } from '../search/query.js';
import { formatted } from './code.js';

/** A longer value is a text, not something to look for exactly. */
const LONGEST_FILTER = 500;

const GROUPS = [
  ['Database', /^db\./],
  ['Model', /^gen_ai\./],
  ['HTTP', /^(http|url|user_agent)\./],
  ['RPC', /^rpc\./],
  ['Messaging', /^messaging\./],
  ['Error', /^(error|exception)\./],
  ['Network', /^(server|client|network|peer|net|source|destination)\./],
  ['Code', /^(code|thread)\./],
];

/** Sections of an attribute object; what belongs to no group is the application's own and comes first. */
export function grouped(ctx, attributes, { filter = true } = {}) {
  const groups = new Map([['Application', []], ...GROUPS.map(([name]) => [name, []])]);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    const name = GROUPS.find(([, keys]) => keys.test(key))?.[0] ?? 'Application';
    groups.get(name).push([key, value]);
  }
  return [...groups]
    .filter(([, pairs]) => pairs.length)
    .map(([name, pairs]) => section(name, list(ctx, pairs, filter)));
}

/** A section that can be closed. */
export const section = (name, content, { open = true, count } = {}) =>
  h(
    'details.part',
    { open },
    h('summary', null, name, count === undefined ? null : h('span.faint', null, ` ${count}`)),
    content,
  );

/** A dotted name that goes on in the next line after a dot, and not within a word. */
export const breakable = (name) => name.split(/(?<=[._/-])/).flatMap((part, at) => (at ? [h('wbr'), part] : part));

/** Keys and values. `filter` adds a link to what else has a value: traces, or the address that a function `filter(key, value)` gives. */
export function list(ctx, pairs, filter = true) {
  return h(
    'dl.pairs',
    null,
    pairs.map(([key, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      const block = formatted(key, value);
      const long = text.length > LONGEST_FILTER;
      const plain = typeof value !== 'object' && !long;
      return h(
        'div.pair',
        { class: block ? 'block' : '' },
        h('dt', { title: key }, breakable(key)),
        h(
          'dd',
          null,
          block ??
            h(
              `span.value.wrap${long ? '.long' : ''}`,
              long ? { tabindex: '0', role: 'group', 'aria-label': key } : null,
              text === '' ? h('span.faint', null, '(empty)') : text,
            ),
          h(
            'span.acts',
            null,
            h(
              'button.icon',
              {
                type: 'button',
                title: 'Copy the value',
                'aria-label': `Copy ${key}`,
                onclick: () => copy(text, `Copied ${key}`),
              },
              icon('copy'),
            ),
            filter && plain
              ? h(
                  'a.icon',
                  {
                    href: typeof filter === 'function' ? filter(key, value) : ctx.href('/', { q: written(key, value) }),
                    title: 'Find what has this value',
                    'aria-label': `Find what has this ${key}`,
                  },
                  icon('search'),
                )
              : null,
          ),
        ),
      );
    }),
  );
}
