// self list, show, tree, diff, wake, rollback.
#include <fmt/format.h>

#include "app/open.h"
#include "app/remote.h"
#include "app/self_text.h"
#include "app/verbs.h"

namespace banchu {
namespace {

struct SelfFlags {
  std::string a;
  std::string b;
};

Result<int> run_list(AppContext& context) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const std::vector<LivedSelf> selves, lived_selves(*bag));
  Json list = Json::array();
  for (const LivedSelf& lived : selves) {
    list.push_back(self_to_json(lived));
    context.print(self_line(context, lived));
  }
  context.answer({{"selves", std::move(list)}});
  if (selves.empty()) context.say("nobody was born yet; the first conversation begins a self");
  return 0;
}

Result<LivedSelf> find_lived(Bag& bag, const std::string& id) {
  Result<Self> self = id.empty() ? SelfStore(bag).awake() : SelfStore(bag).find(id);
  if (!self) return std::move(self).error();
  BANCHU_TRY(const std::vector<LivedSelf> selves, lived_selves(bag));
  for (const LivedSelf& lived : selves) {
    if (lived.self.id == self->id) return lived;
  }
  return make_error(Code::NotFound, fmt::format("there is no self {}", self->id));
}

Result<int> run_show(AppContext& context, const SelfFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const LivedSelf lived, find_lived(*bag, flags.a));
  context.answer(self_to_json(lived));
  context.print(self_line(context, lived));
  for (const std::string& line : night_lines(context, lived)) context.print("  " + line);
  return 0;
}

void print_branch(const AppContext& context, const std::vector<LivedSelf>& selves, const std::string& parent,
                  const std::string& indent) {
  std::vector<const LivedSelf*> children;
  for (const LivedSelf& lived : selves) {
    if (lived.self.parent == parent) children.push_back(&lived);
  }
  for (const LivedSelf* child : children) {
    const bool is_root = parent.empty();
    const bool is_last = child == children.back();
    context.print(indent + (is_root ? "" : is_last ? "└─ " : "├─ ") + self_line(context, *child));
    const std::string below = indent + (is_root ? "" : is_last ? "   " : "│  ");
    for (const std::string& line : night_lines(context, *child)) {
      context.print(below + "   " + context.out.paint(Style::dim, line));
    }
    print_branch(context, selves, child->self.id, below);
  }
}

Result<int> run_tree(AppContext& context) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const std::vector<LivedSelf> selves, lived_selves(*bag));
  Json list = Json::array();
  for (const LivedSelf& lived : selves) list.push_back(self_to_json(lived));
  context.answer({{"selves", std::move(list)}});
  print_branch(context, selves, "", "");
  return 0;
}

Result<int> run_diff(AppContext& context, const SelfFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const LivedSelf a, find_lived(*bag, flags.a));
  BANCHU_TRY(const LivedSelf b, find_lived(*bag, flags.b));
  const Json difference = self_difference(a, b);
  context.answer(difference);
  context.print("a  " + self_line(context, a));
  context.print("b  " + self_line(context, b));
  if (a.self.base != b.self.base) context.say("they stand on different models");
  for (const Json& adapter : difference["only_in_a"]) context.print("- " + adapter_line(context, adapter));
  for (const Json& adapter : difference["only_in_b"]) context.print("+ " + adapter_line(context, adapter));
  for (const Json& check : difference["checks"]) context.print("  " + check_difference_line(context, check));
  return 0;
}

Result<int> answer_awake(AppContext& context, Bag& bag, const Self& self) {
  BANCHU_TRY(const LivedSelf lived, find_lived(bag, self.id));
  context.answer(self_to_json(lived));
  context.print(self_line(context, lived));
  return 0;
}

Result<int> run_wake(AppContext& context, const SelfFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(const Self self, SelfStore(*bag).wake(flags.a));
  return answer_awake(context, *bag, self);
}

Result<int> run_rollback(AppContext& context) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(const Self self, SelfStore(*bag).rollback());
  return answer_awake(context, *bag, self);
}

Result<int> run_push(AppContext& context, const SelfFlags& flags, const PushFlags& push) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const LivedSelf lived, find_lived(*bag, flags.a));
  BANCHU_TRY(const Pushed pushed, push_self(context, *bag, lived.self, push));
  context.answer(pushed_to_json(pushed));
  if (!context.options.json) tell_pushed(context, pushed);
  return 0;
}

void add_push_verb(CLI::App& group, AppContext& context) {
  auto flags = std::make_shared<SelfFlags>();
  auto push = std::make_shared<PushFlags>();
  CLI::App* verb = add_verb(group, "push", "Brings a self's adapters to a vLLM or an Ollama",
                            "banchu self push http://127.0.0.1:11434");
  verb->add_option("URL", push->url)->required();
  verb->add_option("--self", flags->a, "Whose adapters (default: who is awake)")->type_name("ID");
  verb->add_option("--folder", push->folder, "Where a vLLM reads it from (default: exports/ in the bag)")
      ->type_name("DIR");
  verb->add_option("--key-file", push->key_file, "The server's key, in a file (else $BANCHU_VIA_KEY)")
      ->type_name("FILE");
  on_run(verb, context, [&context, flags, push] { return run_push(context, *flags, *push); });
}

}  // namespace

void add_self_verbs(CLI::App& app, AppContext& context) {
  CLI::App* group = add_group(app, "self", "Who it was and is", "banchu self tree");
  auto flags = std::make_shared<SelfFlags>();
  on_run(add_verb(*group, "list", "Every self, oldest first", "banchu self list --json"), context,
         [&context] { return run_list(context); });

  CLI::App* show =
      add_verb(*group, "show", "One self and the night it was born in (default: who is awake)", "banchu self show");
  show->add_option("ID", flags->a, "The beginning of the id is enough");
  on_run(show, context, [&context, flags] { return run_show(context, *flags); });

  on_run(add_verb(*group, "tree", "Who came from whom, with one line for each night", "banchu self tree"), context,
         [&context] { return run_tree(context); });

  CLI::App* diff = add_verb(*group, "diff", "What two selves do not share", "banchu self diff 3f9a 81c2");
  diff->add_option("A", flags->a)->required();
  diff->add_option("B", flags->b)->required();
  on_run(diff, context, [&context, flags] { return run_diff(context, *flags); });

  CLI::App* wake = add_verb(*group, "wake", "Makes this self the awake one", "banchu self wake 3f9a");
  wake->add_option("ID", flags->a)->required();
  on_run(wake, context, [&context, flags] { return run_wake(context, *flags); });

  add_self_taste_verb(*group, context);
  add_push_verb(*group, context);
  on_run(add_verb(*group, "rollback", "Wakes the parent of who is awake", "banchu self rollback"), context,
         [&context] { return run_rollback(context); });
}

}  // namespace banchu
