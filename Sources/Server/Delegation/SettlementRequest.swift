// What a storefront asks a commission service: settle this sale under this plan, as of this snapshot.
// Everything that the answer depends on is in it, so the service needs no memory and the same request
// always has the same answer. A value; any thread. The format: SettlementCodec.swift.

import Commerce
import Commission

/// A sale to be settled elsewhere.
package struct SettlementRequest: Equatable, Sendable {
  /// Names order and revision for ever: see `id(storefront:order:revision:)`.
  package let id: String
  /// The canonical document of the plan with its parameters bound: see `Plan.document`.
  package let planDocument: [UInt8]
  /// The plan that the document describes.
  package let plan: PlanReference
  /// What was paid and returned.
  package let sale: Sale
  /// The people of the sale, pinned at placement.
  package let snapshot: Snapshot

  /// Makes a request.
  ///
  /// - Parameters:
  ///   - id: as `id(storefront:order:revision:)` gives it.
  ///   - planDocument: UTF-8 JSON without spaces, as `Plan.document` has it.
  ///   - plan: name and version in the document.
  ///   - sale: what was paid and returned.
  ///   - snapshot: taken under that plan.
  package init(
    id: String, planDocument: [UInt8], plan: PlanReference, sale: Sale, snapshot: Snapshot
  ) {
    self.id = id
    self.planDocument = planDocument
    self.plan = plan
    self.sale = sale
    self.snapshot = snapshot
  }

  /// The id of a request, such as `shop/order-17/3`.
  ///
  /// No id of a storefront or an order contains a slash, so no two requests share one.
  /// - Parameters:
  ///   - storefront: whose order.
  ///   - order: which.
  ///   - revision: how often what is to be settled has changed, ≥ 0.
  /// - Returns: at most 149 bytes of ASCII.
  package static func id(storefront: StorefrontID, order: OrderID, revision: Int64) -> String {
    "\(storefront)/\(order)/\(revision)"
  }

  /// Whether a text has the form that `id(storefront:order:revision:)` gives.
  ///
  /// - Parameter text: anything.
  /// - Returns: whether it could be the id of a request.
  package static func isID(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 3, isIdentifier(parts[0]), isIdentifier(parts[1]) else { return false }
    // One number has one spelling: no sign, no leading zero.
    return Int64(parts[2]).map { $0 >= 0 && String($0) == parts[2] } ?? false
  }

  private static func isIdentifier(_ text: String) -> Bool {
    do throws(CommerceError) { _ = try OrderID(text) } catch { return false }
    return true
  }
}
