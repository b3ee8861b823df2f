// Ranks with their history, previews of promotions, and invite codes with what paid for them.

import Commerce
import Coordination
import Notation
import Storage

extension Queries {
  /// How many codes and how many entries of an account are told, the latest.
  static let invitesMax = 1000

  /// Every rank of a member, and what is counted towards the next.
  func ranks(_ id: MemberID) throws -> JSON {
    try reader.moment {
      let (member, progress) = try inspected { draft throws(Stop) in
        (try found(id, in: draft), try draft.memberProgress(id))
      }
      return [
        "member": .string(id.text), "rank": .string(member.rank),
        "held": .bool(progress.isHeld), "lockedFans": .integer(progress.lockedFans),
        "fansByRank": .array(
          progress.fansByRank.filter { $0.count > 0 }.map {
            ["rank": .string($0.rank), "count": .integer($0.count)]
          }), "settledSales": .integer(progress.settledSales.minorUnits),
        "changes": .array(try reader.rankChanges(storefront, id).map(rankChangeView)),
      ]
    }
  }

  private func found(_ id: MemberID, in draft: borrowing Draft) throws(Stop) -> Member {
    guard let member = try draft.member(id) else {
      throw .rejected(Rejection(.unknownMember, "There is no member \(id).", field: "member"))
    }
    return member
  }

  /// What another rank would have changed of the last days.
  func rankPreview(_ member: MemberID, rank: String, days: Int64) throws -> JSON {
    try reader.moment {
      do {
        let preview = try RankPreview(
          storefront, member: member, rank: rank, days: days, at: now, load: reader.load)
        try reader.forEachOrder(storefront, placedFrom: preview.from, until: now) { order in
          try preview.add(order)
        }
        for joined in try reader.joinings(storefront, from: preview.from, until: now) {
          try preview.add(joining: joined.member, inviter: joined.inviter)
        }
        return preview.json
      } catch let rejection as Rejection {
        throw Fault(rejection)
      }
    }
  }

  /// A member's invite codes, their quota, and the orders behind each movement of it.
  func invites(_ id: MemberID) throws -> JSON {
    try reader.moment {
      let (account, quota) = try inspected { draft throws(Stop) in
        _ = try found(id, in: draft)
        let plan = try draft.plan(version: try draft.storefront().planVersion)
        return (try draft.quota(id), plan.inviteQuota)
      }
      let entries = try reader.quotaEntries(storefront, id)
      let funding = QuotaFunding.of(entries)
      let invites = try reader.invites(storefront, of: id, limit: Queries.invitesMax)
      // Codes whose time is over are returned when the account is next touched; here they are already.
      let expired = Int64(account.open.count { now >= $0.expiresAt })
      return [
        "promoter": .string(id.text), "limited": .bool(quota != nil),
        "per": quota.map { .integer($0.settledSalesPerUnit.minorUnits) } ?? .null,
        "earned": .integer(account.earned),
        "reserved": .integer(Int64(account.open.count) - expired),
        "consumed": .integer(account.consumed), "left": .integer(account.left + expired),
        "invites": .array(invites.map { inviteView($0, at: now) }),
        "entries": .array(
          entries.suffix(Queries.invitesMax).map { entryView($0, funding[$0.number] ?? []) }),
      ]
    }
  }

  private func entryView(_ entry: QuotaEntry, _ parts: [QuotaFunding.Part]) -> JSON {
    [
      "number": .integer(entry.number), "at": .string(entry.at.description),
      "kind": .string(entry.kind.rawValue), "units": .integer(entry.units),
      "left": .integer(entry.left), "order": entry.order.map { .string($0.text) } ?? .null,
      "amount": .integer(entry.amount.minorUnits),
      "invite": entry.invite.map { .string($0.text) } ?? .null,
      "fundedBy": .array(
        parts.map {
          ["order": .string($0.order.text), "amount": .integer($0.amount.minorUnits)]
        }),
    ]
  }
}
