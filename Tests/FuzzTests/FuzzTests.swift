// The corpus of Tools/fuzz as ordinary tests: what is kept there, and seeded mutations of it. Without
// coverage to steer by, so no substitute for Tools/fuzz, but the same in every run and always run.

import Commerce
import FuzzTargets
import Testing
import Wire

@Suite("Foreign bytes")
struct FuzzTests {
  @Test("Every input that was ever kept is taken without a fault", arguments: FuzzTarget.allCases)
  func corpus(target: FuzzTarget) throws {
    let inputs = try Corpus.inputs(of: target)
    #expect(inputs.count >= 5)
    for (name, bytes) in inputs {
      #expect(target.fault(of: bytes) == nil, "\(target.rawValue)/\(name)")
    }
  }

  @Test("Seeded mutations of them find no fault", arguments: FuzzTarget.allCases)
  func mutations(target: FuzzTarget) throws {
    let inputs = try Corpus.inputs(of: target).map(\.bytes)
    // The same order of milliseconds for each: a plan's bounds cost a thousand times a token.
    let count = target == .plan ? 150 : target == .calls ? 400 : 1500
    var mutator = Mutator(seed: 2026, inputs: inputs)
    for _ in 0..<count {
      let bytes = mutator.next()
      if let fault = target.fault(of: bytes) {
        Issue.record("\(target.rawValue): \(fault)\nof the input \(Base64.encode(bytes))")
        return
      }
    }
  }

  @Test("Mutations reach what lies behind the form: some are taken, some are refused")
  func mutationsReach() throws {
    var mutator = Mutator(seed: 1, inputs: try Corpus.inputs(of: .calls).map(\.bytes))
    var taken = 0
    for _ in 0..<300 {
      do throws(RemoteCallError) {
        _ = try RemoteMessage.read(mutator.next())
        taken += 1
      } catch {}
    }
    #expect((5...295).contains(taken))
  }

  @Test("Every plan that comes with the server is in the corpus and is taken")
  func plans() throws {
    let names = try Corpus.inputs(of: .plan).map(\.name)
    for name in ["fengxiang", "shuai", "wanwu", "youpin"] { #expect(names.contains(name)) }
  }
}
