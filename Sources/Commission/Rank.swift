// Ranks, standing and the people of a sale: what the commission module is told about members.
// Values only; safe on any thread.
import Commerce

/// One step of a plan's ladder of ranks, ordered from the lowest.
///
/// Ranks of different plans must not be compared: the order is that of the plan that named them.
/// Source: domain.md, section 5.1.
public struct Rank: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Place in the plan's list of ranks, 0 for the lowest, at most 31.
  public let index: UInt8
  /// The plan's word for it, such as `gold`; 1…15 bytes.
  public let name: String

  /// Makes a rank; only a plan does, which knows its ladder.
  package init(index: UInt8, name: String) {
    self.index = index
    self.name = name
  }

  /// Orders by place in the ladder.
  public static func < (left: Rank, right: Rank) -> Bool { left.index < right.index }
  /// The plan's word for it.
  public var description: String { name }
}

/// Where a member stands in the organisation at one moment: who invited them, and their rank.
public struct Standing: Equatable, Sendable {
  /// Who invited the member, or nobody.
  public var inviter: MemberID?
  /// The member's rank under the plan.
  public var rank: Rank

  /// Makes a standing.
  ///
  /// - Parameters:
  ///   - inviter: who invited the member, or nobody.
  ///   - rank: a rank of the plan that will read it.
  public init(inviter: MemberID?, rank: Rank) {
    self.inviter = inviter
    self.rank = rank
  }
}

/// Who took part in a sale, as the caller knows it at placement; the plan decides who earns.
public struct Participants: Equatable, Sendable {
  /// The member who sold without a room, where the sale names one.
  public var seller: MemberID?
  /// The host of the room, where the sale happened in one.
  public var host: MemberID?
  /// The promoter that the sale was attributed to.
  public var promoter: MemberID?
  /// Who bought, where known; only looked at to recognise an own purchase.
  public var buyer: PersonID?
  /// The room's pact: the promoter's part of the pool. Without one the plan's own figure holds.
  public var pact: Rate?

  /// Makes the list of participants.
  ///
  /// - Parameters:
  ///   - seller: who sold without a room.
  ///   - host: the host of the room.
  ///   - promoter: whom the sale was attributed to.
  ///   - buyer: who bought.
  ///   - pact: the promoter's part of the pool.
  public init(
    seller: MemberID? = nil, host: MemberID? = nil, promoter: MemberID? = nil,
    buyer: PersonID? = nil, pact: Rate? = nil
  ) {
    self.seller = seller
    self.host = host
    self.promoter = promoter
    self.buyer = buyer
    self.pact = pact
  }
}
