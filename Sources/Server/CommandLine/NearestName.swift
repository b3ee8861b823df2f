// "Did you mean …?": the known name that the fewest slips of the finger lead to. Pure, any thread.

/// The known name nearest to a mistyped one, or nothing where none is near.
///
/// A slip is a byte too many, too few, wrong, or two swapped (optimal string alignment). One slip
/// for every three bytes is still near, two always are; ties go to the first of the known names.
/// - Parameters:
///   - name: as typed.
///   - known: the names that exist.
/// - Returns: one of the known names.
/// - Complexity: O(n · m) for each known name.
func nearestName(to name: String, among known: [String]) -> String? {
  let typed = Array(name.utf8.prefix(64))
  var best: (name: String, slips: Int)?
  for candidate in known {
    let slips = slipCount(typed, Array(candidate.utf8))
    let isNear = slips <= max(2, typed.count / 3) && slips < candidate.utf8.count
    if isNear, best.map({ slips < $0.slips }) ?? true { best = (candidate, slips) }
  }
  return best?.name
}

private func slipCount(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var beforePrevious: [Int] = []
  var previous = Array(0...right.count)
  for i in left.indices {
    var current = [i + 1]
    for j in right.indices {
      var slips = min(previous[j + 1] + 1, current[j] + 1)
      slips = min(slips, previous[j] + (left[i] == right[j] ? 0 : 1))
      if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
        slips = min(slips, beforePrevious[j - 1] + 1)
      }
      current.append(slips)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.count]
}
