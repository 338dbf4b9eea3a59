// How a group of errors is named: the short name of its type, and its message.

/** `CardDeclinedException` of `com.northwind.payments.CardDeclinedException`; a status of HTTP says that it is one. */
export function typeOf(group) {
  const type = group.detail?.type ?? '';
  if (/^[1-5]\d\d$/.test(type)) return `HTTP ${type}`;
  return type.replace(/^\*/, '').split(/[.:\\/]+/).filter(Boolean).at(-1) ?? type;
}

/** The message of the group's pattern; the text says type and message in one where there is no detail. */
export function messageOf(group) {
  if (group.detail?.message !== undefined && group.detail.message !== null) return group.detail.message || (group.detail.type ? '' : group.text);
  return group.text;
}
