// swift-tools-version: 6.2
// The targets and who may import whom: see README.md, "The map of the code".
// No outside Swift packages; libssl-dev and libsqlite3-dev are the only libraries.
import PackageDescription

/// Swift 6 language mode comes from the tools version; every warning is an error.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// One pure or shell target together with its tests.
func pair(
  _ name: String, _ dependencies: [String], tests extra: [String] = [],
  resources: [Resource] = []
) -> [Target] {
  [
    .target(
      name: name, dependencies: dependencies.map { .byName(name: $0) }, resources: resources,
      swiftSettings: strict),
    .testTarget(
      name: name + "Tests", dependencies: ([name] + dependencies + extra).map { .byName(name: $0) },
      swiftSettings: strict),
  ]
}

let package = Package(
  name: "waggle",
  products: [
    .executable(name: "waggle", targets: ["waggle"]),
    .library(name: "Commission", targets: ["Commission", "Commerce"]),
  ],
  targets: [
    // Functional core: no Foundation, clock, randomness, Task, async or actor.
    pair("Notation", []),
    pair("Commerce", []),
    pair("Commission", ["Commerce", "Notation"], tests: ["CommissionExample"]),
    pair("Ledger", ["Commerce"]),
    pair(
      "Coordination", ["Commerce", "Commission", "Ledger", "Notation"], tests: ["Histories"]),
    pair("Wire", ["Commerce", "Notation"]),
    // Shell.
    pair("Crypto", ["COpenSSL"]),
    pair("Transport", ["Wire", "CLinux", "COpenSSL"], tests: ["Certificates", "EchoServer"]),
    pair(
      "Storage",
      ["Coordination", "Commerce", "Commission", "Ledger", "Notation", "Crypto", "CSQLite"],
      tests: ["Histories", "PowerLoss"]),
    pair(
      "Server",
      [
        "Commerce", "Commission", "Ledger", "Coordination", "Notation", "Wire", "Crypto",
        "Transport", "Storage",
      ], tests: ["Certificates", "Histories", "PowerLoss"],
      resources: [.embedInCode("Page/files"), .embedInCode("Demo/files")]),
    [
      // Reads the sources themselves: who imports whom, and what has no place in which target.
      .testTarget(name: "TidyTests", swiftSettings: strict),
      .executableTarget(name: "waggle", dependencies: ["Server"], swiftSettings: strict),
      .executableTarget(
        name: "EchoServer", dependencies: ["Transport", "Wire"], path: "Tests/EchoServer",
        swiftSettings: strict),
      // The client that loads the server and its peers alike for Tools/bench.
      .executableTarget(
        name: "Load", dependencies: ["CLinux"], path: "Tests/Load", swiftSettings: strict),
      // Orders decided without a server, for Tools/instructions.
      .executableTarget(
        name: "Deciding", dependencies: ["Commerce", "Commission", "Coordination", "Ledger"],
        path: "Tests/Deciding", swiftSettings: strict),
      // Foreign bytes as functions, for libFuzzer (Tools/fuzz) and for ordinary tests.
      .target(
        name: "FuzzTargets",
        dependencies: ["Commerce", "Commission", "Notation", "Server", "Wire"],
        path: "Tests/Fuzz/Targets", swiftSettings: strict),
      .testTarget(
        name: "FuzzTests", dependencies: ["FuzzTargets", "Commerce", "Wire"],
        swiftSettings: strict),
      // The example of the commission module, built here too so that it cannot rot.
      .executableTarget(
        name: "CommissionExample", dependencies: ["Commission", "Commerce"],
        path: "Tools/examples/commission/Sources/CommissionExample", swiftSettings: strict),
      // Certificates for tests of TLS, and how a test runs a command.
      .target(name: "Certificates", path: "Tests/Certificates", swiftSettings: strict),
      // Random histories and their checker, shared by the tests of the core and of the database.
      .target(
        name: "Histories",
        dependencies: ["Commerce", "Commission", "Coordination", "Ledger", "Notation"],
        path: "Tests/Histories", swiftSettings: strict),
      // The whole server but its sockets under a simulated clock, network and disk. Not shipped.
      .target(
        name: "Simulator",
        dependencies: [
          "Commerce", "Commission", "Coordination", "Histories", "Ledger", "Notation", "Server",
          "Transport", "Wire",
        ],
        path: "Tests/Simulator", swiftSettings: strict),
      .testTarget(
        name: "SimulatorTests", dependencies: ["Simulator"], swiftSettings: strict),
      .executableTarget(
        name: "Simulate", dependencies: ["Simulator"], path: "Tests/Simulate",
        swiftSettings: strict),
      // A file system for SQLite that loses power, for the tests of the store and of the server.
      .target(
        name: "PowerLoss", dependencies: ["CSQLite"], path: "Tests/PowerLoss"),
      .target(name: "CLinux"),
      .systemLibrary(name: "COpenSSL"),
      .systemLibrary(name: "CSQLite"),
    ],
    // Its `main` is libFuzzer's, so it can only be linked with that.
    Context.environment["WAGGLE_FUZZ"] == nil
      ? []
      : [
        .executableTarget(
          name: "Fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Driver",
          swiftSettings: strict)
      ],
  ].flatMap { $0 }
)
