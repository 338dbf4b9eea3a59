// How elements are made. Text from telemetry is hostile: it becomes text nodes and attribute values, never markup.

const SVG = 'http://www.w3.org/2000/svg';

/** An HTML element: `h('a.go', { href, onclick }, 'text', child, [children])`. Null and false children are skipped. */
export function h(what, props, ...children) {
  const [tag, ...classes] = what.split('.');
  return fill(document.createElement(tag || 'div'), classes, props, children);
}

/** The same for SVG. */
export function s(what, props, ...children) {
  const [tag, ...classes] = what.split('.');
  return fill(document.createElementNS(SVG, tag), classes, props, children);
}

function fill(element, classes, props, children) {
  if (classes.length) element.classList.add(...classes);
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  append(element, children);
  return element;
}

/** Sets one property; null, undefined and false leave it out. */
export function set(element, name, value) {
  if (value === null || value === undefined || value === false) {
    element.removeAttribute(name);
  } else if (name.startsWith('on')) {
    element.addEventListener(name.slice(2), value);
  } else if (name === 'style') {
    // Through CSSOM, which the content security policy allows; a style attribute in markup it does not.
    for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
  } else if (name === 'class') {
    for (const one of String(value).split(' ')) if (one) element.classList.add(one);
  } else if (name === 'data') {
    for (const [key, text] of Object.entries(value)) element.dataset[key] = text;
  } else if (name === 'href') {
    element.setAttribute('href', safeHref(String(value)));
  } else if (name === 'value' || name === 'checked' || name === 'indeterminate') {
    element[name] = value;
  } else {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** An address that only leads to pages: `javascript:` and the like lead nowhere. */
function safeHref(href) {
  return /^(https?:\/\/|\/(?!\/)|#|\?)/.test(href) ? href : '#';
}

/** Adds children: nodes, texts, numbers, or lists of them. */
export function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** Replaces what is in an element. */
export function put(element, ...children) {
  const box = document.createDocumentFragment();
  append(box, children);
  element.replaceChildren(box);
  return element;
}

/** Calls a function at most once a frame, with the latest arguments. */
export function framed(run) {
  let asked = 0;
  let latest;
  return (...args) => {
    latest = args;
    asked ||= requestAnimationFrame(() => { asked = 0; run(...latest); });
  };
}
