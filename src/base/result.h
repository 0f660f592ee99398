// Result<T>: a value or an Error. The member names of std::expected (which GCC 12 has only in C++23).
//
// Expected failure travels in a Result; a broken invariant is BANCHU_CHECK. Never throws, except that value()
// on an error is a broken invariant and stops the program.
#pragma once

#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace banchu {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return checked(); }
  const T& value() const& { return const_cast<Result*>(this)->checked(); }
  T&& value() && { return std::move(checked()); }
  T& operator*() & { return checked(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(checked()); }
  T* operator->() { return &checked(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::move(std::get<1>(state_)); }

  T value_or(T other) && { return has_value() ? std::move(checked()) : std::move(other); }

 private:
  T& checked() {
    BANCHU_CHECK(has_value(), "value() of a Result that holds an error: " + std::get<1>(state_).message);
    return std::get<0>(state_);
  }
  std::variant<T, Error> state_;
};

// Success without a value.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}
  bool has_value() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const& { return error_; }
  Error&& error() && { return std::move(error_); }

 private:
  Error error_;
  bool ok_ = true;
};

using Status = Result<void>;

}  // namespace banchu

#define BANCHU_CONCAT_(a, b) a##b
#define BANCHU_CONCAT(a, b) BANCHU_CONCAT_(a, b)

// BANCHU_TRY(auto bytes, read_file(path)): declares `bytes`, or returns the error to the caller.
#define BANCHU_TRY(declaration, expression) \
  BANCHU_TRY_(BANCHU_CONCAT(banchu_result_, __LINE__), declaration, expression)
#define BANCHU_TRY_(name, declaration, expression)       \
  auto name = (expression);                              \
  if (!name.has_value()) return std::move(name).error(); \
  declaration = std::move(name).value()

// BANCHU_TRY_STATUS(write_file(path, bytes)): the same for a Status.
#define BANCHU_TRY_STATUS(expression)                                                                              \
  do {                                                                                                             \
    if (auto banchu_status_ = (expression); !banchu_status_.has_value()) return std::move(banchu_status_).error(); \
  } while (false)
