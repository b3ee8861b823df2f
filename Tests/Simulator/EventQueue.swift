// What will happen, by moment and then by the order in which it was arranged: a binary heap, so that two
// runs of one seed turn alike. The simulation's thread only.

/// Things to come, earliest first.
struct EventQueue {
  private struct Entry {
    let at: Int64
    let number: Int64
    let event: Simulation.Event

    func comes(before other: Entry) -> Bool { (at, number) < (other.at, other.number) }
  }

  private var heap: [Entry] = []
  private var count: Int64 = 0

  /// Arranges something.
  mutating func add(_ at: Int64, _ event: Simulation.Event) {
    count += 1
    heap.append(Entry(at: at, number: count, event: event))
    var index = heap.count - 1
    while index > 0, heap[index].comes(before: heap[(index - 1) / 2]) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Takes the earliest.
  mutating func next() -> (at: Int64, event: Simulation.Event)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return (first.at, first.event) }
    heap[0] = last
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2]
      where child < heap.count && heap[child].comes(before: heap[least]) { least = child }
      if least == index { return (first.at, first.event) }
      heap.swapAt(index, least)
      index = least
    }
  }
}
