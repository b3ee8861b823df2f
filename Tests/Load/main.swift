// The load client of Tools/bench: one thread that loads the server and its peers alike. It is driven
// over standard input and output; LoadClient.swift says how.

import Glibc

signal(SIGPIPE, SIG_IGN)
var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
do {
  var client = try LoadClient()
  try client.run()
} catch {
  tell("{\"error\":\"\(error)\"}")
  exit(1)
}
