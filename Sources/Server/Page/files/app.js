// The page: which role, which language, one connection, and the notices.
//
// The address says everything: `/#host`, `/#promoter`, `/#viewer`, `/#ops`, with `/ROOM` behind it for a room.
// A landing link leads to `/?room=…&link=…&rejected=…#viewer`: `link` where the visitor had to sign in
// first, `rejected` where the link was not accepted.

import { Connection } from './protocol.js';
import { SignIn } from './session.js';
import { make, field, setText } from './dom.js';
import { setStorefront } from './format.js';
import { say, sayReason, setLanguage, language, languageKey } from './words.js';
import { showHost } from './host.js';
import { showPromoter } from './promoter.js';
import { showViewer } from './viewer.js';
import { showOps } from './ops.js';

const NOTICE_MILLISECONDS = 8000;
const NOTICES_MAX = 4;
const roles = { host: showHost, promoter: showPromoter, viewer: showViewer, ops: showOps };

const main = document.getElementById('main');
const connectionLine = document.getElementById('connection');
const personLine = document.getElementById('person');
const signOut = document.getElementById('sign-out');
const notices = document.getElementById('notices');
const languageChoice = document.getElementById('language');

let leave = () => {};

/** What the address asks for. */
function place() {
  const [role, room] = location.hash.slice(1).split('/');
  const query = new URLSearchParams(location.search);
  const isViewer = !(role in roles) || role === 'viewer';
  return {
    role: role in roles ? role : 'viewer',
    room: room ? decodeURIComponent(room) : isViewer ? query.get('room') : null,
    // Only a landing link puts the room into the query; only then there may be a cookie.
    isLanding: isViewer && !room && query.has('room'),
    link: query.get('link'),
    rejected: query.get('rejected'),
  };
}

/** Tells something in passing, politely. */
function tell(text, tone = 'info') {
  const notice = make('p', { class: `notice ${tone}`, text });
  notices.append(notice);
  while (notices.children.length > NOTICES_MAX) notices.firstChild.remove();
  setTimeout(() => notice.remove(), NOTICE_MILLISECONDS);
}

function tellRefusal(refusal) {
  // Not a refusal but a mistake of this page: let the console have it as well.
  if (!refusal.code) console.error(refusal);
  tell(sayReason(refusal.code, refusal.message), 'bad');
}

function sayFrame() {
  document.documentElement.lang = language();
  languageChoice.value = languageKey();
  for (const element of document.querySelectorAll('[data-say]')) {
    setText(element, say(element.dataset.say));
  }
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', say(element.dataset.label));
  }
}

function showConnection(state, details) {
  connectionLine.dataset.state = state;
  setText(connectionLine, say(`state.${state}`));
  if (state === 'closed' && details.code) {
    tell(details.reason || say('closed', { code: details.code }), 'bad');
  }
  const { session } = details;
  if (state === 'open' && !personLine.textContent) setText(personLine, say('guest'));
  if (!session) return;
  setStorefront(session);
  setText(personLine, say('signedInAs', { person: session.person }));
  signOut.hidden = false;
}

/** Asks for a token where the server makes none by itself. */
function askForToken(wasRefused) {
  return new Promise((resolve) => {
    const token = make('textarea', {
      rows: 4, required: true, autocomplete: 'off', spellcheck: 'false',
    });
    const form = make('form', { class: 'card sign-in' },
      make('h2', { text: say('signIn') }),
      make('p', { text: say('signIn.why') }),
      wasRefused ? make('p', { class: 'bad', text: say('signIn.refused') }) : null,
      field(say('token'), token),
      make('button', { class: 'main', text: say('signIn') }));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      form.remove();
      resolve(token.value.trim());
    });
    main.prepend(form);
    token.focus();
  });
}

/** Shows the role of the address from the beginning. */
function show() {
  leave();
  const asked = place();
  sayFrame();
  document.title = `${say(`role.${asked.role}`)} · Waggle`;
  for (const anchor of document.querySelectorAll('#roles a')) {
    const isCurrent = anchor.hash === `#${asked.role}`;
    if (isCurrent) anchor.setAttribute('aria-current', 'page');
    else anchor.removeAttribute('aria-current');
  }
  setText(personLine, '');
  signOut.hidden = true;
  main.replaceChildren();
  main.className = asked.role;

  const signIn = new SignIn(asked.role, { mayHaveCookie: asked.isLanding, askForToken });
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const connection = new Connection({
    address: `${scheme}://${location.host}/v1/socket`,
    credentials: (wasRefused) => signIn.credentials(wasRefused),
    onState: showConnection,
  });
  connection.open();
  let isOver = false;
  const end = roles[asked.role]({
    main, connection, signIn, place: asked, tell,
    // What was under way when the page was left is nobody's concern any more.
    tellRefusal: (refusal) => isOver || tellRefusal(refusal),
  });
  leave = () => {
    isOver = true;
    end();
    connection.close();
  };
}

languageChoice.addEventListener('change', () => {
  setLanguage(languageChoice.value);
  show();
});

signOut.addEventListener('click', () => {
  SignIn.forget(place().role);
  show();
});

let shownHash = location.hash;
addEventListener('hashchange', () => {
  if (location.hash === '#main') {
    // The skip link is not a place of its own.
    history.replaceState(null, '', shownHash || '#viewer');
    main.focus();
    return;
  }
  shownHash = location.hash;
  show();
});

show();
