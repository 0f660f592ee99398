// Where a host name leads, and whether that is out in the internet or somewhere inside: this machine, its network, the
// cloud it runs in.
//
// A stranger's redirect may only lead outside; otherwise a download could be made to knock at doors that only this
// machine can see. Numeric forms of every kind ("0x7f.1", "2130706433") are resolved before they are judged.
// Errors: FailedPrecondition (the name leads nowhere, or the network is down).
// Source of the ranges: IANA's registries of special-purpose IPv4 and IPv6 addresses.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace banchu {

// `address` as digits, "192.0.2.1" or "2001:db8::1". What is no such address is not public.
bool is_public_address(const std::string& address);

// The addresses as digits, in the order in which they should be tried; at least one. `host` as in Url.
Result<std::vector<std::string>> addresses_of(const std::string& host);

}  // namespace banchu
