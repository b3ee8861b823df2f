// The events of one room, each exactly once and in order, through any number of reconnects.
//
// The server numbers the events of a room without gaps: an epoch and an offset. After a reconnect
// the client says how far it was (`since`). The server then sends what was missed, or says that
// it cannot (`recovered: false`) and sends the room as it is now.
//
// Handlers: `onRoom(result, hasMissed)` for a fresh picture of the room, `onRecovered(result)` after
// missed events were delivered, `onEvent(event)`, `onRefusal(refusal)`.

export class Feed {
  #room;
  #handlers;
  #call;
  #position = null; // {epoch, offset} of the last event that was taken
  #isJoined = false;
  #isJoining = false;
  #isStopped = false;
  #early = []; // events that arrived before the answer of the join

  /** `call(parameters)` calls `room.join`. */
  constructor(room, handlers, call) {
    this.#room = room;
    this.#handlers = handlers;
    this.#call = call;
  }

  async join() {
    if (this.#isJoining || this.#isStopped) return;
    this.#isJoining = true;
    const parameters = { room: this.#room };
    if (this.#position) parameters.since = this.#position;
    // The link is told once: coming back after a lost connection is not another visit.
    else if (this.#handlers.link) parameters.link = this.#handlers.link;
    try {
      const result = await this.#call(parameters);
      if (!this.#isStopped) this.#joined(result);
    } catch (refusal) {
      // A lost connection is joined again when the session is back.
      if (refusal.code !== 'connection_lost') this.#handlers.onRefusal(refusal);
    } finally {
      this.#isJoining = false;
    }
  }

  /** The socket closed. */
  lose() {
    this.#isJoined = false;
    this.#early.length = 0;
  }

  stop() {
    this.#isStopped = true;
  }

  /** Takes a push. */
  take(event) {
    if (!this.#isJoined) {
      this.#early.push(event);
      return;
    }
    if (event.epoch === this.#position.epoch) {
      if (event.offset <= this.#position.offset) return; // known already
      if (event.offset === this.#position.offset + 1) {
        this.#position.offset = event.offset;
        this.#handlers.onEvent(event);
        return;
      }
    }
    // A gap, or a room that was restored from elsewhere: ask for what is missing.
    this.#isJoined = false;
    this.join();
  }

  #joined(result) {
    const hasMissed = this.#position !== null && !result.recovered;
    const before = this.#position?.offset ?? 0;
    this.#position = { epoch: result.epoch, offset: result.offset };
    this.#isJoined = true;
    if (result.recovered) {
      for (const event of result.events) {
        if (event.offset > before) this.#handlers.onEvent(event);
      }
      this.#handlers.onRecovered(result);
    } else {
      this.#handlers.onRoom(result, hasMissed);
    }
    for (const event of this.#early.splice(0)) this.take(event);
  }
}
