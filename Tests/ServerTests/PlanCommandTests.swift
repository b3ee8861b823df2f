// `waggle plan lint`, `show` and `list`, as a shell sees them.

import Commission
import FoundationEssentials
import Notation
import Testing

@testable import Server

/// The path of a document that exists to be found unlawful.
func redFixturePath(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/plans/\(name).json").path
}

func redFixtureBytes(_ name: String) throws -> [UInt8] {
  try SmallFile.read(redFixturePath(name), bytesMax: 1 << 20)
}

@Suite("waggle plan")
struct PlanCommandTests {
  private func run(_ words: String...) -> (code: ExitCode, heard: Listener) {
    let heard = Listener()
    return (
      CommandTable.waggle.run(["plan"] + words, environment: [:], output: heard.output), heard
    )
  }

  @Test("Lint ends with 1 where there is an error, else with 0")
  func exitCodes() {
    #expect(run("lint", "wanwu").code == .failed)
    #expect(
      run("lint", "wanwu", "--parameter", "goldBonus=0", "--parameter", "seniorBonus=0").code
        == .done)
    for name in ["fengxiang", "shuai", "youpin"] { #expect(run("lint", name).code == .done) }
    for name in ["joining-pack", "fee-and-51-levels"] {
      #expect(run("lint", redFixturePath(name)).code == .failed)
    }
  }

  @Test("Lint tells figures, findings with rules and limb, and that it is no legal advice")
  func text() {
    let english = run("lint", "wanwu").heard.results
    #expect(english.contains("worst-case payout: 50 % of the price"))
    #expect(english.contains("levels above that rules can reach: unlimited; paid on one sale: 1"))
    #expect(english.contains("error  headcount_pay  [joinBonus]"))
    #expect(english.last == Finding.disclaimer.english)
    let chinese = run("lint", redFixturePath("fee-and-51-levels"), "--language", "zh").heard.results
    #expect(chinese.contains("最高佣金：售价的 36.4 %"))
    #expect(chinese.contains("错误  multilevel_pay  [upline1, upline2, upline3, …, upline51]"))
    #expect(chinese.contains("  《禁止传销条例》第七条第（三）项"))
    #expect(chinese.last == Finding.disclaimer.chinese)
  }

  @Test("With --json everything is one object")
  func json() throws {
    let line = try #require(run("lint", "wanwu", "--json").heard.results.first)
    let json = try JSON.read(Array(line.utf8))
    #expect(json["errors"] == 1 && json["bounds"]?["worstCasePayoutPpm"] == 500_000)
    #expect(json["bounds"]?["structuralDepth"] == .null && json["bounds"]?["paidDepth"] == 1)
    #expect(json["findings"]?.elements?.first?["code"] == "headcount_pay")
    #expect(json["disclaimer"]?["en"]?.text == Finding.disclaimer.english)
  }

  @Test("Show prints parameters as they are bound, and with --json the bound document")
  func show() throws {
    let lines = run("show", "wanwu", "--parameter", "retainedBy=gold,senior").heard.results
    #expect(lines.contains("  retainedBy = gold,senior  (from the source)"))
    #expect(lines.contains("ranks: ordinary < gold < senior"))
    #expect(lines.contains("  joinBonus  bonus for a new owner in the community"))
    let document = try #require(run("show", "wanwu", "--json").heard.results.first)
    #expect(try Plan(document: Array(document.utf8)) == Plan.shipped("wanwu"))
  }

  @Test("The word alone lists what belongs to it, as help where that was asked")
  func family() {
    for words in [["plan", "--help"], ["help", "plan"], ["--help", "plan"], ["plan", "-h"]] {
      let heard = Listener()
      #expect(CommandTable.waggle.run(words, environment: [:], output: heard.output) == .done)
      #expect(heard.results.first == "usage: waggle plan COMMAND [options]")
      #expect(heard.results.contains { $0.hasPrefix("  plan lint ") })
      #expect(!heard.results.contains { $0.hasPrefix("  serve") })
    }
    #expect(run().code == .usage)
    #expect(run().heard.notes.first == "usage: waggle plan COMMAND [options]")
    #expect(run("lint", "--help").heard.results.first == "usage: waggle plan lint [options] PLAN")
    #expect(run("lint", "--help").code == .done)
  }

  @Test("List names every shipped plan")
  func list() {
    #expect(
      run("list").heard.results.map { $0.split(separator: " ").first.map(String.init) }
        == Plan.shippedNames)
  }

  @Test(
    "What cannot be is refused with the reason",
    arguments: [
      (["lint"], .usage, "PLAN is missing"),
      (["lint", "wanwo"], .inputOutput, "did you mean wanwu?"),
      (["lint", "wanwu", "--parameter", "goldBonus"], .usage, "is not NAME=VALUE"),
      (["lint", "wanwu", "--parameter", "goldBonus=x"], .usage, "goldBonus is a whole number"),
      (["lint", "wanwu", "--parameter", "gold=1"], .usage, "no parameter \"gold\""),
      (["lint", "wanwu", "--language", "fr"], .usage, "en or zh"),
      (["lint", redFixturePath("../retail/README.md")], .inputOutput, "cannot read"),
      (["lint", #filePath], .malformedInput, "is not JSON"),
      (["lnt", "wanwu"], .usage, "did you mean plan lint?"),
    ] as [([String], ExitCode, String)])
  func refused(words: [String], code: ExitCode, note: String) {
    let heard = Listener()
    #expect(
      CommandTable.waggle.run(["plan"] + words, environment: [:], output: heard.output) == code)
    #expect(heard.notes.first?.contains(note) == true, "\(heard.notes)")
  }
}
