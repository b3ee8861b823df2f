// A plan: a validated document with its parameters bound, compiled for settling.
//
// Invariants: the document has been read strictly (nothing unknown, missing, mistyped or out of
// range); every name in it is resolved; no share can be deducted below zero; reading `document`
// again gives the same plan. Immutable and free of I/O, so it may be used from any thread.
// The format is described in Protocol/plans/README.md.
import Commerce
import Notation

/// A version of a commission plan, ready to settle sales and to award joinings.
///
/// From placement to refund in four steps: make a plan (`shipped(_:parameters:)`), pin a
/// snapshot when an order is placed (`snapshot(of:standing:)`), settle when it is paid
/// (`settle(_:_:)`), settle again on the same snapshot when some of it is given back. A program
/// that does this and explains the result is in Tools/examples/commission.
///
/// Source: domain.md, sections 3 and 5.
public struct Plan: Sendable, Settling {
  /// Name and version, as settlements carry them.
  public let reference: PlanReference
  /// The plan's name for people.
  public let title: Wording
  /// The ladder of ranks, lowest first, 1…32 of them. Who joins without a rank gets the first.
  public let ranks: [Rank]
  /// The commission rates that a line may have, in parts per million.
  public let lineRates: ClosedRange<Rate>
  /// Whether a payee may earn on what they bought themselves.
  public let allowsSelfPurchase: Bool
  /// The parameters with their bound values, in the order of the document.
  public let parameters: [Parameter]
  /// What members may earn besides money, such as invite codes.
  public let quotas: [Quota]
  /// The promotions that the plan makes by itself; none where only an operator promotes.
  public let promotions: [Promotion]
  /// Ranks whose holders are organisations, such as a team's account, and not people.
  public let organisations: [Rank]
  /// What somebody has to pay or buy to join; none where joining is free.
  public let joiningRequirement: JoiningRequirement?
  /// The canonical document: UTF-8 JSON without spaces, the bound values as the defaults.
  public let document: [UInt8]

  /// Whose own sale an order is, by place in `salePeople`; none where the plan counts no own sales.
  let personalSeller: Int?
  let salePeople: [PersonRule]
  let shares: [ShareRule]
  let joiningPeople: [PersonRule]
  let awards: [AwardRule]

  /// The plan's name, 1…15 letters and digits.
  public var name: String { reference.name }
  /// The plan's version, from 1.
  public var version: Int64 { reference.version }
  /// The rank of somebody who joins without one.
  public var lowestRank: Rank { ranks[0] }
}

extension Plan {
  /// Reads a plan document and binds its parameters.
  ///
  /// - Parameters:
  ///   - document: UTF-8 JSON, see Protocol/plans/README.md.
  ///   - parameters: values instead of the document's defaults, by name.
  /// - Throws: `PlanError`: first `.notJSON`, then faults of the head of the document, then
  ///   `.unknownParameter` and `.parameterRefused` (by name), then the first fault of the rules.
  /// - Complexity: O(n) in the document; meant for loading, not for every sale.
  public init(document: [UInt8], parameters: [String: PlanValue] = [:]) throws(PlanError) {
    let json: JSON
    do { json = try JSON.read(document) } catch { throw .notJSON(error.description) }
    self = try PlanReader.read(json, binding: parameters)
  }

  /// One of the plans that come with the library.
  ///
  /// - Parameters:
  ///   - name: one of `shippedNames`.
  ///   - parameters: values instead of the document's defaults, by name.
  /// - Returns: the plan.
  /// - Throws: `.unknownPlan`, or what `init(document:parameters:)` throws for the parameters.
  public static func shipped(
    _ name: String, parameters: [String: PlanValue] = [:]
  ) throws(PlanError) -> Plan {
    guard let text = shippedDocument(name) else { throw .unknownPlan(name) }
    return try Plan(document: Array(text.utf8), parameters: parameters)
  }

  /// A rank by its name, or nothing where the plan has no such rank.
  ///
  /// - Parameter name: such as `gold`.
  /// - Returns: the rank.
  public func rank(named name: String) -> Rank? { ranks.first { $0.name == name } }

  /// A rank by its place in the ladder, or nothing where the ladder is shorter.
  ///
  /// - Parameter index: from 0.
  /// - Returns: the rank.
  public func rank(at index: Int) -> Rank? { ranks.indices.contains(index) ? ranks[index] : nil }

  /// The bound value of a parameter, or nothing where the plan has no such parameter.
  ///
  /// - Parameter name: such as `fundedBy`.
  /// - Returns: the value.
  public func value(of name: String) -> PlanValue? {
    parameters.first { $0.name == name }?.value
  }

  /// The plan's shares and then its awards, in the order of the document, with its words for them.
  public var rules: [(id: String, title: Wording)] {
    shares.map { ($0.id, $0.title) } + awards.map { ($0.id, $0.title) }
  }

  /// The plan's words for one of its rules, or nothing where it has no such rule.
  ///
  /// - Parameter rule: the id of a share or an award.
  /// - Returns: the wording.
  public func title(ofRule rule: String) -> Wording? {
    shares.first { $0.id == rule }?.title ?? awards.first { $0.id == rule }?.title
  }
}

extension Plan: Equatable, CustomStringConvertible {
  /// Two plans are the same where their bound documents are.
  public static func == (left: Plan, right: Plan) -> Bool { left.document == right.document }

  /// Such as `wanwu v1`.
  public var description: String { reference.description }
}

extension Plan {
  /// A fee or a purchase that joining depends on. It is only stated: nothing here collects it or
  /// checks that it was made. Source: domain.md, section 5, "Lint".
  public struct JoiningRequirement: Equatable, Sendable {
    /// What is required.
    public enum Kind: String, Sendable, CaseIterable {
      /// Money for nothing but membership.
      case fee
      /// Goods that have to be bought, such as a joining pack.
      case purchase
    }

    /// What is required.
    public let kind: Kind
    /// For people.
    public let title: Wording
    /// What it costs, minor units, ≥ 0; 0 requires nothing.
    public let amount: Amount
  }

  /// A figure or choice that the plan leaves open, with its bound value.
  public struct Parameter: Equatable, Sendable {
    /// 1…40 letters and digits.
    public let name: String
    /// What it is bound to.
    public let value: PlanValue
    /// Whether the default is this project's own choice; otherwise it is from the plan's source.
    public let isOurs: Bool
  }

  /// Something counted that a member earns by selling, such as invite codes.
  ///
  /// Source: domain.md, section 5.2.
  public struct Quota: Equatable, Sendable {
    /// 1…15 letters and digits.
    public let id: String
    /// For people.
    public let title: Wording
    /// Settled personal sales that earn one, minor units, ≥ 1.
    public let settledSalesPerUnit: Amount
  }

  /// A promotion that follows from a count. Source: domain.md, sections 5.1 and 5.3.
  public struct Promotion: Equatable, Sendable {
    /// What is counted.
    public enum Count: Equatable, Sendable {
      /// The fans locked to the member.
      case lockedFans
      /// Those fans locked to the member who have this rank or a higher one.
      case lockedFansOfRank(Rank)
      /// The member's own settled sales: released, less what was refunded since.
      case settledSales
    }

    /// The rank that is reached.
    public let rank: Rank
    /// What is counted.
    public let count: Count
    /// How many are needed, ≥ 1; for settled sales, minor units.
    public let atLeast: Int64
  }
}
