// The viewer's own orders in this tab. The server knows them; this page keeps their ids, and what was
// bought in words, through a reload.

import { button, keyedList, make, setText } from './dom.js';
import { money, time } from './format.js';
import { randomName } from './parts.js';
import { say } from './words.js';

const STORAGE_KEY = 'waggle.orders';
const FINAL = ['expired', 'cancelled', 'refunded'];

export class Orders {
  element;
  #page;
  #orders = []; // {order, title, units, sku, price, view}, the newest first
  #show;
  #empty;
  #isReading = false;

  constructor(page) {
    this.#page = page;
    const list = make('ul', { class: 'rows' });
    this.#empty = make('p', { class: 'hint', text: say('viewer.noOrders') });
    this.#show = keyedList(list, ({ order }) => order, (order) => this.#row(order));
    this.element = make('section', { class: 'card', 'aria-labelledby': 'orders-title' },
      make('h2', { id: 'orders-title', text: say('viewer.myOrders') }), list, this.#empty);
    this.#orders = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? '[]');
    if (this.#orders.length > 0) this.#read(this.#orders);
    this.#changed();
  }

  /** Buys. The key makes the call repeatable: a lost connection cannot make two orders of one. */
  async place(sku, title, units) {
    const { connection, place, tell, tellRefusal } = this.#page;
    try {
      const view = await connection.callRepeatedly(
        'order.place', { key: randomName(16), room: place.room, sku, units });
      this.#orders.unshift({ order: view.order, sku, title, units, view });
      this.#changed();
      tell(say('viewer.placed', { title, time: time(view.expiresAt) }), 'good');
    } catch (refusal) {
      tellRefusal(refusal);
    }
  }

  /** An order with these lines changed somewhere in the room; it may be one of these. */
  mayHaveChanged(lines) {
    const skus = lines.map(({ sku }) => sku);
    const mine = this.#orders.filter(({ sku, view }) =>
      skus.includes(sku) && !FINAL.includes(view?.state));
    if (mine.length > 0 && !this.#isReading) this.#read(mine);
  }

  /** Reads orders anew: the calls leave as one batch. */
  async #read(orders) {
    this.#isReading = true;
    await Promise.all(orders.map(async (known) => {
      try {
        known.view = await this.#page.connection.call('order.get', { order: known.order });
      } catch (refusal) {
        // Of somebody else who used this tab before, or of another server.
        if (refusal.temporary || refusal.code === 'closed') return;
        this.#orders = this.#orders.filter((order) => order !== known);
      }
    }));
    this.#isReading = false;
    this.#changed();
  }

  async #pay(known) {
    const { signIn, tell, tellRefusal } = this.#page;
    try {
      await signIn.post(`/demo/orders/${encodeURIComponent(known.order)}/payment`, {});
      tell(say('viewer.paidNow', { title: known.title }), 'good');
      await this.#read([known]);
    } catch (refusal) {
      tellRefusal(refusal);
    }
  }

  async #cancel(known) {
    try {
      known.view = await this.#page.connection.call('order.cancel', { order: known.order });
      this.#changed();
    } catch (refusal) {
      this.#page.tellRefusal(refusal);
    }
  }

  #changed() {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(this.#orders));
    this.#show(this.#orders);
    this.#empty.hidden = this.#orders.length > 0;
  }

  #row(known) {
    const state = make('span', { class: 'badge' });
    const amount = make('span', { class: 'price' });
    const until = make('span', { class: 'hint' });
    const pay = button(say('viewer.pay'), () => this.#pay(known), { class: 'main' });
    const cancel = button(say('viewer.cancel'), () => this.#cancel(known));
    return {
      element: make('li', { class: 'row' },
        make('div', { class: 'grow' },
          make('strong', {
            text: say('viewer.unitsOf', { units: known.units, title: known.title }),
          }),
          make('div', {}, state, ' ', amount, ' ', until),
          make('code', { class: 'order-id', text: known.order })),
        make('div', { class: 'actions' }, pay, cancel)),
      update: ({ view }) => {
        if (!view) return;
        const isOpen = view.state === 'placed';
        state.dataset.state = view.state;
        setText(state, say(`order.${view.state}`));
        setText(amount, view.net ? money(view.net, view.currency) : '');
        setText(until, isOpen ? say('viewer.payUntil', { time: time(view.expiresAt) }) : '');
        pay.hidden = !isOpen;
        cancel.hidden = !isOpen;
      },
    };
  }
}
