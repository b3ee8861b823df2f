// The rules themselves: each must be able to fail, and must leave innocent code alone.

import Testing

/// A planted file and the places in it that break a rule.
struct Planted: Sendable, CustomTestStringConvertible {
  let name: String
  let path: String
  let text: String
  let expected: [String]

  init(_ name: String, _ path: String, _ text: String, _ expected: [String]) {
    self.name = name
    self.path = path
    self.text = text
    self.expected = expected
  }

  var testDescription: String { name }
}

private let undocumented = "a package or public declaration without docstring"

@Suite("The rules of the source tree")
struct RuleTests {
  @Test("A planted fault is found where it stands", arguments: faults)
  func fault(_ planted: Planted) {
    let file = SourceFile(path: planted.path, text: planted.text)
    #expect(
      Rules.findings(in: file).map(\.description) == planted.expected.map { planted.path + $0 })
  }

  static let faults: [Planted] = [
    Planted(
      "a foreign import", "Sources/Ledger/A.swift", "import Commerce\nimport Commission\n",
      [":2: Ledger may not import Commission"]),
    Planted(
      "a testable import of one declaration", "Sources/Notation/A.swift",
      "@testable import struct Commerce.Amount\n", [":1: Notation may not import Commerce"]),
    Planted(
      "an import with an access level", "Sources/Wire/A.swift",
      "package import Coordination  // no\n", [":1: Wire may not import Coordination"]),
    Planted(
      "the shell imports the whole of Foundation", "Sources/Server/A.swift",
      "import Foundation\n", [":1: Server may not import Foundation"]),
    Planted(
      "a target nobody knows", "Sources/Elsewhere/A.swift", "let a = 1\n",
      [":1: the target has no line in the table of imports"]),
    Planted(
      "try!, as! and an empty fatalError", "Sources/Server/A.swift",
      "let a = try! f()\nlet b = a as! Int\nfatalError()\n",
      [1, 2, 3].map {
        ":\($0): \(["try!", "as!", "fatalError()"][$0 - 1]): say what went wrong instead"
      }),
    Planted(
      "a shortcut inside an interpolation", "Sources/Server/A.swift",
      "let a = \"x \\(try! f(\"y\")) z\"\n", [":1: try!: say what went wrong instead"]),
    Planted(
      "notes to self", "Sources/Server/A.swift", "// TODO: later\nlet a = 1  // FIXME\n",
      [
        ":1: TODO: do it or write it down elsewhere", ":2: FIXME: do it or write it down elsewhere",
      ]),
    Planted(
      "unproven sharing, the comment four lines away", "Sources/Server/A.swift",
      "// Proof.\n\n\n\nstruct A: @unchecked Sendable {}\n",
      [":5: @unchecked Sendable without a proof in a comment beside it"]),
    Planted(
      "an unproven global", "Sources/Server/A.swift", "nonisolated(unsafe) var a = 1\n",
      [":1: nonisolated(unsafe) without a proof in a comment beside it"]),
    Planted(
      "one line too many", "Sources/Server/A.swift", String(repeating: "\n", count: 451),
      [":451: longer than 450 lines: split it"]),
    Planted(
      "declarations without docstring", "Sources/Server/A.swift",
      """
      package struct A {
        package private(set) var b: Int
        public static func c() {}
        // Not a docstring.
        @inlinable
        package init?() {}
        /// Far away.

        package let d = 1
        @discardableResult package mutating func e() -> Int { 1 }
      }
      """, [1, 2, 3, 6, 9, 10].map { ":\($0): \(undocumented)" }),
  ]

  @Test("A pure target may not mention clocks, chance, tasks or floating point", arguments: impure)
  func impurity(_ example: (word: String, code: String)) {
    for target in ["Notation", "Commerce", "Commission", "Ledger", "Coordination"] {
      let file = SourceFile(path: "Sources/\(target)/A.swift", text: example.code)
      #expect(
        Rules.findings(in: file).map(\.rule) == ["\(example.word) in the pure \(target)"])
    }
    let shell = SourceFile(path: "Sources/Server/A.swift", text: example.code)
    #expect(Rules.findings(in: shell).isEmpty)
  }

  static let impure: [(word: String, code: String)] = [
    ("Foundation", "let a = Foundation.sqrt(2)"), ("Glibc", "Glibc.exit(0)"),
    ("FoundationEssentials", "let a: FoundationEssentials.UUID"),
    ("Date(", "let a = Date()"), ("Task", "Task { }"), ("Task", "Task.detached { }"),
    ("async", "func a() async {}"), ("await", "let a = await b"), ("actor ", "actor A {}"),
    ("SystemRandomNumberGenerator", "var a = SystemRandomNumberGenerator()"),
    ("ContinuousClock", "let a = ContinuousClock()"),
    ("SuspendingClock", "let a = SuspendingClock()"), ("Double", "let a: Double = 1"),
    ("Float", "let a: [Float]"), (".random(", "let a = Int.random(in: 0..<3)"),
    ("Hasher(", "var a = Hasher()"),
  ]

  @Test("Innocent code is left alone", arguments: innocents)
  func innocent(_ planted: Planted) {
    let file = SourceFile(path: planted.path, text: planted.text)
    #expect(Rules.findings(in: file).map(\.description) == [])
  }

  static let innocents: [Planted] = [
    Planted(
      "forbidden words in comments and strings", "Sources/Commerce/A.swift",
      """
      // No Foundation, no Glibc, no async, no Double.
      /* actor A /* Task { } */ Date() */
      let a = "Double async \\" Date() // Hasher("
      let b = #"Task { " try! "#
      let c = \"\"\"
        import Foundation
        package struct A {
        \"\"\"
      """, []),
    Planted(
      "longer names that contain a forbidden one", "Sources/Commerce/A.swift",
      "let factor = asynchronous + DoubleEntry + CivilDate(1) + TaskList + importance\n", []),
    Planted(
      "documented declarations", "Sources/Server/A.swift",
      """
      import Coordination
      package import Wire

      /// Says what it is.
      @frozen
      @available(*, deprecated, message: "gone")
      package struct A {
        /** Also a docstring. */
        @inlinable public var b: Int { 1 }
        /// An initialiser.
        package init?() {}
        let hidden = 1
        private var packageName = "public let x"
      }
      package extension A {}
      """, []),
    Planted(
      "proofs beside the claim", "Sources/Server/A.swift",
      "// Written once.\n\n\nnonisolated(unsafe) var a = 1  \nstruct B: @unchecked Sendable {} // ok",
      []),
    Planted(
      "a failure that says why, at the length limit", "Sources/Server/A.swift",
      "fatalError(\"no room\")" + String(repeating: "\n", count: 450), []),
  ]

  @Test("Only what is on the map lies at the top of the repository")
  func topLevel() {
    let paths = [
      "Package.swift", "Sources/A/B.swift", "Tests/T.swift", "Protocol/errors.md", "Tools/test",
      "README.md", ".ci/run", ".swift-format", "notes.md", "docs/a.md", "docs/b.md",
    ]
    #expect(
      Rules.topLevel(paths).map(\.description) == [
        "docs:1: has no place at the top of the repository",
        "notes.md:1: has no place at the top of the repository",
      ])
  }
}
