#include "model/jinja_guard.h"

#include <utility>

#include "jinja/runtime.h"

namespace banchu {
namespace {

constexpr std::ptrdiff_t kMaxStackBytes = 2 << 20;  // threads have 8 MiB
constexpr std::size_t kMaxStringBytes = 16 << 20;
constexpr std::int64_t kMaxRange = 100'000;

thread_local GuardScope* current_scope = nullptr;

void check_limits() {
  if (current_scope != nullptr) current_scope->check();
}

// Stands at the front of loop and macro bodies; writes nothing.
struct CheckStatement final : jinja::statement {
  std::string type() const override { return "Check"; }
  jinja::value execute_impl(jinja::context&) const override {
    check_limits();
    return jinja::mk_val<jinja::value_string>(std::string());
  }
};

// How long the text of a value is, as far as an operator can multiply or join it.
std::size_t text_bytes(const jinja::value& value) {
  return jinja::is_val<jinja::value_string>(value) ? value->val_str.length() : 0;
}

// The left side of an operator; remembers what it gave until the right side begins, which follows at once.
struct LeftOperand final : jinja::expression {
  explicit LeftOperand(jinja::statement_ptr inner_operand) : inner(std::move(inner_operand)) {}
  jinja::value execute_impl(jinja::context& context) const override {
    check_limits();
    jinja::value value = inner->execute(context);
    latest = value;
    return value;
  }
  void visit(jinja::context& context) const override { inner->visit(context); }
  jinja::statement_ptr inner;
  static thread_local jinja::value latest;
};
thread_local jinja::value LeftOperand::latest;

struct RightOperand final : jinja::expression {
  RightOperand(jinja::statement_ptr inner_operand, bool repeats) : inner(std::move(inner_operand)), repeats_(repeats) {}
  jinja::value execute_impl(jinja::context& context) const override {
    const jinja::value left = std::exchange(LeftOperand::latest, nullptr);
    jinja::value right = inner->execute(context);
    if (left && too_long(left, right)) throw GuardTripped{"writes a text that is too long"};
    return right;
  }
  void visit(jinja::context& context) const override { inner->visit(context); }

 private:
  bool too_long(const jinja::value& left, const jinja::value& right) const {
    if (!repeats_) return text_bytes(left) + text_bytes(right) > kMaxStringBytes;
    const bool left_is_text = jinja::is_val<jinja::value_string>(left);
    const jinja::value& count = left_is_text ? right : left;
    const std::size_t bytes = text_bytes(left_is_text ? left : right);
    return bytes > 0 && jinja::is_val<jinja::value_int>(count) &&
           count->as_int() > static_cast<std::int64_t>(kMaxStringBytes / bytes);
  }
  jinja::statement_ptr inner;
  bool repeats_;
};

void guard_operands(jinja::binary_expression& node) {
  const bool repeats = node.op.value == "*";
  if (!repeats && node.op.value != "+" && node.op.value != "~") return;
  node.left = std::make_unique<LeftOperand>(std::move(node.left));
  node.right = std::make_unique<RightOperand>(std::move(node.right), repeats);
}

// The tree is ours until it is shared, so the visitor's const is cast away.
template <typename T>
T* node_as(const jinja::statement* node) {
  return const_cast<T*>(dynamic_cast<const T*>(node));
}

void guard_children(jinja::context& context, const jinja::statement* node) {
  if (auto* list = node_as<jinja::array_literal>(node)) {
    for (const auto& item : list->val) item->visit(context);
  } else if (auto* tuple = node_as<jinja::tuple_literal>(node)) {
    for (const auto& item : tuple->val) item->visit(context);
  } else if (auto* object = node_as<jinja::object_literal>(node)) {
    for (const auto& item : object->val) {
      item.first->visit(context);
      item.second->visit(context);
    }
  }
}

}  // namespace

void guard_program(jinja::program& program) {
  jinja::context context;
  context.visitor = [&context](bool, const jinja::statement* node, std::vector<jinja::visitor_pair> children) {
    for (const auto& [label, nodes] : children) {
      for (const jinja::statement* child : nodes) {
        if (child != nullptr) child->visit(context);
      }
    }
    guard_children(context, node);
    if (auto* loop = node_as<jinja::for_statement>(node)) {
      loop->body.insert(loop->body.begin(), std::make_unique<CheckStatement>());
    } else if (auto* macro = node_as<jinja::macro_statement>(node)) {
      macro->body.insert(macro->body.begin(), std::make_unique<CheckStatement>());
    } else if (auto* operation = node_as<jinja::binary_expression>(node)) {
      guard_operands(*operation);
    }
  };
  for (const auto& statement : program.body) statement->visit(context);
}

void limit_range(jinja::context& context) {
  const jinja::func_handler original = jinja::global_builtins().at("range");
  context.set_val("range", jinja::mk_val<jinja::value_func>("range", [original](const jinja::func_args& args) {
                    for (const jinja::value& arg : args.get_args()) {
                      const bool small = !jinja::is_val<jinja::value_int>(arg) ||
                                         (arg->as_int() <= kMaxRange && arg->as_int() >= -kMaxRange);
                      if (!small) throw GuardTripped{"asks for a range that is too long"};
                    }
                    check_limits();
                    return original(args);
                  }));
}

GuardScope::GuardScope(int deadline_ms)
    : deadline_(std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms)),
      stack_(reinterpret_cast<const std::byte*>(__builtin_frame_address(0))),
      outer_(current_scope) {
  current_scope = this;
}

GuardScope::~GuardScope() { current_scope = outer_; }

void GuardScope::check() const {
  const auto* here = reinterpret_cast<const std::byte*>(__builtin_frame_address(0));
  if (stack_ - here > kMaxStackBytes) throw GuardTripped{"calls itself without end"};
  if (std::chrono::steady_clock::now() > deadline_) throw GuardTripped{"did not finish in its time"};
}

}  // namespace banchu
