// The figures of a server as Prometheus reads them. Every family is told in every answer, also where it
// stands at zero; no label names a room, a person or a storefront. Any thread.

import Synchronization

extension Health {
  /// All figures in the text format of Prometheus.
  package var metrics: String {
    var text = Exposition()
    addState(&text)
    addCalls(&text)
    addDelivery(&text)
    addStorage(&text)
    settlements.add(to: &text)
    webhooks.add(to: &text)
    surroundings.add(to: &text)
    return text.text
  }

  private func read(_ counter: borrowing Atomic<Int>) -> Int { counter.load(ordering: .relaxed) }

  private func addState(_ text: inout Exposition) {
    text.single("waggle_ready", .gauge, "Whether writes are accepted.", isReady ? 1 : 0)
    let reasons = Set(reasons)
    text.family("waggle_not_ready", .gauge, "What stands against accepting writes.")
    for reason in Reason.allCases {
      text.sample(
        "waggle_not_ready", [("reason", reason.rawValue)], reasons.contains(reason) ? "1" : "0")
    }
    text.single(
      "waggle_keys_stale", .gauge, "Whether the key file could not be taken up as it lies there.",
      areKeysStale.load(ordering: .relaxed) ? 1 : 0)
    text.single(
      "waggle_certificate_stale", .gauge,
      "Whether the certificate could not be taken up as it lies there.",
      isCertificateStale.load(ordering: .relaxed) ? 1 : 0)
    text.single(
      "waggle_threads_stuck", .gauge, "Threads that have not turned for too long.",
      pulse.stuck.count)
  }

  private func addCalls(_ text: inout Exposition) {
    text.single(
      "waggle_calls_total", .counter, "Calls accepted for decision or reading.",
      read(callsAccepted))
    text.family("waggle_calls_answered_total", .counter, "Calls answered, by what they are about.")
    for family in CallFamily.allCases {
      for outcome in CallOutcome.allCases {
        text.sample(
          "waggle_calls_answered_total",
          [("family", "\(family)"), ("outcome", "\(outcome)")],
          String(count(family, outcome)))
      }
    }
    text.histogram(
      "waggle_call_seconds", "From taking a call to its answer.", callTime, areMicroseconds: true)
    text.single(
      "waggle_calls_busy_total", .counter, "Calls refused because too many waited.",
      read(callsRefusedBusy))
    text.single(
      "waggle_calls_rate_limited_total", .counter, "Calls of sessions refused for coming too fast.",
      read(callsRateLimited))
    text.single(
      "waggle_links_rate_limited_total", .counter, "Landing links refused for coming too fast.",
      read(linksRateLimited))
    text.single(
      "waggle_misuse_closes_total", .counter,
      "WebSockets closed for going on with refused messages.", read(misuseCloses))
    text.family(
      "waggle_person_limits_refused_total", .counter,
      "What persons were refused over all of their sessions.")
    for limit in PersonLimit.allCases {
      text.sample(
        "waggle_person_limits_refused_total", [("limit", limit.rawValue)], String(count(limit)))
    }
    text.family("waggle_limits_refused_total", .counter, "What was refused for a limit.")
    for limit in CountedLimit.allCases {
      let count =
        switch limit {
        case .connections: read(connectionsRefused)
        case .queue: read(slowConsumers)
        case .rate: count(.rate) + read(connectionsRateLimited)
        default: count(limit)
        }
      text.sample("waggle_limits_refused_total", [("limit", limit.rawValue)], String(count))
    }
  }

  private func addDelivery(_ text: inout Exposition) {
    text.single(
      "waggle_connections_open", .gauge, "Connections open now.", read(connectionsOpen))
    text.single(
      "waggle_connections_total", .counter, "Connections accepted.", read(connectionsOpened))
    text.single(
      "waggle_connections_refused_total", .counter, "Connections refused for a limit.",
      read(connectionsRefused))
    text.single(
      "waggle_connections_rate_limited_total", .counter,
      "Connections refused because their address opens them too fast.",
      read(connectionsRateLimited))
    text.single(
      "waggle_descriptors_exhausted_total", .counter,
      "Attempts to accept a connection that failed for want of a descriptor.", read(starvations))
    text.single(
      "waggle_body_bytes", .gauge,
      "Bytes that incomplete requests keep, at the last look each second.", read(bodyBytes))
    text.single(
      "waggle_connections_busy_total", .counter,
      "WebSockets closed because too many calls waited.", read(connectionsBusy))
    text.single(
      "waggle_tls_handshakes_total", .counter, "TLS handshakes completed.", read(handshakes))
    text.single(
      "waggle_tls_handshakes_failed_total", .counter,
      "TLS handshakes that failed or took too long.", read(handshakesFailed))
    text.single(
      "waggle_slow_consumers_total", .counter, "Connections closed for reading too slowly.",
      read(slowConsumers))
    text.single(
      "waggle_queued_bytes", .gauge, "Bytes that wait to be sent, at the last look each second.",
      read(queuedBytes))
    text.single("waggle_rooms_watched", .gauge, "Rooms that somebody is in.", read(roomsWatched))
    text.single("waggle_room_events_total", .counter, "Room events stored.", read(eventsStored))
    text.single(
      "waggle_frames_sent_total", .counter, "Frames handed to connections.", read(framesSent))
    text.single(
      "waggle_conflated_total", .counter, "Values replaced before they were sent.",
      read(conflated))
    text.family(
      "waggle_recoveries_total", .counter, "Joins that asked for the events they had missed.")
    text.sample("waggle_recoveries_total", [("recovered", "true")], String(read(recoveriesDone)))
    text.sample("waggle_recoveries_total", [("recovered", "false")], String(read(recoveriesFailed)))
    text.histogram(
      "waggle_fanout_seconds",
      "From the commit that published events to handing the last of them to a socket, per room and loop.",
      fanOut, areMicroseconds: true)
  }

  private func addStorage(_ text: inout Exposition) {
    text.single("waggle_commits_total", .counter, "Commits that stored something.", read(commits))
    text.histogram(
      "waggle_commit_seconds", "Duration of commits.", commitTime, areMicroseconds: true)
    text.histogram(
      "waggle_batch_calls", "Calls decided in one round of the writer.", batchSize,
      areMicroseconds: false)
    text.single("waggle_records_stored_total", .counter, "Records stored.", read(recordsStored))
    text.single(
      "waggle_ledger_transactions_total", .counter, "Ledger transactions booked.",
      read(transactionsBooked))
    text.single(
      "waggle_storage_failures_total", .counter, "Failures of the database.",
      read(storageFailures))
  }
}
