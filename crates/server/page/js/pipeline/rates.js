// How fast records go: the differences of what two polls say.

const KEPT = 60;

/** Remembers polls; gives for each destination `{ now, history }` in records a second, or null before there are two. */
export class Rates {
  constructor() { this.last = null; this.histories = new Map(); }

  /** Takes a poll. A server that began anew counts from nothing, so nothing is said of that step. */
  take(status, at = performance.now()) {
    const stored = new Map((status.destinations ?? []).map((it) => [it.name, it.ledger.reduce((sum, entry) => sum + entry.stored, 0)]));
    stored.set('', (status.ledger ?? []).reduce((sum, entry) => sum + entry.accepted, 0));
    if (this.last) {
      const seconds = (at - this.last.at) / 1000;
      for (const [name, now] of stored) {
        const before = this.last.stored.get(name);
        if (before === undefined || now < before || seconds <= 0) continue;
        const history = this.histories.get(name) ?? [];
        history.push((now - before) / seconds);
        this.histories.set(name, history.slice(-KEPT));
      }
    }
    this.last = { at, stored };
  }

  of(name) {
    const history = this.histories.get(name);
    return history?.length ? { now: history.at(-1), history } : null;
  }
}
