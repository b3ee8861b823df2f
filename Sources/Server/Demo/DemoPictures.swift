// The pictures of the demonstration's products: a few shapes for each category, in six pairs of colours.
// Made as they are asked for, at `/demo/pictures/CATEGORY-NUMBER.svg`, so that the page may show them
// under its own content security policy (img-src 'self'). Pure; any thread.

/// Pictures of products.
enum DemoPictures {
  /// Pictures of one category: numbers from 0 up to this.
  static let count = 12

  /// One picture.
  ///
  /// - Parameter name: such as `tea-3.svg`.
  /// - Returns: an SVG document; nothing where there is no such picture.
  static func picture(named name: String) -> [UInt8]? {
    guard name.hasSuffix(".svg") else { return nil }
    let parts = name.dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let shapes = shapes[String(parts[0])], let number = Int(parts[1]),
      (0..<count).contains(number), String(number) == parts[1]
    else { return nil }
    let colours = palettes[number / 2]
    let shape = shapes[number % 2]
    let text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 160">\
      <rect width="160" height="160" fill="\(colours.ground)"/>\
      <circle cx="124" cy="34" r="58" fill="\(colours.light)"/>\
      <g fill="\(colours.ink)" stroke="\(colours.ink)" stroke-width="0" stroke-linejoin="round" \
      stroke-linecap="round">\(shape)</g></svg>
      """
    return Array(text.utf8)
  }

  private struct Palette {
    let ground: String
    let light: String
    let ink: String
  }

  private static let palettes = [
    Palette(ground: "#e3efe2", light: "#cfe4cf", ink: "#2f6b4f"),
    Palette(ground: "#f6e7d8", light: "#f0d6bb", ink: "#9a4f22"),
    Palette(ground: "#fbe3e4", light: "#f5cdd1", ink: "#a83b52"),
    Palette(ground: "#e2ecf7", light: "#cbdcf0", ink: "#2d5c94"),
    Palette(ground: "#f7f0cf", light: "#f0e3a5", ink: "#7d6410"),
    Palette(ground: "#ece6f6", light: "#dccff0", ink: "#5d3f94"),
  ]

  private static let shapes: [String: [String]] = [
    "tea": [
      // A pot, and a leaf.
      "<path d='M46 78h68v14a34 32 0 0 1-68 0z'/><path d='M114 84c16-6 20 18 0 22M46 88c-14-2-18-14-24-16' "
        + "fill='none' stroke-width='7'/><rect x='56' y='66' width='48' height='8' rx='4'/>"
        + "<circle cx='80' cy='60' r='6'/>",
      "<path d='M36 116c-4-56 36-84 90-80 2 56-30 92-90 80z'/><path d='M40 112 104 56M62 92V72M80 76V60' "
        + "stroke='#fff' stroke-width='4' fill='none'/>",
    ],
    "food": [
      // A bowl of rice, and a jar.
      "<path d='M30 84h100a50 44 0 0 1-100 0z'/><path d='M42 78a38 30 0 0 1 76 0z' opacity='.55'/>"
        + "<rect x='60' y='124' width='40' height='8' rx='4'/>"
        + "<path d='M96 26 84 70M112 30 94 72' stroke-width='5'/>",
      "<rect x='50' y='34' width='60' height='16' rx='5'/><rect x='44' y='56' width='72' height='76' rx='14'/>"
        + "<rect x='54' y='78' width='52' height='32' rx='4' fill='#fff' opacity='.85'/>",
    ],
    "fresh": [
      // An apple, and grapes.
      "<path d='M80 58c-40-22-58 26-38 58 12 20 24 16 38 10 14 6 26 10 38-10 20-32 2-80-38-58z'/>"
        + "<path d='M80 56c0-14 6-22 16-28' fill='none' stroke-width='6'/>"
        + "<path d='M86 44c8-14 24-14 32-10-6 14-20 16-32 10z' opacity='.6'/>",
      "<g><circle cx='60' cy='66' r='14'/><circle cx='88' cy='66' r='14'/><circle cx='46' cy='88' r='14'/>"
        + "<circle cx='74' cy='90' r='14'/><circle cx='102' cy='88' r='14'/><circle cx='60' cy='112' r='14'/>"
        + "<circle cx='88' cy='112' r='14'/><circle cx='74' cy='132' r='12'/></g>"
        + "<path d='M74 52V30h20' fill='none' stroke-width='6'/>",
    ],
    "beauty": [
      // A lipstick, and a pump bottle.
      "<path d='M64 70V46l32-18v42z'/><rect x='58' y='74' width='44' height='16' opacity='.6'/>"
        + "<rect x='54' y='94' width='52' height='40' rx='5'/>",
      "<rect x='52' y='66' width='56' height='68' rx='12'/><rect x='70' y='46' width='20' height='16'/>"
        + "<path d='M80 44V32h28' fill='none' stroke-width='8'/>"
        + "<rect x='62' y='88' width='36' height='22' rx='3' fill='#fff' opacity='.85'/>",
    ],
    "fashion": [
      // A shirt, and a hanger with a dress.
      "<path d='M56 36 26 56l14 24 14-8v58h52V72l14 8 14-24-30-20c-4 14-44 14-48 0z'/>",
      "<path d='M68 50h24l6 26 22 54H40l22-54z'/><path d='M80 50v-8c8 0 10-14 0-14-6 0-8 4-8 8' fill='none' "
        + "stroke-width='5'/><path d='M60 78h40' stroke='#fff' stroke-width='5'/>",
    ],
    "home": [
      // A lamp, and a cup.
      "<path d='M56 34h48l18 46H38z'/><rect x='76' y='80' width='8' height='42'/>"
        + "<rect x='52' y='122' width='56' height='10' rx='5'/>",
      "<path d='M42 58h64v40a32 32 0 0 1-64 0z'/><path d='M106 66c24-4 24 34-2 34' fill='none' "
        + "stroke-width='8'/><path d='M60 46c-6-8 6-12 0-20M80 46c-6-8 6-12 0-20' fill='none' "
        + "stroke-width='5'/>",
    ],
    "baby": [
      // A bear, and building blocks.
      "<circle cx='52' cy='54' r='16'/><circle cx='108' cy='54' r='16'/><circle cx='80' cy='84' r='42'/>"
        + "<g fill='#fff'><circle cx='66' cy='78' r='5'/><circle cx='94' cy='78' r='5'/>"
        + "<ellipse cx='80' cy='98' rx='14' ry='11' opacity='.85'/></g>",
      "<rect x='34' y='84' width='44' height='44' rx='6'/><rect x='84' y='84' width='44' height='44' rx='6' "
        + "opacity='.65'/><path d='M81 34l28 44H53z'/>",
    ],
    "sport": [
      // A tent under mountains, and a ball.
      "<path d='M20 128 66 48l22 34 14-18 40 64z' opacity='.55'/><path d='M52 128l32-50 32 50z'/>"
        + "<path d='M84 128V96l14 32z' fill='#fff' opacity='.85'/>",
      "<circle cx='80' cy='82' r='48'/><path d='M32 82h96M80 34v96M46 48c24 22 24 46 0 68M114 48c-24 22-24 46 "
        + "0 68' fill='none' stroke='#fff' stroke-width='5'/>",
    ],
  ]
}
