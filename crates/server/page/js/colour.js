// One colour for a service everywhere: by a hash of its name, from a palette without red and amber, which mean something.

import { h } from './dom.js';

const COLOURS = 10;

/** The class that sets `--svc` to the colour of a service. */
export function colourOf(name) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  return `s${(hash >>> 0) % COLOURS}`;
}

/** A service as its colour and name. */
export const serviceOf = (name) =>
  h(`span.svc.${colourOf(name)}`, { title: name }, h('span.cut', null, name || '(no name)'));

/** What a variable of the style sheet is as a colour now, for a canvas. */
export function ink(...names) {
  const probe = h('span', { hidden: true });
  document.body.append(probe);
  const colours = names.map((name) => {
    probe.style.setProperty('color', `var(--${name})`);
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return colours;
}
