// Why an order earned what it earned: the server's own sentences, and the touches that it weighed.

import { field, make } from './dom.js';
import { dateAndTime, money } from './format.js';
import { languageKey, say } from './words.js';

/** A form that asks for an order and shows its explanation. */
export function explanationForm(attempt) {
  const order = make('input', { required: true, autocomplete: 'off', spellcheck: 'false' });
  const answer = make('div', { class: 'explanation', 'aria-live': 'polite' });
  const form = make('form', { class: 'inline' },
    field(say('promoter.orderID'), order),
    make('button', { text: say('promoter.explain') }));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const explanation = await attempt('order.explain', { order: order.value.trim() });
    answer.replaceChildren(...(explanation ? parts(explanation) : []));
  });
  return make('section', { class: 'card', 'aria-labelledby': 'why-title' },
    make('h2', { id: 'why-title', text: say('promoter.why') }), form, answer);
}

function parts({ plan, planVersion, net, attribution, shares, text }) {
  const { promoter, source, selfPurchase, candidates = [] } = attribution ?? {};
  return [
    make('p', { text: say('promoter.plan', { plan, version: planVersion, net: money(net) }) }),
    make('p', {
      text: promoter ? say('promoter.attributed', { promoter, source })
        : say('promoter.unattributed'),
    }),
    selfPurchase ? make('p', { text: say('promoter.selfPurchase') }) : null,
    make('ul', { class: 'plain-list' }, (shares ?? []).map((share) => make('li', {},
      make('strong', { text: money(share.amount) }), ` ${share.member} (${share.rule})`))),
    make('ul', {}, (text?.[languageKey()] ?? []).map((line) => make('li', { text: line }))),
    candidates.length === 0 ? null : make('h3', { text: say('promoter.candidates') }),
    make('ul', {}, candidates.map((candidate) => make('li', {
      text: [
        say('promoter.candidate', {
          promoter: candidate.promoter, source: candidate.source, time: dateAndTime(candidate.at),
        }), candidate.loss,
      ].filter(Boolean).join(': '),
    }))),
  ].filter(Boolean);
}
