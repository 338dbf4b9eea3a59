// What lists are narrowed by: a service, words, a choice of few; each is a parameter of the address.

import { h, put } from '../dom.js';

const TYPED_MS = 300;

/** A service out of those that there are. `update()` asks for them; the address says which is chosen. */
export function serviceSelect(ctx) {
  const element = h('select', { 'aria-label': 'Service', onchange: () => ctx.change({ service: element.value || null }) });
  let known = [];
  const draw = () => {
    const chosen = ctx.get('service', '');
    const names = [...new Set([...known, ...(chosen ? [chosen] : [])])].sort((one, other) => one.localeCompare(other));
    put(element, h('option', { value: '' }, 'All services'), names.map((name) => h('option', { value: name }, shortened(name))));
    element.value = chosen;
  };
  const update = async () => {
    draw();
    const { since, until } = ctx.range;
    try {
      const { data } = await ctx.ask(ctx.url('/services', { since, until }), { quiet: true });
      known = data.map((it) => it.name);
      draw();
    } catch { /* The list itself says what is wrong; one service can still be chosen by the address. */ }
  };
  return { element, update };
}

const LONGEST_OPTION = 48;
const shortened = (name) => (name.length > LONGEST_OPTION ? `${name.slice(0, LONGEST_OPTION)}…` : name || '(no name)');

/** A field that narrows while one types. */
export function words(ctx, key, label, { placeholder = label } = {}) {
  let timer = 0;
  const take = () => { clearTimeout(timer); ctx.change({ [key]: element.value.trim() || null }, { replace: true }); };
  const element = h('input', { type: 'search', class: 'words', 'aria-label': label, placeholder, spellcheck: 'false', autocomplete: 'off',
    oninput: () => { clearTimeout(timer); timer = setTimeout(take, TYPED_MS); },
    onkeydown: (event) => { if (event.key === 'Enter') take(); } });
  ctx.closed(() => clearTimeout(timer));
  return { element, update: () => { if (document.activeElement !== element) element.value = ctx.get(key, ''); } };
}

/** Buttons of which one is chosen; the first is what there is without a parameter. `choices` are `[value, word, title]`. */
export function choice(ctx, key, label, choices) {
  const buttons = choices.map(([value, word, title], at) =>
    h('button', { type: 'button', title, data: { value }, onclick: () => ctx.change({ [key]: at === 0 ? null : value }) }, word));
  const element = h('div.switch', { role: 'group', 'aria-label': label }, buttons);
  return {
    element,
    update: () => {
      const now = ctx.get(key, choices[0][0]);
      for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.value === now));
    },
  };
}

/** Keeps how a table is sorted in the address, without asking for anything again. */
export function keepSort(by) {
  const params = new URLSearchParams(location.search);
  if (by) params.set('sort', by);
  else params.delete('sort');
  const text = params.toString();
  history.replaceState(history.state, '', text ? `${location.pathname}?${text}` : location.pathname);
}

/** A filter that is set, with a button that takes it away. */
export const chip = (ctx, key, shown, title) =>
  h('span.chip', { title }, h('span.faint', null, key.replace(/_id$/, '')), h('b', null, shown),
    h('button', { type: 'button', 'aria-label': `Without ${key}`, title: 'Take it away', onclick: () => ctx.change({ [key]: null }) }, '×'));
