// A table that sorts, keeps its header in sight and copies as text.

import { h, put } from './dom.js';
import { copy } from './notice.js';

/**
 * `columns` are `{ key, label, value(row), cell(row), right, title }`: `value` is what is sorted and copied, `cell` what is
 * shown (the value, where it is left out). `href(row)` makes rows open a page, `open(row)` call a function.
 * `sort` is how it is sorted at first: 'key' or '-key' (descending); '' leaves the order of the rows. `onsort` hears of
 * changes, so that the address can keep them. `on(row)` marks a row, `more(row)` gives more properties of one; `kind` is a class.
 */
export function table({ label, columns, rows, sort = '', href, open, onsort, on, more, kind }) {
  let by = sort;
  const body = h('tbody');
  const heads = columns.map((column) => {
    const button = h('button', { type: 'button', title: column.title, onclick: () => choose(column) }, column.label);
    return h(`th${column.right ? '.r' : ''}${column.class ? `.${column.class}` : ''}`, { scope: 'col' }, column.value ? button : column.label);
  });
  const element = h('table', { 'aria-label': label, class: kind }, h('thead', null, h('tr', null, heads)), body);

  function choose(column) {
    const descending = `-${column.key}`;
    by = by === descending ? column.key : by === column.key ? descending : column.right ? descending : column.key;
    onsort?.(by);
    draw();
  }

  function draw() {
    const key = by.replace(/^-/, '');
    const column = columns.find((it) => it.key === key);
    columns.forEach((it, at) => {
      if (it === column) heads[at].setAttribute('aria-sort', by.startsWith('-') ? 'descending' : 'ascending');
      else heads[at].removeAttribute('aria-sort');
    });
    put(body, sorted(rows, column, by.startsWith('-')).map(line));
  }

  function line(row) {
    const target = href?.(row);
    const cells = columns.map((column, at) => {
      const shown = column.cell ? column.cell(row) : column.value(row);
      const linked = target && at === (columns.findIndex((it) => it.go) + 1 || 1) - 1;
      return h(
        `td${column.right ? '.r' : ''}${column.class ? `.${column.class}` : ''}`,
        { data: { label: column.label } },
        linked ? h('a.go', { href: target, tabindex: '-1' }, shown) : shown,
      );
    });
    const act = open ? () => open(row) : null;
    return h(
      `tr${on?.(row) ? '.on' : ''}`,
      {
        data: target || act ? { row: '' } : {},
        tabindex: target || act ? '0' : null,
        onclick: target ? followRow : act,
        ...more?.(row),
      },
      cells,
    );
  }

  element.text = () =>
    [
      columns
        .filter((it) => it.value)
        .map((it) => it.label)
        .join('\t'),
      ...rows.map((row) =>
        columns
          .filter((it) => it.value)
          .map((it) => it.value(row) ?? '')
          .join('\t'),
      ),
    ].join('\n');
  draw();
  return element;
}

/** A click anywhere on a row follows its first link, unless text was being selected or a control was meant. */
function followRow(event) {
  if (event.target.closest('a, button, input') || String(getSelection())) return;
  event.currentTarget.querySelector('a.go')?.click();
}

/** A button that copies a table as text with tabs, for a spreadsheet or a chat. */
export const copyTable = (get) =>
  h(
    'button.plain.copies',
    {
      type: 'button',
      title: 'Copy the table as text with tabs',
      onclick: () => {
        const element = get();
        if (element) copy(element.text(), 'Table copied');
      },
    },
    'Copy',
  );

function sorted(rows, column, descending) {
  if (!column) return rows;
  const keyed = rows.map((row) => [column.value(row) ?? '', row]);
  const compare = (one, other) =>
    typeof one === 'number' && typeof other === 'number'
      ? one - other
      : String(one).localeCompare(String(other), 'en', { numeric: true });
  keyed.sort(([one], [other]) => (descending ? compare(other, one) : compare(one, other)));
  return keyed.map(([, row]) => row);
}
