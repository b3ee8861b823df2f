// The shared catalogue as a host sees it: what one unit of each product earns them, and one tap to
// list it.

import { button, field, keyedList, make, setText } from './dom.js';
import { count, money, rate } from './format.js';
import { picture, stock } from './parts.js';
import { say } from './words.js';

const PAGE_SIZE = 15;

/** What one unit earns its host: {element, show(earning)}; the figure first, the split below. */
export function earningLines() {
  const alone = make('strong', { class: 'earning' });
  const together = make('span', { class: 'hint' });
  return {
    element: make('div', { class: 'earnings' }, alone, together),
    show: (earning) => {
      setText(alone, earning
        ? say('host.youEarn', { amount: money(earning.withoutPromoter) }) : '');
      setText(together, earning ? say('host.youEarnWith', {
        mine: money(earning.withPromoter), theirs: money(earning.promoter),
      }) : '');
    },
  };
}

/** The search and its results; `attempt` calls a method and tells a refusal. */
export function catalogue({ connection, room, earnings, attempt, tellRefusal }) {
  const text = make('input', { type: 'search', autocomplete: 'off', enterkeyhint: 'search' });
  const form = make('form', { class: 'search', role: 'search' }, field(say('host.search'), text));
  const status = make('p', { class: 'hint', role: 'status' });
  const list = make('ul', { class: 'rows' });
  const more = button(say('more'), () => search(after), { hidden: true });
  const showRows = keyedList(list, ({ sku }) => sku, itemRow);
  let items = [];
  let after = null;
  let latest = 0; // the search whose answer counts

  function itemRow({ sku, title: name, picture: address }) {
    const title = make('strong');
    const price = make('span', { class: 'price' });
    const level = make('span', { class: 'hint' });
    const earning = earningLines();
    const add = button(say('host.list'), async () => {
      const answer = await attempt('listing.add', { sku });
      for (const made of answer?.earnings ?? []) earnings.set(made.sku, made);
      refresh();
    }, { class: 'main' });
    return {
      element: make('li', { class: 'row listing' }, picture({ title: name, picture: address }),
        make('div', { class: 'grow' }, title, make('div', {}, price, ' ', level), earning.element),
        make('div', { class: 'actions' }, add)),
      update: (item) => {
        setText(title, item.title);
        setText(price, money(item.price, item.currency));
        // Sold in another currency than this storefront's, it cannot be listed, and earns nothing here.
        const isForeign = item.currency !== connection.session?.currency;
        setText(level, [
          say('host.commission', { rate: rate(item.ratePpm) }), stock(item.left),
          isForeign ? say('host.otherCurrency') : null,
        ].filter(Boolean).join(' · '));
        earning.show(isForeign ? null : earnings.get(sku) ?? item.earning);
        add.hidden = isForeign;
        const isListed = room.find(sku) !== null;
        add.disabled = isListed || room.view?.state === 'ended';
        setText(add, say(isListed ? 'host.listed' : 'host.list'));
        add.setAttribute('aria-label', `${add.textContent}: ${item.title}`);
        add.classList.toggle('main', !isListed);
      },
    };
  }

  function refresh() {
    showRows(items);
  }

  async function search(from = null) {
    const mine = (latest += 1);
    const parameters = { text: text.value.trim(), limit: PAGE_SIZE };
    if (from !== null) parameters.after = from;
    const answer = await connection.call('catalogue.search', parameters).catch(tellRefusal);
    if (!answer || mine !== latest) return;
    items = from === null ? answer.items : [...items, ...answer.items];
    after = answer.after ?? null;
    more.hidden = after === null || answer.items.length === 0;
    setText(status, say('host.found', { count: count(items.length) + (after === null ? '' : '+') }));
    refresh();
    // The search knows no room: ask what each would earn under the pact of this one.
    const skus = answer.items.map(({ sku }) => sku);
    if (skus.length === 0) return;
    const quoted = await attempt('listing.quote', { skus });
    for (const earning of quoted?.earnings ?? []) earnings.set(earning.sku, earning);
    refresh();
  }

  let timer = null;
  text.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(), 300);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search();
  });
  search();

  return {
    element: make('section', { class: 'card', 'aria-labelledby': 'catalogue-title' },
      make('h2', { id: 'catalogue-title', text: say('host.catalogue') }), form, status, list, more),
    refresh,
  };
}
