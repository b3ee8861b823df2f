// One order over the page: what it was attributed to, who earns what on it, the certificate that nothing
// was lost, and its refund.

import { button, make } from './dom.js';
import { dateAndTime, money } from './format.js';
import { randomName } from './parts.js';
import { say } from './words.js';
import { confirmed, dataTable, dialog, tabs } from './widgets.js';
import { path, reportedOnce } from './api.js';
import { explanationParts } from './explanation.js';
import { refundForm, stateBadge } from './ops-orders.js';

/** Opens an order; `onChange(view)` is told when something was done with it. */
export async function showOrder(page, id, onChange) {
  const { api, attempt } = page;
  const body = make('div', { class: 'stack' });
  const shown = dialog({ title: say('ops.order.title'), content: [body] });
  shown.element.classList.add('wide');
  let selected = 'why';

  async function read() {
    const [order, explanation, certificate] = await Promise.all([
      attempt(() => api.get(path`/v1/orders/${id}`)),
      attempt(() => api.get(path`/v1/orders/${id}/explanation`)),
      attempt(() => api.get(path`/v1/orders/${id}/certificate`)),
    ]);
    if (!order || !explanation || !certificate) return null;
    const changed = async () => {
      const now = await read();
      if (now) onChange(now);
    };
    const panels = [
      { key: 'why', label: say('ops.order.why'),
        element: make('div', { class: 'stack' }, explanationParts(explanation, { isStaff: true })) },
      { key: 'certificate', label: say('ops.order.certificate'),
        element: certificateView(certificate) },
      { key: 'refund', label: say('ops.order.actions'),
        element: actions(page, order, changed) },
    ];
    const top = head(order);
    body.replaceChildren(
      top,
      tabs({
        label: say('ops.order.title'), panels, selected,
        onSelect: (key) => { selected = key; },
      }).element);
    // The button that had the focus is gone.
    if (shown.element.open) top.focus();
    return order;
  }

  if (await read()) shown.open();
}

function head(order) {
  const facts = [
    ['ops.placedAt', order.placedAt], ['ops.paidAt', order.paidAt],
    ['ops.deliveredAt', order.deliveredAt], ['ops.releaseDue', order.releaseDue],
  ].filter(([, at]) => at);
  return make('div', { class: 'stack', tabindex: '-1' },
    make('div', { class: 'title-line' },
      make('code', { class: 'order-id', text: order.order }), stateBadge(order.state),
      make('span', { class: 'price', text: money(order.net, order.currency) })),
    make('dl', { class: 'facts' },
      make('div', {}, make('dt', { text: say('ops.buyer') }), make('dd', { text: order.buyer })),
      make('div', {}, make('dt', { text: say('ops.room') }),
        make('dd', { text: order.room ?? say('ops.noRoom') })),
      facts.map(([label, at]) => make('div', {},
        make('dt', { text: say(label) }), make('dd', { text: dateAndTime(at) })))),
    make('ul', { class: 'plain-list' }, order.lines.map((line) => make('li', {},
      say('viewer.unitsOf', { title: line.sku, units: line.units }), ' ',
      make('strong', { text: money(line.paid, order.currency) }),
      line.refunded > 0 ? ` ${say('ops.lineRefunded', {
        amount: money(line.refunded, order.currency),
      })}` : null))));
}

