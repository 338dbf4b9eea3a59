// `key=value` pairs with commas between, as the API takes them: a value that is JSON is taken as such, any other is a text.

/** One pair; a text that would be taken for JSON, or holds a comma, stands in quotes. */
export function pairOf(key, value) {
  if (typeof value !== 'string') return `${key}=${JSON.stringify(value)}`;
  return `${key}=${value.includes(',') || value.startsWith('"') || isJson(value) ? JSON.stringify(value) : value}`;
}

/** The pairs of a text: `[key, value]`. A comma inside a JSON string is none. */
export function pairsOf(text) {
  const found = (text ?? '').matchAll(/([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)/g);
  return [...found].map(([, key, value]) => [key.trim(), isJson(value) ? JSON.parse(value) : value]);
}

function isJson(text) {
  try { JSON.parse(text); return true; } catch { return false; }
}
