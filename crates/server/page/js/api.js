// Questions to the API. What is no longer wanted is cancelled; what can not be answered is a `Problem` with one sentence.

import { away } from './away.js';

/** Why a question has no answer. */
export class Problem extends Error {
  constructor(status, detail, retryAfterS) {
    super(detail);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }

  /** The server or its database is away, which ends by itself. */
  get passes() {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** The address of a question: parameters that are null, undefined, false or empty are left out. */
export function url(path, query = {}) {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === false || value === '') continue;
    params.set(key, value === true ? 'true' : String(value));
  }
  const text = params.toString();
  return `/api/v1${path}${text ? `?${text}` : ''}`;
}

/** Asks and gives `{ data, next }`; `next` is the address of the next page, where there is one. `read` takes the body of the response. */
export async function ask(address, { signal, method = 'GET', quiet = false, read = (response) => response.json() } = {}) {
  let response;
  try {
    response = await (taken(address, method) ?? fetch(address, { signal, method, headers: { accept: 'application/json' } }));
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw failed(new Problem(0, 'The server does not answer. What senders were told is stored stays stored.'), quiet);
  }
  if (!response.ok) throw failed(await problemOf(response), quiet);
  const data = response.status === 204 ? null : await read(response);
  return { data, next: nextOf(response.headers.get('link')) };
}

/** The answer to a question that `early.js` asked while the modules came; it is taken once. */
function taken(address, method) {
  const { early } = globalThis;
  if (method !== 'GET' || early?.address !== address) return null;
  globalThis.early = null;
  return early.answer;
}

function failed(problem, quiet) {
  if (problem.passes && !quiet) away.report(problem);
  return problem;
}

async function problemOf(response) {
  let detail = `The server answered ${response.status} ${response.statusText}.`;
  try {
    const body = await response.json();
    if (typeof body.detail === 'string') detail = body.detail;
  } catch { /* Not a problem document: the status line says what there is to say. */ }
  return new Problem(response.status, detail, Number(response.headers.get('retry-after')) || undefined);
}

function nextOf(link) {
  return /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1] ?? null;
}

/** Asks, and gives `instead` where this server does not know the question. */
export async function askOr(instead, address, options) {
  try {
    return (await ask(address, options)).data;
  } catch (problem) {
    if (problem.status === 404 || problem.status === 400) return instead;
    throw problem;
  }
}
