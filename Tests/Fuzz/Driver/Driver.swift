// The program that fuzzes one target, named by the environment, with libFuzzer. Only Tools/fuzz builds
// it, since only `-sanitize=fuzzer` brings what it calls.

import FuzzTargets
import Glibc

private let target: FuzzTarget = {
  guard let name = getenv("WAGGLE_FUZZ_TARGET"),
    let target = FuzzTarget(rawValue: String(cString: name))
  else { preconditionFailure("WAGGLE_FUZZ_TARGET names a target") }
  return target
}()

/// Tries one input. Source: llvm.org, libFuzzer, "Fuzz Target".
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  if let fault = target.fault(of: bytes) { preconditionFailure("\(target): \(fault)") }
  return 0
}

/// Runs libFuzzer. Source: llvm.org, libFuzzer, "Using libFuzzer as a library".
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What the package manager takes for the main function of a program of this name.
@_cdecl("Fuzz_main")
public func fuzzMain(
  _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
  var count = count
  var arguments = arguments
  return runFuzzer(&count, &arguments, fuzzerTestOneInput)
}
