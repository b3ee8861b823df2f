// Settlement and operations: orders, payouts, plans, members, the ledger, webhooks and the server's health.
// `#ops/PART` begins with that part.

import { button, figure, make } from './dom.js';
import { count, money } from './format.js';
import { say } from './words.js';
import { tabs } from './widgets.js';
import { Api } from './api.js';
import { orderPart } from './ops-orders.js';
import { statementPart } from './ops-statements.js';
import { planPart } from './ops-plans.js';
import { memberPart } from './ops-members.js';
import { ledgerPart } from './ops-ledger.js';
import { healthPart, webhookPart } from './ops-health.js';

const REFRESH_MILLISECONDS = 10_000;

/** Shows the operator's pages; gives a function that ends them. */
export function showOps(page) {
  const { main, connection, place, tellRefusal } = page;
  const api = new Api(page);
  const asked = {
    ...page,
    api,
    /** Runs what may be refused; tells a refusal and gives null. */
    attempt: async (method, parameters) => {
      try {
        return await (typeof method === 'function' ? method() : connection.call(method, parameters));
      } catch (refusal) {
        tellRefusal(refusal);
        return null;
      }
    },
  };
  const parts = {
    orders: orderPart(asked),
    payouts: statementPart(asked),
    plans: planPart(asked),
    members: memberPart(asked),
    ledger: ledgerPart(asked),
    webhooks: webhookPart(asked),
    health: healthPart(asked),
  };
  let current = Object.hasOwn(parts, place.room ?? '') ? place.room : 'orders';
  const read = () => parts[current].read();
  const set = tabs({
    label: say('ops.title'),
    panels: Object.entries(parts).map(([key, { element }]) => (
      { key, label: say(`ops.tab.${key}`), element })),
    selected: current,
    onSelect: (key) => {
      current = key;
      // The address keeps the part, without another beginning of the page.
      history.replaceState(null, '', `#ops/${key}`);
      read();
    },
  });
  const totals = totalFigures();
  main.append(
    make('section', { class: 'card', 'aria-labelledby': 'ops-title' },
      make('div', { class: 'title-line' },
        make('h1', { id: 'ops-title', text: say('ops.title') }), button(say('refresh'), read)),
      totals.element),
    set.element);
  const end = connection.watch({ ticker: 'storefront' }, totals.show, tellRefusal);
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible' && connection.state === 'open') {
      parts[current].refresh?.();
    }
  }, REFRESH_MILLISECONDS);
  return () => {
    clearInterval(timer);
    end();
  };
}

function totalFigures() {
  const names = ['gmv', 'orders', 'units', 'refunded', 'members'];
  const parts = names.map((name) => [name, figure(say(name === 'members' ? 'ops.members' : name), {
    tone: name === 'gmv' ? 'strong' : null,
  })]);
  return {
    element: make('dl', { class: 'figures' }, parts.map(([, { element }]) => element)),
    show: (ticker) => {
      for (const [name, part] of parts) {
        part.show(['gmv', 'refunded'].includes(name) ? money(ticker[name], ticker.currency)
          : count(ticker[name]));
      }
    },
  };
}
