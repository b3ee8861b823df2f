// Ways to put the parts of a settlement together figure by figure, for a reader that has checked
// them: a settlement that another process made arrives in this form. Values only; any thread.
import Commerce

extension Share {
  /// Puts a share together; every figure is the maker's to answer for.
  ///
  /// - Parameters:
  ///   - payee: who earns it.
  ///   - rule: the id of the plan's rule.
  ///   - rate: the part of the base, or nothing where the share is the rest of it.
  ///   - baseName: what the rate was applied to.
  ///   - base: minor units, ≥ 0.
  ///   - deducted: what other shares took out of it, minor units, ≥ 0.
  ///   - amount: what the payee earns, minor units, ≥ 0.
  ///   - funding: who pays for it.
  package init(
    payee: MemberID, rule: String, taking rate: Rate?, of baseName: ShareBase, base: Amount,
    deducted: Amount, amount: Amount, funding: ShareFunding
  ) {
    self.init(
      payee: payee, rule: rule, baseName: baseName, base: base, rate: rate, deducted: deducted,
      amount: amount, funding: funding, rounding: rate == nil ? .rest : .down)
  }
}

extension WithheldShare {
  /// Puts together what a rule did not pay, and why.
  ///
  /// - Parameters:
  ///   - rule: the id of the plan's rule.
  ///   - member: who might have expected it.
  ///   - reason: why.
  package init(by rule: String, from member: MemberID?, because reason: WithheldReason) {
    self.init(rule: rule, member: member, reason: reason)
  }
}
