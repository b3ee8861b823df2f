// swift-tools-version: 6.2
// A package of its own, as somebody would write it who only wants the commission module.
// Run it from the top of the repository: swift run --package-path Tools/examples/commission
import PackageDescription

let package = Package(
  name: "commission-example",
  dependencies: [.package(name: "waggle", path: "../../..")],
  targets: [
    .executableTarget(
      name: "CommissionExample",
      dependencies: [.product(name: "Commission", package: "waggle")])
  ]
)
