// A client of the Waggle protocol, version 1: JSON-RPC 2.0 over one WebSocket, "waggle.v1".
//
// It doubles as the example of how to use the API. What a client has to do:
//  1. Open the socket, then the session: `session.open` with a token. Whoever came by a landing
//     link has a cookie that has opened it already, and asks `session.get` who they are.
//  2. Call methods. Calls of one moment leave as one batch; an answer is found by its id.
//  3. Take pushes, alone or as a batch. Room events have offsets (feed.js); figures are "the
//     latest value" and carry the ledger sequence that they reflect.
//  4. When the socket closes, come back after a random and growing wait, then join every room
//     from where it was and subscribe to the figures again. A close code from 3500 to 3999 is
//     final: coming back would only meet the same refusal.

import { Feed } from './feed.js';

const SUBPROTOCOL = 'waggle.v1';
const BATCH_CALLS_MAX = 32;
const REPEATS_MAX = 5;
const STEADY_MILLISECONDS = 10_000;
const WAIT_FIRST_MILLISECONDS = 500;
const WAIT_LONGEST_MILLISECONDS = 20_000;

const isAboutToken = ({ code }) => code === 'unauthenticated' || code.startsWith('token_');

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A method that the server refused, or that the closing socket left without an answer. */
export class Refusal extends Error {
  constructor(code, message, { temporary = false, ...details } = {}) {
    super(message);
    this.code = code;
    this.temporary = temporary;
    this.details = details;
  }
}

/** One connection of one person. `state` is connecting, open, waiting or closed. */
export class Connection {
  state = 'closed';
  /** What `session.open` answered, or `session.get` where a cookie opened it; null before. */
  session = null;

  #address;
  #credentials;
  #onState;
  #socket = null;
  #openedAt = 0;
  #isRefused = false;
  #nextID = 1;
  #unanswered = new Map(); // id → {resolve, reject}
  #held = []; // calls that wait for the session
  #outbox = []; // requests of this moment
  #listeners = new Map(); // push method → set of functions
  #feeds = new Map(); // room → Feed
  #watches = new Set(); // {parameters, method, show, sequence}
  #failures = 0;
  #timer = null;
  #waitHint = 0;

  /**
   * `credentials(isRefused)` gives a promise of a token, or of null where a cookie may have opened
   * the session; `isRefused` says that what it gave before was not accepted.
   */
  constructor({ address, credentials, onState = () => {} }) {
    this.#address = address;
    this.#credentials = credentials;
    this.#onState = onState;
    this.wake = this.wake.bind(this);
    addEventListener('online', this.wake);
  }

  open() {
    if (this.state === 'closed') this.#connect();
  }

  /** A promise of the session, once there is one. */
  async signedIn() {
    if (this.state !== 'open') await this.#session();
    return this.session;
  }

