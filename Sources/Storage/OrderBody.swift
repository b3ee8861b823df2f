// The nested part of an order as JSON text. Written whole with every change of the order, so it is
// written straight into bytes; what stands in columns is not repeated.
//
//   {"lines":[{"sku":"k","supplier":"s","units":1,"placed":200,"paid":200,"refunded":0,"cost":120,
//    "rate":200000,"stock":true}],"expiresAt":1,"source":"visit","self":true,
//    "candidates":[{"source":"visit","promoter":"p","link":"l","at":1,"loss":"replaced"}],
//    "snapshot":{…},"disputes":[{"id":"q","from":1,"until":2}],"delegation":{…}}
//
// Left out where they say nothing: expiresAt, source, self, an empty list, link, loss, from, until, and
// delegation, which DelegationBody.swift describes.

import Commerce
import Commission
import Coordination
import Notation

/// What the body of an order's row holds.
struct OrderBody {
  let lines: [OrderLine]
  let expiresAt: Timestamp?
  let receipt: AttributionReceipt
  let snapshot: Snapshot
  let disputes: [Dispute]
  let delegation: Delegation?

  init(_ body: Body, promoter: MemberID?) throws {
    lines = try body["lines"].list().map { line throws(StorageError) in
      OrderLine(
        sku: try line["sku"].id(), supplier: try line["supplier"].id(),
        units: try line["units"].integer(), placed: try line["placed"].amount(),
        paid: try line["paid"].amount(), refunded: try line["refunded"].amount(),
        cost: try line["cost"].amount(), rate: try line["rate"].rate(),
        usesStock: try line["stock"].flag())
    }
    expiresAt = try body["expiresAt"].optional { time throws(StorageError) in try time.time() }
    let candidates = try body["candidates"].optional { list throws(StorageError) in
      try list.list().map { candidate throws(StorageError) in
        Candidate(
          source: try candidate["source"].word(), promoter: try candidate["promoter"].id(),
          link: try candidate["link"].optional { link throws(StorageError) in try link.id() },
          at: try candidate["at"].time(),
          loss: try candidate["loss"].optional { loss throws(StorageError) in try loss.word() })
      }
    }
    receipt = AttributionReceipt(
      promoter: promoter,
      source: try body["source"].optional { word throws(StorageError) in try word.word() },
      selfPurchase: try body["self"].optional { flag throws(StorageError) in try flag.flag() }
        ?? false,
      candidates: candidates ?? [])
    do { snapshot = try Snapshot(json: body["snapshot"].json) } catch {
      throw body.unexpected("a snapshot (\(error))")
    }
    disputes =
      try body["disputes"].optional { list throws(StorageError) in
        try list.list().map { dispute throws(StorageError) in
          Dispute(
            id: try dispute["id"].id(),
            from: try dispute["from"].optional { time throws(StorageError) in try time.time() },
            until: try dispute["until"].optional { time throws(StorageError) in try time.time() })
        }
      } ?? []
    delegation = try body["delegation"].optional { body throws(StorageError) in
      try Delegation(body)
    }
  }

  static func bytes(of order: Order) -> [UInt8] {
    var body = JSONWriter(reserving: 512 + order.lines.count * 160)
    body.beginObject()
    body.key("lines")
    body.beginArray()
    for line in order.lines { write(line, to: &body) }
    body.endArray()
    body.field("expiresAt", order.expiresAt?.milliseconds)
    body.field("source", order.receipt.source?.rawValue)
    if order.receipt.selfPurchase {
      body.key("self")
      body.bool(true)
    }
    if !order.receipt.candidates.isEmpty {
      body.key("candidates")
      body.beginArray()
      for candidate in order.receipt.candidates { write(candidate, to: &body) }
      body.endArray()
    }
    body.key("snapshot")
    write(order.snapshot, to: &body)
    if !order.disputes.isEmpty {
      body.key("disputes")
      body.beginArray()
      for dispute in order.disputes {
        body.beginObject()
        body.field("id", dispute.id.text)
        body.field("from", dispute.from?.milliseconds)
        body.field("until", dispute.until?.milliseconds)
        body.endObject()
      }
      body.endArray()
    }
    if let delegation = order.delegation {
      body.key("delegation")
      body.value(delegation.json)
    }
    body.endObject()
    return body.bytes
  }

  private static func write(_ line: OrderLine, to body: inout JSONWriter) {
    body.beginObject()
    body.field("sku", line.sku.text)
    body.field("supplier", line.supplier.text)
    body.field("units", line.units)
    body.field("placed", line.placed.minorUnits)
    body.field("paid", line.paid.minorUnits)
    body.field("refunded", line.refunded.minorUnits)
    body.field("cost", line.cost.minorUnits)
    body.field("rate", Int64(line.rate.partsPerMillion))
    body.key("stock")
    body.bool(line.usesStock)
    body.endObject()
  }

  /// As `Snapshot.json` has it, which `Snapshot.init(json:)` reads.
  private static func write(_ snapshot: Snapshot, to body: inout JSONWriter) {
    body.beginObject()
    body.field("plan", snapshot.plan.name)
    body.field("version", snapshot.plan.version)
    body.key("sale")
    body.beginObject()
    let participants = snapshot.participants
    body.field("seller", participants.seller?.text)
    body.field("host", participants.host?.text)
    body.field("promoter", participants.promoter?.text)
    body.field("buyer", participants.buyer?.text)
    body.field("pactPpm", participants.pact.map { Int64($0.partsPerMillion) })
    body.endObject()
    body.key("people")
    body.beginArray()
    for person in snapshot.people {
      body.beginObject()
      body.field("as", person.name)
      if let holder = person.holder {
        body.field("member", holder.member.text)
        body.field("rank", holder.rank.name)
        body.field("rankIndex", Int64(holder.rank.index))
      }
      body.endObject()
    }
    body.endArray()
    body.endObject()
  }

  private static func write(_ candidate: Candidate, to body: inout JSONWriter) {
    body.beginObject()
    body.field("source", candidate.source.rawValue)
    body.field("promoter", candidate.promoter.text)
    body.field("link", candidate.link?.text)
    body.field("at", candidate.at.milliseconds)
    body.field("loss", candidate.loss?.rawValue)
    body.endObject()
  }
}
