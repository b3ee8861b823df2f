// The promoter: what they earn, the rooms they can bring viewers to, and why every order earned what it
// earned. `#promoter` is all of it, `#promoter/ROOM` one room.

import { button, make } from './dom.js';
import { say } from './words.js';
import { tabs } from './widgets.js';
import { Api } from './api.js';
import { earningFigures, roomList, showPromoterRoom } from './promoter-room.js';
import { earningOrders } from './promoter-orders.js';
import { linkList } from './promoter-links.js';
import { invitePanel, releaseCalendar } from './promoter-quota.js';

const REFRESH_MILLISECONDS = 15_000;

/** Shows the promoter's pages; gives a function that ends them. */
export function showPromoter(page) {
  const { connection, place, tellRefusal } = page;
  const attempt = async (method, parameters = {}) => {
    try {
      return await (typeof method === 'function' ? method() : connection.call(method, parameters));
    } catch (refusal) {
      tellRefusal(refusal);
      return null;
    }
  };
  const asked = { ...page, attempt, api: new Api(page) };
  return place.room ? showPromoterRoom(asked) : showPromoterHome(asked);
}

function showPromoterHome(page) {
  const { main, connection, tellRefusal } = page;
  const total = earningFigures(
    ['available', 'pending', 'orders', 'viewersBrought', 'reversed', 'paid', 'debt']);
  const panels = {
    rooms: roomList(page),
    orders: earningOrders(page),
    calendar: releaseCalendar(page),
    links: linkList(page),
    invites: invitePanel(page),
  };
  let current = 'rooms';
  const read = () => panels[current].read();
  const set = tabs({
    label: say('promoter.parts'),
    panels: Object.entries(panels).map(([key, { element }]) => (
      { key, label: say(`promoter.tab.${key}`), element })),
    onSelect: (key) => {
      current = key;
      read();
    },
  });
  main.append(
    make('section', { class: 'card', 'aria-labelledby': 'total-title' },
      make('div', { class: 'title-line' },
        make('h1', { id: 'total-title', text: say('promoter.total') }),
        button(say('refresh'), read)),
      total.element),
    set.element);
  const end = connection.watch({ ticker: 'earnings' }, total.show, tellRefusal);
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible' && connection.state === 'open') read();
  }, REFRESH_MILLISECONDS);
  return () => {
    clearInterval(timer);
    end();
    for (const panel of Object.values(panels)) panel.end?.();
  };
}
