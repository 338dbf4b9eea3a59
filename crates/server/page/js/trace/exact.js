// The times of events are whole nanoseconds since 1970, which are more than a JavaScript number holds: they are kept as texts.
// Inside a JSON string a quote is escaped, so what these expressions find is never part of a text from telemetry.

const TIMES = /"time":(\d{16,})(?=[,}])/g;
const TEXTS = /"time": "(\d{16,})"(?=[,\n])/g;

/** Reads a response. */
export const readExact = async (response) => JSON.parse((await response.text()).replace(TIMES, '"time":"$1"'));

/** The JSON of what was read so, as the API wrote it. */
export const exactText = (value) => JSON.stringify(value, null, 2).replace(TEXTS, '"time": $1');
