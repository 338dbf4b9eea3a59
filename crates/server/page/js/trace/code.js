// SQL, JSON and stack traces as people read them.

import { h } from '../dom.js';

const CLAUSES =
  /\b(SELECT|FROM|(?:LEFT|RIGHT|INNER|FULL|CROSS)(?: OUTER)? JOIN|JOIN|WHERE|GROUP BY|ORDER BY|HAVING|LIMIT|OFFSET|UNION(?: ALL)?|VALUES|SET|RETURNING|INSERT INTO|UPDATE|DELETE FROM|ON CONFLICT)\b/gi;
const SQL_WORDS =
  /('(?:[^']|'')*')|(\$\d+|\?)|\b(SELECT|FROM|LEFT|RIGHT|INNER|OUTER|FULL|CROSS|JOIN|ON|WHERE|AND|OR|NOT|NULL|IS|IN|GROUP|ORDER|BY|HAVING|LIMIT|OFFSET|UNION|ALL|VALUES|SET|RETURNING|INSERT|INTO|UPDATE|DELETE|AS|ASC|DESC|CONFLICT|DO|NOTHING|WITH|DISTINCT|CASE|WHEN|THEN|ELSE|END)\b/gi;
const JSON_WORDS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
const LONGEST = 100_000;

/** Frames that are not the application's: libraries and runtimes of the languages that have SDKs. */
const FOREIGN =
  /site-packages|dist-packages|node_modules|node:internal|<frozen |\/(?:usr|opt)\/(?:local\/)?lib|lib\/python\d|\.cargo\/registry|\/rustc\/|\bat (?:java|javax|jdk|sun|kotlin|scala|org\.springframework|org\.apache|io\.netty|reactor|io\.grpc|com\.fasterxml|com\.zaxxer|org\.hibernate|org\.postgresql|System|Microsoft)\.|\/go\/pkg\/mod|\/usr\/local\/go\/src|^\s*(?:runtime|net\/http|database\/sql|google\.golang\.org)[./]|vendor\/bundle|\/gems\/|\bcore::|\bstd::|\btokio::/;
const FRAME = /^\s+(?:at |File "|in |\d+: |from )|^\s*\S+\.go:\d+|^\S+\(.*\)$|^\s+\S+:\d+/;

/** A statement with each clause on its own line. */
export function sql(text) {
  const lines =
    text.length > LONGEST
      ? text
      : text
          .replace(/\s+/g, ' ')
          .trim()
          .replace(CLAUSES, (word, _word, at) => (at ? `\n${word}` : word));
  return pre(
    'SQL',
    marked(lines, SQL_WORDS, ([, string, hole, word]) => (string ? 'str' : hole ? 'num' : word ? 'key' : '')),
  );
}

/** JSON with its structure; a text that is no JSON is shown as it is. */
export function json(value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  if (text.length > LONGEST) return pre('JSON', text);
  return pre(
    'JSON',
    marked(text, JSON_WORDS, ([, string, colon, word]) => (colon ? 'key' : string ? 'str' : word ? 'word' : 'num')),
  );
}

/** A stack trace: the application's own frames bright, those of libraries dim. */
export function stack(text) {
  let dim = false;
  const all = text.trimEnd().split('\n');
  const lines = all.map((line, at) => {
    // The line of source under a Python frame belongs to the frame.
    if (FRAME.test(line)) dim = FOREIGN.test(line);
    else if (!/^\s{4,}/.test(line)) dim = false;
    return h(dim ? 'span.foreign' : FRAME.test(line) ? 'span.own' : 'span', null, at < all.length - 1 ? `${line}\n` : line);
  });
  return pre('Stack trace', lines, 'frames');
}

/** A value that may be SQL or JSON, or null where it is neither. */
export function formatted(key, value) {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value).length > 60 ? json(value) : null;
  if (typeof value !== 'string') return null;
  if (/^db\.(query\.text|statement)$/.test(key)) return sql(value);
  if (/stacktrace$/.test(key)) return stack(value);
  if (value.length > 1 && /^\s*[[{]/.test(value)) {
    try {
      return json(JSON.parse(value));
    } catch {
      return null;
    }
  }
  return value.includes('\n') ? pre(key, value) : null;
}

const pre = (label, children, kind = '') =>
  h(`pre.code${kind ? `.${kind}` : ''}`, { tabindex: '0', role: 'group', 'aria-label': label }, children);

function marked(text, words, kindOf) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(words)) {
    const kind = kindOf(found);
    if (!kind) continue;
    parts.push(text.slice(at, found.index));
    const word = found[2] && kind === 'key' && found[2].trim() === ':' ? found[1] : found[0];
    parts.push(h(`span.${kind}`, null, word), found[0].slice(word.length));
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at)];
}
