// The viewer's own orders, as the server has them, and the way from a product to a paid order.
//
// The server names products by their SKU; their titles come from the room, and are kept for this tab so
// that an order of another room still has its name.

import { button, keyedList, make, setText } from './dom.js';
import { count, duration, money } from './format.js';
import { picture, randomName } from './parts.js';
import { dialog, emptyState } from './widgets.js';
import { say } from './words.js';

const TITLES_KEY = 'waggle.titles';
const ORDERS_MAX = 20;
const UNITS_MAX = 99;
const FINAL = ['expired', 'cancelled', 'refunded', 'released'];
/** How long orders rest between two readings, however much happens in the room. */
const REST_MILLISECONDS = 1500;

export class Orders {
  element;
  #page;
  #orders = []; // order views, the newest first
  #titles = storedTitles();
  #show;
  #empty = emptyState(say('viewer.noOrders'));
  #reading = null;
  #isStale = false;
  #timer;
  #checkout = null; // {order, show(view)} of the dialog that is open
  #title = make('h2', { id: 'orders-title', tabindex: '-1', text: say('viewer.myOrders') });

  constructor(page) {
    this.#page = page;
    const list = make('ul', { class: 'rows' });
    this.#show = keyedList(list, ({ order }) => order, (view) => this.#row(view));
    this.element = make('section', { class: 'card my-orders', 'aria-labelledby': 'orders-title' },
      this.#title, list, this.#empty);
    this.read();
    this.#timer = setInterval(() => this.#tick(), 1000);
  }

  end() {
    clearInterval(this.#timer);
  }

  /** Asks how many, then orders, then asks for payment: all in one dialog. */
  begin(listing) {
    const { sku, title, price } = listing;
    let units = 1;
    const number = make('output', { class: 'stepper-value number', 'aria-live': 'polite', text: '1' });
    const sum = make('strong', { class: 'price' });
    const limit = () => Math.min(UNITS_MAX, this.#page.room.find(sku)?.left ?? UNITS_MAX);
    const step = (by) => {
      units = Math.max(1, Math.min(limit(), units + by));
      setText(number, count(units));
      setText(sum, money(price * units));
    };
    step(0);
    const place = button(say('viewer.place'), async () => {
      const view = await this.#place(listing, units);
      if (!view) return;
      asked.close();
      this.#checkOut(view);
    }, { class: 'main wide' });
    const asked = dialog({
      title: say('viewer.buyTitle', { title }),
      content: [
        make('div', { class: 'named' }, picture(listing), make('div', { class: 'grow' },
          make('strong', { text: title }), make('div', { class: 'price', text: money(price) }))),
        make('div', { class: 'title-line' },
          make('span', { text: say('viewer.units') }),
          make('div', { class: 'stepper' },
            button('−', () => step(-1), { 'aria-label': say('viewer.fewer') }), number,
            button('+', () => step(1), { 'aria-label': say('viewer.oneMore') }))),
        make('div', { class: 'title-line spread' }, make('span', { text: say('viewer.sum') }), sum),
        place,
      ],
    });
    asked.open();
    place.focus();
  }

  /** Orders. The key makes the call repeatable: a lost connection cannot make two orders of one. */
  async #place({ sku, title, price }, units) {
    const { connection, place, tellRefusal } = this.#page;
    try {
      const view = await connection.callRepeatedly(
        'order.place', { key: randomName(16), room: place.room, sku, units, price });
      this.#titles[sku] = title;
      storeTitles(this.#titles);
      this.#put(view);
      return view;
    } catch (refusal) {
      tellRefusal(refusal);
      return null;
    }
  }

  /** Only a demonstration has a checkout of its own; elsewhere the shop has one. */
  get #canPay() {
    return this.#page.connection.session?.demo === true;
  }

  /** What comes after an order: its state, and the demonstration's checkout. */
  #checkOut(view) {
    const state = make('span', { class: 'badge' });
    const until = make('span', { class: 'hint number' });
    const pay = button(say('viewer.pay', { amount: money(view.net, view.currency) }),
      () => this.#pay(view.order), { class: 'main wide' });
    const hint = make('p', {
      class: 'hint', text: say(this.#canPay ? 'viewer.payHint' : 'viewer.payElsewhere'),
    });
    const later = button(say('viewer.later'), () => asked.close(), { class: 'wide' });
    const asked = dialog({
      title: say('viewer.checkout'),
      content: [
        make('strong', { text: this.#describe(view) }),
        make('div', { class: 'title-line', role: 'status' }, state, until),
        pay, hint, later,
      ],
      onClose: () => { this.#checkout = null; },
    });
    this.#checkout = {
      order: view.order,
      show: (now) => {
        showState(state, now.state);
        setText(until, untilText(now));
        const isOpen = now.state === 'placed';
        const mayPay = isOpen && this.#canPay;
        // The focus does not go under with the button that had it.
        if (!mayPay && document.activeElement === pay) later.focus();
        pay.hidden = !mayPay;
        hint.hidden = !isOpen;
        setText(later, say(isOpen ? 'viewer.later' : 'close'));
      },
    };
    this.#checkout.show(view);
    asked.open();
    (pay.hidden ? later : pay).focus();
  }

  /** An order with these lines changed somewhere in the room; it may be one of these. */
  mayHaveChanged(lines) {
    const skus = lines.map(({ sku }) => sku);
    const mayBeMine = this.#orders.some((view) => !FINAL.includes(view.state)
      && view.lines.some(({ sku }) => skus.includes(sku)));
    if (mayBeMine) this.read();
  }

  /** Shows everything anew, as titles of the room may have come. */
  refresh() {
    for (const { sku, title } of this.#page.room.listings) this.#titles[sku] = title;
    this.#show(this.#orders);
  }

  /** Reads the orders anew, soon; what is asked for meanwhile is one reading more. */
  read() {
    if (this.#reading) {
      this.#isStale = true;
      return;
    }
    this.#reading = this.#readNow().finally(() => {
      setTimeout(() => {
        this.#reading = null;
        if (!this.#isStale) return;
        this.#isStale = false;
        this.read();
      }, REST_MILLISECONDS);
    });
  }

  async #readNow() {
    try {
      const { orders } = await this.#page.connection.call('order.list', { limit: ORDERS_MAX });
      this.#orders = orders;
      this.#changed();
    } catch (refusal) {
      if (!refusal.temporary && refusal.code !== 'closed') this.#page.tellRefusal(refusal);
    }
  }

  async #pay(order) {
    const { signIn, tell, tellRefusal } = this.#page;
    try {
      await signIn.post(`/demo/orders/${encodeURIComponent(order)}/payment`, {});
      const view = await this.#page.connection.callRepeatedly('order.get', { order });
      this.#put(view);
      tell(say('viewer.done'), 'good');
    } catch (refusal) {
      tellRefusal(refusal);
    }
  }

  async #cancel(order) {
    try {
      this.#put(await this.#page.connection.call('order.cancel', { order }));
    } catch (refusal) {
      this.#page.tellRefusal(refusal);
    }
  }

  #put(view) {
    this.#orders = [view, ...this.#orders.filter(({ order }) => order !== view.order)]
      .sort((one, other) => other.placedAt.localeCompare(one.placedAt)).slice(0, ORDERS_MAX);
    this.#changed();
  }

