// The page that is served at `/`: the files of Page/files, embedded in the binary by the build.
//
// The files are served as they are, without a build step; a test holds this table against the
// folder, so a file that is added and not named here is found. Constants only; any thread.

/// The page at `/`, one for each role on the same API as everybody else.
package enum Page {
  /// What the page may load and do, as the value of a `Content-Security-Policy` header.
  ///
  /// Only its own files and its own server: no inline script or style, no other address, no frame
  /// around it. Source: W3C Content Security Policy Level 3.
  package static let contentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  /// One file of the page.
  ///
  /// - Parameter path: of the request, without its query; `/` is the page itself.
  /// - Returns: the value of `Content-Type` and the bytes; nothing where there is no such file.
  package static func file(path: String) -> (contentType: String, body: [UInt8])? {
    guard let body = body(path: path) else { return nil }
    return (contentType(path: path), body)
  }

  /// Every path that has a file, in order.
  static let paths = [
    "/", "/app.js", "/catalogue.js", "/dom.js", "/explanation.js", "/favicon.svg", "/feed.js",
    "/format.js", "/host-room.js", "/host.js", "/index.html", "/orders.js", "/parts.js",
    "/promoter.js", "/protocol.js", "/room.js", "/session.js", "/style.css", "/viewer-room.js",
    "/viewer.js", "/words.js",
  ]

  private static func body(path: String) -> [UInt8]? {
    switch path {
    case "/", "/index.html": PackageResources.index_html
    case "/app.js": PackageResources.app_js
    case "/catalogue.js": PackageResources.catalogue_js
    case "/dom.js": PackageResources.dom_js
    case "/explanation.js": PackageResources.explanation_js
    case "/favicon.svg": PackageResources.favicon_svg
    case "/feed.js": PackageResources.feed_js
    case "/format.js": PackageResources.format_js
    case "/host-room.js": PackageResources.host_room_js
    case "/host.js": PackageResources.host_js
    case "/orders.js": PackageResources.orders_js
    case "/parts.js": PackageResources.parts_js
    case "/promoter.js": PackageResources.promoter_js
    case "/protocol.js": PackageResources.protocol_js
    case "/room.js": PackageResources.room_js
    case "/session.js": PackageResources.session_js
    case "/style.css": PackageResources.style_css
    case "/viewer-room.js": PackageResources.viewer_room_js
    case "/viewer.js": PackageResources.viewer_js
    case "/words.js": PackageResources.words_js
    default: nil
    }
  }

  private static func contentType(path: String) -> String {
    if path.hasSuffix(".js") { return "text/javascript; charset=utf-8" }
    if path.hasSuffix(".css") { return "text/css; charset=utf-8" }
    if path.hasSuffix(".svg") { return "image/svg+xml" }
    return "text/html; charset=utf-8"
  }
}
