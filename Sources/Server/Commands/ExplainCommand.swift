// `waggle explain`: why an order's money went where it went, from the database of a data directory.

import Commerce
import Coordination
import Notation
import Storage

extension Subcommand {
  /// Explains an order.
  static let explain = Subcommand(
    name: "explain", summary: "Explain where an order's money went",
    details: """
      Prints who brought the buyer and what else was considered, every share with the rule, base, \
      rate and rounding that made it, who got nothing and why, and what the supplier and the \
      platform get. Reads the data directory, also while a server runs on it.
      """,
    arguments: [CommandArgument("ORDER", "The order's id.")],
    options: [
      .data, .storefront,
      .value("language", "CODE", default: "en", "en or zh."),
      .flag("json", "Print the whole explanation as JSON."),
    ],
    examples: [.init("explain --storefront demo basket-1", "in English")]
  ) { input, output in
    let language = try input.text("language")
    guard ["en", "zh"].contains(language) else { throw input.refusal("language", "en or zh") }
    let storefront: StorefrontID = try identifier(input, "storefront")
    let reader = try openReader(try input.text("data"))
    guard let word = input.arguments.first, let id = try? OrderID(word) else {
      throw CommandFailure(
        .usage, "an order's id has 1 to 64 characters out of A-Z a-z 0-9 . _ : ~ -")
    }
    let queries = Queries(reader: reader, storefront: storefront, now: wallClock())
    let explanation: JSON
    do { explanation = try queries.answer(.explanation(id, by: nil)) } catch let fault as Fault {
      throw CommandFailure(.failed, fault.message)
    }
    if input.flag("json") {
      output.line(explanation.description)
      return .done
    }
    for line in ExplanationText(explanation).lines(language) { output.line(line) }
    return .done
  }
}

/// Opens a data directory for reading, and says in a user's words what is in the way.
func openReader(_ directory: String) throws -> SQLiteReader {
  do {
    return try SQLiteReader.open(directory: directory, zone: { try TimeZones.table(named: $0) })
  } catch let error as StorageError {
    throw CommandFailure(.inputOutput, "cannot open \(directory): \(error)")
  }
}

/// An explanation as lines for a terminal.
struct ExplanationText {
  private let explanation: JSON

  /// Takes an explanation in the form of Protocol/schemas.
  init(_ explanation: JSON) { self.explanation = explanation }

  /// The lines in a language.
  ///
  /// - Parameter language: `en` or `zh`.
  /// - Returns: lines without their ends.
  func lines(_ language: String) -> [String] {
    func figure(_ name: String) -> String {
      explanation[name]?.integer.map { String($0) } ?? "-"
    }
    let attribution = explanation["attribution"]
    let promoter = attribution?["promoter"]?.text
    let source = attribution?["source"]?.text ?? ""
    let isChinese = language == "zh"
    var lines = [
      isChinese
        ? "订单 \(explanation["order"]?.text ?? "")，方案 \(explanation["plan"]?.text ?? "")"
          + " 第 \(figure("planVersion")) 版，净额 \(figure("net")) 分"
        : "order \(explanation["order"]?.text ?? ""), plan \(explanation["plan"]?.text ?? "")"
          + " activation \(figure("planVersion")), net \(figure("net"))",
      promoter.map {
        isChinese ? "归属推手 \($0)（\(source)）" : "attributed to \($0) by \(source)"
      } ?? (isChinese ? "没有推手" : "attributed to nobody"),
    ]
    for candidate in attribution?["candidates"]?.elements ?? [] {
      let loss = candidate["loss"]?.text
      let fate = loss.map { isChinese ? "未采用：\($0)" : "lost: \($0)" } ?? (isChinese ? "采用" : "won")
      lines.append(
        "  \(candidate["source"]?.text ?? "") \(candidate["promoter"]?.text ?? "")"
          + " \(candidate["at"]?.text ?? "") \(fate)")
    }
    lines += (explanation["text"]?[language]?.elements ?? []).compactMap(\.text)
    lines.append(
      isChinese
        ? "供应商 \(figure("supplier")) 分，平台 \(figure("platform")) 分"
        : "supplier \(figure("supplier")), platform \(figure("platform"))")
    return lines
  }
}
