// The orders of a member's viewers: what each earns them, in what state that is, and one tap to why, also
// where it is nothing.

import { button, field, keyedList, make, setText } from './dom.js';
import { dateAndTime, day, money } from './format.js';
import { say, sayOr } from './words.js';
import { emptyState } from './widgets.js';
import { explain } from './explanation.js';

const PAGE_SIZE = 30;
const SOON_MILLISECONDS = 800;

/** Whether the amount is earned, or still waits, in words. */
function standing({ state, booked, releaseDue, amount }) {
  if (state === 'cancelled' || state === 'expired') return say(`earning.${state}`);
  if (!booked) return say('earning.unpaid');
  if (amount === 0) return '';
  if (state === 'released') return say('earning.released');
  if (state === 'disputed') return say('earning.disputed');
  if (releaseDue) return say('earning.pendingUntil', { day: day(releaseDue) });
  return say('earning.undelivered');
}

/** A list with its own refreshing: {element, read(), readSoon(), end()}. */
export function earningOrders({ attempt }, room = null) {
  const list = make('ul', { class: 'rows' });
  const empty = emptyState(say(room ? 'earning.noneInRoom' : 'earning.none'));
  const more = button(say('more'), () => readMore(), { hidden: true });
  let orders = [];
  let after = null;
  let soon = null;

  const showRows = keyedList(list, ({ order }) => order, ({ order }) => {
    const amount = make('span', { class: 'price' });
    const hint = make('span', { class: 'hint' });
    const titles = make('span', { class: 'order-titles' });
    const state = make('span', { class: 'badge' });
    const lost = make('span', { class: 'hint' });
    const when = make('span', { class: 'hint' });
    return {
      element: make('li', { class: 'order-row' },
        make('div', {}, titles, make('div', {}, state, ' ', when), lost),
        make('div', { class: 'amount' }, amount, hint),
        button(say('earning.why'), () => explain(attempt, order),
          { class: 'small', 'aria-label': say('earning.whyOrder', { order }) })),
      update: (view) => {
        setText(titles, view.lines
          .map(({ title, sku, units }) => say('viewer.unitsOf', { title: title || sku, units }))
          .join(say('joiner')));
        state.dataset.state = view.state;
        setText(state, sayOr(`order.${view.state}`, view.state));
        setText(when, [dateAndTime(view.placedAt), room ? null : view.room]
          .filter(Boolean).join(' · '));
        setText(lost, view.loss ? sayOr(`loss.${view.loss}`, view.loss) : '');
        lost.hidden = !view.loss;
        setText(amount, money(view.amount, view.currency));
        amount.classList.toggle('is-pending', view.state !== 'released');
        setText(hint, standing(view));
      },
    };
  });

  function show() {
    showRows(orders);
    empty.hidden = orders.length > 0;
    more.hidden = after === null;
  }

  const ask = (from) => attempt('earning.list', {
    limit: PAGE_SIZE, ...(room ? { room } : {}), ...(from ? { after: from } : {}),
  });

  async function read() {
    const page = await ask(null);
    if (!page) return;
    // What was turned to before stays below the newest page.
    const newest = new Set(page.orders.map(({ order }) => order));
    const older = orders.filter(({ order }) => !newest.has(order));
    const isFirst = orders.length <= PAGE_SIZE;
    orders = isFirst ? page.orders : [...page.orders, ...older];
    if (isFirst) ({ after } = page);
    show();
  }

  async function readMore() {
    const page = await ask(after);
    if (!page) return;
    orders = [...orders, ...page.orders];
    ({ after } = page);
    show();
  }

  function readSoon() {
    soon ??= setTimeout(() => {
      soon = null;
      read();
    }, SOON_MILLISECONDS);
  }

  return {
    element: room ? make('div', { class: 'stack' }, list, empty, more)
      : make('div', { class: 'stack' },
        make('section', { class: 'card', 'aria-label': say('promoter.tab.orders') }, list, empty, more),
        askForm(attempt)),
    read,
    readSoon,
    end: () => clearTimeout(soon),
  };
}

/** Any other order: one that a friend names, or that earned nothing. */
function askForm(attempt) {
  const order = make('input', { required: true, autocomplete: 'off', spellcheck: 'false' });
  const form = make('form', { class: 'inline' },
    field(say('earning.otherOrder'), order, say('earning.otherOrder.hint')),
    make('button', { text: say('earning.why') }));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    explain(attempt, order.value.trim());
  });
  return make('div', { class: 'card quiet' }, form);
}
