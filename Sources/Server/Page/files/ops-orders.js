// Orders for staff: the newest first, and of each the receipt of its attribution, its shares, its
// certificate, and what can be done with it: refund, dispute, resolve.

import { button, field, make, setText } from './dom.js';
import { dateAndTime, minorUnits, money, typed } from './format.js';
import { randomName } from './parts.js';
import { say, sayOr } from './words.js';
import { dataTable, emptyState } from './widgets.js';
import { path, reportedOnce } from './api.js';
import { showOrder } from './ops-order.js';

const PAGE_SIZE = 25;

export function stateBadge(state) {
  return make('span', {
    class: 'badge', 'data-state': state, text: sayOr(`order.${state}`, state),
  });
}

/** The part: {element, read(), refresh()}. */
export function orderPart(page) {
  const { api, attempt } = page;
  const room = make('input', { autocomplete: 'off', spellcheck: 'false' });
  const buyer = make('input', { autocomplete: 'off', spellcheck: 'false' });
  const order = make('input', { autocomplete: 'off', spellcheck: 'false', required: true });
  const filter = make('form', { class: 'inline' },
    field(say('ops.room'), room), field(say('ops.buyer'), buyer),
    make('button', { text: say('ops.filter') }));
  const find = make('form', { class: 'inline' },
    field(say('ops.order'), order), make('button', { text: say('ops.open') }));
  const empty = emptyState(say('ops.noOrders'));
  const more = button(say('more'), () => turn(after), { hidden: true });
  const open = (id) => showOrder(page, id, (view) => {
    // In its place, however many pages have been turned.
    orders = orders.map((one) => (one.order === view.order ? view : one));
    show();
  });
  let orders = [];
  let after = null;
  let wanted = {}; // the filter that was sent, whatever is being typed meanwhile

  const table = dataTable({
    caption: say('ops.tab.orders'),
    keyOf: (view) => view.order,
    columns: [
      { label: say('ops.order'), cell: (view) => make('button', {
        type: 'button', class: 'plain order-link', text: view.order, onclick: () => open(view.order),
      }) },
      { label: say('ops.state'), cell: ({ state }) => stateBadge(state) },
      { label: say('ops.placedAt'), cell: ({ placedAt }) => dateAndTime(placedAt) },
      { label: say('ops.room'), cell: (view) => view.room ?? say('ops.noRoom') },
      { label: say('ops.promoter'), cell: ({ promoter, attributedBy }) => (promoter
        ? `${promoter} (${sayOr(`source.${attributedBy}`, attributedBy)})` : '–') },
      { label: say('ops.net'), isNumber: true, cell: ({ net, currency }) => money(net, currency) },
    ],
  });

  async function turn(from) {
    const answer = await attempt(() => api.get('/v1/orders', {
      first: 'newest', limit: PAGE_SIZE, after: from, ...wanted,
    }));
    if (!answer) return;
    orders = from === null ? answer.orders : [...orders, ...answer.orders];
    after = answer.after;
    show();
  }

  function show() {
    table.update(orders);
    empty.hidden = orders.length > 0;
    table.element.hidden = orders.length === 0;
    more.hidden = after === null;
  }

  /** The newest page anew, unless somebody has turned pages. */
  function refresh() {
    if (orders.length <= PAGE_SIZE) return turn(null);
    return Promise.resolve();
  }

  filter.addEventListener('submit', (event) => {
    event.preventDefault();
    wanted = { room: room.value.trim(), buyer: buyer.value.trim() };
    turn(null);
  });
  find.addEventListener('submit', (event) => {
    event.preventDefault();
    open(order.value.trim());
  });
  return {
    element: make('section', { class: 'card', 'aria-label': say('ops.tab.orders') },
      make('details', { class: 'more' }, make('summary', { text: say('ops.find') }),
        make('div', { class: 'pair' }, filter, find)),
      table.element, empty, more),
    read: () => turn(null),
    refresh,
  };
}

/** A form that gives back some or all of an order; `onDone(view)` gets the order as it is then. */
export function refundForm({ api, attempt, tell }, order, onDone) {
  const { currency } = order;
  const rows = order.lines.map((line, index) => {
    const left = line.paid - line.refunded;
    const input = make('input', {
      inputmode: 'decimal', autocomplete: 'off', value: typed(0, currency), disabled: left === 0,
    });
    return { index, left, input, element: field(
      say('viewer.unitsOf', { title: line.sku, units: line.units }), input,
      say('ops.refund.left', { amount: money(left, currency) })) };
  });
  const total = make('output', { class: 'price' });
  /** The parts to give back; null where an amount cannot be. */
  const chosen = () => {
    const parts = rows.map(({ index, input, left }) => {
      const amount = minorUnits(input.value, currency);
      const isPossible = amount !== null && amount <= left;
      if (isPossible) input.removeAttribute('aria-invalid');
      else input.setAttribute('aria-invalid', 'true');
      return isPossible ? { line: index, amount } : null;
    });
    return parts.includes(null) ? null : parts.filter(({ amount }) => amount > 0);
  };
  const refresh = () => {
    const lines = chosen();
    setText(total, lines === null ? '–'
      : money(lines.reduce((sum, { amount }) => sum + amount, 0), currency));
  };
  const refund = reportedOnce(['refund', 'refundedAt'], `refund-${randomName(16)}`);
  const submit = make('button', { class: 'danger', text: say('ops.refund') });
  const all = button(say('ops.refund.all'), () => {
    for (const { input, left } of rows) input.value = typed(left, currency);
    refresh();
  });
  const form = make('form', { class: 'stack' },
    rows.map(({ element }) => element),
    make('div', { class: 'actions' }, all, submit, total));
  form.addEventListener('input', refresh);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const lines = chosen();
    if (lines === null || lines.length === 0) {
      tell(say(lines === null ? 'ops.refund.tooMuch' : 'ops.refund.nothing'), 'bad');
      return;
    }
    submit.disabled = true;
    const view = await attempt(() => api.post(path`/v1/orders/${order.order}/refunds`, {
      ...refund(), lines,
    }));
    submit.disabled = false;
    if (!view) return;
    tell(say('ops.refund.done'), 'good');
    onDone(view);
  });
  refresh();
  return form;
}
