// What is written in the search box: words, "exact phrases", ids, and `key:value`.

const TOKEN = /([A-Za-z_][\w.\-/]*):("(?:[^"\\]|\\.)*"|[^\s"]\S*)|"([^"]*)"?|(\S+)/g;
const ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
const LENGTH = /^([<>]=?)?(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)?$/;
const MS = { us: 0.001, µs: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Keys that are filters of their own; every other key is an attribute. */
const KEYS = {
  service: (value) => ({ service: value }),
  operation: (value) => ({ operation: value }),
  name: (value) => ({ operation: value }),
  status: (value) => (/^(ok|error|unset)$/i.test(value) ? { status: value.toLowerCase() } : null),
  pattern: (value) => ({ pattern_id: value }),
  duration: lengths,
};

const EXPLAINED = {
  meaning: 'Found by what it means, and by its words',
  exactly: 'Found where it stands exactly so',
  id: 'Found where this id stands',
};

/** `{ text, tokens, words, filters }`: `words` is what is searched by meaning, `filters` are parameters of the API. */
export function parse(text) {
  const tokens = [];
  const filters = {};
  const attributes = [];
  for (const found of text.matchAll(TOKEN)) tokens.push(tokenOf(found, filters, attributes));
  if (attributes.length) filters.attributes = attributes.join(',');
  const joined = joinWords(tokens);
  const words = joined.filter((token) => token.ask).map((token) => token.ask).join(' ');
  return { text, tokens: joined, words, filters };
}

function tokenOf([whole, key, given, phrase, word], filters, attributes) {
  if (phrase !== undefined) return { kind: 'exactly', shown: phrase, source: whole, ask: `"${phrase}"`, explained: EXPLAINED.exactly };
  // A URL, a path of Rust or C++ and a time of the day have colons too.
  if (key && !given.startsWith('//') && !given.startsWith(':')) {
    const quoted = given.startsWith('"');
    const value = quoted ? unquoted(given) : given;
    const filter = KEYS[key]?.(value);
    if (filter) {
      Object.assign(filters, filter);
      return { kind: key, shown: value, source: whole, key, value, explained: `Only where the ${key} is so` };
    }
    // The API takes attributes with commas between them, and a value in quotes as a text: "500" is not 500.
    if (quoted || !value.includes(',')) {
      attributes.push(`${key}=${quoted ? JSON.stringify(value) : value}`);
      return { kind: key, shown: value, source: whole, key, value, explained: 'Only where this attribute is so' };
    }
  }
  const text = key ? whole : word;
  if (ID.test(text)) return { kind: 'id', shown: text, source: whole, ask: text, explained: EXPLAINED.id };
  return { kind: 'meaning', shown: text, source: whole, ask: text, explained: EXPLAINED.meaning };
}

/** Words that stand together are one thing to search for. */
function joinWords(tokens) {
  const joined = [];
  for (const token of tokens) {
    const last = joined.at(-1);
    if (token.kind === 'meaning' && last?.kind === 'meaning') {
      last.shown += ` ${token.shown}`;
      last.source += ` ${token.source}`;
      last.ask += ` ${token.ask}`;
    } else {
      joined.push({ ...token });
    }
  }
  return joined;
}

/** `>500ms`, `<2s`, `100ms..2s`. */
function lengths(value) {
  const [low, high] = value.includes('..') ? value.split('..') : [null, null];
  if (low !== null) {
    const [from, to] = [ms(low), ms(high)];
    return from === null || to === null ? null : { min_duration_ms: from, max_duration_ms: to };
  }
  const at = ms(value);
  if (at === null) return null;
  return value.startsWith('<') ? { max_duration_ms: at } : { min_duration_ms: at };
}

function ms(text) {
  const [, , amount, unit] = LENGTH.exec(text) ?? [];
  return amount === undefined ? null : amount * MS[unit ?? 'ms'];
}

function unquoted(text) {
  try { return JSON.parse(text); } catch { return text.slice(1, -1); }
}

/** `key:value` as it is written in the box; a text that could be taken for something else stands in quotes. */
export function written(key, value) {
  if (typeof value !== 'string') return `${key}:${JSON.stringify(value)}`;
  const isPlain = /^[^\s",<>[{/:][^\s",]*$/.test(value) && (KEYS[key] || !/^(true|false|null|-?\d.*)$/.test(value));
  return `${key}:${isPlain ? value : JSON.stringify(value)}`;
}

/** The text of the box without one of its tokens. */
export const without = (query, token) => query.tokens.filter((it) => it !== token).map((it) => it.source).join(' ');

/** The text of the box with `key:value`, or without, where it is there. A key that can have one value only is replaced. */
export function toggle(text, key, value) {
  const query = parse(text);
  const there = query.tokens.find((it) => it.key === key && it.value === String(value));
  if (there) return without(query, there);
  const others = query.tokens.filter((it) => !(KEYS[key] && it.key === key)).map((it) => it.source);
  return [...others, written(key, value)].join(' ');
}
