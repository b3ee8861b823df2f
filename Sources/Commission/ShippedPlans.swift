// The plans that come with the library, by name. Their documents stand in files of their own,
// written from Protocol/plans by the script there.

extension Plan {
  /// The names that `shipped(_:parameters:)` knows. Source: domain.md, section 5.
  public static let shippedNames = ["wanwu", "fengxiang", "shuai", "youpin"]

  /// The document of a shipped plan, word for word as in Protocol/plans.
  static func shippedDocument(_ name: String) -> String? {
    switch name {
    case "wanwu": wanwuDocument
    case "fengxiang": fengxiangDocument
    case "shuai": shuaiDocument
    case "youpin": youpinDocument
    default: nil
    }
  }
}