/** Supplier + shares + platform = what was paid, with the part of the ledger that proves it. */
function certificateView(certificate) {
  const { currency } = certificate;
  const sums = dataTable({
    caption: say('ops.order.certificate'),
    keyOf: ({ key }) => key,
    columns: [
      { label: say('ops.party'), cell: ({ party }) => party },
      { label: say('why.amount'), isNumber: true, cell: ({ amount }) => money(amount, currency) },
    ],
  });
  sums.update([
    ...certificate.suppliers.map(({ supplier, amount }) => (
      { key: `s-${supplier}`, party: say('ops.supplierOf', { supplier }), amount })),
    ...certificate.shares.map(({ member, amount }) => (
      { key: `m-${member}`, party: member, amount })),
    { key: 'platform', party: say('why.platform'), amount: certificate.platform },
    ...(certificate.unsettled === 0 ? [] : [
      { key: 'unsettled', party: say('ops.unsettled'), amount: certificate.unsettled }]),
    { key: 'net', party: say('ops.equalsNet'), amount: certificate.net },
  ]);
  return make('div', { class: 'stack' },
    make('p', {
      class: certificate.holds ? 'verdict good' : 'verdict bad',
      text: say(certificate.holds ? 'ops.holds' : 'ops.holdsNot', {
        paid: money(certificate.paid, currency), refunded: money(certificate.refunded, currency),
        net: money(certificate.net, currency),
      }),
    }),
    certificate.booked ? null : make('p', { class: 'hint', text: say('why.notBooked') }),
    sums.element,
    transactionList(certificate.transactions),
    make('p', { class: 'hint', text: say('ops.snapshot', {
      plan: certificate.plan.name, activation: certificate.plan.activation,
    }) }),
    make('dl', { class: 'digests' },
      [['ops.digest.chain', certificate.chain.digest], ['ops.digest.plan', certificate.plan.digest],
        ['ops.digest.snapshot', certificate.snapshot.digest]].map(([label, digest]) => make('div', {},
        make('dt', { text: say(label) }), make('dd', {}, make('code', { text: digest }))))));
}

/** Transactions with their postings. */
export function transactionList(transactions) {
  return make('ol', { class: 'transactions' }, transactions.map((transaction) => make('li', {},
    make('details', {},
      make('summary', {},
        make('strong', { text: `#${transaction.sequence} ` }),
        `${say(`ledger.kind.${transaction.kind}`)} · ${transaction.subject} · ${
          dateAndTime(transaction.at)}`),
      make('table', { class: 'table compact' },
        make('caption', { class: 'unseen', text: say('ledger.postings') }),
        make('tbody', {}, transaction.postings.map(({ account, amount }) => make('tr', {},
          make('th', { scope: 'row', text: account }),
          make('td', { class: 'number', text: money(amount, transaction.currency) }))))),
      make('code', { class: 'digest', text: transaction.digest })))));
}

function actions(page, order, onDone) {
  const { api, attempt, tell } = page;
  const left = order.lines.reduce((sum, { paid, refunded }) => sum + paid - refunded, 0);
  const canRefund = order.paidAt && left > 0;
  const report = async (name, body, saidOf) => {
    const view = await attempt(() => api.post(path`/v1/orders/${order.order}/${name}`, body));
    if (!view) return;
    tell(say(saidOf(view)), 'good');
    onDone();
  };
  /** An open dispute and what ends it. */
  const openDispute = (dispute) => {
    const resolution = reportedOnce(['dispute', 'resolvedAt'], dispute);
    return make('div', {}, make('code', { class: 'order-id', text: dispute }),
      button(say('ops.resolve'), () => report('resolution', resolution(),
        ({ state }) => (state === 'disputed' ? 'ops.stillDisputed' : 'ops.resolved')), {
        'aria-label': say('ops.resolve.one', { dispute }),
      }));
  };
  const payment = reportedOnce(['payment', 'paidAt'], `payment-${randomName(16)}`);
  const delivery = reportedOnce(['delivery', 'deliveredAt'], `delivery-${randomName(16)}`);
  const disputeID = `dispute-${randomName(16)}`;
  const dispute = reportedOnce(['dispute', 'disputedAt'], disputeID);
  return make('div', { class: 'stack' },
    make('section', {}, make('h3', { text: say('ops.refund') }),
      make('p', { class: 'hint', text: say('ops.refund.hint') }),
      canRefund ? refundForm(page, order, onDone)
        : make('p', { class: 'hint', text: say('ops.refund.none') })),
    make('section', { class: 'stack' }, make('h3', { text: say('ops.otherFacts') }),
      make('div', { class: 'actions' },
        order.state === 'placed' ? button(say('ops.pay'), () =>
          report('payment', payment(), () => 'ops.reported')) : null,
        order.state === 'paid' ? button(say('ops.deliver'), () =>
          report('delivery', delivery(), () => 'ops.reported')) : null,
        ['paid', 'delivered'].includes(order.state) ? button(say('ops.dispute'), async () => {
          const isSure = await confirmed({
            title: say('ops.dispute'), text: say('ops.dispute.text', { dispute: disputeID }),
            action: say('ops.dispute'), isDangerous: true,
          });
          if (isSure) await report('dispute', dispute(), () => 'ops.disputed');
        }) : null,
        order.disputes.map(openDispute))));
}
