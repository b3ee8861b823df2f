// A settlement scenario as it stands in its file, checked for form: what happens, step by step, and
// which figures are expected in between. Values only; any thread.
//
// Form is what a reader of the file can judge: fields, kinds, ids, times. Figures out of range are
// no fault of form; the core refuses them like anybody's, so that a scenario can expect it.

import Commerce
import Commission

/// A scenario, read and checked for form.
struct Scenario {
  /// The rule it states, for people.
  let title: String
  /// The plan with its parameters bound.
  let plan: Plan
  /// Of every amount.
  let currency: Currency
  /// Of its calendar days.
  let zone: TimeZoneTable
  /// In the order in which they happen.
  let steps: [Step]

  /// One thing that happens, or that is expected.
  struct Step {
    let at: Timestamp
    let action: Action
  }

  /// What happens.
  enum Action: Equatable {
    case join(member: MemberID, inviter: MemberID?, rank: String?)
    case promote(member: MemberID, rank: String)
    case open(room: RoomID, host: MemberID, pactPpm: Int64?)
    case touch(viewer: ViewerID, promoter: MemberID, room: RoomID?)
    case sale(ScenarioSale)
    case refund(order: OrderID, refund: FactID, lines: [LineRefund]?)
    case deliver(order: OrderID)
    case dispute(order: OrderID)
    case resolve(order: OrderID)
    case release
    case payout(statement: StatementID)
    case expect(ScenarioExpectation)

    /// The word in `do`.
    var name: String {
      switch self {
      case .join: "join"
      case .promote: "promote"
      case .open: "open"
      case .touch: "touch"
      case .sale: "sale"
      case .refund: "refund"
      case .deliver: "deliver"
      case .dispute: "dispute"
      case .resolve: "resolve"
      case .release: "release"
      case .payout: "payout"
      case .expect: "expect"
      }
    }
  }

  /// What is returned of one line.
  struct LineRefund: Equatable {
    let line: Int64
    let amount: Int64
  }
}

/// An order that is placed and paid in one step.
struct ScenarioSale: Equatable {
  /// Whose sale it is.
  enum Place: Equatable {
    /// Outside a room.
    case seller(MemberID)
    /// In a live room.
    case room(RoomID)
  }

  /// One line; amounts are for the whole line.
  struct Line: Equatable {
    let sku: SKUID
    let units: Int64
    let paid: Int64
    let cost: Int64
    let ratePpm: Int64
  }

  let order: OrderID
  let place: Place
  let promoter: MemberID?
  let buyer: ViewerID?
  let lines: [Line]
}

/// The figures that are to hold; what is left out is not checked. Every list is in the file's
/// order.
struct ScenarioExpectation: Equatable {
  /// A member's money by state.
  struct Balance: Equatable {
    let member: MemberID
    let figures: [(state: BalanceState, amount: Int64)]

    static func == (left: Balance, right: Balance) -> Bool {
      left.member == right.member && left.figures.elementsEqual(right.figures, by: ==)
    }
  }

  /// The states that a member's money can be in.
  enum BalanceState: String, CaseIterable {
    case pending
    case available
    case paid
    /// As a positive figure.
    case debt
  }

  /// What a member was granted that is not money, by face value.
  struct Grant: Equatable {
    let member: MemberID
    /// One kind of grant, or all of them together.
    let kind: String?
    let faceValue: Int64
  }

  /// What a member earns on an order as it stands now.
  struct Share: Equatable {
    let order: OrderID
    let member: MemberID
    let amount: Int64
  }

  /// How the step before is to be refused.
  enum Refusal: Equatable {
    case any
    case code(String)
  }

  var balances: [Balance] = []
  var grants: [Grant] = []
  var supplier: Int64?
  var platform: Int64?
  var shares: [Share] = []
  var rejected: Refusal?
}