  #changed() {
    this.#show(this.#orders);
    this.#empty.hidden = this.#orders.length > 0;
    const open = this.#orders.find(({ order }) => order === this.#checkout?.order);
    if (open) this.#checkout.show(open);
  }

  /** Unpaid orders run out while one looks. */
  #tick() {
    if (this.#orders.some(({ state }) => state === 'placed')) this.#changed();
  }

  #describe({ lines }) {
    return lines.map(({ sku, units }) => say('viewer.unitsOf', {
      units: count(units), title: this.#titles[sku] ?? this.#page.room.title(sku),
    })).join(say('joiner'));
  }

  #row({ order }) {
    const what = make('strong');
    const state = make('span', { class: 'badge' });
    const amount = make('span', { class: 'price' });
    const until = make('span', { class: 'hint number' });
    const refunded = make('span', { class: 'hint' });
    const pay = button('', () => this.#pay(order), { class: 'main' });
    const cancel = button(say('viewer.cancel'), () => this.#cancel(order));
    const actions = make('div', { class: 'actions' }, pay, cancel);
    return {
      element: make('li', { class: 'row' },
        make('div', { class: 'grow' }, what,
          make('div', { class: 'levels' }, state, amount, refunded, until)), actions),
      update: (view) => {
        const isOpen = view.state === 'placed';
        const back = view.lines.reduce((sum, line) => sum + (line.refunded ?? 0), 0);
        setText(what, this.#describe(view));
        showState(state, view.state);
        setText(amount, money(view.net, view.currency));
        setText(refunded, back > 0
          ? say('viewer.refundedOf', { amount: money(back, view.currency) }) : '');
        setText(until, untilText(view));
        setText(pay, say('viewer.pay', { amount: money(view.net, view.currency) }));
        pay.hidden = !this.#canPay;
        if (!isOpen && actions.contains(document.activeElement)) this.#title.focus();
        actions.hidden = !isOpen;
      },
    };
  }
}

function showState(badge, state) {
  badge.dataset.state = state;
  setText(badge, say(`order.${state}`));
}

function untilText({ state, expiresAt }) {
  if (state !== 'placed' || !expiresAt) return '';
  const seconds = (Date.parse(expiresAt) - Date.now()) / 1000;
  return say('viewer.payWithin', { time: duration(seconds) });
}

function storedTitles() {
  try {
    return JSON.parse(sessionStorage.getItem(TITLES_KEY) ?? '{}');
  } catch {
    return {};
  }
}

function storeTitles(titles) {
  try {
    sessionStorage.setItem(TITLES_KEY, JSON.stringify(titles));
  } catch {
    // The product's id stands in for its title.
  }
}
