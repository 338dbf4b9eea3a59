// The header and the column of pages: what stands around every page.

import { h } from './dom.js';
import { icon } from './icons.js';
import { help } from './keys.js';
import { rangeControl } from './range.js';
import { change, go, href, params } from './route.js';
import { themeButton } from './theme.js';

const PAGES = [
  ['search', '/', 'Search'], ['errors', '/errors', 'Errors'], ['logs', '/logs', 'Logs'], ['patterns', '/patterns', 'Patterns'],
  ['metrics', '/metrics', 'Metrics'], ['services', '/services', 'Services'], ['pipeline', '/pipeline', 'Pipeline'],
];

/** Builds the shell; gives what others need of it. */
export function shell(root, { reload }) {
  const search = h('input', { type: 'search', name: 'q', autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'search',
    placeholder: 'Search traces: payment declined, "exact phrase", service:billing, an id', 'aria-label': 'Search traces' });
  const form = h('form', { role: 'search', action: '/', onsubmit: (event) => { event.preventDefault(); submit(search); } },
    icon('search'), search, h('kbd', { 'aria-hidden': 'true' }, '/'));
  const range = rangeControl((query) => change(query));
  const live = h('button.live', { type: 'button', 'aria-pressed': 'false', onclick: toggleLive }, h('i'), h('span', null, 'Live'));
  const header = h('header.top', null,
    h('a.brand', { href: '/', title: 'mahavishnu-otel', 'aria-label': 'mahavishnu-otel: latest traces' }, icon('mark')),
    form, h('span.space'), range.element, live,
    h('button.icon', { type: 'button', title: 'Keys (?)', 'aria-label': 'Keys', onclick: help }, icon('help')), themeButton());
  const links = PAGES.map(([name, path, word]) => h('a', { href: path, data: { page: name } }, icon(name), word));
  const nav = h('nav.pages', { 'aria-label': 'Pages' }, h('ul', null, links.map((link) => h('li', null, link))));
  const banner = h('div.banner', { hidden: true, role: 'alert' });
  const main = h('main', { id: 'main', tabindex: '-1' });
  root.append(header, nav, h('div.page', null, banner, main));

  return {
    search, banner, main, reload,
    /** Shows which page this is, and what the address says. */
    show(route, now) {
      range.show(now);
      const asked = params();
      const isLive = asked.get('live') === '1';
      live.setAttribute('aria-pressed', String(isLive));
      live.title = isLive ? 'Asks again every few seconds; click to stop' : 'Ask again every few seconds';
      if (document.activeElement !== search) search.value = route?.module === 'search' ? asked.get('q') ?? '' : '';
      for (const link of links) {
        const [, path] = PAGES.find(([name]) => name === link.dataset.page);
        link.setAttribute('href', href(path));
        if (route?.under === link.dataset.page) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      }
    },
    /** Marks a page of the column: something there wants to be looked at. */
    mark(name, why) {
      const link = links.find((it) => it.dataset.page === name);
      link.querySelector('.mark')?.remove();
      if (why) link.append(h('span.mark', { title: why }, h('span.gone', null, why)));
    },
  };
}

const TRACE_ID = /^[0-9a-f]{32}$/i;

function submit(search) {
  const text = search.value.trim();
  search.blur();
  if (TRACE_ID.test(text)) go(href(`/trace/${text.toLowerCase()}`));
  else go(href('/', { q: text }));
}

function toggleLive() {
  change({ live: params().get('live') === '1' ? null : '1' });
}
