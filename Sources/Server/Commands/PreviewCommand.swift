// `waggle preview`: who would lose and gain what if a member had another rank, on what was really sold.

import Commerce
import Coordination
import Notation
import Storage

extension Subcommand {
  /// Previews a promotion.
  static let preview = Subcommand(
    name: "preview", summary: "Show what another rank of a member would change",
    details: """
      Settles the orders that were placed in the last days twice, under the plan in force and the \
      tree of today: as the member is ranked, and with the rank given here; bonuses for joining too. \
      Prints who would lose and gain what, in total and per day, and from when. Changes nothing. \
      Reads the data directory, also while a server runs on it.
      """,
    arguments: [
      CommandArgument("MEMBER", "The member."), CommandArgument("RANK", "The rank to try."),
    ],
    options: [
      .data, .storefront,
      .value("days", "N", default: "30", "How many days to look back, 1 to 366."),
      .flag("json", "Print the preview as JSON."),
    ],
    examples: [.init("preview --storefront demo ann gold --days 30", "before promoting ann")]
  ) { input, output in
    let storefront: StorefrontID = try identifier(input, "storefront")
    guard let days = Int64(try input.text("days")), RankPreview.daysAllowed.contains(days) else {
      throw input.refusal("days", "1 to 366")
    }
    guard input.arguments.count == 2, let member = try? MemberID(input.arguments[0]) else {
      throw CommandFailure(
        .usage, "a member's id has 1 to 64 characters out of A-Z a-z 0-9 . _ : ~ -")
    }
    let queries = Queries(
      reader: try openReader(try input.text("data")), storefront: storefront, now: wallClock())
    let preview: JSON
    do {
      preview = try queries.answer(
        .rankPreview(member, rank: input.arguments[1], days: days))
    } catch let fault as Fault {
      throw CommandFailure(.failed, fault.message)
    }
    if input.flag("json") {
      output.line(preview.description)
    } else {
      for line in previewLines(preview) { output.line(line) }
    }
    return .done
  }
}

/// A preview as lines for a terminal.
func previewLines(_ preview: JSON) -> [String] {
  func text(_ name: String) -> String { preview[name]?.text ?? "" }
  func figure(_ json: JSON?, _ name: String) -> Int64 { json?[name]?.integer ?? 0 }
  func line(_ who: String, _ json: JSON?) -> String {
    let difference = figure(json, "difference")
    return "  \(who): \(figure(json, "before")) -> \(figure(json, "after")), "
      + "\(difference > 0 ? "+" : "")\(difference), \(figure(json, "perDay")) a day"
  }
  var lines = [
    "\(text("member")) from \(text("rank")) to \(text("newRank")), effective \(text("takesEffectAt"))",
    "\(figure(preview, "orders")) orders and \(figure(preview, "joinings")) joinings since "
      + "\(text("from")), plan \(text("plan")) activation \(figure(preview, "planVersion"))",
  ]
  if figure(preview, "refused") > 0 {
    lines.append("\(figure(preview, "refused")) orders that this plan does not allow, left out")
  }
  let people = preview["people"]?.elements ?? []
  if people.isEmpty { lines.append("  nobody would get more or less") }
  for person in people { lines.append(line(person["member"]?.text ?? "", person)) }
  lines.append(line("the platform", preview["platform"]))
  return lines
}
