// `waggle token`: makes a token with the keys of a data directory.

import Commerce
import Wire

extension Subcommand {
  /// Makes a token.
  static let token = Subcommand(
    name: "token", summary: "Make a token",
    details: """
      Prints a token for one person of one storefront, signed with the keys in the data directory \
      (made there if the directory has none yet). A storefront comes into being when an operator \
      configures it: PUT /v1/storefront with a token of scope operator.
      """,
    options: [
      .data, .storefront,
      .value("person", "ID", "Whose token it is: a member, a viewer, or a name for a backend."),
      .value(
        "scope", "SCOPES",
        "What it allows, separated by spaces: viewer promoter host backend operator broker."),
      .value("id", "TEXT", "Its name for a revocation, 1 to 128 bytes; a random one if left out."),
      .value("hours", "N", default: "12", "How long it is valid, 1 to 8760 hours."),
    ],
    examples: [
      .init(
        "token --storefront demo --person shop --scope \"operator backend\"",
        "for the storefront's own systems"),
      .init("token --person host-lin --scope host", "for a host of the demonstration"),
    ]
  ) { input, output in
    let directory = try input.text("data")
    let wanted = try input.text("scope")
    guard let scopes = Token.Scopes(wanted), !scopes.isEmpty else {
      throw input.refusal(
        "scope", "one or more of viewer promoter host backend operator broker, with spaces")
    }
    let hours = try input.integer("hours", in: 1...8760)
    let id = input.optionalText("id")
    guard id.map({ (1...128).contains($0.utf8.count) }) ?? true else {
      throw input.refusal("id", "1 to 128 bytes")
    }
    let keyring = try Keyring.loadOrCreate(directory: directory)
    output.line(
      try keyring.issue(
        person: try identifier(input, "person"), storefront: try identifier(input, "storefront"),
        scopes: scopes, lifetimeMilliseconds: hours * 3_600_000, now: wallClock(), id: id))
    return .done
  }
}

/// An identifier given as an option.
func identifier<Tag>(_ input: CommandInput, _ name: String) throws -> Identifier<Tag> {
  do { return try Identifier<Tag>(try input.text(name)) } catch is CommerceError {
    throw input.refusal(name, "1 to 64 characters out of A-Z a-z 0-9 . _ : ~ -")
  }
}
