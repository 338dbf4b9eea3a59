// The state of the pipeline in words.

import { counted, duration } from '../format.js';

/** What a breaker does: `{ glyph, words, kind }`. `left` is how many seconds are left until the next trial. */
export function breakerWords(destination, left) {
  const failures = destination.failures ? `after ${counted(destination.failures, 'failure')}` : '';
  if (destination.breaker === 'CLOSED') {
    return destination.failures
      ? { glyph: '✓', words: `Delivering, ${counted(destination.failures, 'failure')} of late`, kind: 'warm' }
      : { glyph: '✓', words: 'Delivering', kind: 'well' };
  }
  if (destination.breaker === 'HALF_OPEN') return { glyph: '◐', words: 'One trial is on its way', kind: 'warm' };
  const when = left === null ? '' : left > 0.5 ? `the next trial in ${duration(Math.ceil(left) * 1000)}` : 'the next trial is now';
  return { glyph: '✕', words: ['Held back', failures].filter(Boolean).join(' ') + (when ? `: ${when}` : ''), kind: 'broken' };
}

export const waitingOf = (destination) => destination.ledger.reduce((sum, entry) => sum + entry.waiting, 0);
const sumOf = (destination, key) => destination.ledger.reduce((sum, entry) => sum + entry[key], 0);

/** One sentence for the whole: is data safe, and is anything late? */
export function summary(status) {
  const destinations = status.destinations ?? [];
  const broken = destinations.filter((it) => it.breaker !== 'CLOSED');
  const waiting = destinations.reduce((sum, it) => sum + waitingOf(it), 0);
  const lost = destinations.reduce((sum, it) => sum + sumOf(it, 'dropped'), 0);
  const dead = destinations.reduce((sum, it) => sum + sumOf(it, 'dead_lettered'), 0);
  if (lost) return { kind: 'broken', glyph: '✕', words: `${counted(lost, 'record')} lost: there was no room for ${lost === 1 ? 'it' : 'them'} in the spool, or the disk was damaged.` };
  if (broken.length) {
    return { kind: 'warm', glyph: '⚠', words: `${broken.map((it) => it.name).join(', ')} ${broken.length === 1 ? 'does' : 'do'} not take records now. ${waiting ? `${counted(waiting, 'record')} wait in the spool` : 'What comes waits in the spool'}; nothing is lost.${dead ? ` Besides, ${counted(dead, 'record')} were refused for good: see the dead letters.` : ''}` };
  }
  if (status.storage_error) return { kind: 'warm', glyph: '⚠', words: 'The database does not answer questions now. What comes is kept in the spool; nothing is lost.' };
  if (dead) return { kind: 'warm', glyph: '⚠', words: `${counted(dead, 'record')} refused for good since the start and kept as dead letters; everything else is delivered${waiting ? ' or on its way' : ''}.` };
  if (waiting) return { kind: 'well', glyph: '✓', words: `Everything accepted is delivered or on its way: ${counted(waiting, 'record')} wait.` };
  return { kind: 'well', glyph: '✓', words: 'Everything accepted is delivered.' };
}