  /** Closes for good; every call without an answer fails. */
  close() {
    removeEventListener('online', this.wake);
    clearTimeout(this.#timer);
    this.#listeners.clear();
    this.#feeds.clear();
    this.#watches.clear();
    this.#socket?.close(1000);
    this.#lose();
    this.#failHeld(new Refusal('closed', 'The connection is closed.'));
    this.#enter('closed');
  }

  /** Comes back at once instead of waiting any longer. */
  wake() {
    if (this.state !== 'waiting') return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  /**
   * Calls a method; a call made while there is no session waits for one. A call that was under
   * way when the socket closed fails as `connection_lost`: repeat it if its id makes it repeatable.
   */
  async call(method, parameters = {}) {
    if (this.state !== 'open') await this.#session();
    return this.#request(method, parameters);
  }

  /** Calls a method whose parameters make it repeatable, until there is an answer that is final. */
  async callRepeatedly(method, parameters) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.call(method, parameters);
      } catch (refusal) {
        if (!refusal.temporary || attempt === REPEATS_MAX) throw refusal;
        if (refusal.code !== 'connection_lost') await pause(WAIT_FIRST_MILLISECONDS * attempt);
      }
    }
  }

  /** Calls `take(parameters)` for every push of a method; gives a function that ends it. */
  on(method, take) {
    if (!this.#listeners.has(method)) this.#listeners.set(method, new Set());
    this.#listeners.get(method).add(take);
    return () => this.#listeners.get(method)?.delete(take);
  }

  /** Joins a room and keeps to it through every reconnect; see feed.js for `handlers`. */
  follow(room, handlers) {
    const feed = new Feed(
      room, handlers, (parameters) => this.callRepeatedly('room.join', parameters));
    this.#feeds.set(room, feed);
    feed.join();
    return () => {
      if (this.#feeds.get(room) !== feed) return;
      feed.stop();
      this.#feeds.delete(room);
      if (this.state === 'open') this.call('room.leave', { room }).catch(() => {});
    };
  }

  /** Subscribes to a ticker through every reconnect: `show(figures)`, never an older value. */
  watch(parameters, show, onRefusal = () => {}) {
    const watch = { parameters, show, onRefusal, sequence: -1 };
    this.#watches.add(watch);
    this.#subscribe(watch);
    return () => {
      if (!this.#watches.delete(watch) || this.state !== 'open') return;
      this.call('ticker.unsubscribe', parameters).catch(() => {});
    };
  }

  // The socket.

  async #connect() {
    this.#enter('connecting');
    let token;
    try {
      // Before the socket: a person may take longer to sign in than a socket may stay silent.
      token = await this.#credentials(this.#isRefused);
      this.#isRefused = false;
    } catch {
      this.#retryLater();
      return;
    }
    if (this.state !== 'connecting') return;
    const socket = new WebSocket(this.#address, [SUBPROTOCOL]);
    this.#socket = socket;
    socket.onopen = () => this.#begin(token);
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#receive(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket === socket) this.#ended(code, reason);
    };
  }

  async #begin(token) {
    const socket = this.#socket;
    try {
      this.session = null;
      this.session = token === null ? await this.#request('session.get')
        : await this.#request('session.open', { token });
      this.#onState(this.state, { session: this.session });
    } catch (refusal) {
      if (this.#socket !== socket || refusal.code === 'connection_lost') return;
      this.#drop();
      // A token that is no good any more, or no cookie after all: come back with another one.
      this.#isRefused = isAboutToken(refusal);
      if (this.#isRefused || refusal.temporary) this.#retryLater();
      else this.#stop(refusal.code, refusal.message);
      return;
    }
    this.#openedAt = performance.now();
    this.#enter('open');
    for (const waiter of this.#held.splice(0)) waiter.resolve();
    for (const feed of this.#feeds.values()) feed.join();
    for (const watch of this.#watches) this.#subscribe(watch);
  }

  #ended(code, reason) {
    // Only a session that lasted ends a row of failures.
    const isSteady = this.state === 'open'
      && performance.now() - this.#openedAt > STEADY_MILLISECONDS;
    if (isSteady) this.#failures = 0;
    this.#lose();
    if (code >= 3500 && code <= 3999) this.#stop(code, reason);
    else this.#retryLater();
  }

  /** There is no use in coming back. */
  #stop(code, reason) {
    this.#failHeld(new Refusal('closed', reason || `The server closed for good (${code}).`));
    this.#enter('closed', { code, reason });
  }

  #retryLater() {
    // "Full jitter": a server that comes back is not met by everybody at the same moment.
    const longest = Math.min(
      WAIT_LONGEST_MILLISECONDS, WAIT_FIRST_MILLISECONDS * 2 ** this.#failures);
    const wait = this.#waitHint + Math.random() * longest;
    this.#failures += 1;
    this.#waitHint = 0;
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#enter('waiting', { milliseconds: wait });
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#lose();
  }

  /** Forgets the socket and fails what it left without an answer. */
  #lose() {
    this.#socket = null;
    this.#outbox.length = 0;
    const lost = new Refusal(
      'connection_lost', 'The connection was lost before the answer.', { temporary: true });
    for (const { reject } of this.#unanswered.values()) reject(lost);
    this.#unanswered.clear();
    for (const feed of this.#feeds.values()) feed.lose();
  }

  #enter(state, details = {}) {
    this.state = state;
    this.#onState(state, details);
  }

  #session() {
    if (this.#socket === null && this.state === 'closed') {
      return Promise.reject(new Refusal('closed', 'The connection is closed.'));
    }
    return new Promise((resolve, reject) => this.#held.push({ resolve, reject }));
  }

  #failHeld(refusal) {
    for (const { reject } of this.#held.splice(0)) reject(refusal);
  }

  // Calls.

  #request(method, params) {
    const id = this.#nextID++;
    return new Promise((resolve, reject) => {
      this.#unanswered.set(id, { resolve, reject });
      this.#outbox.push({ jsonrpc: '2.0', id, method, params });
      if (this.#outbox.length === 1) queueMicrotask(() => this.#send());
    });
  }

  #send() {
    while (this.#outbox.length > 0 && this.#socket !== null) {
      const batch = this.#outbox.splice(0, BATCH_CALLS_MAX);
      this.#socket.send(JSON.stringify(batch.length === 1 ? batch[0] : batch));
    }
  }

  // Arrivals.

  #receive(text) {
    const arrival = JSON.parse(text);
    for (const message of Array.isArray(arrival) ? arrival : [arrival]) {
      if ('method' in message) this.#take(message.method, message.params ?? {});
      else this.#answer(message);
    }
  }

  #answer({ id, result, error }) {
    const call = this.#unanswered.get(id);
    if (!call) return;
    this.#unanswered.delete(id);
    if (!error) call.resolve(result);
    else {
      const { code = String(error.code), ...details } = error.data ?? {};
      call.reject(new Refusal(code, error.message, details));
    }
  }

  #take(method, parameters) {
    if (method === 'room.event') this.#feeds.get(parameters.room)?.take(parameters);
    if (method === 'session.closing') this.#waitHint = parameters.reconnectAfterMilliseconds ?? 0;
    if (method.startsWith('ticker.')) {
      const ticker = method.slice('ticker.'.length);
      for (const watch of this.#watches) {
        const isMine = watch.parameters.ticker === ticker
          && (watch.parameters.room ?? null) === (parameters.room ?? null);
        if (isMine) this.#show(watch, parameters);
      }
    }
    for (const take of this.#listeners.get(method) ?? []) take(parameters);
  }

  #subscribe(watch) {
    if (this.state !== 'open') return; // every watch is subscribed when the session opens
    this.callRepeatedly('ticker.subscribe', watch.parameters).then(
      (figures) => this.#show(watch, figures),
      (refusal) => refusal.code === 'connection_lost' || watch.onRefusal(refusal));
  }

  #show(watch, figures) {
    const sequence = figures.sequence ?? 0;
    if (sequence < watch.sequence || !this.#watches.has(watch)) return;
    watch.sequence = sequence;
    watch.show(figures);
  }
}
