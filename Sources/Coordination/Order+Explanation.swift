// Says in words why an order brings nobody anything, and why somebody's touch or code did not decide it.
// Pure; any thread. Source: domain.md, sections 2 and 7.

import Commerce
import Commission

extension Order {
  /// Tells why nothing is earned where that has nothing to do with the plan: the order was not paid,
  /// waits for a commission service, or all of a line was given back.
  ///
  /// - Parameter language: of the texts.
  /// - Returns: the texts in the order of the lines.
  package func explanation(in language: Language) -> [String] {
    let isEnglish = language == .english
    guard paidAt != nil else {
      let why: Wording =
        switch state {
        case .cancelled: Wording(english: "it was cancelled", chinese: "已取消")
        case .expired: Wording(english: "it was not paid in time", chinese: "逾期未支付")
        default: Wording(english: "it is not paid", chinese: "尚未支付")
        }
      return [
        isEnglish
          ? "Nothing is booked on this order, for \(why.english); the figures are what it would bring."
          : "本订单\(why.chinese)，没有任何入账；以下为支付后的数额。"
      ]
    }
    return waiting(in: language)
      + lines.enumerated().compactMap { index, line in
        guard line.refunded == line.paid, line.refunded > .zero else { return nil }
        return isEnglish
          ? "Line \(index + 1): all of it was given back, so nobody earns on it."
          : "第\(index + 1)行：已全额退款，无人获得佣金。"
      }
  }

  /// That a commission service has still to split it, or to split what a refund has left.
  private func waiting(in language: Language) -> [String] {
    guard let delegation, !delegation.isSettled else { return [] }
    switch (language, delegation.settlement == nil) {
    case (.english, true):
      return ["The storefront's commission service has not split this sale yet."]
    case (.chinese, true): return ["店铺的佣金服务尚未对这笔销售进行分账。"]
    case (.english, false):
      return [
        "What follows was split before the last refund; the storefront's commission service has not"
          + " split what is left yet."
      ]
    case (.chinese, false): return ["以下为最近一次退款之前的分账；店铺的佣金服务尚未对剩余金额重新分账。"]
    }
  }
}

extension AttributionReceipt {
  /// Tells everybody who could have brought the buyer, and did not, why.
  ///
  /// One text for each promoter, about the touch or code of theirs that came closest; none about who
  /// did bring the buyer.
  /// - Parameters:
  ///   - language: of the texts.
  ///   - person: leaves out what is about others; everybody where nil.
  /// - Returns: the texts in the order of the candidates.
  package func explanation(in language: Language, for person: PersonID? = nil) -> [String] {
    var told: [MemberID] = []
    var texts: [String] = []
    for candidate in candidates where candidate.promoter != promoter {
      guard let loss = candidate.loss, !told.contains(candidate.promoter),
        person == nil || person == candidate.promoter
      else { continue }
      told.append(candidate.promoter)
      let source = candidate.source.wording.text(in: language)
      let reason = loss.wording.text(in: language)
      texts.append(
        language == .english
          ? "\(candidate.promoter) did not bring the buyer by \(source): \(reason)."
          : "买家不归属 \(candidate.promoter)（\(source)）：\(reason)。")
    }
    return texts
  }
}

extension AttributionSource {
  fileprivate var wording: Wording {
    switch self {
    case .code: Wording(english: "a code", chinese: "推广码")
    case .visit: Wording(english: "a visit", chinese: "进入直播间的链接")
    case .lock: Wording(english: "a lock", chinese: "锁粉")
    }
  }
}

extension Candidate.Loss {
  fileprivate var wording: Wording {
    switch self {
    case .precedence:
      Wording(
        english: "something that comes first in this storefront's order decided",
        chinese: "本商城归属顺序中更靠前的来源已决定归属")
    case .replaced:
      Wording(english: "a later link into the same room replaced it", chinese: "已被同一直播间更晚的链接取代")
    case .tooOld:
      Wording(
        english: "expired: the room had ended and the visit was too old",
        chinese: "已过期：直播已结束且访问时间过久")
    case .afterPlacement:
      Wording(english: "it came after the order was placed", chinese: "发生在下单之后")
    case .host:
      Wording(
        english: "the room's host cannot be its promoter", chinese: "主播不能作为自己直播间的推手")
    case .notUsed:
      Wording(
        english: "this storefront does not attribute orders by it", chinese: "本商城不按该来源归属订单")
    case .selfPurchase:
      Wording(
        english: "it is an own purchase, which the plan does not pay", chinese: "属于自购，本方案不计佣金")
    }
  }
}
