// Numbers, times and ids as people read them: 1.24 s, 12.4 k, 3f2a…91bc.

import { h } from './dom.js';
import { copyable } from './notice.js';

const round = (value, unit) => {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${Number(value.toFixed(digits))} ${unit}`;
};

/** A duration from milliseconds. */
export function duration(ms) {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  const size = Math.abs(ms);
  if (size === 0) return '0 s';
  // What would be rounded to 1000 is one of the next unit.
  if (size < 0.0009995) return round(ms * 1e6, 'ns');
  if (size < 0.9995) return round(ms * 1000, 'µs');
  if (size < 999.5) return round(ms, 'ms');
  if (size < 59_995) return round(ms / 1000, 's');
  const total = Math.round(ms / 1000);
  const parts = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const at = parts.findIndex(([length]) => total >= length);
  const [length, unit] = parts[at];
  const [small, next] = parts[at + 1];
  const rest = Math.floor((total % length) / small);
  return `${Math.floor(total / length)} ${unit}${rest ? ` ${rest} ${next}` : ''}`;
}

const short = (value, base, units) => {
  let at = 0;
  while (Math.abs(value) >= base && at < units.length - 1) {
    value /= base;
    at += 1;
  }
  const digits = at === 0 || Math.abs(value) >= 100 ? 0 : 1;
  return `${Number(value.toFixed(digits))}${units[at]}`;
};

/** A count: 873, 12.4 k, 3.1 M. */
export const count = (value) => short(value ?? 0, 1000, ['', ' k', ' M', ' G', ' T']);

/** A count as it is, with its word: 1 span, 12 spans. */
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** As a sentence begins. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Bytes: 12.4 MiB. */
export const bytes = (value) => short(value ?? 0, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);

/** A share from 0 to 1: 12 %, 0.4 %, and never 0 % for what is there. */
export function percent(share) {
  if (!Number.isFinite(share)) return '–';
  const value = share * 100;
  if (value === 0) return '0 %';
  if (value < 0.1) return '< 0.1 %';
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} %`;
}

/** Any number of a metric: short, with its unit. */
export function quantity(value, unit) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (unit === 's') return duration(value * 1000);
  if (unit === 'ms') return duration(value);
  if (unit === 'By') return bytes(value);
  const size = Math.abs(value);
  const text = size !== 0 && size < 1000 ? String(Number(value.toPrecision(3))) : count(value);
  const word = unit && !/^(1|\{.*\})$/.test(unit) ? ` ${unit}` : '';
  return text + word;
}

/** An id shortened in the middle. */
export const shortId = (id) => (id.length > 12 ? `${id.slice(0, 6)}…${id.slice(-4)}` : id);

/** An id that is shown short and copies whole. */
export const idOf = (id) => copyable(id, shortId(id));

const two = (value) => String(value).padStart(2, '0');
const sameDay = (one, other) => one.toDateString() === other.toDateString();

/** Unix milliseconds, with their fraction, of an RFC 3339 time. */
export function millis(iso) {
  const base = Date.parse(`${iso.slice(0, 19)}Z`);
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? '0';
  return base + Number(`0.${fraction}`) * 1000;
}

/** The time of the day, with the date where it is not today. */
export function clock(ms, { precise = false } = {}) {
  const date = new Date(ms);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const exact = precise ? `${time}.${String(date.getMilliseconds()).padStart(3, '0')}` : time;
  return sameDay(date, new Date()) ? exact : `${day(ms)} ${exact}`;
}

/** The date: Nov 25, with the year where it is another. */
export function day(ms) {
  const date = new Date(ms);
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  return date.toLocaleDateString('en', { month: 'short', day: 'numeric', year });
}

/** The zone of local times: UTC+02:00. */
export function zone(ms = Date.now()) {
  const minutes = -new Date(ms).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** A time as an element: local on the page, ISO on hover. */
export function timeOf(iso, options) {
  if (!iso) return h('span.faint', null, '–');
  const ms = typeof iso === 'number' ? iso : millis(iso);
  const text = typeof iso === 'number' ? new Date(iso).toISOString() : iso;
  return h('time.num', { datetime: text, title: text }, clock(ms, options));
}

/** How long ago: 12 s ago. */
export function ago(iso) {
  if (!iso) return h('span.faint', null, 'never');
  const ms = typeof iso === 'number' ? iso : millis(iso);
  const text = new Date(ms).toISOString();
  const past = Date.now() - ms;
  return h(
    'time.num',
    { datetime: text, title: `${text}, here ${clock(ms)} ${zone(ms)}` },
    past < 2000 ? 'now' : `${duration(past - (past % (past < 60_000 ? 1000 : 60_000)))} ago`,
  );
}
