// Light, dark, or what the system says: the same variables, only `color-scheme` changes.

import { h, put } from './dom.js';
import { icon } from './icons.js';

const ORDER = ['auto', 'light', 'dark'];
const ICONS = { auto: 'auto', light: 'sun', dark: 'moon' };
const WORDS = { auto: 'as the system', light: 'light', dark: 'dark' };

/** The button that goes through the three. */
export function themeButton() {
  const button = h('button.icon', { type: 'button' });
  const show = () => {
    const now = document.documentElement.dataset.theme ?? 'auto';
    button.title = `Theme: ${WORDS[now]}`;
    button.setAttribute('aria-label', button.title);
    put(button, icon(ICONS[now]));
  };
  button.addEventListener('click', () => {
    const now = document.documentElement.dataset.theme ?? 'auto';
    const next = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length];
    if (next === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try { localStorage.setItem('theme', next); } catch { /* Then it is for this page only. */ }
    show();
    // Canvases do not follow the style sheet by themselves.
    window.dispatchEvent(new Event('themechange'));
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => window.dispatchEvent(new Event('themechange')));
  show();
  return button;
}
