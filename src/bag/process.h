// Who a process is, so that a lease can name its owner and tell a living one from a crashed one.
#pragma once

#include <cstdint>
#include <string>

namespace banchu {

struct ProcessIdentity {
  std::string machine;  // /etc/machine-id, else "host-" and the host name
  std::string host;     // for people
  std::string boot;     // the kernel's boot id: equal only on one machine between two starts of it
  std::string space;    // the pid namespace: process ids of another container say nothing here
  std::int64_t pid = 0;
  std::int64_t started = 0;  // in clock ticks since boot; tells a process from a later one with the same pid
};

ProcessIdentity this_process();

// Whether a process of this machine, boot and pid namespace still runs (a zombie does not).
bool is_alive(std::int64_t pid, std::int64_t started);

}  // namespace banchu
