// The links made so far, whom each brought, and what was refused of them.

import { button, keyedList, make, setText } from './dom.js';
import { path } from './api.js';
import { count, dateAndTime } from './format.js';
import { say, sayReason } from './words.js';
import { confirmed, emptyState } from './widgets.js';
import { shareLink } from './promoter-share.js';

/** The titles of so many more rooms are asked for at a time. */
const ROOMS_NAMED_MAX = 20;
const PRODUCTS_NAMED_MAX = 100;

/** The links: {element, read()}. */
export function linkList(page) {
  const { attempt, api, connection } = page;
  const titles = new Map(); // room, or room and SKU → title
  const list = make('ul', { class: 'rows' });
  const empty = emptyState(say('promoter.noLinks'));
  const refused = make('ul', { class: 'plain-list' });
  const noneRefused = make('p', { class: 'hint', text: say('promoter.noRefused') });

  const showRows = keyedList(list, ({ link }) => link, (first) => {
    const about = make('strong');
    const uses = make('span', { class: 'hint' });
    const mark = make('span', { class: 'badge' });
    let view = first;
    const show = button(say('promoter.share'), () => shareLink(page, view));
    const revoke = button(say('promoter.revoke'), async () => {
      const isSure = await confirmed({
        title: say('promoter.revoke.title'), text: say('promoter.revoke.text'),
        action: say('promoter.revoke'), isDangerous: true,
      });
      if (isSure && await attempt('link.revoke', { link: view.link })) read();
    });
    return {
      element: make('li', { class: 'row' },
        make('div', { class: 'grow' }, about, ' ', mark, make('div', {}, uses)),
        make('div', { class: 'actions' }, show, revoke)),
      update: (now) => {
        view = now;
        setText(about, [
          titles.get(now.room) ?? now.room, titles.get(`${now.room} ${now.sku}`) ?? now.sku, now.channel,
        ].filter(Boolean).join(' · ') || now.link);
        const limit = now.maximumUses ? ` / ${count(now.maximumUses)}` : '';
        const isOver = Date.parse(now.expiresAt) <= Date.now();
        setText(uses, [
          say('promoter.uses', { count: count(now.uses) + limit }),
          say('promoter.until', { time: dateAndTime(now.expiresAt) }),
        ].join(' · '));
        mark.hidden = !now.revoked && !isOver;
        setText(mark, say(now.revoked ? 'promoter.revoked' : 'promoter.expired'));
        revoke.hidden = Boolean(now.revoked);
        show.hidden = Boolean(now.revoked) || isOver || !now.path;
      },
    };
  });

  /** Learns how rooms and products are called; where that cannot be had, their ids stand in. */
  async function learn(links) {
    const rooms = new Set(links.map(({ room }) => room).filter((room) => room && !titles.has(room)));
    await Promise.all([...rooms].slice(0, ROOMS_NAMED_MAX).map(async (room) => {
      const [view, answer] = await Promise.all([
        api.get(path`/v1/rooms/${room}`),
        connection.call('listing.list', { room, limit: PRODUCTS_NAMED_MAX }),
      ]).catch(() => [{}, { listings: [] }]);
      titles.set(room, view.title || room);
      for (const { sku, title } of answer.listings) titles.set(`${room} ${sku}`, title);
    }));
  }

  async function read() {
    const answer = await attempt('link.list');
    if (!answer) return;
    showRows(answer.links);
    learn(answer.links).then(() => showRows(answer.links));
    empty.hidden = answer.links.length > 0;
    noneRefused.hidden = answer.refused.length > 0;
    refused.replaceChildren(...answer.refused.map((entry) => make('li', {},
      make('strong', { text: `${count(entry.count)} × ` }), sayReason(entry.reason))));
  }

  return {
    element: make('div', { class: 'stack' },
      make('section', { class: 'card' }, list, empty),
      make('section', { class: 'card', 'aria-labelledby': 'refused-title' },
        make('h2', { id: 'refused-title', text: say('promoter.refused') }),
        make('p', { class: 'hint', text: say('promoter.refused.hint') }), refused, noneRefused)),
    read,
  };
}
