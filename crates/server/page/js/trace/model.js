// A trace as a tree: order, depth, own time, critical path, and which logs belong where. No recursion: a trace may be
// ten thousand spans deep.

/** Seconds and nanoseconds of an RFC 3339 time: a double alone would lose the nanoseconds. */
function moment(iso) {
  const fraction = iso.length > 20 ? iso.slice(20, -1).padEnd(9, '0').slice(0, 9) : '0';
  return [Date.parse(`${iso.slice(0, 19)}Z`) / 1000, Number(fraction)];
}

/** Builds `{ nodes, roots, byId, length, startMs, services, errors, … }`; times of nodes are milliseconds after the start. */
export function model({ spans, logs }) {
  const times = spans.map((span) => moment(span.start_time));
  const base = times.reduce((least, [seconds]) => Math.min(least, seconds), Infinity);
  const relative = ([seconds, nanos]) => (seconds - base) * 1000 + nanos / 1e6;
  const begin = times.reduce((least, time) => Math.min(least, relative(time)), Infinity);
  const byId = new Map();
  const all = spans.map((span, at) => {
    const start = relative(times[at]) - begin;
    const node = { span, start, end: start + Math.max(0, span.duration_ms), children: [], parent: null, depth: 0, logs: [], critical: [],
      failing: span.status === 'ERROR', below: 0, failingBelow: 0, own: 0 };
    byId.set(span.span_id, node);
    return node;
  });
  const roots = [];
  for (const node of all) {
    const parent = byId.get(node.span.parent_span_id);
    if (parent && parent !== node) { node.parent = parent; parent.children.push(node); } else roots.push(node);
  }
  const lost = [];
  for (const log of logs) {
    const at = relative(moment(log.timestamp)) - begin;
    const node = byId.get(log.span_id);
    if (node) node.logs.push({ log, at }); else lost.push({ log, at });
  }
  const nodes = ordered(roots, all);
  const duration = all.reduce((most, node) => Math.max(most, node.end), 0);
  // What is divided by is never 0.
  const length = Math.max(duration, 1e-6);
  for (const node of nodes) node.own = ownTime(node);
  critical(roots);
  return { nodes, roots, byId, duration, length, base, begin, startMs: base * 1000 + begin, lost, services: services(nodes),
    errors: nodes.filter((node) => node.failing).length, deepest: nodes.reduce((most, node) => Math.max(most, node.depth), 0) };
}

/** Parents before children, children by their start. What stands in a circle is put at the end as roots. */
function ordered(roots, all) {
  const byStart = (one, other) => one.start - other.start || one.end - other.end;
  const nodes = [];
  const seen = new Set();
  const walk = (from) => {
    const waiting = [...from].sort(byStart).reverse();
    while (waiting.length) {
      const node = waiting.pop();
      if (seen.has(node)) continue;
      seen.add(node);
      node.depth = node.parent ? node.parent.depth + 1 : 0;
      nodes.push(node);
      node.children.sort(byStart);
      for (let at = node.children.length - 1; at >= 0; at -= 1) waiting.push(node.children[at]);
    }
  };
  walk(roots);
  if (nodes.length < all.length) {
    for (const node of all) {
      if (seen.has(node)) continue;
      if (node.parent) node.parent.children = node.parent.children.filter((it) => it !== node);
      node.parent = null;
      roots.push(node);
      walk([node]);
    }
  }
  for (let at = nodes.length - 1; at >= 0; at -= 1) {
    const { parent, below, failing, failingBelow } = nodes[at];
    if (!parent) continue;
    parent.below += below + 1;
    parent.failingBelow += failingBelow + (failing ? 1 : 0);
  }
  return nodes;
}

/** The time of a span in which none of its children ran. */
function ownTime(node) {
  let covered = 0;
  let until = node.start;
  for (const child of node.children) {
    const [from, to] = [Math.max(child.start, until), Math.min(child.end, node.end)];
    if (to > from) { covered += to - from; until = to; }
  }
  return Math.max(0, node.end - node.start - covered);
}

/** What the end of the trace waited for: from the end backwards, always the child that ended last. */
function critical(roots) {
  const last = roots.reduce((latest, root) => (!latest || root.end > latest.end ? root : latest), null);
  const waiting = last ? [[last, last.end]] : [];
  while (waiting.length) {
    const [node, limit] = waiting.pop();
    let until = Math.min(node.end, limit);
    const children = [...node.children].sort((one, other) => other.end - one.end);
    for (const child of children) {
      const end = Math.min(child.end, until);
      if (child.start >= until || end <= node.start || end <= child.start) continue;
      if (end < until) node.critical.push([end, until]);
      waiting.push([child, end]);
      until = Math.max(child.start, node.start);
    }
    if (until > node.start) node.critical.push([node.start, until]);
  }
}

/** Services by their share of own time. */
function services(nodes) {
  const found = new Map();
  let all = 0;
  for (const { span, own, failing } of nodes) {
    const service = found.get(span.service) ?? { name: span.service, spans: 0, errors: 0, own: 0 };
    service.spans += 1;
    service.errors += failing ? 1 : 0;
    service.own += own;
    all += own;
    found.set(span.service, service);
  }
  return [...found.values()].map((it) => ({ ...it, share: all > 0 ? it.own / all : 0 })).sort((one, other) => other.own - one.own);
}

/** What a failing span says: its status message, or what its exception says. */
export function messageOf(span) {
  if (span.status_message) return span.status_message;
  for (const event of span.events) {
    const said = event.attributes?.['exception.message'] ?? event.attributes?.['exception.type'];
    if (said) return String(said);
  }
  return span.attributes?.['error.type'] ? String(span.attributes['error.type']) : '';
}

/** When an event was, in milliseconds after the start of the trace. Its time is a text of nanoseconds: more than a double holds. */
export function eventAt(event, trace) {
  if (!/^\d{7,}$/.test(event.time)) return null;
  const [seconds, nanos] = [event.time.slice(0, -9), event.time.slice(-9)];
  return (Number(seconds) - trace.base) * 1000 + Number(nanos) / 1e6 - trace.begin;
}
