// Addresses: which page a path is, and all state of the page as query parameters.

import { rangeParams } from './range.js';

/** Every page: its path, its module, and under which entry of the column it stands. The server knows the same paths. */
export const ROUTES = [
  { path: '/', module: 'search', under: 'search' },
  { path: '/trace/:id', module: 'trace', under: 'search' },
  { path: '/errors', module: 'errors', under: 'errors' },
  { path: '/errors/:id', module: 'error', under: 'errors' },
  { path: '/logs', module: 'logs', under: 'logs' },
  { path: '/patterns', module: 'patterns', under: 'patterns' },
  { path: '/patterns/:id', module: 'pattern', under: 'patterns' },
  { path: '/metrics', module: 'metrics', under: 'metrics' },
  { path: '/services', module: 'services', under: 'services' },
  { path: '/pipeline', module: 'pipeline', under: 'pipeline' },
];

let changed = () => {};

/** Begins to follow the address; `run` is called at every change. */
export function start(run) {
  changed = run;
  window.addEventListener('popstate', () => changed({ scroll: history.state?.scroll }));
  document.addEventListener('click', follow);
  changed();
}

/** The route of a path with its named parts, or null. */
export function match(pathname) {
  const given = pathname.replace(/\/+$/, '').split('/');
  for (const route of ROUTES) {
    const wanted = route.path.replace(/\/+$/, '').split('/');
    if (wanted.length !== given.length) continue;
    const parts = {};
    const fits = wanted.every((part, at) => {
      if (!part.startsWith(':')) return part === given[at];
      parts[part.slice(1)] = decode(given[at]);
      return given[at] !== '';
    });
    if (fits) return { route, parts };
  }
  return null;
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** What the address says now. */
export const params = () => new URLSearchParams(location.search);

/** The address of a page with the time range of this one. */
export function href(path, query = {}) {
  return address(path, { ...rangeParams(params()), ...query });
}

function address(path, query) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== false && value !== '') search.set(key, value === true ? '1' : value);
  }
  // Colons and commas are read better as they are, and may stand in a query.
  const text = search.toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return text ? `${path}?${text}` : path;
}

/** Goes to an address. */
export function go(to, { replace = false } = {}) {
  if (to === location.pathname + location.search) { changed(); return; }
  // Who comes back finds the page where it was left.
  if (!replace) history.replaceState({ ...history.state, scroll: document.getElementById('main')?.scrollTop }, '');
  history[replace ? 'replaceState' : 'pushState']({ ...(replace ? history.state : null), inside: replace ? history.state?.inside : true }, '', to);
  changed();
}

/** Changes parameters of this page; null takes one away. */
export function change(query, options) {
  go(address(location.pathname, { ...Object.fromEntries(params()), ...query }), options);
}

/** Goes back, where there is something of this page to go back to. */
export function back() {
  if (history.state?.inside) history.back();
  else if (location.pathname !== '/') go(href('/'));
}

// Links are real links: those that lead to another page here are followed without loading everything again.
function follow(event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.('a[href]');
  if (!link || link.target || link.origin !== location.origin || link.hasAttribute('download')) return;
  if (link.pathname === location.pathname && link.hash) return;
  if (!match(link.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
