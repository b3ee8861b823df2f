// Why an order earned what it earned: the server's own sentences, the shares that it made, and every
// touch that it weighed. Members see what is theirs, staff everything.

import { make } from './dom.js';
import { dateAndTime, money, rate } from './format.js';
import { dataTable, dialog } from './widgets.js';
import { languageKey, say, sayOr } from './words.js';

/** Asks for an explanation and shows it over the page. */
export async function explain(attempt, order) {
  const explanation = await attempt('order.explain', { order });
  if (!explanation) return;
  dialog({ title: say('why.title'), content: explanationParts(explanation) }).open();
}

/** An explanation as elements; `isStaff` adds what nobody else sees. */
export function explanationParts(explanation, { isStaff = false } = {}) {
  const { order, state, booked, net, plan, planVersion, attribution, shares, text } = explanation;
  return [
    make('p', { class: 'hint' },
      make('code', { class: 'order-id', text: order }), ' ',
      [sayOr(`order.${state}`, state), say('why.plan', { plan, version: planVersion }),
        net === null ? null : say('why.net', { net: money(net) })].filter(Boolean).join(' · ')),
    booked ? null : make('p', { class: 'hint', text: say('why.notBooked') }),
    make('ul', { class: 'sentences' },
      (text?.[languageKey()] ?? []).map((line) => make('li', { text: line }))),
    shares?.length > 0 ? sharesTable(explanation, isStaff) : null,
    attributionParts(attribution),
  ].flat().filter(Boolean);
}

function sharesTable({ shares, supplier, platform }, isStaff) {
  const table = dataTable({
    caption: say('why.shares'),
    keyOf: ({ key }) => key,
    columns: [
      { label: say('why.who'), cell: ({ who }) => who },
      { label: say('why.rule'), cell: ({ rule }) => rule },
      { label: say('why.base'), cell: ({ base }) => base, isNumber: true },
      { label: say('why.amount'), cell: ({ amount }) => amount, isNumber: true },
    ],
  });
  const rows = shares.map((share, index) => ({
    key: String(index),
    who: share.member,
    rule: share.rule,
    base: share.ratePpm === null
      ? say('why.rest', { base: money(share.baseAmount) })
      : say('why.of', { rate: rate(share.ratePpm), base: money(share.baseAmount) }),
    amount: money(share.amount),
  }));
  if (isStaff && supplier !== undefined) {
    rows.push(
      { key: 'supplier', who: say('why.supplier'), rule: '–', base: '–', amount: money(supplier) },
      { key: 'platform', who: say('why.platform'), rule: '–', base: '–', amount: money(platform) });
  }
  table.update(rows);
  return make('section', {}, make('h3', { text: say('why.shares') }), table.element);
}

/** Who brought the buyer, and every other touch with why it lost. */
export function attributionParts(attribution) {
  const { promoter, source, selfPurchase, candidates = [] } = attribution ?? {};
  return [
    make('h3', { text: say('why.receipt') }),
    make('p', {
      text: promoter
        ? say('why.attributed', { promoter, source: sayOr(`source.${source}`, source) })
        : say('why.unattributed'),
    }),
    selfPurchase ? make('p', { text: say('why.selfPurchase') }) : null,
    candidates.length === 0 ? null : make('ol', { class: 'touches' },
      candidates.map((candidate) => make('li', { class: candidate.loss ? 'lost' : 'won' },
        make('strong', { text: candidate.promoter }), ' ',
        make('span', {
          class: 'hint',
          text: [sayOr(`source.${candidate.source}`, candidate.source), dateAndTime(candidate.at)]
            .join(' · '),
        }), ' ',
        make('span', {
          class: 'badge',
          text: candidate.loss ? sayOr(`loss.${candidate.loss}`, candidate.loss) : say('why.won'),
        })))),
  ].filter(Boolean);
}
