// Decides paid orders like those of Tools/bench over a store in memory, without a server around it: what
// an order costs in the core alone, counted by Tools/instructions or profiled by hand:
//
//   valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*decideBatch*' Deciding 2000
//
// Prints what the last ledger says, so that a faster core can be seen to say the same.

import Commerce
import Commission
import Coordination
import Ledger

let batch = 100
let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2000
let shop = try OrderedShop()
// The first orders learn what is known of rooms and people afterwards.
for first in stride(from: 0, to: OrderedShop.warm + count, by: batch) {
  let commands = (first..<first + batch).map(shop.order)
  if first < OrderedShop.warm {
    try shop.decide(commands)
  } else {
    try shop.decideBatch(commands)
  }
  _ = try shop.coordinator.commit()
}
print(shop.summary)
