// What stands at the placeholders of a pattern, in texts that have it.

const HOLE = /<[*A-Za-z_]+>/g;
const SHOWN = 5;
const LONGEST = 4000;
/** With more, one expression that fits would take too long to try. */
const MOST_HOLES = 12;

/** For each placeholder its values with how often each came: `[{ name, of, different, values: [{ value, count }] }]`. */
export function holesOf(template, texts) {
  const names = [...template.matchAll(HOLE)].map(([name]) => name);
  if (!names.length || names.length > MOST_HOLES) return [];
  const escaped = template.split(HOLE).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+'));
  // A value has no spaces, as the parts of a message have none between which patterns are found.
  const fits = new RegExp(`^\\s*${escaped.join('(\\S+?)')}\\s*$`);
  const tallies = names.map(() => new Map());
  let of = 0;
  for (const text of texts) {
    const found = text.length <= LONGEST ? fits.exec(text) : null;
    if (!found) continue;
    of += 1;
    tallies.forEach((tally, at) => tally.set(found[at + 1], (tally.get(found[at + 1]) ?? 0) + 1));
  }
  if (!of) return [];
  return tallies.map((tally, at) => ({
    name: names[at], of, different: tally.size,
    values: [...tally].map(([value, count]) => ({ value, count })).sort((one, other) => other.count - one.count).slice(0, SHOWN),
  }));
}
