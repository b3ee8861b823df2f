// The clients' side of the simulated world: how they connect, call, lose their connections, call again,
// and what they make of what they are told. One thread.

import Commerce
import Coordination
import Notation
import Server
import Transport
import Wire

extension Simulation {
  func addClient(_ client: SimulatedClient) {
    clients.append(client)
    schedule(after: Int64(dice.below(50)), .connect(client: clients.count - 1))
  }

  /// A client wants something.
  @discardableResult
  func want(
    _ client: Int, _ call: Call, fact: String? = nil, repeats: Int64? = nil,
    conflicts: Bool = false
  ) -> Int64 {
    nextIntent += 1
    clients[client].intents.append(
      Intent(number: nextIntent, call: call, fact: fact, repeats: repeats, conflicts: conflicts))
    send(client)
    return nextIntent
  }

  func connect(_ client: Int) {
    guard clients[client].connection == nil else { return }
    guard let process else { return schedule(after: 300, .connect(client: client)) }
    let id = network.connect(client)
    clients[client].connection = id
    process.open(id, clients[client].caller)
    for room in clients[client].rooms { join(client, room) }
    for ticker in clients[client].tickers { subscribe(client, ticker) }
    send(client)
  }

  func join(_ client: Int, _ room: RoomKey) {
    let place = clients[client].places[room]
    let wish = JoinWish(
      room: room.room, link: clients[client].link, since: place.map { ($0.epoch, $0.offset) })
    call(client, .join(wish), .join(room, since: place))
  }

  func subscribe(_ client: Int, _ ticker: Ticker) {
    call(client, .subscribe(ticker), .watch(ticker))
  }

  func leave(_ client: Int, _ room: RoomKey) {
    clients[client].rooms.removeAll { $0 == room }
    call(client, .leave(room.room), .leave(room))
  }

  /// Sends intents that are not on their way, in their order, as far as the window goes.
  func send(_ client: Int) {
    guard clients[client].connection != nil else { return }
    for intent in clients[client].intents.prefix(SimulatedClient.windowMax)
    where !clients[client].isUnderWay(intent.number) {
      call(client, intent.call, .intent(intent.number))
    }
  }

  private func call(_ client: Int, _ call: Call, _ purpose: SimulatedClient.Purpose) {
    guard let id = clients[client].connection, let at = network.sendToServer(id) else { return }
    nextCall += 1
    clients[client].calls[nextCall] = purpose
    events.add(at, .arrival(id, call, number: nextCall))
    schedule(after: 9000, .impatience(client: client, id, number: nextCall))
  }

  func breakLine(_ id: ConnectionID) {
    guard let line = network.lines[id], !line.isBroken else { return }
    events.add(network.cut(id), .lost(client: line.client, id))
    schedule(after: Int64(dice.below(400)), .closed(id))
  }

  /// The client knows that its connection is gone.
  func drop(_ client: Int) {
    clients[client].connection = nil
    clients[client].calls = [:]
    clients[client].joined = []
    schedule(after: Int64(10 + dice.below(500)), .connect(client: client))
  }

  func receive(_ bytes: [UInt8], _ client: Int, _ id: ConnectionID) {
    guard clients[client].connection == id else { return }
    guard let json = try? JSON.read(Array(textOfFrame(bytes))) else {
      return auditor.find(.stream, "a frame is no JSON", elapsed: clock.now)
    }
    for message in json.elements ?? [json] {
      if let method = message["method"]?.text {
        auditor.pushed(
          method, message["params"] ?? .null, to: &clients[client], elapsed: clock.now)
      } else {
        answered(message, client)
      }
    }
  }

  private func answered(_ message: JSON, _ client: Int) {
    guard let number = message["id"]?.integer,
      let purpose = clients[client].calls.removeValue(forKey: number)
    else {
      return auditor.find(.stream, "an answer to no call", elapsed: clock.now)
    }
    let fault = message["error"]?["data"]
    let isTemporary = fault?["temporary"]?.bool == true
    let body = message["result"] ?? .null
    switch purpose {
    case .intent(let number):
      guard let index = clients[client].intents.firstIndex(where: { $0.number == number })
      else { return }
      if isTemporary { return schedule(after: 200, .retry(client: client)) }
      let intent = clients[client].intents.remove(at: index)
      let code = fault.map { $0["code"]?.text ?? "" }
      auditor.answered(intent, body, refusal: code, elapsed: clock.now)
      workload.answered(intent, body, refusal: code)
      send(client)
    case .join(let room, let since):
      if isTemporary {
        if clients[client].rooms.contains(room) { join(client, room) }
      } else if fault != nil {
        clients[client].rooms.removeAll { $0 == room }
      } else {
        auditor.joined(room, body, since: since, &clients[client], elapsed: clock.now)
      }
    case .leave(let room):
      if isTemporary {
        call(client, .leave(room.room), .leave(room))
      } else if !clients[client].rooms.contains(room) {
        clients[client].joined.remove(room)
      }
    case .watch(let ticker):
      if isTemporary {
        call(client, .subscribe(ticker), .watch(ticker))
      } else if fault != nil {
        clients[client].tickers.removeAll { $0 == ticker }
      } else {
        auditor.figures(ticker, body, to: &clients[client], elapsed: clock.now)
      }
    }
  }
}
