// Where services stand on the map: in layers from left to right, callers before what they call, with few crossings.

const SWEEPS = 12;
const SETTLING = 24;
/** What a service takes in height, and a long edge that passes by, in pixels, with the room around it. */
const HIGH = 52;
const PASSING = 14;

/**
 * `names` are all services, `calls` are `{ caller, called }`. Gives `{ layers, edges }`: layers of
 * `{ name, at, y }` (without a name for places that a long edge passes), edges of `{ call, path: [node, ...], back }`.
 */
export function layout(names, calls) {
  const others = calls.filter((call) => call.caller !== call.called);
  const backward = cycles(names, others);
  const forward = others.map((call, at) => (backward.has(at) ? { from: call.called, to: call.caller } : { from: call.caller, to: call.called }));
  const depth = depths(names, forward);
  const layers = [];
  const nodes = new Map();
  const place = (layer, name) => {
    const node = { name, layer, at: 0, slot: 0, y: 0, before: [], after: [] };
    (layers[layer] ??= []).push(node);
    return node;
  };
  for (const name of names) nodes.set(name, place(depth.get(name), name));
  const edges = others.map((call, at) => {
    const { from, to } = forward[at];
    const path = [nodes.get(from)];
    for (let layer = depth.get(from) + 1; layer < depth.get(to); layer += 1) path.push(place(layer, null));
    path.push(nodes.get(to));
    for (let step = 1; step < path.length; step += 1) { path[step - 1].after.push(path[step]); path[step].before.push(path[step - 1]); }
    return { call, path: backward.has(at) ? path.toReversed() : path, back: backward.has(at) };
  });
  for (let layer = 0; layer < layers.length; layer += 1) layers[layer] ??= [];
  order(layers);
  return { layers, edges, height: settle(layers) };
}

/** Calls that close a circle: they are drawn backwards. */
function cycles(names, calls) {
  const out = new Map(names.map((name) => [name, []]));
  calls.forEach((call, at) => out.get(call.caller).push([call.called, at]));
  const calledBy = new Set(calls.map((call) => call.called));
  const state = new Map();
  const backward = new Set();
  // Those that nobody calls first, so that circles are cut far from where requests come in. Without recursion: chains may be long.
  for (const start of [...names.filter((name) => !calledBy.has(name)), ...names]) {
    if (state.has(start)) continue;
    const stack = [[start, 0]];
    state.set(start, 'open');
    while (stack.length) {
      const top = stack.at(-1);
      const next = out.get(top[0])[top[1]];
      top[1] += 1;
      if (!next) { state.set(top[0], 'done'); stack.pop(); continue; }
      const [to, at] = next;
      if (state.get(to) === 'open') backward.add(at);
      else if (!state.has(to)) { state.set(to, 'open'); stack.push([to, 0]); }
    }
  }
  return backward;
}

/** The longest way to each service from one that nobody calls. */
function depths(names, edges) {
  const waiting = new Map(names.map((name) => [name, 0]));
  const out = new Map(names.map((name) => [name, []]));
  for (const { from, to } of edges) { waiting.set(to, waiting.get(to) + 1); out.get(from).push(to); }
  const depth = new Map(names.map((name) => [name, 0]));
  const ready = names.filter((name) => waiting.get(name) === 0);
  for (let at = 0; at < ready.length; at += 1) {
    for (const to of out.get(ready[at])) {
      depth.set(to, Math.max(depth.get(to), depth.get(ready[at]) + 1));
      waiting.set(to, waiting.get(to) - 1);
      if (waiting.get(to) === 0) ready.push(to);
    }
  }
  return depth;
}

/** Brings what belongs together near each other: each stands at the middle of its neighbours, to and fro. */
function order(layers) {
  const number = (layer) => layer.forEach((node, at) => { node.at = at; node.slot = at - (layer.length - 1) / 2; });
  layers.forEach((layer) => { layer.sort((one, other) => (one.name ?? '').localeCompare(other.name ?? '')); number(layer); });
  let best = { crossings: crossings(layers), copy: layers.map((layer) => [...layer]) };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      const middle = new Map(layer.map((node) => {
        const near = down ? node.before : node.after;
        return [node, near.length ? near.reduce((sum, it) => sum + it.slot, 0) / near.length : node.slot];
      }));
      layer.sort((one, other) => middle.get(one) - middle.get(other) || one.at - other.at);
      number(layer);
    }
    const now = crossings(layers);
    if (now < best.crossings) best = { crossings: now, copy: layers.map((layer) => [...layer]) };
  }
  best.copy.forEach((layer, at) => { layers[at] = layer; number(layer); });
}

function crossings(layers) {
  let sum = 0;
  for (const layer of layers) {
    const edges = layer.flatMap((node) => node.after.map((to) => [node.at, to.at]));
    for (let one = 0; one < edges.length; one += 1) {
      for (let other = one + 1; other < edges.length; other += 1) {
        if ((edges[one][0] - edges[other][0]) * (edges[one][1] - edges[other][1]) < 0) sum += 1;
      }
    }
  }
  return sum;
}

/** Heights: each node as near to its neighbours as the order allows, so that edges run straight. Gives the height of all. */
function settle(layers) {
  const size = (node) => (node.name === null ? PASSING : HIGH);
  for (const layer of layers) {
    let y = -layer.reduce((sum, node) => sum + size(node), 0) / 2;
    for (const node of layer) { node.y = y + size(node) / 2; y += size(node); }
  }
  for (let round = 0; round < SETTLING; round += 1) {
    for (const layer of round % 2 ? layers.toReversed() : layers) {
      const wanted = layer.map((node) => {
        const near = [...node.before, ...node.after];
        return near.length ? near.reduce((sum, it) => sum + it.y, 0) / near.length : node.y;
      });
      const apart = layer.map((node, at) => (at ? (size(node) + size(layer[at - 1])) / 2 : 0));
      // Pushed down from the top, and pushed up from the bottom; the middle of both keeps the order, and favours neither.
      const down = [];
      wanted.forEach((y, at) => down.push(at ? Math.max(y, down[at - 1] + apart[at]) : y));
      const up = [...wanted];
      for (let at = up.length - 2; at >= 0; at -= 1) up[at] = Math.min(up[at], up[at + 1] - apart[at + 1]);
      layer.forEach((node, at) => { node.y = (down[at] + up[at]) / 2; });
    }
  }
  const all = layers.flat();
  const top = Math.min(...all.map((node) => node.y - size(node) / 2));
  all.forEach((node) => { node.y -= top; });
  return Math.max(...all.map((node) => node.y + size(node) / 2));
}
