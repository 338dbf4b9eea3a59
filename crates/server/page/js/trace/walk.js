// The keyboard on a trace: arrows walk the tree.

/** What `?` says about this page. */
export const HELP = [
  ['↓ ↑', 'Next and previous span'], ['→ ←', 'Unfold and fold, or into and out of the tree'], ['n p', 'Next and previous failing span'],
  ['f', 'Find in this trace'], ['c', 'Critical path'], ['x', 'Fold or unfold everything'], ['+ - 0', 'Look closer, further, at the whole time'],
];

const CLOSER = 0.5;

/** The handlers, by key. */
export function bind({ ctx, trace, waterfall, choose, close, zoom, tools }) {
  const onWaterfall = (run) => (event) => (ctx.get('tab') ? false : run(event));
  const { view } = waterfall;
  const to = (node) => { if (node) choose(node); };
  const into = () => {
    const node = view.chosen;
    if (!node) { to(trace.nodes[0]); return; }
    if (view.folded.has(node)) waterfall.fold(node, false);
    else to(node.children[0]);
  };
  const out = () => {
    const node = view.chosen;
    if (!node) return;
    if (node.children.length && !view.folded.has(node)) waterfall.fold(node, true);
    else to(node.parent);
  };
  const scale = (by) => {
    const [from, to_] = view.window;
    const centre = view.chosen ? Math.min(Math.max((view.chosen.start + view.chosen.end) / 2, from), to_) : (from + to_) / 2;
    const wide = Math.min((to_ - from) * by, trace.length);
    const begin = Math.min(Math.max(centre - wide / 2, 0), trace.length - wide);
    zoom(begin, begin + wide);
  };
  const down = onWaterfall(() => to(waterfall.next(1)));
  const up = onWaterfall(() => to(waterfall.next(-1)));
  return {
    ArrowDown: down, ArrowUp: up, j: down, k: up,
    ArrowRight: onWaterfall(into), ArrowLeft: onWaterfall(out),
    Enter: onWaterfall((event) => (event.target.closest('a, button, summary') ? false : view.chosen ? undefined : to(trace.nodes[0]))),
    n: onWaterfall(() => tools.failing(1)), p: onWaterfall(() => tools.failing(-1)),
    f: onWaterfall(() => { tools.find.focus(); tools.find.select(); }),
    c: onWaterfall(tools.toggle), x: onWaterfall(tools.fold),
    '+': onWaterfall(() => scale(CLOSER)), '-': onWaterfall(() => scale(1 / CLOSER)), 0: onWaterfall(() => zoom(0, trace.length)),
    Escape: () => {
      if (ctx.get('tab')) { ctx.change({ tab: null }); return true; }
      if (!ctx.get('span')) return false;
      close();
      return true;
    },
  };
}
