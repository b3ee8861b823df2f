// The ledger: what each kind of party and each account holds, and the transactions behind it.

import { button, field, figure, make, setText } from './dom.js';
import { count, money } from './format.js';
import { say } from './words.js';
import { dataTable, emptyState } from './widgets.js';
import { transactionList } from './ops-order.js';

const PAGE_SIZE = 100;
const LATEST = 20;
const PARTIES = ['buyers', 'suppliers', 'members', 'platform', 'unsettled'];

/** The part: {element, read(), refresh()}. */
export function ledgerPart({ api, attempt }) {
  const parties = PARTIES.map((name) => [name, figure(say(`ledger.${name}`))]);
  const verdict = make('p', { class: 'verdict' });
  const digest = make('code', { class: 'digest' });
  const more = button(say('more'), () => readAccounts(after), { hidden: true });
  const table = dataTable({
    caption: say('ledger.accounts'),
    keyOf: ({ account }) => account,
    columns: [
      { label: say('ledger.account'), cell: ({ account }) => account },
      { label: say('ledger.holds'), isNumber: true, cell: ({ amount }) => money(amount) },
    ],
  });
  const subject = make('input', { autocomplete: 'off', spellcheck: 'false' });
  const found = make('div');
  const none = emptyState(say('ledger.none'));
  const form = make('form', { class: 'inline' },
    field(say('ledger.subject'), subject, say('ledger.subject.hint')),
    make('button', { text: say('ops.filter') }));
  let accounts = [];
  let after = null;

  async function readAccounts(from) {
    const answer = await attempt(() => api.get('/v1/ledger/accounts', {
      limit: PAGE_SIZE, after: from,
    }));
    if (!answer) return;
    accounts = from === null ? answer.accounts : [...accounts, ...answer.accounts];
    ({ after } = answer);
    more.hidden = after === null;
    table.update(accounts);
  }

  async function readTransactions(sequence) {
    const about = subject.value.trim();
    const answer = await attempt(() => api.get('/v1/ledger/transactions', about
      ? { subject: about } : { from: Math.max(1, sequence - LATEST + 1), limit: LATEST }));
    if (!answer) return;
    found.replaceChildren(transactionList(answer.transactions.toReversed()));
    none.hidden = answer.transactions.length > 0;
  }

  async function refresh() {
    const ledger = await attempt(() => api.get('/v1/ledger'));
    if (!ledger) return;
    for (const [name, part] of parties) part.show(money(ledger.parties[name]));
    verdict.className = ledger.sum === 0 ? 'verdict good' : 'verdict bad';
    setText(verdict, say(ledger.sum === 0 ? 'ledger.balanced' : 'ledger.unbalanced', {
      sequence: count(ledger.sequence), sum: money(ledger.sum),
    }));
    setText(digest, ledger.digest);
    if (!found.contains(document.activeElement)) await readTransactions(ledger.sequence);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    refresh();
  });

  return {
    element: make('div', { class: 'stack' },
      make('section', { class: 'card', 'aria-labelledby': 'ledger-title' },
        make('h2', { id: 'ledger-title', text: say('ledger.title') }), verdict,
        make('dl', { class: 'figures' }, parties.map(([, { element }]) => element)),
        make('p', { class: 'hint', text: say('ledger.digest') }), digest),
      make('div', { class: 'columns' },
        make('section', { class: 'card', 'aria-labelledby': 'accounts-title' },
          make('h2', { id: 'accounts-title', text: say('ledger.accounts') }),
          make('p', { class: 'hint', text: say('ledger.accounts.hint') }), table.element, more),
        make('section', { class: 'card', 'aria-labelledby': 'transactions-title' },
          make('h2', { id: 'transactions-title', text: say('ledger.transactions') }), form, found,
          none))),
    read: () => Promise.all([refresh(), readAccounts(null)]),
    refresh,
  };
}
