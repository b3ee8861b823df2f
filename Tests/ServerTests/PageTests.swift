// The embedded page against the files it was made of. Reads the source folder.
import FoundationEssentials
import Testing

@testable import Server

@Suite("The page")
struct PageTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/Server/Page/files").path

  @Test("Every file of the folder is served, byte for byte, and no other")
  func embedsTheFolder() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
    #expect(Set(["/", "/embed"] + names.map { "/" + $0 }) == Set(Page.paths))
    for name in names {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/" + name))
      // A plain truth: the difference of two files would fill the screen with numbers.
      let isEmbedded = Page.file(path: "/" + name)?.body == [UInt8](bytes)
      #expect(isEmbedded, "\(name)")
    }
  }

  @Test(
    "A file has the type that browsers insist on",
    arguments: [
      ("/", "text/html; charset=utf-8"), ("/index.html", "text/html; charset=utf-8"),
      ("/app.js", "text/javascript; charset=utf-8"), ("/style.css", "text/css; charset=utf-8"),
      ("/favicon.svg", "image/svg+xml"), ("/embed", "text/html; charset=utf-8"),
    ])
  func types(path: String, contentType: String) {
    #expect(Page.file(path: path)?.contentType == contentType)
  }

  @Test(
    "What is no file of the page is not found",
    arguments: ["", "app.js", "/app", "/app.js/", "/../app.js", "/App.js", "//", "/files/app.js"])
  func strangers(path: String) {
    #expect(Page.file(path: path) == nil)
  }

  @Test("Only the embedded room, where nothing can be bought, may stand in another page's frame")
  func frames() {
    for path in Page.paths {
      let policy = Page.contentSecurityPolicy(path: path)
      #expect(policy.contains("frame-ancestors 'none'") == (path != "/embed"), "\(path)")
      #expect(policy.contains("script-src 'self';") && !policy.contains("unsafe"))
    }
  }

  @Test("Every text is there once, in both languages, and names the same values in each")
  func languages() throws {
    var known: Set<String> = []
    for path in Page.paths where path.hasPrefix("/words") {
      let text = try text(of: path)
      for match in text.matches(of: /'([\w.]+)':\s*\[([^\]]*)\]/) {
        let (key, texts) = (String(match.1), match.2.matches(of: /'([^']*)'/).map(\.1))
        #expect(known.insert(key).inserted, "\(path) has \(key) once more")
        #expect(texts.count == 2 && texts.allSatisfy { !$0.isEmpty }, "\(path): \(key)")
        let values = texts.map { Set($0.matches(of: /\{\w+\}/).map { String($0.0) }) }
        #expect(values.first == values.last, "\(path): \(key)")
      }
    }
    #expect(known.count > 150)
    for path in Page.paths where path.hasSuffix(".js") || path.hasSuffix(".html") {
      for match in try text(of: path).matches(of: /(?:\bsay\('|data-(?:say|label)=")([\w.]+)['"]/) {
        #expect(known.contains(String(match.1)), "\(path) says \(match.1)")
      }
    }
  }

  private func text(of path: String) throws -> String {
    let body = try #require(Page.file(path: path)).body
    return try #require(String(validating: body, as: UTF8.self))
  }

  @Test("The page is the same at / and at /index.html")
  func start() {
    let isSame = Page.file(path: "/")?.body == Page.file(path: "/index.html")?.body
    #expect(isSame)
  }

  @Test("Everything the page names is a file of the page, and nothing is inline or elsewhere")
  func staysInside() throws {
    for path in Page.paths {
      let body = try #require(Page.file(path: path)).body
      let text = try #require(String(validating: body, as: UTF8.self))
      for name in text.names(after: ["from '.", "src=\"", "rel=\"stylesheet\" href=\""]) {
        #expect(Page.file(path: name) != nil, "\(path) names \(name)")
      }
      for forbidden in ["<style", "style=\"", "onclick=\"", "<script>", "https://", "innerHTML"] {
        let isInside = !text.contains(forbidden)
        #expect(isInside, "\(path) has \(forbidden)")
      }
    }
  }
}

extension String {
  /// What stands between each of these beginnings and the next quotation mark.
  fileprivate func names(after beginnings: [String]) -> [String] {
    beginnings.flatMap { beginning in
      split(separator: beginning, omittingEmptySubsequences: false).dropFirst().compactMap {
        $0.split(omittingEmptySubsequences: false) { $0 == "'" || $0 == "\"" }.first.map(
          String.init)
      }
    }
  }
}
