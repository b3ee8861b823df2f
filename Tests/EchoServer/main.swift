// Echoes on 127.0.0.1 until it is ended: `EchoServer [PORT]`, without a port on one that it prints.
import Glibc
import Transport

var configuration = LoopConfiguration(sha1: sha1)
configuration.takesBinaryMessages = true
configuration.messageBytesMax = 64 << 20
configuration.queueBytesMax = 256 << 20

let port = CommandLine.arguments.count > 1 ? UInt16(CommandLine.arguments[1]) ?? 0 : 0
guard let address = InternetAddress(host: "127.0.0.1", port: port) else {
  preconditionFailure("127.0.0.1 is an address")
}
let listener = try Listener.open(address, count: 1)[0]
let loop = try Loop<EchoDelegate>(index: 0, configuration: configuration, listener: listener)
try loop.start { _, connections in EchoDelegate(connections, journal: nil) }
print("listening on \(listener.address)")
// Whoever started it through a pipe waits for that line.
fflush(nil)
loop.join()
